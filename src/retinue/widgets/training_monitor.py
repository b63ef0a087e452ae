"""TrainingMonitor: the curves of a run and what its network says of some pictures, as it trains."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any

from torch import nn

from retinue.data.imagedata import ImageData
from retinue.runs import Run
from retinue.training.listener import Listener, Plan
from retinue.training.loop import StepReport, Training
from retinue.widgets.following import WAITING, Followed
from retinue.widgets.panel import Panel, Tell, Value
from retinue.widgets.samples import Sampling
from retinue.widgets.training_monitor_figure import monitor_figure
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVERY = 0.5  # seconds between two looks at the folder
THREAD = "retinue training monitor"
PICTURES = 12


class TrainingMonitorPanel(Panel):
    """A run's curves and sample predictions, finished, still training, or yet to begin.

    Its folder is looked at again and again, by a thread, while somebody watches; who trains need
    not know. Trained in another process, the run shows predictions of each new checkpoint
    (`--checkpoint-every`); given `listener`, a training in this process shows them every epoch.

    The state: `run` is the folder's name and `stage` one of waiting, running, finished,
    interrupted and failed, which `said` puts in words; `history` has a mapping an epoch and `steps`
    a mapping every few steps. `pictures` holds the bytes of pictures of `shape` (n, H, W, C), and
    `predictions` when they were asked of and a mapping each. `note` says why there are none.
    """

    module = "training_monitor"
    name = "Training monitor"

    def __init__(
        self,
        run: Run | str | Path | None = None,
        *,
        data: ImageData | None = None,
        pictures: int = PICTURES,
        data_root: str | Path | None = None,
    ) -> None:
        """Look at a run.

        Args:
            run: its folder, which need not be there yet; None where `listener` will name it.
            data: what it is trained on, where that is not to be opened again.
            pictures: how many of the validation split are asked about.
            data_root: where built-in data sets lie.
        """
        super().__init__(
            {
                "run": "",
                "stage": WAITING,
                "said": "waiting for a training that is given this monitor's listener",
                "history": [],
                "steps": [],
                "best_epoch": None,
                "pictures": b"",
                "shape": [0, 0, 0, 0],
                "predictions": {"when": "", "rows": []},
                "note": "",
            }
        )
        self._most, self._root = pictures, data_root
        self._followed: Followed | None = None
        self._sampling: Sampling | None = None
        self._learning: nn.Module | None = None
        self._watching: list[Tell] = []
        self._stop: Event | None = None
        # Held while a look is told, so that no older one is told after it; the state's own lock is
        # free meanwhile.
        self._looking = RLock()
        if run is not None:
            self._follow(run.path if isinstance(run, Run) else Path(run), data)
            self.look()

    @property
    def listener(self) -> Listener:
        """For a training in this process: `retinue.train(..., listener=monitor.listener)`."""
        return Listener(
            on_plan=self._begin, on_step=self._step, on_epoch=self._epoch, on_judge=self._judge
        )

    def look(self) -> bool:
        """Read what is new and tell it to whoever watches; gives whether more may come."""
        with self._looking:
            if self._followed is None or self._sampling is None:
                return True
            seen = self._followed.look()
            self._tell(seen | self._sampling.look(self._followed.ended))
            return not self._followed.ended

    def figure(self) -> "Figure":
        """The learning curves so far; before the first epoch what is known of the training."""
        with self._lock:
            state = dict(self.state)
        return monitor_figure(state)

    def watch(self, tell: Tell) -> Callable[[], None]:
        """Look at the folder twice a second until the run has ended; what is returned ends it too.

        `tell` is called with what changed, from a thread, or from that of the training.
        """
        with self._lock:
            self._watching.append(tell)
            if self._stop is None:
                self._stop = Event()
                Thread(
                    target=self._keep_looking, args=(self._stop,), name=THREAD, daemon=True
                ).start()

        def end() -> None:
            with self._lock:
                if tell in self._watching:
                    self._watching.remove(tell)
                if not self._watching and self._stop is not None:
                    self._stop.set()
                    self._stop = None

        return end

    def _keep_looking(self, stop: Event) -> None:
        while not stop.wait(EVERY):
            if not self.look():
                break
        with self._lock:
            if self._stop is stop:
                self._stop = None

    def _follow(self, path: Path, data: ImageData | None) -> None:
        self._followed = Followed(path)
        self._sampling = Sampling(path, data, self._most, self._root)
        self._tell({"run": printable(path.resolve().name)})

    def _tell(self, seen: dict[str, Value]) -> None:
        """Take what is new into the state, and pass it on."""
        with self._lock:
            changes = {key: value for key, value in seen.items() if self.state.get(key) != value}
            self.state.update(changes)
            watching = list(self._watching) if changes else []
        for tell in watching:
            tell(changes)

    def _begin(self, plan: Plan) -> None:
        with self._looking:
            self._follow(plan.run.path, plan.data)
            self.look()

    def _step(self, _: StepReport, training: Training) -> None:
        self._learning = training.judged

    def _epoch(self, line: dict[str, Any]) -> None:
        with self._looking:
            if self._sampling is not None and self._learning is not None:
                when = f"after epoch {line['epoch']}"
                self._tell(self._sampling.ask(self._learning, when))
            self.look()

    def _judge(self, _: str) -> None:
        self._learning = None
        self.look()
