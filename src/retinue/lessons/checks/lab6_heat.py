"""Checks of lab 6: maps of what counted, against captum's, and how alike two maps are."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.comparing import Function, compare, require_function
from retinue.lessons.question import WrongError

_Numbers = NDArray[np.float64]
_Pixels = NDArray[np.uint8]


class _Predict:
    """Probabilities (N, K) of pictures (N, H, W, C), by a linear network with random weights."""

    def __init__(self, shape: tuple[int, int, int], classes: int, seed: int) -> None:
        draws = np.random.default_rng(seed)
        self.shape = shape
        self.weights = draws.normal(0, 4 / np.prod(shape) ** 0.5, (int(np.prod(shape)), classes))

    def __call__(self, pictures: Any) -> _Numbers:
        given = np.asarray(pictures, np.float64)
        if given.ndim != 4 or given.shape[1:] != self.shape:
            raise ValueError(f"predict takes (N, {', '.join(map(str, self.shape))}): {given.shape}")
        logits = given.reshape(len(given), -1) / 128 @ self.weights
        shares = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))


def check_occlusion(answer: Any) -> None:
    """Whether the map is that of captum's `Occlusion` with squares side by side.

    Raises:
        WrongError: it is not.
    """
    require_function(answer)

    def asked(predict: _Predict, picture: _Pixels, *rest: Any) -> Any:
        before = picture.copy()
        got = answer(predict, picture, *rest)
        if not np.array_equal(before, picture):
            raise WrongError("the picture itself has changed", "picture_changed")
        return got

    compare(
        asked,
        list(_photos()),
        _by_captum,
        _WRONG_OCCLUSIONS,
        words=lambda predict, picture, side, colour, target: (
            f"for a picture of shape {picture.shape}, squares of {side}, class {target}"
        ),
    )


def _photos() -> Iterator[tuple[Any, ...]]:
    draws = np.random.default_rng(0)
    for seed, (height, width, side, channels) in enumerate(
        [(8, 8, 2, 3), (6, 9, 3, 1), (8, 4, 2, 3)]
    ):
        picture = draws.integers(0, 256, (height, width, channels)).astype(np.uint8)
        colour = draws.integers(90, 170, channels).astype(np.uint8)
        predict = _Predict(picture.shape, 4, seed)
        least = int(predict(picture[None])[0].argsort()[-2])
        yield predict, picture, side, colour, least


def _by_captum(
    predict: _Predict, picture: _Pixels, side: int, colour: Any, target: int
) -> _Numbers:
    from captum.attr import Occlusion

    def forward(pictures: Tensor) -> Tensor:
        return torch.from_numpy(predict(pictures.permute(0, 2, 3, 1).numpy()))

    given = torch.from_numpy(picture).permute(2, 0, 1)[None].double()
    window = (given.shape[1], side, side)
    cover = torch.as_tensor(np.asarray(colour, np.float64)).view(1, -1, 1, 1).expand_as(given)
    heat = Occlusion(forward).attribute(
        given, sliding_window_shapes=window, strides=window, baselines=cover, target=target
    )
    return np.asarray(heat[0, 0, ::side, ::side].numpy())


def _adding_up(predict: _Predict, picture: _Pixels, side: int, colour: Any, target: int) -> Any:
    """What is covered stays covered."""
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    order = np.arange(rows * columns).reshape(rows, columns).repeat(side, 0).repeat(side, 1)
    gone = order[None, ..., None] <= np.arange(rows * columns)[:, None, None, None]
    left = predict(np.where(gone, colour, picture))[:, target]
    return predict(picture[None])[0, target] - left.reshape(rows, columns)


def _left(*given: Any) -> _Numbers:
    before: float = given[0](given[1][None])[0, given[4]]
    return np.asarray(before - _by_captum(*given))


def _best(*given: Any) -> _Numbers:
    """The fall of the largest probability, whatever class it is of."""
    every = [_left(*given[:4], target) for target in range(given[0].weights.shape[1])]
    return np.asarray(given[0](given[1][None]).max() - np.max(every, axis=0))


def _of_best_class(*given: Any) -> _Numbers:
    asked = [*given[:4], int(given[0](given[1][None]).argmax())]
    return _by_captum(*asked)


def _under_black(*given: Any) -> _Numbers:
    asked = [*given[:3], np.zeros_like(given[3]), given[4]]
    return _by_captum(*asked)


def _by_one(predict: _Predict, picture: _Pixels, side: int, colour: Any, target: int) -> Any:
    """Windows that begin at the first pixels, one beside the other."""
    height, width, _ = picture.shape
    rows, columns = np.arange(height // side), np.arange(width // side)
    near_rows = (np.arange(height) - rows[:, None]) // side == 0
    near_columns = (np.arange(width) - columns[:, None]) // side == 0
    covers = near_rows[:, None, :, None] & near_columns[None, :, None, :]
    covers = covers.reshape(-1, height, width, 1)
    left = predict(np.where(covers, colour, picture))[:, target]
    return (predict(picture[None])[0, target] - left).reshape(len(rows), len(columns))


_WRONG_OCCLUSIONS: dict[str, Function] = {
    "sign": lambda *given: -_by_captum(*given),
    "probability_for_fall": _left,
    "adds_up": _adding_up,
    "best_class": _best,
    "answer_for_target": _of_best_class,
    "place_exchanged": lambda *given: _by_captum(*given).T,
    "black_for_colour": _under_black,
    "moves_by_one": _by_one,
}


def check_grad_cam(answer: Any) -> None:
    """Whether the map is that of captum's `LayerGradCam`, enlarged.

    Raises:
        WrongError: it is not.
    """
    compare(
        answer,
        list(_networks()),
        lambda *given: _enlarged(F.relu(_sum_of_maps(*given)), given[2]),
        _WRONG_CAMS,
        words=lambda body, head, picture, target: (
            f"for a picture of shape {tuple(picture.shape)} and class {target}"
        ),
    )


def _networks() -> Iterator[tuple[nn.Module, nn.Module, Tensor, int]]:
    torch.manual_seed(0)
    for height, width, strides in ((12, 12, 2), (9, 15, 3), (16, 8, 2)):
        body = nn.Sequential(
            nn.Conv2d(2, 5, 3, stride=strides, padding=1), nn.Tanh(), nn.Conv2d(5, 4, 3, padding=1)
        )
        cells = -(-height // strides) * -(-width // strides) * 4
        head = nn.Sequential(nn.Tanh(), nn.Flatten(), nn.Linear(cells, 5))
        picture = torch.randn(1, 2, height, width)
        least = int(head(body(picture)).argmin())
        yield body, head, picture, least


def _sum_of_maps(
    body: nn.Module,
    head: nn.Module,
    picture: Tensor,
    target: int,
    *,
    last: nn.Module | None = None,
) -> Tensor:
    """The weighted sum of maps (1, 1, h, w) before ReLU; `last` follows the logits."""
    from captum.attr import LayerGradCam

    whole = nn.Sequential(body, head, last or nn.Identity())
    asking = picture.clone().requires_grad_()
    found: Tensor = LayerGradCam(whole, body).attribute(asking, target=target)
    return found.detach()


def _enlarged(heat: Tensor, picture: Tensor, mode: str = "bilinear", **more: bool) -> Tensor:
    options = {"align_corners": False} | more if mode == "bilinear" else {}
    return F.interpolate(heat, picture.shape[2:], mode=mode, **options)[0, 0]


def _maps_and_gradients(*given: Any) -> tuple[Tensor, Tensor]:
    """Both (1, K, h, w), as captum has them."""
    from captum.attr import LayerActivation, LayerGradientXActivation

    whole, asking = nn.Sequential(*given[:2]), given[2].clone().requires_grad_()
    maps = LayerActivation(whole, given[0]).attribute(asking)
    plain = LayerGradientXActivation(whole, given[0], multiply_by_inputs=False)
    return maps.detach(), plain.attribute(asking, target=given[3]).detach()


def _each_place(*given: Any) -> Tensor:
    maps, gradients = _maps_and_gradients(*given)
    return _enlarged(F.relu((maps * gradients).sum(1, keepdim=True)), given[2])


def _over_maps(*given: Any) -> Tensor:
    maps, gradients = _maps_and_gradients(*given)
    weights = gradients.mean(1, keepdim=True)
    return _enlarged(F.relu((maps * weights).sum(1, keepdim=True)), given[2])


def _gradient_only(*given: Any) -> Tensor:
    return _enlarged(F.relu(_maps_and_gradients(*given)[1].sum(1, keepdim=True)), given[2])


def _positive_weights(*given: Any) -> Tensor:
    maps, gradients = _maps_and_gradients(*given)
    weights = F.relu(gradients.mean((2, 3), keepdim=True))
    return _enlarged(F.relu((maps * weights).sum(1, keepdim=True)), given[2])


def _summed(*given: Any) -> Tensor:
    heat = _sum_of_maps(*given)
    return _enlarged(F.relu(heat), given[2]) * heat.numel()


def _of_best(*given: Any) -> Tensor:
    asked = [*given[:3], int(given[1](given[0](given[2])).argmax())]
    return _enlarged(F.relu(_sum_of_maps(*asked)), given[2])


_WRONG_CAMS: dict[str, Function] = {
    "relu_forgotten": lambda *given: _enlarged(_sum_of_maps(*given), given[2]),
    "not_averaged": _each_place,
    "summed": _summed,
    "softmax_for_logit": lambda *given: _enlarged(
        F.relu(_sum_of_maps(*given, last=nn.Softmax(1))), given[2]
    ),
    "best_class": _of_best,
    "averaged_over_maps": _over_maps,
    "not_enlarged": lambda *given: F.relu(_sum_of_maps(*given))[0, 0],
    "nearest": lambda *given: _enlarged(F.relu(_sum_of_maps(*given)), given[2], "nearest"),
    "corners_aligned": lambda *given: _enlarged(
        F.relu(_sum_of_maps(*given)), given[2], align_corners=True
    ),
    "relu_after_enlarging": lambda *given: F.relu(_enlarged(_sum_of_maps(*given), given[2])),
    "gradient_only": _gradient_only,
    "relu_on_gradient": _positive_weights,
}


def check_alike(answer: Any) -> None:
    """Whether it is SciPy's `spearmanr` of the absolute values.

    Raises:
        WrongError: it is not.
    """
    compare(answer, list(_pairs()), _spearman, _WRONG_LIKENESSES)


def _pairs() -> Iterator[tuple[_Numbers, _Numbers]]:
    draws = np.random.default_rng(0)
    for shape in ((4, 4), (3, 7), (6, 2)):
        one, noise = draws.normal(0, 1, (2, *shape))
        yield one, np.sign(noise) * (np.abs(one) ** 3 + np.abs(noise))
    yield one, 2 * one


def _strengths(one: _Numbers, other: _Numbers) -> tuple[_Numbers, _Numbers]:
    return np.abs(one).ravel(), np.abs(other).ravel()


def _spearman(one: _Numbers, other: _Numbers) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(*_strengths(one, other)).statistic)


def _kendall(one: _Numbers, other: _Numbers) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(*_strengths(one, other)).statistic)


def _signed(one: _Numbers, other: _Numbers) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def _correlation(one: Any, other: Any) -> float:
    return float(np.corrcoef(one, other)[0, 1])


_WRONG_LIKENESSES: dict[str, Function] = {
    "values_for_ranks": lambda *both: _correlation(*_strengths(*both)),
    "plain_correlation": lambda one, other: _correlation(one.ravel(), other.ravel()),
    "sign_kept": _signed,
    "argsort_for_rank": lambda *both: _correlation(
        *(strength.argsort() for strength in _strengths(*both))
    ),
    "kendall": _kendall,
}
