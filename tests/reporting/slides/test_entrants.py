"""Which entrants there is room for."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pptx.slide import Slide

from retinue.reporting.slides.entrants import MOST, marked, places_shown, the_rest
from retinue.reporting.slides.sources import Book


def book(count: int, winner: str | None) -> Book:
    return Book("a.json", {"entrants": [{"name": f"n{n}"} for n in range(count)], "winner": winner})


def test_a_few_are_all_shown() -> None:
    few = book(5, "n2")
    assert places_shown(few) == [0, 1, 2, 3, 4]
    assert marked(few) == 2
    assert the_rest(few) == ()
    assert marked(book(5, None)) is None


def test_of_many_the_chosen_one_is_always_shown() -> None:
    many = book(40, "n35")
    assert places_shown(many) == [*range(MOST - 1), 35]
    assert marked(many) == MOST - 1
    assert the_rest(many) == (f"The {MOST} most accurate are shown; 22 more are in table.csv.",)
    assert places_shown(book(40, "n3"))[-1] == MOST - 1


def test_slides_of_many_entrants_overflow_nowhere(
    digits: Path, tmp_path: Path, slides: Callable[[Path], list[Slide]]
) -> None:
    folder = Path(shutil.copytree(digits / "comparisons" / "both", tmp_path / "many"))
    values: dict[str, Any] = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    first = values["entrants"][0]
    values["entrants"] = [
        {**first, "name": f"network (hidden={n}, lr=0.{n})", "training_seconds": 1.5**n}
        for n in range(25)
    ]
    names = [one["name"] for one in values["entrants"]]
    pair = values["pairs"][0]
    values["pairs"] = [{**pair, "first": a, "second": b} for a in names for b in names if a < b]
    values["winner"] = names[20]
    (folder / "comparison.json").write_text(json.dumps(values), encoding="utf-8")
    found = slides(folder)
    shapes: list[list[Any]] = [list(slide.shapes) for slide in found]
    rows = [
        (len(one.table.rows), one.height / len(one.table.rows) / 12_700)
        for some in shapes
        for one in some
        if one.has_table
    ]
    assert max(count for count, _ in rows) == MOST + 1
    assert all(points >= 9 for _, points in rows)
    (chart, _) = [one.chart for one in shapes[9] if one.has_chart]
    named = chart._chartSpace.xpath(".//c:dLbl/c:showSerName[@val='1']")
    assert 1 <= len(named) <= 13
