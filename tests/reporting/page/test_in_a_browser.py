"""Pages in Chromium: quiet, closed to the world, for keyboard, finger, screen reader and paper."""

from collections.abc import Callable
from pathlib import Path

import pytest

from retinue.experiments.comparison import Comparison
from retinue.reporting.facts.pictures import pictures_on
from retinue.runs import Run
from retinue.wording import printable
from tests.browsing import DESK, PHONE, Open, accessibility_faults, fits
from tests.reporting.page.conftest import HOSTILE

pytestmark = pytest.mark.slow

PageOf = Callable[[Run | Comparison], Path]
WHAT = ("run", "comparison", "hostile")


@pytest.fixture(params=WHAT)
def path(request: pytest.FixtureRequest, page_of: PageOf) -> Path:
    return page_of(request.getfixturevalue(request.param))


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_is_quiet_asks_for_nothing_and_fits(path: Path, open_page: Open, width: int) -> None:
    opened = open_page(path, width)
    assert opened.said == []
    assert opened.strangers() == []
    assert fits(opened.page)


def test_a_request_and_a_script_that_are_planted_are_noticed(
    path: Path, open_page: Open, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    planted = tmp_path / "planted.html"
    harm = '<main><img src="https://example.org/x.png"><script>console.log("ran")</script>'
    planted.write_text(text.replace("<main", f"{harm}<main"), encoding="utf-8")
    stopped = open_page(planted)
    assert "ran" not in stopped.said
    assert len(stopped.said) >= 2
    without = tmp_path / "without.html"
    policy = 'http-equiv="Content-Security-Policy"'
    without.write_text(planted.read_text(encoding="utf-8").replace(policy, ""), encoding="utf-8")
    let = open_page(without)
    assert "ran" in let.said
    assert let.strangers() == ["https://example.org/x.png"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_no_serious_fault(path: Path, open_page: Open, width: int, dark: bool) -> None:
    page = open_page(path, width, dark).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert accessibility_faults(page) == []


def test_axe_notices_a_fault_that_is_planted(run: Run, page_of: PageOf, open_page: Open) -> None:
    page = open_page(page_of(run)).page
    page.evaluate("['alt', 'title'].map((one) => document.images[0].removeAttribute(one))")
    assert [one.partition(":")[0] for one in accessibility_faults(page)] == ["image-alt"]


def test_every_cell_opens_its_pictures_and_states_its_total(
    run: Run, page_of: PageOf, open_page: Open
) -> None:
    page = open_page(page_of(run)).page
    kept = pictures_on(run, "test").cells
    rows = page.locator(".matrix tbody tr")
    for true, counts in enumerate(run.metrics("test")["confusion"]):
        for said, n in enumerate(counts):
            rows.nth(true).locator("td").nth(said).click()
            told = page.locator(".panel .says").inner_text()
            shown = len(kept.get((true, said), []))
            assert f"{n} of {sum(counts)} pictures of {run.classes[true]}" in told
            assert not n or f"{shown} of {n} shown" in told
            images = page.locator(".panel img")
            assert images.count() == shown
            wide = images.evaluate_all("(all) => all.map((one) => one.naturalWidth)")
            assert wide == [8] * shown


def test_a_cell_without_stored_pictures_states_its_total(
    run: Run, page_of: PageOf, open_page: Open, tmp_path: Path
) -> None:
    text = page_of(run).read_text(encoding="utf-8")
    bare = tmp_path / "bare.html"
    start = text.index('"cells":{')
    end = text.index("}", start)
    bare.write_text(text[:start] + '"cells":{' + text[end:], encoding="utf-8")
    page = open_page(bare).page
    page.locator(".matrix tbody td").first.click()
    assert "; none of them was kept." in page.locator(".panel .says").inner_text()


def test_cells_are_walked_and_opened_with_the_keyboard(
    run: Run, page_of: PageOf, open_page: Open
) -> None:
    page = open_page(page_of(run)).page
    page.locator(".matrix td[tabindex='0']").focus()
    for key in ("PageUp", "Home", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    last = len(run.classes) - 1
    place = page.evaluate(
        "[document.activeElement.parentElement.rowIndex, document.activeElement.cellIndex]"
    )
    assert place == [last + 1, 2]  # counting the names of rows and columns
    page.keyboard.press("Enter")
    told = page.locator(".panel .says").inner_text()
    assert told.startswith(f"{run.classes[last]}, taken for {run.classes[1]}")
    assert page.locator(".matrix td[tabindex='0']").count() == 1


def test_curves_are_read_with_keyboard_and_pointer(
    run: Run, page_of: PageOf, open_page: Open
) -> None:
    page = open_page(page_of(run)).page
    figure = page.locator("[data-chart='run-accuracy']")
    output = figure.locator("output")
    accuracies = [f"val {100 * line['val_accuracy']:.4g} %" for line in run.history]
    assert accuracies[-1] in output.inner_text()
    figure.locator("input").focus()
    page.keyboard.press("ArrowLeft")
    assert "epoch 1:" in output.inner_text()
    assert accuracies[0] in output.inner_text()
    assert accuracies[0] in str(figure.locator("input").get_attribute("aria-valuetext"))
    box = figure.locator("svg").bounding_box()
    assert box is not None
    figure.locator("svg").hover(position={"x": box["width"] * 0.8, "y": box["height"] / 2})
    assert accuracies[-1] in output.inner_text()


def test_a_table_is_sorted_by_its_heads(run: Run, page_of: PageOf, open_page: Open) -> None:
    page = open_page(page_of(run)).page
    table = page.locator("#classes table")
    head = table.locator("th", has_text="F1")
    scores = sorted(one["f1"]["value"] for one in run.metrics("test")["per_class"])
    for wanted, order in ((scores[::-1], "descending"), (scores, "ascending")):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        shown = table.locator("tbody tr td:nth-child(7)").all_inner_texts()
        assert shown == [f"{one:.3f}" for one in wanted]


def test_without_script_the_first_screen_and_the_tables_are_there(
    run: Run, page_of: PageOf, open_page: Open
) -> None:
    opened = open_page(page_of(run), java_script_enabled=False)
    page = opened.page
    assert opened.said == []
    assert "Without JavaScript" in page.locator("noscript").inner_text()
    assert page.locator(".samples img").count() >= 3
    assert page.locator(".matrix tbody td").first.is_visible()
    assert not page.locator(".reader").first.is_visible()


def test_on_paper_nothing_is_folded_away_or_cut(path: Path, open_page: Open) -> None:
    page = open_page(path, 700).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("nav").is_visible()
    for table in page.locator("table:not(.values table)").all():
        assert table.is_visible()
    cut = page.locator(".scroll:not(.values .scroll)").evaluate_all(
        "(all) => all.filter((one) => getComputedStyle(one).overflowY !== 'visible').length"
    )
    assert cut == 0
    assert page.pdf().startswith(b"%PDF")


def test_hostile_names_stand_in_cells_as_they_are(
    hostile: Run, page_of: PageOf, open_page: Open
) -> None:
    opened = open_page(page_of(hostile))
    page = opened.page
    rows = page.locator(".matrix tbody tr")
    for row, name in zip(rows.all(), hostile.classes, strict=True):
        whole = row.locator("th .whole")
        assert (whole if whole.count() else row.locator("th")).text_content() == printable(name)
    assert set(hostile.classes) == set(HOSTILE)
    rows.nth(0).locator("td").nth(1).click()
    told = page.locator(".panel .says strong").text_content()
    names = [printable(name) for name in hostile.classes]
    assert told == f"{names[0]}, taken for {names[1]}"
    assert opened.said == []
