"""Muon for convolutions and Nesterov's SGD for everything else, as one optimiser."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import UsageError

NEWTON_SCHULZ_STEPS = 3  # as airbench; torch's Muon takes 5, which is more than CIFAR-10 needs
# The quintic polynomial whose repetition brings singular values between about 0.7 and 1.2.
_A, _B, _C = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """A convolution moves by its momentum with all singular values brought near one.

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. It differs from
    torch.optim.Muon in what convolutions need: kernels are taken as matrices (out, rest); one
    without a bias, after which a normalisation makes the scale meaningless, keeps the norm
    sqrt(out), as in airbench, so that a learning rate means the same all the way; the arithmetic
    is fp32 where bf16 would be imitated slowly. Norms, biases and linear layers are trained by SGD
    with Nesterov momentum.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        lr: float,
        momentum: float,
        rest_lr: float,
        rest_momentum: float,
        rest_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Train all weights of `model` that ask for a gradient.

        Args:
            model: with at least one convolution.
            lr: of the convolutions.
            momentum: of the convolutions.
            rest_lr: of everything else; it keeps its ratio to `lr` as that changes.
            rest_momentum: of everything else.
            rest_decay: share of the learning rate by which linear weights shrink at every step.
            dtype: of the arithmetic that evens out singular values.

        Raises:
            UsageError: the model has no convolution that trains.
        """
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        scale_free = {
            id(layer.weight)
            for layer in model.modules()
            if isinstance(layer, nn.Conv2d) and layer.bias is None
        }
        kernels = [weight for weight in trained if weight.ndim == 4]
        if not kernels:
            raise UsageError("opt muon trains convolutions, and this network has none: use adamw")
        rest = {"step": _descend, "momentum": rest_momentum, "lr": rest_lr}
        muon = {"step": _orthogonal, "momentum": momentum, "lr": lr, "dtype": dtype}
        groups: list[dict[str, Any]] = [
            {"params": [w for w in kernels if id(w) in scale_free], "keep_norm": True, **muon},
            {"params": [w for w in kernels if id(w) not in scale_free], "keep_norm": False, **muon},
            {"params": [w for w in trained if 1 < w.ndim < 4], "decay": rest_decay, **rest},
            {"params": [w for w in trained if w.ndim <= 1], "decay": 0.0, **rest},
        ]
        for group in groups:
            group["lr_scale"] = group["lr"] / lr
        super().__init__([group for group in groups if group["params"]], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move every weight once, by the gradients that are there."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    group["step"](weight, self._with_momentum(weight, group), group)

    def _with_momentum(self, weight: Tensor, group: dict[str, Any]) -> Tensor:
        """Nesterov's: the gradient and the running sum in which it is already counted."""
        state = self.state[weight]
        gradient: Tensor = weight.grad  # type: ignore[assignment]
        if decay := group.get("decay"):
            gradient = gradient.add(weight, alpha=decay)
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(gradient)
        running: Tensor = state["momentum"]
        running.mul_(group["momentum"]).add_(gradient)
        return torch.add(gradient, running, alpha=group["momentum"])


def orthogonalise(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The matrix (M, N) with its singular values brought near one, by Newton and Schulz."""
    values = matrix.to(dtype)
    upright = values.shape[0] > values.shape[1]
    if upright:
        values = values.T
    values = values / (values.norm() + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = values @ values.T
        values = _A * values + torch.addmm(square, square, square, beta=_B, alpha=_C) @ values
    even: Tensor = values.T if upright else values
    return even.to(matrix.dtype)


def _orthogonal(weight: Tensor, update: Tensor, group: dict[str, Any]) -> None:
    out = len(weight)
    if group["keep_norm"]:
        weight.mul_(out**0.5 / (weight.norm() + 1e-7))
    # Which order the columns have does not matter: this one needs no copy in channels_last.
    columns = update.permute(0, 2, 3, 1)
    flat = columns.reshape(out, -1)
    step = orthogonalise(flat, group["dtype"]).view(columns.shape).permute(0, 3, 1, 2)
    # A tall matrix has fewer directions than rows: the step's size per row is kept.
    weight.add_(step, alpha=-group["lr"] * max(1.0, out / flat.shape[1]) ** 0.5)


def _descend(weight: Tensor, update: Tensor, group: dict[str, Any]) -> None:
    weight.add_(update, alpha=-group["lr"])
