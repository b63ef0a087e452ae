"""The checks of a small lab, by which grading is tested."""

import math
from typing import Any

import numpy as np

from retinue.lessons.comparing import compare
from retinue.lessons.question import Lab, Question, Written, WrongError


def _double(answer: Any) -> None:
    compare(answer, [(1,), (3,), (-4,)], lambda x: 2 * x, {"squared": lambda x: x * x})


def _conv2d(answer: Any) -> None:
    import torch
    import torch.nn.functional as F

    def reference(image: Any, kernel: Any) -> Any:
        pair = torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None]
        return F.conv2d(*pair)[0, 0].numpy()

    rng = np.random.default_rng(0)
    cases = [(rng.normal(size=(7, 6)), rng.normal(size=(3, 2))) for _ in range(3)]
    flipped = {"flipped_kernel": lambda image, kernel: reference(image, kernel[::-1, ::-1].copy())}
    compare(answer, cases, reference, flipped)


def _size(answer: Any) -> None:
    if answer != 26:
        raise WrongError(f"{answer!r}, expected another", "too_large" if answer == 28 else None)


def _area(answer: Any) -> None:
    compare(
        answer, [(1.0,), (2.5,)], lambda r: math.pi * r * r, {"around": lambda r: 2 * math.pi * r}
    )


LAB = Lab(
    "toy",
    "A small lab",
    {
        "double": Question("twice a number", "double", _double, {"squared": "Is it x times x?"}),
        "conv2d": Question(
            "a convolution", "conv2d", _conv2d, {"flipped_kernel": "Which way round?"}, points=2
        ),
        "size": Question("a size", "size", _size, {"too_large": "Is there padding?"}),
        "area": Question("of a circle", "area", _area, {"around": "Around or inside?"}),
    },
    {"why": Written("why is it so?", points=2), "reflection": Written("look back")},
)
