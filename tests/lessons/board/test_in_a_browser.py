"""The board's page in Chromium: quiet, closed to the world, and readable by all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retinue.lessons.board.hidden import open_hidden
from retinue.lessons.board.standing import stand
from retinue.lessons.board.verdicts import NotJudged, Own
from retinue.lessons.board.writing import write_board
from tests.browsing import DESK, PHONE, Open, accessibility_faults, fits
from tests.lessons.board.conftest import judged
from tests.reporting.page.conftest import HOSTILE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of twelve runs, some with hostile names."""
    folder = tmp_path_factory.mktemp("board")
    draw = np.random.default_rng(0)
    for number in range(90):
        place = folder / "hidden" / ("cat", "dog", "ship")[number % 3]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(place / f"{number}.png")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        hidden = open_hidden(folder / "hidden")
    runs = [
        judged(
            name,
            np.where(draw.random(90) < 0.2 + 0.06 * place, hidden.truth, draw.integers(0, 3, 90)),
            hidden.truth,
            learnt=np.arange(90) < (10 if place == 3 else 0),
            own=Own(0.9, 100, place),
        )
        for place, name in enumerate(HOSTILE[1:])
    ]
    standing = stand(hidden, runs, [NotJudged("x" * 300, "", HOSTILE[0])])
    return write_board(folder / "board", standing).page


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_is_quiet_asks_for_nothing_fits_and_is_accessible(
    path: Path, open_page: Open, width: int, dark: bool
) -> None:
    opened = open_page(path, width, dark)
    page = opened.page
    assert opened.said == []
    assert opened.strangers() == []
    assert fits(page)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert accessibility_faults(page) == []


def test_a_request_a_script_a_wide_part_and_a_fault_that_are_planted_are_noticed(
    path: Path, open_page: Open, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    planted = tmp_path / "planted.html"
    harm = '<main><img src="https://example.org/x.png"><script>console.log("ran")</script>'
    planted.write_text(text.replace("<main", f"{harm}<main", 1), encoding="utf-8")
    stopped = open_page(planted)
    assert "ran" not in stopped.said
    assert len(stopped.said) >= 2
    policy = 'http-equiv="Content-Security-Policy"'
    planted.write_text(planted.read_text(encoding="utf-8").replace(policy, ""), encoding="utf-8")
    let = open_page(planted)
    page = let.page
    assert "ran" in let.said
    assert let.strangers() == ["https://example.org/x.png"]
    assert accessibility_faults(page) != []
    page.evaluate("document.body.style.cssText = 'max-width: none; width: 3000px'")
    assert not fits(page)


def test_the_table_is_sorted_by_its_heads(path: Path, open_page: Open) -> None:
    page = open_page(path).page
    table = page.locator("#standing table").first
    table.locator("th", has_text="macro F1").locator("button").click()
    shown = [float(one) for one in table.locator("tbody tr td:nth-child(6)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 12


def test_every_picture_is_seen(path: Path, open_page: Open) -> None:
    page = open_page(path).page
    wide = page.locator(".talk img").evaluate_all("(all) => all.map((one) => one.naturalWidth)")
    assert wide
    assert set(wide) == {8}
    assert page.locator(".gone").count() == 0
