"""What a report shows of the inside of a network, where nothing was explained before."""

import shutil
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.reporting.explained import explanations
from retinue.reporting.facts.pictures import pictures_on
from retinue.runs import Run
from retinue.training.fit import train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that makes mistakes."""
    output = tmp_path_factory.mktemp("explained") / "run"
    return train(
        "digits", model={"name": "cnn", "depth": 2}, output=output, limit_per_class=10, epochs=1
    )


@pytest.mark.slow
def test_a_right_answer_and_the_surest_mistake_are_explained(trained: Run, tmp_path: Path) -> None:
    run = Run.load(shutil.copytree(trained.path, tmp_path / "run"))
    right, wrong = explanations(run)
    surest = pictures_on(run, "test").mistakes[0]
    assert wrong.picture == surest.id
    assert wrong.predicted == surest.predicted
    assert wrong.probability == pytest.approx(surest.probability, abs=1e-4)
    (known,) = [
        one
        for (true, said), some in pictures_on(run, "test").cells.items()
        if true == said
        for one in some
        if one.id == right.picture
    ]
    assert right.predicted == known.true


@pytest.mark.slow
def test_they_are_read_and_not_made_a_second_time(trained: Run, tmp_path: Path) -> None:
    run = Run.load(shutil.copytree(trained.path, tmp_path / "run"))
    first = explanations(run)
    (run.path / "model.safetensors").unlink()  # nothing could be made any more
    assert [one.path for one in explanations(run)] == sorted(one.path for one in first)


def test_without_kept_pictures_it_says_what_to_do(trained: Run, tmp_path: Path) -> None:
    run = Run.load(shutil.copytree(trained.path, tmp_path / "run"))
    shutil.rmtree(run.path / "pictures")
    with pytest.raises(UsageError, match="no picture of an evaluation was kept"):
        explanations(run)
