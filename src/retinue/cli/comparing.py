"""What a comparison or a sweep tells on the terminal while it trains."""

import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from retinue.cli.console import PATIENCE, asking
from retinue.errors import RetinueError
from retinue.experiments.listener import Job, Listener
from retinue.experiments.phrases import seconds
from retinue.models.published import Permit
from retinue.runs import Run
from retinue.wording import percent, printable

REFRESH = 1.0  # seconds between two looks into the folder of a run


@dataclass
class Watch:
    """A training in another process, as its folder shows it; Rich asks for it again and again."""

    job: Job
    looked: float = 0.0
    epoch: str = field(default="")

    def __rich__(self) -> Text:
        now = time.monotonic()
        if now - self.looked > REFRESH:
            self.looked, self.epoch = now, self._epoch()
        job = self.job
        where = f"training {job.name}, seed {job.seed}, {job.number} of {job.total}"
        return Text(printable(f"{where}{self.epoch}"))

    def _epoch(self) -> str:
        try:
            history = Run(self.job.path).history
        except (OSError, ValueError, RetinueError):
            return ""
        if not history:
            return ""
        val = history[-1].get("val_accuracy")
        return f": epoch {history[-1]['epoch']}" + ("" if val is None else f", val {percent(val)}")


class Teller:
    """Prints a line for each run that is found, trained or left out; a terminal has a live line."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.status = console.status("")
        self.started = time.monotonic()

    def listener(self) -> Listener:
        """What `compare` and `sweep` call."""
        return Listener(
            on_load=self.tell_progress,
            on_left_out=self.tell_left_out,
            on_reuse=self.tell_reuse,
            on_train=self.tell_train,
            on_trained=self.tell_trained,
            on_note=self.tell_note,
        )

    def permit(self, download: bool) -> Permit:
        """Whether weights may be fetched; the live line makes room for the question."""
        ask = asking(self.console, download)

        def permit(what: str, size: int) -> bool:
            self.status.stop()
            return ask(what, size)

        return permit

    def tell_progress(self, doing: str, done: int, total: int) -> None:
        """Pictures are read, or networks timed."""
        is_due = done >= total or done % 50 == 0 or total < 50
        if time.monotonic() - self.started > PATIENCE and is_due:
            self._show(Text(printable(f"{doing}: {done:,}" + (f" of {total:,}" if total else ""))))

    def tell_left_out(self, name: str, reason: str) -> None:
        """Somebody cannot take part."""
        self.status.stop()
        told = f"left out: {name}: {reason}"
        self.console.print(told, markup=False, soft_wrap=not self.console.is_terminal)

    def tell_reuse(self, name: str, run: Run) -> None:
        """A run is there already."""
        self.console.print(f"{name}, seed {run.recipe.seed}: is there → {run.path}", markup=False)

    def tell_train(self, job: Job) -> None:
        """A training begins."""
        self._show(Watch(job))

    def _show(self, line: Text | Watch) -> None:
        if self.console.is_terminal:
            self.status.update(line)
            self.status.start()

    def tell_trained(self, job: Job, run: Run) -> None:
        """A training has ended well."""
        self.status.stop()
        found: dict[str, Any] = run.metrics("val") if "val" in run.evaluations else {}
        val = f"val {percent(found['accuracy']['value'])}, " if found else ""
        took = seconds(run.status["training_seconds"] or 0.0)
        self.console.print(
            f"{job.name}, seed {job.seed}: {val}trained for {took} → {run.path}", markup=False
        )

    def tell_note(self, text: str) -> None:
        """What to do next."""
        self.status.stop()
        self.console.print(printable(text), markup=False, soft_wrap=not self.console.is_terminal)
