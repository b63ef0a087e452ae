from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from retinue.plotting.style import styled
from retinue.widgets.training_monitor import TrainingMonitorPanel
from retinue.widgets.training_monitor_figure import monitor_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOSTILE = "<b>$x$ \u202e" + "W" * 200


def words_of(figure: "Figure") -> str:
    """What stands in a figure beside its axes."""
    return " ".join(" ".join(text.get_text().split()) for text in figure.texts)


def lies_within(figure: "Figure") -> bool:
    """Whether no text sticks out of a figure."""
    with styled():
        FigureCanvasAgg(figure).draw()
        boxes = [text.get_window_extent() for text in figure.texts]
    edge = figure.bbox
    return all(
        edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1
        for box in boxes
    )


@pytest.mark.parametrize("name", ["later", HOSTILE])
def test_before_the_training_it_says_what_to_do(tmp_path: Path, name: str) -> None:
    figure = TrainingMonitorPanel(tmp_path / name).figure()
    assert figure.axes == []
    words = words_of(figure)
    assert words.startswith("Training of later " if name == "later" else "Training of <b>$x$ ")
    assert "The training has not begun. Run this cell again after it" in words
    assert "\u202e" not in words
    assert lies_within(figure)


def test_a_monitor_of_no_run_yet_says_so_too() -> None:
    words = words_of(TrainingMonitorPanel().figure())
    assert words.startswith("Training monitor The training has not begun.")


def test_a_text_that_sticks_out_is_noticed() -> None:
    figure = TrainingMonitorPanel().figure()
    figure.text(0.5, 0.5, "W" * 200)
    assert not lies_within(figure)


def test_a_training_without_an_epoch_is_one_that_has_begun() -> None:
    state = {**TrainingMonitorPanel().state, "run": "now", "stage": "running"}
    words = words_of(monitor_figure(state))
    assert "no epoch is done yet. Run this cell again after it" in words
    assert "not begun" not in words


def test_a_training_that_failed_at_once_says_why() -> None:
    said = "failed: the loss is no number: " + "z" * 400
    state = {**TrainingMonitorPanel().state, "run": "dead", "stage": "failed", "said": said}
    figure = monitor_figure(state)
    assert words_of(figure).startswith("Training of dead failed: the loss is no number: z")
    assert "again" not in words_of(figure)
    assert lies_within(figure)


def test_with_an_epoch_there_are_curves_and_no_words() -> None:
    history = [{"epoch": 1, "val_loss": 0.5, "val_accuracy": 0.75}]
    state = {**TrainingMonitorPanel().state, "stage": "running", "history": history}
    figure = monitor_figure(state)
    assert len(figure.axes) == 2
    assert words_of(figure) == ""
