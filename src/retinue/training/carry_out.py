"""From the first step, or any later one, to a finished run folder."""

from contextlib import suppress

from retinue import plotting
from retinue.data.imagedata import ImageData
from retinue.errors import RetinueError
from retinue.evaluation.judge import calibrate, evaluate_split, remove_drawings
from retinue.models.weights import ModelCard, save_model
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.training.course import run_epochs, subset_of
from retinue.training.listener import Listener, Plan
from retinue.training.loop import DivergedError, Training
from retinue.training.saving import Saving
from retinue.training.state import Course, Outcome


def carry_out(
    plan: Plan,
    training: Training,
    card: ModelCard,
    course: Course,
    saving: Saving,
    listener: Listener,
) -> None:
    """Train on from `course` and judge; whatever ends it is written into the run.

    Raises:
        DivergedError: the loss became NaN or infinite.
    """
    run, data = plan.run, plan.data
    try:
        listener.on_plan(plan)
        with saving.listening():
            outcome = run_epochs(
                training,
                plan.recipe,
                run,
                data.val,
                subset_of(data.train, data.val),
                listener,
                course,
                saving,
            )
        _finish(run, outcome, training, card, data, listener)
    except BaseException as error:
        by_hand = isinstance(error, KeyboardInterrupt)
        state = "interrupted" if by_hand else "failed"
        with suppress(OSError):  # where the disk is full this cannot be written either
            if run.status["state"] == "running":
                run.update_status(state=state, reason=f"{type(error).__name__}: {error}")
        if by_hand:
            listener.on_note(f"go on with: retinue train --resume {run.path}")
        if isinstance(error, OSError):
            raise RetinueError(
                f"{error.filename or run.path}: {error.strerror or error}; once that is mended, go "
                f"on with: retinue train --resume {run.path}"
            ) from error
        raise
    if outcome.state == "finished":
        saving.remove()


def _finish(
    run: Run,
    outcome: Outcome,
    training: Training,
    card: ModelCard,
    data: ImageData,
    listener: Listener,
) -> None:
    """Write the chosen weights and judge them: on val always, on test only after a whole training.

    Raises:
        DivergedError: the training had ended so.
    """
    ended = {
        "state": outcome.state,
        "reason": outcome.reason,
        "best_epoch": outcome.epoch,
        "training_seconds": round(training.seconds, 3),
    }
    if outcome.state != "finished":
        run.update_status(**ended)
    if run.history:
        figure = plotting.learning_curves(run.history, outcome.epoch)
        plotting.save(figure, run.path / "figures" / "learning-curves.png")
    if outcome.weights is not None:
        training.model.load_state_dict(outcome.weights)
        save_model(run.path, training.model, card)
        classifier = Classifier(
            training.model,
            card.classes,
            card.preprocess,
            device=training.device,
            views=card.views,
        )
        calibrate(run, classifier, data.val)
        judges_test = len(data.test) > 0 and outcome.state == "finished"
        if len(data.val):
            listener.on_judge("val")
            remove_drawings(run, "val")  # of a stop on the way
            evaluate_split(run, classifier, data.val, "val", draw=not judges_test)
        if judges_test:
            listener.on_judge("test")
            found = evaluate_split(run, classifier, data.test, "test", count_look=True)
            ended["test_looks"] = found.metrics["test_looks"]
    # With the look at the test split, for between the two a stop would count it twice.
    run.update_status(**ended)
    if outcome.state == "failed":
        raise DivergedError(outcome.reason)
