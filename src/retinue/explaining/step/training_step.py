"""One real step of a training, seen in its four parts: transform, forward, backward, update.

The step is the training loop's own, `retinue.training.loop.train_epoch`, which is watched and not
repeated here. So the weights after it are those of the training, to the last bit: of a run on the
same kind of processor and with the same versions, with its precision and its number of threads.
"""

from collections.abc import Iterator
from pathlib import Path

from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import Source
from retinue.errors import UsageError
from retinue.explaining.step.begin import begin
from retinue.explaining.step.seen import TrainingStepSeen
from retinue.explaining.step.tell import tell
from retinue.explaining.step.watch import pass_over, watch
from retinue.explaining.step.weight import Place, find_place
from retinue.recipe import Recipe
from retinue.runs import Run

PICTURES = 8  # of a batch that are kept to be shown


def training_step(
    source: Run | Recipe | str | Path,
    data: Source | ImageData | None = None,
    *,
    epoch: int = 0,
    step: int = 0,
    weight: str | None = None,
    model: nn.Module | None = None,
    device: str = "cpu",
    data_root: str | Path | None = None,
    pictures: int = PICTURES,
) -> TrainingStepSeen:
    """Look at one step of a training, which is carried out again up to it; nothing is written.

    Step 0 of epoch 0 takes a moment; a later one takes as long as the training took to get there.

    Args:
        source: a run or its folder, or a recipe, of which what is open is chosen as in training.
        data: by default the run's own source, opened again, or the recipe's.
        epoch: counted from 0.
        step: of the epoch, counted from 0.
        weight: the one to follow, as `head.output.weight[3, 7]`, or a layer, as `features.conv1`,
            for the one in it whose gradient is largest. By default one of the first layer that the
            optimiser moves weight by weight.
        model: the user's own network as it was before training, where it is one; it stays so.
        device: auto, cpu, cuda or cuda:N.
        data_root: where built-in data sets lie.
        pictures: how many of the batch are kept to be shown.

    Raises:
        UsageError: no such run, step, weight or data, or a training that has no steps.
        RetinueError: files cannot be read, or the loss is no longer a number.
    """
    steps = TrainingSteps(source, data, model=model, device=device, data_root=data_root)
    steps.go_to(epoch, step)
    return steps.next(weight, pictures)


class TrainingSteps:
    """A training that is taken one step at a time: `next` looks at each, as does a `for` loop.

    Arguments and what is raised are those of `training_step`. Torch's global generators and its
    number of threads are afterwards as before.
    """

    def __init__(
        self,
        source: Run | Recipe | str | Path,
        data: Source | ImageData | None = None,
        *,
        model: nn.Module | None = None,
        device: str = "cpu",
        data_root: str | Path | None = None,
    ) -> None:
        self._begun = begin(source, data, model, device, data_root)
        self._place: Place | None = None
        self.epoch = 0  # of the step that comes next
        self.step = 0

    @property
    def ended(self) -> bool:
        """Whether the training has no further step."""
        return self._begun.training.progress(self.epoch, self.step) >= 1

    @property
    def model(self) -> nn.Module:
        """The network as it is now: pixels 0 to 255 in, logits (N, K) out."""
        return self._begun.training.model

    def go_to(self, epoch: int, step: int) -> None:
        """Train on, unseen, so that this step is the next one.

        Raises:
            UsageError: it lies behind, or the training has no such step.
        """
        self._require(epoch, step)
        with self._begun.as_there():
            while self.epoch < epoch:
                left = self._begun.training.batches.steps(self.epoch)
                pass_over(self._begun.training, self.epoch, self.step, left)
                self.epoch, self.step = self.epoch + 1, 0
            pass_over(self._begun.training, self.epoch, self.step, step)
            self.step = step

    def next(self, weight: str | None = None, pictures: int = PICTURES) -> TrainingStepSeen:
        """Carry out the next step; without `weight` the same one as before is followed.

        Raises:
            UsageError: the training has ended, or no such weight learns in this step.
        """
        training = self._begun.training
        if self.ended:
            raise UsageError(f"the training ends after {training.steps(training.epochs)} steps")
        place = self._place if weight is None else find_place(training.model, weight)
        with self._begun.as_there():
            watched = watch(training, self.epoch, self.step, place)
        self._place = watched.place
        seen = tell(self._begun, watched, pictures)
        self.step += 1
        if self.step == training.batches.steps(self.epoch):
            self.epoch, self.step = self.epoch + 1, 0
        return seen

    def __iter__(self) -> Iterator[TrainingStepSeen]:
        while not self.ended:
            yield self.next()

    def _require(self, epoch: int, step: int) -> None:
        training = self._begun.training
        if epoch < 0 or step < 0:
            raise UsageError(f"epoch {epoch}, step {step}: both are counted from 0")
        if (epoch, step) < (self.epoch, self.step):
            raise UsageError(f"epoch {epoch}, step {step}: is done already; begin anew")
        if epoch < training.epochs and step >= training.batches.steps(epoch):
            last = training.batches.steps(epoch) - 1
            raise UsageError(f"step {step}: epoch {epoch} has steps 0 to {last}")
        if training.progress(epoch, step) >= 1:
            raise UsageError(
                f"epoch {epoch}, step {step}: the training ends before; it has "
                f"{training.epochs:g} epochs and {training.steps(training.epochs)} steps in all"
            )
