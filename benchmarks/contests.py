"""What `benchmarks.versus` measures: every figure with its two sides and its target.

Seconds are those of training: from the first use of decoded pictures to the last update, whitening
included; imports, compilation and evaluation are outside, on both sides.
"""

from dataclasses import dataclass, replace

RETINUE = "retinue"


@dataclass(frozen=True)
class Side:
    """One training: a script of `benchmarks/peers`, or `retinue train`, with its options."""

    name: str
    program: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contest:
    """A figure. All limits that are given must hold for each of our sides.

    `accuracy` is in percent; `as_peer` asks for the accuracy that the peer ends with; `seconds` is
    a limit in itself, `share` one in parts of the peer's seconds. `speed` compares pictures a
    second, and the accuracy counts for nothing; `times` says how many of the peer's they must be.
    """

    what: str
    data: str
    ours: tuple[Side, ...]
    peer: Side | None = None
    accuracy: float | None = None
    as_peer: bool = False
    seconds: float | None = None
    share: float | None = None
    speed: bool = False
    times: float | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """In the order in which they are measured."""
        return (self.peer, *self.ours) if self.peer else self.ours


def _ours(options: str) -> tuple[Side, ...]:
    return (Side("Retinue", RETINUE, tuple(options.split())),)


def _in_both(options: str) -> tuple[Side, ...]:
    """The same training in either arithmetic."""
    return tuple(
        Side(f"Retinue, {name}", RETINUE, (*options.split(), "--precision", name))
        for name in ("bf16", "fp32")
    )


LESSON = Side("Keras, lesson", "keras_lesson")
AIRBENCH = Side("airbench94", "airbench94")
FASTAI = Side("fastai, resnet18", "fastai_learner")
BALANCED = "--preset balanced --val-fraction 0"


def _speed(what: str, data: str, batch_size: int, times: float = 1.5) -> Contest:
    """The lesson's own network on both sides, in both arithmetics on ours."""
    size = f"--batch-size {batch_size} --epochs 2"
    return Contest(
        f"{what}: pictures a second in the lesson's network, batches of {batch_size}",
        data,
        _in_both(f"--model keras-lesson --val-fraction 0 {size}"),
        replace(LESSON, options=tuple(size.split())),
        speed=True,
        times=times,
    )


CONTESTS = {
    "cifar10-lesson": Contest(
        "CIFAR-10 to the accuracy of Keras' lesson",
        "cifar10",
        _ours("--preset quick --epochs 0.6 --val-fraction 0"),
        LESSON,
        as_peer=True,
        share=1 / 8,
    ),
    "cifar10-90": Contest(
        "CIFAR-10 to 90 %",
        "cifar10",
        _ours(BALANCED),
        accuracy=90,
        seconds=60,
    ),
    "cifar10-94": Contest(
        "CIFAR-10 to 94 %",
        "cifar10",
        _ours("--preset accurate --val-fraction 0"),
        AIRBENCH,
        accuracy=94,
        share=0.5,
    ),
    "cifar10-96": Contest(
        "CIFAR-10 in an hour",
        "cifar10",
        _ours(
            "--preset accurate --set model.width=96 --augment basic --hardest 0.7 --epochs 100 "
            "--time-limit 1h --val-fraction 0"
        ),
        accuracy=96,
        seconds=3600,
    ),
    "fashion-lesson": Contest(
        "Fashion-MNIST to the accuracy of Keras' lesson",
        "fashion-mnist",
        _ours(
            "--preset quick --epochs 0.85 --batch-size 250 --augment none --views one "
            "--val-fraction 0"
        ),
        LESSON,
        as_peer=True,
        share=1 / 8,
    ),
    "fashion-93": Contest(
        "Fashion-MNIST to 93 %",
        "fashion-mnist",
        _ours(BALANCED),
        accuracy=93,
    ),
    "cifar10-fastai": Contest(
        "CIFAR-10 beside fastai's learner, five epochs",
        "cifar10",
        _ours("--preset quick --val-fraction 0"),
        FASTAI,
        as_peer=True,
    ),
    "cifar10-precision": Contest(
        "CIFAR-10 with and without bf16",
        "cifar10",
        _in_both(BALANCED),
        speed=True,
    ),
    "checkpoints": Contest(
        "CIFAR-10 with a checkpoint every 10 seconds",
        "cifar10",
        _ours(f"{BALANCED} --checkpoint-every 10s"),
        Side("Retinue, without", RETINUE, (*BALANCED.split(), "--checkpoint-every", "1h")),
        share=1.02,
        speed=True,
    ),
    "digits": Contest("digits", "digits", _ours("--model fast")),
    "shapes": Contest("shapes", "shapes", _ours("--model fast")),
    "speed-cifar10-32": _speed("CIFAR-10", "cifar10", 32, times=1.3),
    "speed-cifar10-128": _speed("CIFAR-10", "cifar10", 128),
    "speed-fashion-32": _speed("Fashion-MNIST", "fashion-mnist", 32),
    "speed-fashion-128": _speed("Fashion-MNIST", "fashion-mnist", 128),
}
