"""The course of the learning rate: factors of the peak, as functions of progress from 0 to 1."""

import math
from collections.abc import Callable

Schedule = Callable[[float, float], float]

START = 1 / 25  # of the peak, where a warm-up begins; torch's OneCycleLR has the same
END = START / 1e4


def constant(progress: float, warmup: float) -> float:
    """The peak all the way, after a linear warm-up."""
    return _rising(progress, warmup)


def step(progress: float, warmup: float) -> float:
    """A tenth from half of the way on, a hundredth from three quarters on."""
    factor = 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01
    return factor * _rising(progress, warmup)


def cosine(progress: float, warmup: float) -> float:
    """Half a cosine from the peak to zero. Loshchilov and Hutter 2017, arXiv:1608.03983."""
    if progress < warmup:
        return _rising(progress, warmup)
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def onecycle(progress: float, warmup: float) -> float:
    """Half a cosine up and half a cosine down to nearly zero. Smith 2018, arXiv:1803.09820.

    The same course as torch's OneCycleLR over the same progress; the momentum stays as it is.
    """
    if progress < warmup:
        return _half_cosine(START, 1.0, progress / warmup)
    return _half_cosine(1.0, END, (progress - warmup) / (1 - warmup))


def linear(progress: float, warmup: float) -> float:
    """Straight down from the peak to zero."""
    if progress < warmup:
        return _rising(progress, warmup)
    return (1 - progress) / (1 - warmup)


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "onecycle": onecycle,
    "linear": linear,
}


def _rising(progress: float, warmup: float) -> float:
    return START + (1 - START) * progress / warmup if progress < warmup else 1.0


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * min(1.0, share)))
