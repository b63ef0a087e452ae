import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import evaluate
from retinue.lessons.board.hidden import Hidden, open_hidden
from retinue.lessons.board.judge import judge_run
from retinue.lessons.board.judging import _spec
from tests.lessons.board.conftest import pictures, trained

Ask = Callable[..., tuple[dict[str, Any], Any]]


@pytest.fixture(autouse=True)
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


@pytest.fixture
def hidden(handed_in: Path) -> Hidden:
    return open_hidden("hidden")


@pytest.fixture
def ask(hidden: Hidden, tmp_path: Path) -> Ask:
    """`ask(folder)`: what is found of a run, and its probabilities."""

    def judge(folder: str | Path, **changes: Any) -> tuple[dict[str, Any], Any]:
        answers = tmp_path / "answers.npy"
        spec = {**_spec(hidden, Path(folder), answers), "memory": 0, **changes}
        found = judge_run(json.loads(json.dumps(spec)))
        return found, np.load(answers, allow_pickle=False)

    return judge


def changed(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


class Own(nn.Module):
    """A network of one's own."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(8 * 8 * 3, classes))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits."""
        logits: torch.Tensor = self.layers(pixels)
        return logits


def test_the_answers_are_those_of_evaluate(ask: Ask, handed_in: Path, hidden: Hidden) -> None:
    found, probabilities = ask("runs/anna")
    evaluated = evaluate("runs/anna", "hidden")
    assert (probabilities.argmax(axis=1) == hidden.truth).mean() == evaluated.accuracy
    expected = evaluated.run.predictions("hidden")
    order = [expected.classes.index(name) for name in hidden.classes]
    assert probabilities == pytest.approx(expected.probabilities[:, order], abs=1e-6)
    assert found["model"] == "softmax"
    assert found["parameters"] == 8 * 8 * 3 * 3 + 3
    assert found["own"]["value"] == evaluated.run.metrics("test")["accuracy"]["value"]
    assert found["own"]["looks"] == 1


def test_classes_in_another_order_are_brought_into_the_boards(
    ask: Ask, hidden: Hidden, tmp_path: Path
) -> None:
    path = Path("runs/anna/model.json")
    names = json.loads(path.read_text())["classes"]
    _, before = ask("runs/anna")
    changed(path, classes=names[::-1])
    _, after = ask("runs/anna")
    assert after == pytest.approx(before[:, ::-1])


def test_other_classes_are_no_entry(ask: Ask, hidden: Hidden) -> None:
    changed(Path("runs/anna/model.json"), classes=["cat", "dog", "plane"])
    with pytest.raises(RetinueError, match=r"it alone knows plane; it does not know ship"):
        ask("runs/anna")


@pytest.mark.slow
def test_a_network_of_ones_own_is_judged_by_its_graph_alone(
    ask: Ask, hidden: Hidden, tmp_path: Path
) -> None:
    folder = trained(tmp_path / "own", 5, model=Own())
    found, probabilities = ask(folder)
    assert found["model"].endswith("(one's own)")
    expected = evaluate(folder, "hidden", model=Own())
    assert (probabilities.argmax(axis=1) == hidden.truth).mean() == expected.accuracy


def test_without_a_graph_its_code_is_not_run(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "evil_network.py").write_text("raise SystemExit('ran')")
    changed(Path("runs/anna/model.json"), name="evil_network:make")
    with pytest.raises(UsageError, match="would need its author's code, which a board does not"):
        ask("runs/anna")


def test_settings_that_could_name_a_file_are_not_passed_on(ask: Ask) -> None:
    settings = {"checkpoint_path": "/tmp/evil.pth"}
    changed(Path("runs/anna/model.json"), name="resnet18", arguments=settings)
    with pytest.raises(RetinueError, match="gives resnet18 no setting checkpoint_path"):
        ask("runs/anna")


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("model.safetensors", b"no weights", "damaged, or not the weights"),
        ("model.json", b"{", "model.json: cannot be read"),
        ("model.json", b"[1]", "model.json: cannot be read"),
        ("calibration.json", b"{}", "calibration.json: is damaged"),
        ("status.json", b"{}", "its files are damaged"),
        ("recipe.yaml", None, "no recipe.yaml"),
        ("model.json", None, "holds no network yet"),
        ("model.safetensors", None, "cannot be read"),
    ],
)
def test_damage_is_told_by_its_file(
    ask: Ask, file: str, content: bytes | None, reason: str
) -> None:
    path = Path("runs/anna") / file
    if content is None:
        path.unlink()
        if file == "recipe.yaml":
            Path("runs/anna/status.json").unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(RetinueError, match=reason):
        ask("runs/anna")


def test_pictures_that_would_fill_the_disk_are_refused(ask: Ask) -> None:
    huge = {"size": [8, 8], "stored": [16000, 16000], "fit": "crop", "channels": 3}
    changed(Path("runs/anna/model.json"), preprocess=huge)
    with pytest.raises(RetinueError, match="16000 x 16000 pixels"):
        ask("runs/anna")
    changed(Path("runs/anna/model.json"), preprocess={**huge, "stored": [8, 8.5]})
    with pytest.raises(RetinueError, match="tells no size"):
        ask("runs/anna")


def test_answers_that_are_no_numbers_are_refused(ask: Ask) -> None:
    path = Path("runs/anna/calibration.json")
    changed(path, temperature=float("inf"))
    _, flat = ask("runs/anna")
    assert np.allclose(flat, 1 / 3)
    changed(path, temperature=float("nan"))
    with pytest.raises((RetinueError, ValueError), match="temperature"):
        ask("runs/anna")


def test_pictures_that_it_learnt_from_are_found_by_bytes_or_pixels(
    ask: Ask, hidden: Hidden
) -> None:
    found, _ = ask("runs/anna")
    assert (found["learnt"], found["tested"], found["knows_splits"]) == ([], 0, True)
    path = Path("runs/anna/splits.csv")
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    place = {part: [n for n, row in enumerate(rows) if row[3] == part] for part in ("train", "val")}
    test = next(n for n, row in enumerate(rows) if row[3] == "test")
    rows[place["train"][0]][4] = hidden.split.digests[7]
    rows[place["val"][0]][4] = hidden.pixel_digests[3]
    rows[test][4] = hidden.split.digests[1]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    found, _ = ask("runs/anna")
    assert (found["learnt"], found["tested"]) == ([3, 7], 1)


def test_a_run_trained_on_hidden_pictures_as_arrays_is_found_out(
    ask: Ask, hidden: Hidden, tmp_path: Path
) -> None:
    images, labels = pictures(40, 5)
    images[:4] = hidden.split.images[:4]
    folder = trained(tmp_path / "lea", 5, images, labels, val_fraction=0.0, test_fraction=0.1)
    found, _ = ask(folder)
    assert len(found["learnt"]) + found["tested"] == 4


def test_without_splits_it_is_not_known(ask: Ask) -> None:
    Path("runs/anna/splits.csv").unlink()
    found, _ = ask("runs/anna")
    assert found["knows_splits"] is False
    Path("runs/anna/splits.csv").write_text("id,path\n1\n")
    assert ask("runs/anna")[0]["knows_splits"] is False


@pytest.mark.parametrize("text", ["{}", "[]", '{"accuracy": {"value": 7, "n": 9}}', "null", "{"])
def test_what_it_says_of_itself_may_be_nonsense(ask: Ask, text: str) -> None:
    Path("runs/anna/evaluation/test/metrics.json").write_text(text)
    assert ask("runs/anna")[0]["own"] is None


def test_hidden_pictures_that_change_meanwhile_are_noticed(ask: Ask) -> None:
    with pytest.raises(RetinueError, match="changed while they were judged"):
        ask("runs/anna", digests=["0"] * 90)
