"""Muon against torch's own, against the singular values by NumPy, and against torch's SGD."""

import copy
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.training import muon as muon_module
from retinue.training.fit import train
from retinue.training.loop import StepReport, Training, train_epoch
from retinue.training.muon import NEWTON_SCHULZ_STEPS, Muon, orthogonalise

LR, MOMENTUM, REST_LR, REST_MOMENTUM, DECAY = 0.1, 0.7, 0.3, 0.8, 0.05
STEPS = 4
WIDE, TALL = "0.weight", "2.weight"
ORDERS = [torch.contiguous_format, torch.channels_last]
Moves = dict[str, Tensor]


def network(bias: bool = True, order: torch.memory_format = torch.contiguous_format) -> nn.Module:
    """A wide and a tall kernel, and one of each kind of other weight."""
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(5, 6, 3, bias=bias),  # 6 x 45
        nn.BatchNorm2d(6),
        nn.Conv2d(6, 70, 3, bias=bias),  # 70 x 54
        nn.Flatten(),
        nn.Linear(70, 3),
    )
    return layers.to(memory_format=order)  # type: ignore[call-overload, no-any-return]


def muon(model: nn.Module, **settings: Any) -> Muon:
    given = {"lr": LR, "momentum": MOMENTUM, "rest_lr": REST_LR, "rest_momentum": REST_MOMENTUM}
    return Muon(model, **{**given, "rest_decay": DECAY, **settings})


def gradient(name: str, shape: torch.Size, step: int) -> Tensor:
    """A draw that depends on nothing but the weight's name and the step."""
    generator = torch.Generator().manual_seed(100 * step + sum(name.encode()))
    return torch.randn(shape, generator=generator)


def moves(model: nn.Module, optimiser: torch.optim.Optimizer, start: int = 0) -> Moves:
    """What some steps add to each weight."""
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for step in range(start, start + STEPS):
        for name, weight in model.named_parameters():
            # In the weight's own order of memory, as a backward pass leaves it.
            weight.grad = torch.empty_like(weight).copy_(gradient(name, weight.shape, step))
        optimiser.step()
    return {name: weight.detach() - before[name] for name, weight in model.named_parameters()}


def apart(one: Tensor, other: Tensor) -> float:
    """How far two moves are apart, as a share of their length."""
    return float((one - other).norm() / other.norm())


# Convolutions.


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("name", [WIDE, TALL])
def test_convolutions_with_bias_move_as_by_torch_s_muon(
    name: str, order: torch.memory_format
) -> None:
    model = network(order=order)
    shape = model.get_parameter(name).shape
    matrix = nn.Parameter(model.get_parameter(name).detach().flatten(1).clone())
    start = matrix.detach().clone()
    theirs = torch.optim.Muon(
        [matrix], lr=LR, momentum=MOMENTUM, weight_decay=0.0, ns_steps=NEWTON_SCHULZ_STEPS
    )
    for step in range(STEPS):
        matrix.grad = gradient(name, shape, step).flatten(1)
        theirs.step()
    expected = (matrix.detach() - start).view(shape)
    # torch computes in bf16, which has 8 bits.
    assert apart(moves(model, muon(model))[name], expected) < 0.01
    other = network(order=order)
    assert apart(moves(other, muon(other, momentum=0.5))[name], expected) > 0.05  # control


def polished(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The polynomial on the singular values themselves, in double precision."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(NEWTON_SCHULZ_STEPS):
        values = 3.4445 * values - 4.775 * values**3 + 2.0315 * values**5
    polish: NDArray[np.float64] = (left * values) @ right
    return polish


def by_hand(name: str, weight: Tensor, keep_norm: bool) -> Tensor:
    """What some steps add to a kernel, by NumPy."""
    start = weight.detach().double().flatten(1).numpy()
    out, columns = start.shape
    now, running = start.copy(), np.zeros_like(start)
    for step in range(STEPS):
        drawn = gradient(name, weight.shape, step).double().flatten(1).numpy()
        running = MOMENTUM * running + drawn
        if keep_norm:
            now *= out**0.5 / np.linalg.norm(now)
        now -= LR * max(1, out / columns) ** 0.5 * polished(drawn + MOMENTUM * running)
    return torch.from_numpy(now - start).float().view(weight.shape)


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", [WIDE, TALL])
def test_a_step_evens_out_the_singular_values_and_keeps_the_norm_where_there_is_no_bias(
    name: str, bias: bool, order: torch.memory_format
) -> None:
    model = network(bias, order)
    expected = by_hand(name, model.get_parameter(name), keep_norm=not bias)
    control = by_hand(name, model.get_parameter(name), keep_norm=bias)
    found = moves(model, muon(model))[name]
    assert apart(found, expected) < 1e-4
    assert apart(found, control) > 0.1


@pytest.mark.parametrize("bias", [True, False])
def test_without_a_gradient_only_the_norm_of_kernels_without_bias_is_set(bias: bool) -> None:
    model = network(bias)
    before = model.get_parameter(TALL).detach().clone()
    optimiser = muon(model)
    for _ in range(2):
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        optimiser.step()
    after = model.get_parameter(TALL).detach()
    expected = before if bias else before * 70**0.5 / before.norm()
    torch.testing.assert_close(after, expected)
    assert before.norm() < 0.9 * 70**0.5  # control: it was not there already


def test_the_norm_does_not_grow_however_long_the_training() -> None:
    model = network(bias=False)
    optimiser = muon(model, lr=2.0)
    for start in range(0, 40, STEPS):
        moves(model, optimiser, start)
        step = 2.0 * (70 / 54) ** 0.5 * 54**0.5 * 1.3  # the largest there can be
        assert model.get_parameter(TALL).norm() < 70**0.5 + step


def test_the_order_in_memory_does_not_matter() -> None:
    found = [moves(model, muon(model)) for model in (network(False, order) for order in ORDERS)]
    for name, move in found[0].items():
        torch.testing.assert_close(move, found[1][name], rtol=1e-4, atol=1e-6)


def test_bf16_gives_nearly_the_same_and_leaves_the_weights_in_fp32() -> None:
    model, other = network(False), network(False)
    exact, rough = moves(model, muon(model)), moves(other, muon(other, dtype=torch.bfloat16))
    assert other.get_parameter(TALL).dtype == torch.float32
    assert 1e-5 < apart(rough[TALL], exact[TALL]) < 0.02


# Everything else.


@pytest.mark.parametrize("decay", [0.0, DECAY])
def test_what_is_no_convolution_moves_as_by_torch_s_sgd(decay: float) -> None:
    ours, theirs = network(), network()
    vectors = [weight for weight in theirs.parameters() if weight.ndim == 1]
    groups = [
        {"params": [theirs.get_parameter("4.weight")], "weight_decay": decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    sgd = torch.optim.SGD(groups, lr=REST_LR, momentum=REST_MOMENTUM, nesterov=True)
    found, expected = moves(ours, muon(ours, rest_decay=decay)), moves(theirs, sgd)
    for name in ("1.weight", "1.bias", "0.bias", "2.bias", "4.weight", "4.bias"):
        torch.testing.assert_close(found[name], expected[name])
    other = network()
    control = moves(other, muon(other, rest_decay=0.5))
    assert apart(control["4.weight"], expected["4.weight"]) > 0.1
    assert torch.equal(control["4.bias"], found["4.bias"])


def test_every_weight_that_trains_belongs_to_the_optimiser_once() -> None:
    model = network()
    model.get_parameter("1.weight").requires_grad_(False)
    held = [id(weight) for group in muon(model).param_groups for weight in group["params"]]
    trained = [id(weight) for weight in model.parameters() if weight.requires_grad]
    assert sorted(held) == sorted(trained)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_network_without_a_convolution_that_trains_is_refused(frozen: bool) -> None:
    model = network() if frozen else nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    for name in (WIDE, TALL) if frozen else ():
        model.get_parameter(name).requires_grad_(False)
    with pytest.raises(UsageError, match="opt muon trains convolutions, and this network has none"):
        muon(model)


def test_a_training_by_muon_of_an_mlp_is_refused_and_leaves_no_folder(
    digits: ImageData, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="use adamw"):
        train(digits, model="mlp", opt="muon", epochs=1, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


# In the loop.


def test_all_rates_keep_their_ratio_as_the_schedule_goes(make: Callable[..., Training]) -> None:
    model = {"name": "cnn", "depth": 2, "width": 4}
    given = {"opt": "muon", "lr": 0.2, "rest_lr": 3.0, "schedule": "cosine", "epochs": 1}
    training = make(model=model, batch_size=20, **given)
    rates: list[tuple[float, float]] = []

    def note(step: StepReport) -> None:
        groups = training.optimiser.param_groups
        assert groups[0]["lr"] == step.lr
        rates.append((groups[0]["lr"], groups[-1]["lr"]))

    train_epoch(training, 0, note)
    assert [rest / lr for lr, rest in rates] == pytest.approx([15.0] * 9)
    assert rates[0] == pytest.approx((0.2, 3.0))
    assert all(later[0] < earlier[0] for earlier, later in pairwise(rates))


def test_a_training_by_muon_learns(make: Callable[..., Training]) -> None:
    model = {"name": "cnn", "depth": 2, "width": 8}
    training = make(model=model, opt="muon", lr=0.2, rest_lr=1.0, batch_size=20, epochs=3)
    losses: list[float] = []
    for epoch in range(3):
        train_epoch(training, epoch, lambda step: losses.append(step.loss))
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_a_state_taken_up_again_goes_on_alike(order: torch.memory_format) -> None:
    model = network(False, order)
    optimiser = muon(model)
    moves(model, optimiser)
    copied = copy.deepcopy(model)
    fresh = copy.deepcopy(model)
    again = muon(copied)
    again.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    expected, found = moves(model, optimiser, STEPS), moves(copied, again, STEPS)
    without = moves(fresh, muon(fresh), STEPS)
    for name, move in expected.items():
        assert torch.equal(found[name], move)
        assert not torch.equal(without[name], move)  # control


# Singular values.


def matrix(rows: int, columns: int, least: float, seed: int = 0) -> Tensor:
    """A matrix whose singular values lie between `least` and 1."""
    random = np.random.default_rng(seed)
    left, _, right = np.linalg.svd(random.normal(size=(rows, columns)), full_matrices=False)
    values = np.linspace(least, 1, min(rows, columns))
    return torch.from_numpy((left * values) @ right).float()


@pytest.mark.parametrize(("rows", "columns"), [(12, 40), (40, 12), (20, 20), (1, 9), (9, 1)])
def test_singular_values_come_near_one_and_their_vectors_stay(
    rows: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muon_module, "NEWTON_SCHULZ_STEPS", 6)
    given = matrix(rows, columns, least=0.3)
    found = orthogonalise(given)
    assert found.shape == given.shape
    values = torch.linalg.svdvals(found)
    assert 0.6 < values.min() <= values.max() < 1.3
    # U^T result V is diagonal: the singular vectors are those of before.
    left, before, right = torch.linalg.svd(given, full_matrices=False)
    inside = left.T @ found @ right.T
    assert (inside - torch.diag(inside.diagonal())).abs().max() < 1e-4
    if min(rows, columns) > 1:
        assert before.min() / before.max() < 0.31  # control: they were not alike


@pytest.mark.parametrize(("rows", "columns"), [(12, 40), (40, 12)])
def test_as_many_steps_as_are_taken_give_numpy_s_values(rows: int, columns: int) -> None:
    given = matrix(rows, columns, least=0.01)
    expected = torch.from_numpy(polished(given.double().numpy())).float()
    torch.testing.assert_close(orthogonalise(given), expected, rtol=0, atol=1e-5)
    scaled = orthogonalise(1000 * given)
    torch.testing.assert_close(scaled, expected, rtol=0, atol=1e-5)  # the scale does not matter


def test_a_matrix_of_zeros_stays() -> None:
    assert torch.equal(orthogonalise(torch.zeros(3, 5)), torch.zeros(3, 5))
