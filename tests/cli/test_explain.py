"""`retinue explain`, and `retinue report --explain`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from retinue.data.imagedata import ImageData
from retinue.evaluation.evaluate import reopen
from retinue.runs import Run
from retinue.training.fit import train

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that knows the ten digits, more or less."""
    output = tmp_path_factory.mktemp("explain") / "run"
    return train(
        "digits", model={"name": "cnn", "depth": 2}, output=output, limit_per_class=10, epochs=1
    )


def test_figures_are_listed_and_written(command: Command, trained: Run) -> None:
    code, out, err = command("explain", str(trained.path), "test:3")
    assert (code, err) == (0, "")
    folder = trained.path / "explained" / "test-3"
    written = {path.name for path in folder.iterdir()}
    assert {"grad-cam.png", "filters.png", "feature-maps.png", "explanation.json"} <= written
    assert all(name in out for name in written if name.endswith(".png"))
    assert f"written: {folder}" in out
    assert "without dropout:" in out


def test_json_is_the_index(command: Command, trained: Run) -> None:
    words = ["--view", "filters", "--view", "layers", "--json"]
    code, out, err = command("explain", str(trained.path), "test:1", *words)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [one["view"] for one in found["shown"]] == ["filters", "layers"]
    path = Path(found["path"]) / "explanation.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {"schema": 1, **found}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.png"], "nothing.png: no such file or folder"),
        (["test:9999"], "test:9999: digits has 359 pictures in test"),
        (["test:0", "--layer", "features.conv7"], "--layer features.conv7"),
        (["test:0", "--view", "filter"], "did you mean filters?"),
        (["test:0", "--view", "dropout"], "dropout"),
    ],
)
def test_bad_input_is_a_line_and_exit_2(
    command: Command, trained: Run, words: list[str], said: str
) -> None:
    code, out, err = command("explain", str(trained.path), *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_data_is_opened_once_for_all_that_needs_it(
    command: Command, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Run] = []

    def counting(run: Run, data_root: Path | None) -> ImageData:
        opened.append(run)
        return reopen(run, data_root)

    monkeypatch.setattr("retinue.explaining.explain.reopen", counting)
    words = ["--view", "batch-norm", "--view", "embedding", "--view", "training-step"]
    code, _, err = command("explain", str(trained.path), "test:2", *words)
    assert (code, err) == (0, "")
    assert len(opened) == 1


def test_a_report_shows_what_was_explained(command: Command, trained: Run, tmp_path: Path) -> None:
    command("explain", str(trained.path), "test:3", "--view", "grad-cam")
    output = tmp_path / "report.html"
    code, _, err = command("report", str(trained.path), "--explain", "--output", str(output))
    assert (code, err) == (0, "")
    page = output.read_text(encoding="utf-8")
    assert 'id="inside"' in page
    assert 'alt="Grad-CAM of test:3"' in page


def test_a_report_without_the_option_shows_nothing_of_it(
    command: Command, trained: Run, tmp_path: Path
) -> None:
    output = tmp_path / "report.html"
    command("report", str(trained.path), "--output", str(output))
    assert 'id="inside"' not in output.read_text(encoding="utf-8")


def test_explain_is_for_the_page_only(command: Command, trained: Run) -> None:
    code, _, err = command("report", str(trained.path), "--explain", "--slides")
    assert code == 2
    assert err.startswith("--explain: is for the page of one run") or "--explain: is for" in err
