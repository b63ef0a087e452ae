"""The page of a sweep as it stands in its file: whole, closed to the world, equal to its folder."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import PictureError, RetinueError, UsageError
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.sweep import Sweep
from retinue.reporting.forms import report
from retinue.reporting.page.sweeps.costs import amount
from retinue.reporting.page.sweeps.page import page_of_sweep
from retinue.reporting.page.sweeps.settings import OPEN
from retinue.wording import percent
from retinue.writing import write_json
from tests.reporting.page import checks
from tests.reporting.page.conftest import HOSTILE
from tests.reporting.page.reader import Reader
from tests.reporting.swept import drawn, written

LARGEST = 5_000_000  # bytes of a page
KINDS = ("plain", "odd", "hostile", "many")


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sweep]:
    """A tidy one; one in which things went wrong; one with hostile names; one of 300 settings."""
    place = tmp_path_factory.mktemp("sweeps")
    three = (
        Axis("lr", (0.001, 0.01, 0.1)),
        Axis("model.depth", (2, 4, 6)),
        Axis("augment", ("none", "basic", "strong")),
    )
    names = (*HOSTILE, "$x$", "y" * 500)
    variants = {name: {"model": {"depth": 2}} for name in names}
    axes = (Axis("<b>kind</b> $x$ שלום", names, variants=variants), Axis("lr", (0.01, 0.1)))
    asked: dict[str, Any] = {"title": "<i>T</i>", "question": "<script>alert(5)</script>?"}
    ranges, settings = drawn(300)
    many: dict[str, Any] = {"search": "random", "trials": 300}
    return {
        "plain": written(place / "plain", figures=True),
        "odd": written(place / "odd", three, odd=True),
        "hostile": written(place / "<b>h", axes, seeds=2, classes=HOSTILE, **asked),
        "many": written(place / "many", ranges, seeds=1, settings=settings, **many),
    }


@pytest.fixture(scope="module")
def pages(sweeps: dict[str, Sweep]) -> dict[str, str]:
    """The text of each one's page."""
    found = {}
    for name, sweep in sweeps.items():
        path = report(sweep).page
        assert path == sweep.path / "report.html"
        found[name] = path.read_text(encoding="utf-8")
    return found


@pytest.fixture
def copy(sweeps: dict[str, Sweep], tmp_path: Path) -> Path:
    """The folder of the tidy one, which may be changed."""
    return Path(shutil.copytree(sweeps["plain"].path, tmp_path / "copy"))


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The folder with other effects."""
    values = json.loads((path / "effects.json").read_text(encoding="utf-8"))
    change(values)
    write_json(path / "effects.json", values)
    return path


def table(text: str, first: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    return next(rows for rows in Reader(text).rows if rows and rows[0][:1] == [first])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outside_is_referred_to_and_nothing_turns_the_text(
    pages: dict[str, str], kind: str
) -> None:
    assert checks.faults(pages[kind]) == []
    assert checks.steering_in(pages[kind]) == []
    assert len(pages[kind]) < LARGEST


def test_a_name_that_is_not_escaped_is_noticed(pages: dict[str, str]) -> None:
    harmed = pages["hostile"].replace("&lt;script&gt;", "<script>")
    assert harmed != pages["hostile"]
    assert checks.faults(harmed) != []


@pytest.mark.parametrize("kind", KINDS)
def test_headings_ids_and_words_for_pictures(pages: dict[str, str], kind: str) -> None:
    reader = Reader(pages[kind])
    levels = checks.headings(reader)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in reader.named("a")} <= set(ids)
    assert all(image.get("alt") for image in reader.named("img"))
    assert all(head.get("scope") in ("col", "row") for head in reader.named("th"))


def test_the_first_screen_has_the_best_recipe_and_its_accuracy(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    best = sweeps["plain"].values["findings"]["best"]
    first = pages["plain"][: pages["plain"].index("<nav")]
    assert f"<strong>{percent(best['test'])}</strong>" in first
    assert f"{percent(best['test_low'])} to {percent(best['test_high'])}" in first
    assert "What do lr and depth do to the accuracy on photos?" in first
    assert "6 settings, 18 trainings: 18 finished." in first
    assert "of 60 test pictures" in first


def test_every_number_of_a_level_stands_in_its_row(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    levels = sweeps["plain"].values["findings"]["effects"][0]["levels"]
    rows = table(pages["plain"], "lr")
    assert [row[0] for row in rows[1:]] == ["0.001", "0.01", "0.1"]
    for row, level in zip(rows[1:], levels, strict=True):
        assert row[1] == percent(level["mean"])
        assert row[2] == f"{percent(level['low'])} to {percent(min(level['high'], 1.0))}"
        assert row[3] == percent(level["train"])
        assert row[4] == f"{100 * (level['train'] - level['mean']):.1f}"
        assert row[5] == f"{100 * level['spread']:.1f}"
        assert row[6] == f"{level['loss_spread']:.2g}"
        assert row[7:10] == [str(level["settings"]), str(level["trainings"]), "0"]


def test_the_gap_is_taken_setting_by_setting(copy: Path) -> None:
    def lose(values: dict[str, Any]) -> None:
        # Of the first level only the setting stays that has the other key's first value.
        found = values["findings"]
        found["settings"][1] |= dict.fromkeys(("test", "train"))
        found["settings"][0] |= {"test": 0.5, "train": 0.75}

    path = report(changed(copy, lose)).page
    assert path is not None
    assert table(path.read_text(encoding="utf-8"), "lr")[1][4] == "25.0"


def test_differences_are_called_shown_where_the_effect_is(
    sweeps: dict[str, Sweep], copy: Path, pages: dict[str, str]
) -> None:
    effects = sweeps["plain"].values["findings"]["effects"]
    assert [one["shown"] for one in effects] == [True, False]
    assert table(pages["plain"], "better")[1][-1] == "yes"
    assert "lr</bdi>: effect shown, p" in pages["plain"]
    assert "depth</bdi>: effect not shown, p" in pages["plain"]

    def hide(values: dict[str, Any]) -> None:
        values["findings"]["effects"][0]["shown"] = False

    path = report(changed(copy, hide)).page
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "lr</bdi>: effect not shown" in text
    assert table(text, "better")[1][-1] == "no"


def test_cells_of_two_keys_are_shaded_by_their_accuracy(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    (grid,) = page_of_sweep(sweeps["plain"]).swept.grids  # type: ignore[union-attr]
    cells = sweeps["plain"].values["findings"]["interactions"][0]["cells"]
    texts = [[cell.text for cell in row] for _, row in grid.rows]
    assert texts == [[percent(value) for value in row] for row in cells]
    values = sorted((value, (i, j)) for i, row in enumerate(cells) for j, value in enumerate(row))
    (i, j), (k, m) = values[0][1], values[-1][1]
    assert (grid.rows[i][1][j].shade, grid.rows[k][1][m].shade) == ("w0", "w8")


def test_settings_are_sorted_by_val_and_the_rest_is_folded_away(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    swept = page_of_sweep(sweeps["many"]).swept
    assert swept is not None
    first, rest = swept.settings
    assert (len(first.rows), len(first.rows) + len(rest.rows)) == (OPEN, 300)
    known = {
        str(one["number"]): one["val"] for one in sweeps["many"].values["findings"]["settings"]
    }
    vals = [known[row[0]] for row in (*first.rows, *rest.rows)]
    assert vals == sorted(vals, reverse=True)
    assert "<summary>The other 250 settings</summary>" in pages["many"]


def test_what_went_wrong_is_told_with_reasons(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    counts = sweeps["odd"].values["findings"]["counts"]
    text = pages["odd"]
    for state, word in (
        ("diverged", "diverged"),
        ("pruned", "stopped early"),
        ("failed", "failed"),
    ):
        assert counts[state] > 0
        assert f"{counts[state]} {word}" in text
    assert "Settings that are impossible" in text
    assert "no such network" in text
    assert "Trainings that failed" in text
    assert "Trainings that failed" not in pages["plain"]


def test_the_discussion_and_the_way_to_repeat_it_are_there(
    sweeps: dict[str, Sweep], pages: dict[str, str]
) -> None:
    sections = sweeps["plain"].values["discussion"]
    heard = "".join(Reader(pages["plain"]).texts)
    assert sections
    for section in sections:
        assert all(sentence in heard for sentence in section["sentences"])
    assert "--vary lr=0.001,0.01,0.1 --vary model.depth=2,3 --seeds 3" in heard
    assert (sweeps["plain"].path / "best.yaml").read_text(encoding="utf-8") in heard
    assert "needs the file experiment.yaml" in pages["hostile"]
    assert "--trials 300" in pages["many"]
    assert "experiment.yaml" not in pages["many"]


def test_figures_are_in_the_page_where_they_were_drawn(copy: Path, pages: dict[str, str]) -> None:
    assert len(Reader(pages["plain"]).named("img")) == 4
    shutil.rmtree(copy / "figures")
    path = report(copy).page
    assert path is not None
    assert Reader(path.read_text(encoding="utf-8")).named("img") == []


def test_nothing_finished_is_said_so(tmp_path: Path) -> None:
    sweep = written(tmp_path / "s")

    def empty(values: dict[str, Any]) -> None:
        del values["data"], values["machine"]
        found = values["findings"]
        found |= {"counts": {"diverged": 18}, "best": None, "luck": None, "tested": "nothing"}
        found |= {"why_not": "fewer than two settings have a finished training", "spread": None}
        for one in found["settings"]:
            one.update(dict.fromkeys(("test", "test_low", "test_high", "val", "train", "seconds")))
        for effect in found["effects"]:
            effect.update(differences=[], p=None, p_holm=None, importance=None)
            for level in effect["levels"]:
                level.update(dict.fromkeys(("mean", "low", "high", "train", "seconds", "spread")))
        for one in found["interactions"]:
            one["cells"] = [[None] * len(row) for row in one["cells"]]

    (sweep.path / "best.yaml").unlink()
    path = report(changed(sweep.path, empty)).page
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert checks.faults(text) == []
    assert "No training has finished, so nothing can be said." in text


def test_what_is_not_trained_yet_is_told_first(copy: Path) -> None:
    def wait(values: dict[str, Any]) -> None:
        values["findings"]["counts"]["waiting"] = 2

    first = page_of_sweep(Sweep.load(changed(copy, wait))).first
    assert first.banner == "This is what is known so far: 2 trainings have not been made yet."
    assert "2 not made yet" in first.cards[1].sentences[0]


def test_a_sweep_without_effects_and_damaged_files_are_one_line(copy: Path) -> None:
    (copy / "figures" / "parallel.png").write_bytes(b"none")
    with pytest.raises(PictureError, match=r"parallel\.png"):
        report(copy)
    shutil.rmtree(copy / "figures")
    (copy / "best.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(RetinueError, match=r"best\.yaml"):
        report(copy)
    write_json(copy / "effects.json", {"schema": 1, "findings": {}})
    with pytest.raises(RetinueError, match=r"effects\.json"):
        report(copy)
    (copy / "effects.json").unlink()
    with pytest.raises(UsageError, match="retinue sweep --resume"):
        report(copy)


@pytest.mark.parametrize("key", ["data", "discussion", "retinue"])
def test_effects_that_are_no_effects_are_damage(copy: Path, key: str) -> None:
    def harm(values: dict[str, Any]) -> None:
        values[key] = 7

    if key == "retinue":
        changed(copy, lambda values: values.pop("retinue"))
    else:
        changed(copy, harm)
    with pytest.raises(RetinueError, match=r"effects\.json: is damaged"):
        report(copy)


def test_large_numbers_are_in_words() -> None:
    assert [amount(n) for n in (12, 4688, 28_098_720, 3.2e9)] == [
        "12", "4,688", "28.1 million", "3.2 billion",
    ]  # fmt: skip
