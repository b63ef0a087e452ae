"""`retinue` that forgets the optimiser's state when it goes on: a control for its own proof."""

from retinue.cli.main import main
from retinue.training import resume
from retinue.training.checkpoint import Checkpoint
from retinue.training.loop import Training
from retinue.training.state import Course, restore


def forget(training: Training, checkpoint: Checkpoint) -> Course:
    """Restore all but the optimiser's state."""
    kept = {
        key: value for key, value in checkpoint.tensors.items() if not key.startswith("optimiser.")
    }
    return restore(training, Checkpoint(checkpoint.step, checkpoint.values, kept))


if __name__ == "__main__":
    vars(resume)["restore"] = forget
    main()
