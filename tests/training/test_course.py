"""What is kept of a training, and what ends it."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData, Split
from retinue.errors import RetinueError
from retinue.models.weights import plain_state
from retinue.runs import Run
from retinue.training import course as course_module
from retinue.training.course import subset_of
from retinue.training.listener import Listener
from retinue.training.loop import StepReport, Training
from retinue.training.state import Outcome

Course = Callable[..., tuple[Outcome, Run]]
STEPS = 6  # an epoch: 170 pictures in batches of 32


class Watch:
    """A listener that keeps the weights after each epoch, and may do something at one step."""

    def __init__(self, epoch: int = -1, step: int = 0) -> None:
        self.at = (epoch, step)
        self.weights: list[dict[str, Tensor]] = []
        self.training: Training | None = None
        self.act: Callable[[Training], None] = lambda _: None
        self.steps = 0

    def on_step(self, report: StepReport, training: Training) -> None:
        self.steps += 1
        if report.step == STEPS - 1:
            self.weights.append(plain_state(training.model))
        if (report.epoch, report.step) == self.at:
            self.act(training)

    @property
    def listener(self) -> Listener:
        return Listener(on_step=self.on_step)


def interrupt(_: object) -> None:
    raise KeyboardInterrupt


def spoil(training: Training) -> None:
    """What a far too large step leaves behind."""
    for weight in training.model.parameters():
        weight.data.fill_(math.nan)


def run_out(training: Training) -> None:
    """Let the clock show that all the time is gone."""
    training.started -= 1e9


def same(ours: dict[str, Tensor] | None, theirs: dict[str, Tensor]) -> bool:
    return ours is not None and all(torch.equal(ours[key], theirs[key]) for key in theirs)


@pytest.fixture
def script(
    monkeypatch: pytest.MonkeyPatch, digits: ImageData
) -> Callable[[list[tuple[float, float]]], None]:
    """Let validation find these (loss, accuracy) pairs, one an epoch."""

    def scripted(results: list[tuple[float, float]]) -> None:
        coming: Iterator[tuple[float, float]] = iter(results)

        def validate(_: Training, split: Split) -> tuple[float, float]:
            return next(coming) if split is digits.val else (1.0, 0.5)

        monkeypatch.setattr(course_module, "validate", validate)

    return scripted


Script = Callable[[list[tuple[float, float]]], None]


@pytest.mark.parametrize(
    ("monitor", "results", "best"),
    [
        ("val_accuracy", [(0.9, 0.5), (0.8, 0.9), (0.1, 0.7)], 2),
        ("val_loss", [(0.9, 0.5), (0.8, 0.9), (0.1, 0.7)], 3),
        ("val_accuracy", [(0.5, 0.9), (0.4, 0.9), (0.6, 0.9)], 2),  # the loss tells them apart
        ("val_accuracy", [(0.5, 0.9), (0.5, 0.9), (0.6, 0.9)], 2),  # of equals the later one
        ("val_accuracy", [(0.5, 0.9), (0.1, 0.8), (0.1, 0.8)], 1),
    ],
)
def test_the_weights_of_the_best_epoch_are_kept(
    course: Course, script: Script, monitor: str, results: list[tuple[float, float]], best: int
) -> None:
    script(results)
    watch = Watch()
    outcome, run = course(watch.listener, epochs=3, monitor=monitor)
    assert (outcome.epoch, outcome.state, outcome.reason) == (best, "finished", "all epochs done")
    assert [same(outcome.weights, weights) for weights in watch.weights] == [
        number == best for number in (1, 2, 3)
    ]
    assert [line["val_accuracy"] for line in run.history] == [accuracy for _, accuracy in results]


def test_the_kept_weights_do_not_train_on(course: Course, script: Script) -> None:
    script([(0.1, 0.9), (0.5, 0.5)])
    watch = Watch()
    outcome, _ = course(watch.listener, epochs=2)
    assert same(outcome.weights, watch.weights[0])
    assert not same(outcome.weights, watch.weights[1])


@pytest.mark.parametrize(
    ("accuracies", "epochs_done", "best"),
    [
        ([0.9, 0.5, 0.5, 0.5, 0.5], 3, 1),
        ([0.5, 0.4, 0.6, 0.5, 0.5], 5, 3),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5, 5),
    ],
)
def test_patience_ends_training_after_so_many_epochs_without_a_better_one(
    course: Course, script: Script, accuracies: list[float], epochs_done: int, best: int
) -> None:
    script([(1.0, accuracy) for accuracy in accuracies])
    outcome, run = course(epochs=5, patience=2)
    assert (len(run.history), outcome.epoch) == (epochs_done, best)
    assert outcome.state == "finished"
    assert ("no better val_accuracy for 2 epochs" in outcome.reason) == (best <= 3)


def test_without_patience_no_epoch_is_left_out(course: Course, script: Script) -> None:
    script([(1.0, accuracy) for accuracy in (0.9, 0.5, 0.5, 0.5, 0.5)])
    assert len(course(epochs=5)[1].history) == 5


def test_the_time_limit_ends_training_within_an_epoch(course: Course) -> None:
    watch = Watch(epoch=1, step=2)
    watch.act = run_out
    outcome, run = course(watch.listener, epochs=5, time_limit=3600)
    assert (outcome.state, outcome.reason) == ("finished", "time limit reached")
    assert watch.steps == STEPS + 3
    assert len(run.history) == 2


def test_without_a_time_limit_the_clock_ends_nothing(course: Course) -> None:
    watch = Watch(epoch=1, step=2)
    watch.act = run_out
    outcome, _ = course(watch.listener, epochs=3)
    assert outcome.reason == "all epochs done"
    assert watch.steps == 3 * STEPS


def test_a_time_limit_over_before_the_first_step_still_gives_weights(course: Course) -> None:
    outcome, run = course(epochs=3, time_limit=1e-9)
    assert (outcome.epoch, outcome.state) == (0, "finished")
    assert outcome.reason == "time limit reached"
    assert outcome.weights is not None
    assert run.history == []


def test_a_file_named_stop_ends_training_after_the_epoch(course: Course, tmp_path: Path) -> None:
    told: list[int] = []

    def place(line: dict[str, int]) -> None:
        told.append(line["epoch"])
        if line["epoch"] == 2:
            (tmp_path / "run" / "stop").touch()

    outcome, run = course(Listener(on_epoch=place), epochs=5)
    assert told == [1, 2]
    assert (outcome.state, outcome.reason) == (
        "interrupted",
        "stopped by the file 'stop' after epoch 2",
    )
    assert run.status["epoch"] == 2


def test_ctrl_c_keeps_the_best_weights_so_far(course: Course, script: Script) -> None:
    script([(0.5, 0.9), (0.4, 0.8)])
    watch = Watch(epoch=2, step=3)
    watch.act = interrupt
    outcome, run = course(watch.listener, epochs=5)
    assert (outcome.state, outcome.epoch) == ("interrupted", 1)
    assert outcome.reason == "stopped by hand in epoch 3"
    assert same(outcome.weights, watch.weights[0])
    assert not same(outcome.weights, watch.weights[1])
    assert len(run.history) == 2


def test_ctrl_c_in_the_first_epoch_keeps_what_there_is(course: Course) -> None:
    reached: list[dict[str, Tensor]] = []
    watch = Watch(epoch=0, step=2)

    def act(training: Training) -> None:
        reached.append(plain_state(training.model))
        raise KeyboardInterrupt

    watch.act = act
    outcome, _ = course(watch.listener, epochs=5)
    assert (outcome.state, outcome.epoch) == ("interrupted", 0)
    assert same(outcome.weights, reached[0])


def test_ctrl_c_between_two_epochs_ends_alike(course: Course) -> None:
    try:
        outcome, run = course(Listener(on_epoch=interrupt), epochs=3)
    except KeyboardInterrupt:
        pytest.fail("Ctrl-C came through, and the weights are lost")
    assert (outcome.state, outcome.epoch) == ("interrupted", 1)
    assert len(run.history) == 1


def test_a_diverged_training_keeps_the_last_good_weights(course: Course, script: Script) -> None:
    script([(0.5, 0.9)])
    watch = Watch(epoch=1, step=2)
    watch.act = spoil
    outcome, run = course(watch.listener, epochs=4)
    assert (outcome.state, outcome.epoch) == ("failed", 1)
    assert f"no longer a number at step {STEPS + 4} (epoch 2" in outcome.reason
    assert same(outcome.weights, watch.weights[0])
    assert len(run.history) == 1


def test_a_training_that_diverges_at_once_has_no_weights(course: Course) -> None:
    watch = Watch(epoch=0, step=0)
    watch.act = spoil
    outcome, _ = course(watch.listener, epochs=4)
    assert outcome.state == "failed"
    assert outcome.weights is None


def test_weights_that_the_last_step_of_an_epoch_spoilt_are_not_kept(course: Course) -> None:
    watch = Watch(epoch=0, step=STEPS - 1)
    watch.act = spoil
    outcome, run = course(watch.listener, epochs=2)
    assert outcome.state == "failed"
    assert outcome.weights is None
    assert all(math.isfinite(line["val_loss"]) for line in run.history)


def test_history_has_a_line_an_epoch_with_everything_the_design_names(course: Course) -> None:
    _, run = course(epochs=2)
    assert [line["epoch"] for line in run.history] == [1, 2]
    measured = {
        f"{of}_{what}" for of in ("train", "subset", "val") for what in ("loss", "accuracy")
    }
    for line in run.history:
        assert set(line) == {"epoch", "lr", "seconds", "pictures_per_second"} | measured
        assert all(math.isfinite(value) for value in line.values())
    assert (run.status["epoch"], run.status["step"]) == (2, 2 * STEPS)


def test_steps_are_told_every_ten_with_the_gradient_norm(course: Course) -> None:
    _, run = course(epochs=2, batch_size=9)  # 19 steps an epoch
    assert [line["step"] for line in run.steps] == [1, 11, 20, 30]
    assert [line["epoch"] for line in run.steps] == [1, 1, 2, 2]
    assert all(line["gradient_norm"] > 0 for line in run.steps)


def test_an_epoch_and_a_half_end_in_the_middle_of_the_second(course: Course) -> None:
    watch = Watch()
    outcome, run = course(watch.listener, epochs=1.5)
    assert watch.steps == 9
    assert (outcome.state, outcome.reason) == ("finished", "all epochs done")
    assert [line["epoch"] for line in run.history] == [1, 2]
    assert (run.status["epoch"], run.status["step"]) == (2, 9)


def test_averaged_weights_are_the_ones_that_are_kept(course: Course) -> None:
    averaged: list[dict[str, Tensor]] = []
    last: list[dict[str, Tensor]] = []

    def note(report: StepReport, training: Training) -> None:
        if report.step == STEPS - 1:
            averaged.append(plain_state(training.judged))
            last.append(plain_state(training.model))

    outcome, _ = course(Listener(on_step=note), epochs=2, ema=0.9)
    assert outcome.epoch in (1, 2)
    assert same(outcome.weights, averaged[outcome.epoch - 1])
    assert not any(same(outcome.weights, weights) for weights in last)


class Seconds:
    """A listener that makes each step last, and remembers what was counted before the first."""

    def __init__(self, last: int = 10**9) -> None:
        self.last, self.steps, self.before = last, 0, 0.0
        self.training: Training | None = None

    def on_step(self, _: StepReport, training: Training) -> None:
        if self.training is None:
            self.training, self.before = training, training.seconds
        time.sleep(0.005)
        self.steps += 1
        if self.steps == self.last:
            raise KeyboardInterrupt

    @property
    def counted(self) -> float:
        """The seconds of the steps."""
        assert self.training is not None
        return self.training.seconds - self.before


def test_the_seconds_of_training_are_without_validation(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def validate(_: Training, __: Split) -> tuple[float, float]:
        time.sleep(0.05)
        return 1.0, 0.5

    monkeypatch.setattr(course_module, "validate", validate)
    seconds = Seconds()
    _, run = course(Listener(on_step=seconds.on_step), epochs=2)
    assert seconds.counted >= 2 * STEPS * 0.005
    whole = sum(line["seconds"] for line in run.history)
    assert whole - seconds.counted >= 4 * 0.05


def test_seconds_of_an_epoch_that_is_interrupted_count_too(course: Course) -> None:
    seconds = Seconds(last=STEPS + 4)
    outcome, run = course(Listener(on_step=seconds.on_step), epochs=3)
    assert (outcome.state, len(run.history)) == ("interrupted", 1)
    assert seconds.counted >= (STEPS + 4) * 0.005


def test_the_fit_is_measured_on_training_pictures_spread_evenly(digits: ImageData) -> None:
    assert len(subset_of(digits.train, digits.val)) == 170  # fewer than 200 there are
    large = digits.test
    subset = subset_of(large, digits.val)
    assert len(subset) == 200
    rows = [int(row) for row in subset.rows]
    assert rows == sorted(set(rows))
    assert (rows[0], rows[-1]) == (large.rows[0], large.rows[-1])
    assert len(subset_of(large, large)) == 359


def test_a_batch_that_does_not_fit_memory_is_halved_once(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory for 16 pictures at once; softmax has no batch norm, so all else stays the same."""
    whole, _ = course(epochs=2, batch_size=32)
    forward = nn.Linear.forward

    def in_little_memory(layer: nn.Linear, images: Tensor) -> Tensor:
        if layer.training and len(images) > 16:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes")
        return forward(layer, images)

    monkeypatch.setattr(nn.Linear, "forward", in_little_memory)
    told: list[str] = []
    halved, run = course(Listener(on_note=told.append), epochs=2, batch_size=32, name="halved")
    assert told == [
        "32 pictures at once do not fit memory: they are taken in slices of 16, which gives the "
        "same but for the statistics of batch norm"
    ]
    assert len(run.history) == 2
    assert halved.weights
    assert whole.weights
    for key, weight in whole.weights.items():
        torch.testing.assert_close(halved.weights[key], weight)


def test_a_batch_that_does_not_fit_in_halves_either_is_told(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> Tensor:
        raise MemoryError

    monkeypatch.setattr(nn.Linear, "forward", no_memory)
    with pytest.raises(RetinueError, match="16 pictures at once do not fit memory; try --slice-si"):
        course(batch_size=32)


def test_a_want_of_memory_elsewhere_in_a_step_is_not_mended_by_halves(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    # Some weights may have moved by then: the step must not be made again.
    monkeypatch.setattr(torch.optim.AdamW, "step", no_memory)
    notes: list[str] = []
    with pytest.raises(MemoryError):
        course(Listener(on_note=notes.append), batch_size=32, opt="adamw")
    assert notes == []


def test_other_errors_of_a_step_are_not_taken_for_want_of_memory(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Tensor:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(nn.Linear, "forward", fails)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        course(batch_size=32)
