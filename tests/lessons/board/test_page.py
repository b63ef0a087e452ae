import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retinue.lessons.board.hidden import Hidden, open_hidden
from retinue.lessons.board.standing import stand
from retinue.lessons.board.verdicts import Judged, NotJudged, Own
from retinue.lessons.board.writing import write_board
from tests.lessons.board.conftest import judged
from tests.reporting.page.checks import faults, headings, pictures_in, steering_in
from tests.reporting.page.conftest import HOSTILE
from tests.reporting.page.reader import Reader

Page = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where pictures and boards lie, and a cache of their own."""
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("boards")
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="module")
def hidden(folder: Path) -> Hidden:
    """Pictures of classes whose names are out for harm."""
    draw = np.random.default_rng(0)
    rows = ["path,label"]
    for number in range(60):
        name = f"{number}.png"
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(folder / name)
        label = ("<script>alert(1)</script>", "</style><b>loud", "evil\u202egnp")[number % 3]
        rows.append(f'{name},"{label}"')
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return open_hidden(folder / "labels.csv")


def runs_of(hidden: Hidden, names: tuple[str, ...]) -> list[Judged]:
    draw = np.random.default_rng(1)
    n = len(hidden)
    return [
        judged(
            name,
            np.where(
                draw.random(n) < 0.3 + 0.6 * place / len(names),
                hidden.truth,
                draw.integers(0, 3, n),
            ),
            hidden.truth,
            learnt=np.arange(n) < (5 if place == 0 else 0),
            own=Own(0.99, 200, 3) if place == 0 else None,
        )
        for place, name in enumerate(names)
    ]


@pytest.fixture(scope="module")
def page(hidden: Hidden, folder: Path) -> Page:
    """`page(names)`: the page of runs of these names, written once."""

    @cache
    def made(names: tuple[str, ...] = HOSTILE) -> str:
        not_judged = [NotJudged(HOSTILE[1], HOSTILE[0], f"because {HOSTILE[0]} \u202e")]
        standing = stand(hidden, runs_of(hidden, names), not_judged, before=2)
        return write_board(folder / f"board-{len(names)}", standing).page.read_text(
            encoding="utf-8"
        )

    return made


def test_hostile_names_break_nothing_and_nothing_is_asked_for(page: Page) -> None:
    text = page()
    assert faults(text) == []
    assert steering_in(text) == []
    assert "<script>alert" not in text


def test_a_name_that_is_not_escaped_would_be_noticed(page: Page) -> None:
    text = page(("anna", "ben", "cleo"))
    assert faults(text) == []
    for harm in ("<b>loud</b>", "<img src=https://example.org/x.png>", "<script>1</script>"):
        assert faults(text.replace("<main", f"{harm}<main", 1)) != []


def test_headings_are_in_order_and_each_section_has_its_link(page: Page) -> None:
    reader = Reader(page())
    levels = headings(reader)
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = {one["id"] for one in reader.named("section")}
    assert ids == {"standing", "promises", "learnt", "talk", "unjudged", "made"}
    links = {one["href"][1:] for one in reader.named("a") if one["href"] != "#main"}
    assert links == ids


def test_what_is_found_is_on_the_page(page: Page, folder: Path) -> None:
    text = re.sub(r"\s+", " ", page(("anna", "ben", "cleo")))
    for told in (
        json.loads((folder / "board-3" / "board.json").read_text(encoding="utf-8"))["title"],
        "anna promised 99.0 %",
        "learnt from 5 hidden pictures",
        "were judged on before: 2 boards here",
        "Most disputed",
        "because",
    ):
        assert told in text


def test_each_picture_is_in_the_page_once(page: Page) -> None:
    found = pictures_in(page())
    assert len(found) == len(set(found))


def test_a_page_of_one_run_has_no_pairs_and_nothing_to_dispute(
    hidden: Hidden, tmp_path: Path
) -> None:
    standing = stand(hidden, runs_of(hidden, ("anna",)), [])
    text = write_board(tmp_path / "one", standing).page.read_text(encoding="utf-8")
    assert faults(text) == []
    assert "Most disputed" not in text
    assert "Pair by pair" not in text


@pytest.mark.slow
def test_many_runs_have_a_page(hidden: Hidden, tmp_path: Path) -> None:
    names = tuple(f"run {n}" for n in range(18))
    standing = stand(hidden, runs_of(hidden, names), [])
    text = write_board(tmp_path / "many", standing).page.read_text(encoding="utf-8")
    assert "the first 16 of 18" in text
    assert text.count("<tr>") > 18
