"""From the first step, or any later one, to a finished run folder."""

from contextlib import suppress

from retinue import plotting
from retinue.data.imagedata import ImageData
from retinue.errors import RetinueError
from retinue.evaluation.judge import calibrate, draw_split, evaluate_split, remove_drawings
from retinue.models.graph_export import save_own_model
from retinue.models.weights import ModelCard
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.training.course import run_epochs, subset_of
from retinue.training.listener import Listener, Plan
from retinue.training.loop import DivergedError, Training
from retinue.training.peak import forget_peak_memory, peak_memory
from retinue.training.saving import Saving, StoppedError
from retinue.training.state import Course, Outcome
from retinue.training.transfer import fit_head


def carry_out(
    plan: Plan,
    training: Training,
    card: ModelCard,
    course: Course,
    saving: Saving,
    listener: Listener,
    draw: bool = True,
) -> None:
    """Train on from `course` and judge; whatever ends it is written into the run.

    In transfer a new head is solved for before all else, and where the body is to stay as it is
    that is all. `draw` also writes figures and pictures; `draw_run` can do so later.

    Raises:
        DivergedError: the loss became NaN or infinite.
    """
    run, data = plan.run, plan.data
    forget_peak_memory()
    try:
        listener.on_plan(plan)
        with saving.listening():
            outcome = _train(plan, training, course, saving, listener)
        _finish(run, outcome, training, card, data, listener, draw)
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


def _train(
    plan: Plan,
    training: Training,
    course: Course,
    saving: Saving,
    listener: Listener,
) -> Outcome:
    """Solve for the head, train the network, or both."""
    run, data, recipe, transfer = plan.run, plan.data, plan.recipe, plan.transfer
    begins = course.epoch == course.step == 0 and not course.ended and recipe.epochs > 0
    if transfer is not None and begins and transfer.way != "full" and not recipe.keep_head:
        try:
            outcome = fit_head(
                transfer,
                training,
                recipe,
                run,
                data,
                listener,
                lambda: saving.stop_if_asked(training, course),
            )
        except StoppedError as error:
            return Outcome(state="interrupted", reason=f"stopped {error} before the head was found")
        if transfer.way == "linear":
            return outcome
    subset = subset_of(data.train, data.val)
    return run_epochs(training, recipe, run, data.val, subset, listener, course, saving)


def _finish(
    run: Run,
    outcome: Outcome,
    training: Training,
    card: ModelCard,
    data: ImageData,
    listener: Listener,
    draw: bool,
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
        "peak_memory": peak_memory(),
    }
    if outcome.state != "finished":
        run.update_status(**ended)
    if draw and outcome.judge is None:
        _draw_curves(run, outcome.epoch)
    if outcome.weights is not None:
        training.model.load_state_dict(outcome.weights)
        if note := save_own_model(run.path, training.model, card):
            listener.on_note(note)
        classifier = Classifier(
            training.model,
            card.classes,
            card.preprocess,
            device=training.device,
            views=card.views,
        )
        judge = outcome.judge or classifier.logits
        calibrate(run, classifier, data.val, judge)
        judges_test = len(data.test) > 0 and outcome.state == "finished"
        if len(data.val):
            listener.on_judge("val")
            remove_drawings(run, "val")  # of a stop on the way
            evaluate_split(
                run, classifier, data.val, "val", draw=draw and not judges_test, judge=judge
            )
        if judges_test:
            listener.on_judge("test")
            found = evaluate_split(
                run, classifier, data.test, "test", count_look=True, draw=draw, judge=judge
            )
            ended["test_looks"] = found.metrics["test_looks"]
    # With the look at the test split, for between the two a stop would count it twice.
    run.update_status(**ended)
    if outcome.state == "failed":
        raise DivergedError(outcome.reason)


def draw_run(run: Run, data: ImageData) -> None:
    """Write the figures and pictures of a finished run that was carried out without them.

    Args:
        run: a run of a network that Retinue can build.
        data: that on which it was trained.
    """
    _draw_curves(run, run.status["best_epoch"])
    name = "test" if "test" in run.evaluations else "val"
    draw_split(run, Classifier.load(run), data.splits[name], name)


def _draw_curves(run: Run, epoch: int | None) -> None:
    if run.history:
        figure = plotting.learning_curves(run.history, epoch)
        plotting.save(figure, run.path / "figures" / "learning-curves.png")
