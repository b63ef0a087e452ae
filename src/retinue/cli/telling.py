"""What a training tells on the terminal: the plan, each epoch, the result."""

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from retinue.cli.console import print_notes, print_table
from retinue.data.cache import Progress
from retinue.models.catalogue import split_way
from retinue.reporting.diagnosis import Diagnosis
from retinue.runs import Run
from retinue.training.listener import Listener, Plan
from retinue.training.loop import StepReport, Training
from retinue.training.sanity.check import Check
from retinue.wording import count, measured_share, percent

REFRESH = 0.2  # seconds between two updates of the live line


class Teller:
    """Prints a line an epoch; on a terminal also a live line within the epoch."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.status = console.status("")
        self.started = self.told = time.monotonic()
        self.pictures = 0
        self.epochs: float = 0
        self.steps = True  # whether the training goes step by step
        self.before: float | None = None  # share of the training done when this process began

    def listener(self, on_load: Progress | None = None) -> Listener:
        """What `fit` calls."""
        return Listener(
            on_load=on_load,
            on_resume=self.tell_resume,
            on_note=self.tell_note,
            on_plan=self.tell_plan,
            on_step=self.tell_step,
            on_epoch=self.tell_epoch,
            on_judge=self.tell_judge,
        )

    def tell_resume(self, step: int) -> None:
        """Where a stopped training goes on."""
        self.console.print(f"goes on after step {step}", markup=False)

    def tell_note(self, text: str) -> None:
        """What should be known besides."""
        self.console.print(f"  {text}", markup=False)

    def tell_plan(self, plan: Plan) -> None:
        """The data, what was chosen and why, and the network."""
        say, recipe = self.console.print, plan.recipe
        say(str(plan.data), markup=False)
        print_notes(self.console, plan.data)
        for choice in plan.choices:
            if choice.why:
                say(f"  {choice.key} {_short(choice.value)}[dim]: {escape(choice.why)}[/]")
        if plan.transfer is not None and plan.transfer.loaded is not None:
            for line in plan.transfer.loaded.lines():
                say(f"  {line}", markup=False)
        self.steps = split_way(recipe.model.name)[1] != "linear"
        parameters = sum(weight.numel() for weight in plan.model.parameters())
        say(
            f"{recipe.model.name}, {parameters:,} parameters, {plan.precision}, seed {recipe.seed} "
            f"→ {plan.run.path}",
            markup=False,
        )
        self.epochs = recipe.epochs
        self.started = self.told = time.monotonic()
        if self.console.is_terminal:
            self.status.start()

    def tell_step(self, step: StepReport, training: Training) -> None:
        """The live line: where in the epoch, how fast, and how long it will take."""
        self.pictures += step.pictures
        if self.before is None:
            self.before = training.progress(step.epoch, step.step)
        now = time.monotonic()
        if now - self.told < REFRESH or not self.console.is_terminal:
            return
        self.told = now
        done = training.progress(step.epoch, step.step + 1)
        left = self._left(now - self.started, done)
        self.status.update(
            f"epoch {step.epoch + 1}/{self.epochs}, "
            f"step {step.step + 1}/{training.batches.steps(step.epoch)}: "
            f"loss {step.loss:.3f}, {self.pictures / (now - self.started):,.0f} pictures/s, "
            f"{_duration(left)} left"
        )

    def tell_epoch(self, line: dict[str, Any]) -> None:
        """One line: train on un-augmented pictures, and val."""
        if not self.steps:
            self._tell_head(line)
            return
        text = (
            f"epoch {min(line['epoch'], self.epochs):>3}/{self.epochs}  "
            f"train {_pair(line['subset_loss'], line['subset_accuracy'])}"
        )
        if line["val_loss"] is not None:
            text += f"  val {_pair(line['val_loss'], line['val_accuracy'])}"
        elapsed = time.monotonic() - self.started
        done = min(line["epoch"], self.epochs)
        left = self._left(elapsed, done / self.epochs)
        text += f"  {line['pictures_per_second']:,.0f} pictures/s  {_duration(elapsed)}"
        self.console.print(text + (f", {_duration(left)} left" if left else ""), markup=False)

    def _tell_head(self, line: dict[str, Any]) -> None:
        """A head that was solved for."""
        text = f"head: train {_pair(line['train_loss'], line['train_accuracy'])}"
        if line["val_loss"] is not None:
            text += f"  val {_pair(line['val_loss'], line['val_accuracy'])}"
        self.console.print(f"{text}  {_duration(line['seconds'])}", markup=False)

    def _left(self, elapsed: float, done: float) -> float:
        """Seconds to come, when those so far brought the training to this share."""
        return elapsed * (1 - done) / max(done - (self.before or 0.0), 1e-9)

    def tell_judge(self, split: str) -> None:
        """Training is over; a split is being judged."""
        self.status.update(f"judging on {split}")

    def tell_end(self, run: Run, diagnoses: Sequence[Diagnosis] = ()) -> None:
        """The result with its interval, what is confused most or wrong, and what to do next."""
        self.status.stop()
        say, status = self.console.print, run.status
        if status["state"] != "finished" or status["reason"] != "all epochs done":
            say(f"{status['state']}: {escape(status['reason'])}")
        if status["state"] == "interrupted":
            say(f"go on with: retinue train --resume {run.path}", markup=False)
        if status["best_epoch"] and run.recipe.val_fraction and self.steps:
            say(f"weights of epoch {status['best_epoch']}, the best on val")
        for split in reversed(run.evaluations):
            say(f"accuracy on {split}: [bold]{measured_share(run.metrics(split)['accuracy'])}[/]")
        judged = "test" if "test" in run.evaluations else "val"
        if judged in run.evaluations:
            tell_most_confused(self.console, run.metrics(judged))
        tell_diagnoses(self.console, diagnoses)
        say(f"figures: {run.path / 'figures'}", markup=False)
        say(f"next: retinue report {run.path}", markup=False)
        say(f"      retinue predict {run.path} PICTURE", markup=False)


def tell_most_confused(console: Console, metrics: dict[str, Any]) -> None:
    """The pair of classes that is mixed up most often, if any is."""
    if metrics["most_confused"]:
        worst = metrics["most_confused"][0]
        console.print(
            f"most confused: {worst['true']} taken for {worst['predicted']} "
            f"({count(worst['n'], 'time')}, {percent(worst['share'], 0)} of {worst['true']})",
            markup=False,
        )


def tell_diagnoses(console: Console, diagnoses: Sequence[Diagnosis]) -> None:
    """What may be wrong with a training, by which figures, and what to try."""
    for one in diagnoses:
        colour = "red" if one.severity == "problem" else "yellow"
        console.print(f"[{colour}]{one.severity}: {escape(one.title)}[/]")
        console.print(f"  {one.evidence}", markup=False)
        console.print(f"  try: {one.advice}", markup=False)
    if diagnoses:
        console.print("  each is explained in docs/troubleshooting.md", style="dim")


def tell_checks(console: Console, checks: Sequence[Check]) -> None:
    """What was asked before a training, by which figures, and what to do where it failed."""
    words = {True: "passed", False: "FAILED", None: "left out"}
    rows = [[words[one.passed], one.title, one.figures] for one in checks]
    print_table(console, ["", "check", "figures"], rows)
    for one in checks:
        if one.passed is False:
            console.print(f"[red]{escape(one.title)}[/]: {escape(one.advice)}")


def _pair(loss: float, accuracy: float) -> str:
    return f"{loss:.3f} {percent(accuracy):>7}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
    )


def _short(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " ".join(":".join(map(_short, part)) for part in value)
    return f"{value:g}" if isinstance(value, float) else escape(str(value))
