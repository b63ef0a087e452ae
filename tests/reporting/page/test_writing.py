"""Pages as they stand in their file: whole, closed to the world, everything escaped."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import pytest

from retinue.errors import RetinueError
from retinue.experiments.comparison import Comparison
from retinue.reporting.facts.pictures import pictures_on
from retinue.reporting.page import rendering
from retinue.reporting.page.run_page import page_of_run
from retinue.reporting.page.writing import write_page
from retinue.runs import Run
from retinue.wording import percent, printable
from tests.reporting.page import checks
from tests.reporting.page.conftest import HOSTILE, trained
from tests.reporting.page.reader import Reader

Read = Callable[[Path], Reader]
PageOf = Callable[[Run | Comparison], Path]
WHAT = ("run", "comparison", "hostile")


@pytest.fixture(params=WHAT)
def page(request: pytest.FixtureRequest, page_of: PageOf) -> Path:
    return page_of(request.getfixturevalue(request.param))


def test_nothing_outside_is_referred_to_and_only_its_own_style_and_script_allowed(
    page: Path,
) -> None:
    assert checks.faults(page.read_text(encoding="utf-8")) == []


def test_each_picture_is_in_the_file_once(page: Path) -> None:
    found = checks.pictures_in(page.read_text(encoding="utf-8"))
    assert len(found) > 10
    assert len(found) == len(set(found))


def test_nothing_turns_the_text_around(page: Path) -> None:
    assert checks.steering_in(page.read_text(encoding="utf-8")) == []


def test_headings_begin_with_one_and_leave_no_level_out(page: Path, read: Read) -> None:
    levels = checks.headings(read(page))
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_there_once_and_links_lead_somewhere(page: Path, read: Read) -> None:
    reader = read(page)
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in reader.named("a")} <= set(ids)
    labelled = " ".join(one.get("aria-labelledby", "") for _, one in reader.elements)
    assert set(labelled.split()) <= set(ids)


def test_every_picture_and_table_has_words(page: Path, read: Read) -> None:
    reader = read(page)
    assert all(image.get("alt") for image in reader.named("img"))
    assert all(head.get("scope") in ("col", "row") for head in reader.named("th"))
    for drawing in reader.named("svg"):
        assert drawing.get("aria-hidden") == "true" or drawing.get("aria-labelledby")


def test_every_cell_states_its_total(run: Run, page_of: PageOf, read: Read) -> None:
    confusion = run.metrics("test")["confusion"]
    rows = next(rows for rows in read(page_of(run)).rows if rows[0][0].startswith("shows"))
    numbers = [[int(cell[: len(str(n))] or 0) for cell, n in zip(row[1:-1], counts, strict=True)]
               for row, counts in zip(rows[1:], confusion, strict=True)]  # fmt: skip
    assert numbers == confusion
    assert [int(row[-1]) for row in rows[1:]] == [sum(counts) for counts in confusion]


def test_a_cell_opens_the_pictures_that_the_run_kept(run: Run, page_of: PageOf, read: Read) -> None:
    reader = read(page_of(run))
    (matrix,) = reader.store["matrices"]
    kept = pictures_on(run, "test").cells
    opened = {key: [one[1] for one in some] for key, some in matrix["cells"].items()}
    assert opened == {f"{a}-{b}": [one.id for one in some] for (a, b), some in kept.items()}
    known = {*reader.store["pictures"], *(one["data-key"] for one in reader.named("img"))}
    assert {one[0] for some in matrix["cells"].values() for one in some} <= known


def test_a_comparison_has_a_matrix_for_each_and_the_sum_of_its_runs(
    comparison: Comparison, page_of: PageOf, read: Read
) -> None:
    reader = read(page_of(comparison))
    found = [rows for rows in reader.rows if rows[0][0].startswith("shows")]
    by_name = {one["name"]: one["confusion"] for one in comparison.values["entrants"]}
    assert len(found) == len(by_name) == len(reader.store["matrices"]) == 2
    sums = sorted(sum(map(sum, counts)) for counts in by_name.values())
    assert sums == sorted(sum(int(row[-1]) for row in rows[1:]) for rows in found)
    assert sorted(one["runs"] for one in reader.store["matrices"]) == [1, 2]


def test_recipes_of_a_comparison_stand_side_by_side_where_they_differ(
    comparison: Comparison, page_of: PageOf, read: Read
) -> None:
    tables = {rows[0][1]: rows for rows in read(page_of(comparison)).rows if len(rows[0]) > 1}
    names = [one["name"] for one in comparison.values["entrants"]]
    (unlike,) = [rows for head, rows in tables.items() if head in names and rows[1][0] == "epochs"]
    assert [row[0] for row in unlike[1:]] == ["epochs", "seed"]
    by_name = dict(
        zip(unlike[0][1:], zip(*(row[1:] for row in unlike[1:]), strict=True), strict=True)
    )
    assert sorted(by_name.values()) == [("1", "1, 2"), ("2", "0")]


def test_the_first_number_is_that_of_the_metrics(run: Run, page_of: PageOf, read: Read) -> None:
    text = "".join(read(page_of(run)).texts)
    accuracy = run.metrics("test")["accuracy"]
    for key in ("value", "low", "high"):
        assert percent(accuracy[key]) in text
    assert f"{accuracy['n']} test pictures" in text
    assert "looked at once" in text


def test_hostile_names_are_there_as_text(hostile: Run, page_of: PageOf, read: Read) -> None:
    reader = read(page_of(hostile))
    text = "".join(reader.texts)
    for name in HOSTILE:
        assert printable(name) in text
    assert printable("note <script>alert(4)</script> \u202ereversed") in text.replace(
        "Note", "note"
    )
    assert "<i>because</i>" in text
    assert "<b>bad.png" in text
    assert "49" not in [one for row in reader.rows for cells in row for one in cells]


def test_the_checks_notice_a_name_that_is_not_escaped(
    hostile: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    careless = rendering._environment().overlay(autoescape=False)
    monkeypatch.setattr(rendering, "_environment", lambda: careless)
    text = rendering.render(page_of_run(hostile))
    assert "<script>alert(1)</script>" in text
    assert checks.faults(text)


def test_the_checks_notice_what_is_planted(page_of: PageOf, run: Run) -> None:
    text = page_of(run).read_text(encoding="utf-8")
    planted = text.replace("<main", '<img src="https://example.org/x.png" alt="x"><main')
    assert checks.references(Reader(planted)) == ["img src=https://example.org/x.png"]
    assert checks.policy_faults(Reader(text.replace('"use strict";', '"use strict"; alert(1);')))
    assert checks.steering_in(text.replace("<h1>", "<h1>\u202e")) == ["\u202e"]


def test_a_page_is_the_same_whenever_it_is_written(
    run: Run, page_of: PageOf, tmp_path: Path
) -> None:
    again = write_page(run, tmp_path / "again.html")
    assert again.read_bytes() == page_of(run).read_bytes()


def test_a_run_that_was_moved_and_whose_data_is_gone_has_the_same_page(
    hostile: Run, page_of: PageOf, tmp_path: Path, place: Path
) -> None:
    there = shutil.copytree(hostile.path, tmp_path / "moved" / hostile.path.name)
    shutil.move(place / "hostile", place / "gone")
    try:
        text = write_page(Run.load(there), tmp_path / "moved.html").read_text(encoding="utf-8")
    finally:
        shutil.move(place / "gone", place / "hostile")
    before = page_of(hostile).read_text(encoding="utf-8")
    assert text.replace(str(tmp_path / "moved"), str(hostile.path.parent)) == before


def test_two_classes_and_a_hundred(tmp_path: Path, place: Path, read: Read) -> None:
    for number, size in ((2, "large"), (100, "wide")):
        names = tuple(f"class {position:03}" for position in range(number))
        run = trained(tmp_path / str(number), names, each=10, epochs=1)
        path = write_page(run, tmp_path / f"{number}.html")
        reader = read(path)
        assert [one for one in reader.named("table") if f"matrix {size}" in one.get("class", "")]
        assert checks.references(reader) == checks.policy_faults(reader) == []
        assert path.stat().st_size < 2_000_000
        has_pairs = any("The most common mistakes" in one for one in reader.texts)
        assert has_pairs == (number == 100)


def test_a_run_without_test_pictures_is_told_by_val(
    tmp_path: Path, place: Path, read: Read
) -> None:
    run = trained(tmp_path / "run", ("a", "b", "c"), test_fraction=0.0, epochs=1)
    text = "".join(read(write_page(run, tmp_path / "page.html")).texts)
    assert f"{run.metrics('val')['n']} val pictures" in text
    assert "has not been looked at" in text


def test_a_network_that_was_not_trained_has_a_page(tmp_path: Path, place: Path, read: Read) -> None:
    run = trained(tmp_path / "run", ("a", "b", "c"), epochs=0)
    reader = read(write_page(run, tmp_path / "page.html"))
    assert "There are no curves" in "".join(reader.texts)


def test_a_stopped_run_says_so_and_shows_what_is_there(
    run: Run, tmp_path: Path, read: Read
) -> None:
    there = Run.load(shutil.copytree(run.path, tmp_path / "stopped"))
    for name in ("evaluation", "pictures", "figures"):
        shutil.rmtree(there.path / name)
    for name in ("calibration.json", "model.safetensors", "model.json", "bad-pictures.csv"):
        (there.path / name).unlink()
    there.update_status(state="interrupted", reason="stopped by hand in epoch 2", best_epoch=None)
    reader = read(write_page(there, tmp_path / "page.html"))
    text = "".join(reader.texts)
    assert "This training is interrupted: stopped by hand in epoch 2" in text
    assert "not been judged" in text
    assert percent(there.history[-1]["val_accuracy"]) in text
    assert not [one for one in reader.named("table") if "matrix" in one.get("class", "")]
    assert checks.references(reader) == checks.policy_faults(reader) == []


def test_pictures_that_are_none_are_left_out(run: Run, tmp_path: Path, read: Read) -> None:
    there = Run.load(shutil.copytree(run.path, tmp_path / "odd"))
    folder = there.path / "pictures" / "test"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    first, second = index["mistakes"][:2]
    (folder / first).write_text("<svg onload=alert(1)>")
    (folder / second).unlink()
    index["ids"]["../../model.json"] = "x"
    index["mistakes"].append("../../model.json")
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    path = write_page(there, tmp_path / "page.html")
    assert checks.references(read(path)) == []
    assert "which cannot be read" in path.read_text(encoding="utf-8")
    assert "svg onload" not in path.read_text(encoding="utf-8")


def test_a_comparison_without_its_runs_has_its_numbers(
    comparison: Comparison, tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = Comparison.load(shutil.copytree(comparison.path, tmp_path / "c" / "alone"))
    entrants: list[dict[str, Any]] = there.values["entrants"]
    for one in entrants:
        one["runs"] = [f"nowhere/{Path(path).name}" for path in one["runs"]]
    reader = read(write_page(there, tmp_path / "page.html"))
    text = "".join(reader.texts)
    assert "3 of the runs are not there any more" in text
    assert percent(entrants[0]["accuracy"]["value"]) in text
    assert len([rows for rows in reader.rows if rows[0] and rows[0][0].startswith("shows")]) == 2
    assert checks.references(reader) == checks.policy_faults(reader) == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("evaluation/test/metrics.json", "{", "metrics.json: cannot be read"),
        ("evaluation/test/metrics.json", "{}", "its files are damaged"),
        ("history.jsonl", "no line\n", "its files are damaged"),
        ("data.json", "[]", "its files are damaged"),
        ("pictures/test/index.json", '{"cells": {"x": []}}', "its files are damaged"),
    ],
)
def test_a_damaged_file_is_one_clear_line(
    run: Run, tmp_path: Path, name: str, content: str, told: str
) -> None:
    there = Run.load(shutil.copytree(run.path, tmp_path / "damaged"))
    (there.path / name).write_text(content)
    with pytest.raises(RetinueError, match=told) as raised:
        write_page(there, tmp_path / "page.html")
    assert "\n" not in str(raised.value)
    assert str(there.path) in str(raised.value)
    assert not (tmp_path / "page.html").exists()


def test_templates_name_nothing_that_is_not_there() -> None:
    assert rendering._environment().undefined is jinja2.StrictUndefined
