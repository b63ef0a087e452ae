"""Pages of sweeps in Chromium: quiet, closed to the world, for keyboard, reader and paper."""

import pytest

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.sweep import Sweep
from retinue.reporting.forms import report
from retinue.wording import percent
from tests.browsing import DESK, PHONE, Open, accessibility_faults, fits
from tests.reporting.page.conftest import HOSTILE
from tests.reporting.swept import drawn, written

pytestmark = pytest.mark.slow

WHAT = ("plain", "hostile", "many")


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sweep]:
    """A tidy one, one with hostile names, one of many settings; each with its page."""
    place = tmp_path_factory.mktemp("sweeps")
    names = (*HOSTILE, "$x$", "y" * 500)
    variants = {name: {"model": {"depth": 2}} for name in names}
    axes = (Axis("<b>kind</b> $x$ שלום", names, variants=variants), Axis("lr", (0.01, 0.1)))
    ranges, settings = drawn(120)
    found = {
        "plain": written(place / "plain", figures=True),
        "hostile": written(place / "hostile", axes, seeds=2, classes=HOSTILE, question="<b>?"),
        "many": written(
            place / "many", ranges, seeds=1, settings=settings, search="random", trials=120
        ),
    }
    for sweep in found.values():
        report(sweep)
    return found


@pytest.fixture
def open_sweep(open_page: Open, sweeps: dict[str, Sweep]) -> Open:
    """`open_sweep(name, width, dark)`: the page of one of them."""
    return lambda name, *how: open_page(sweeps[name].path / "report.html", *how)


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", WHAT)
def test_a_page_is_quiet_asks_for_nothing_and_fits(
    name: str, width: int, open_sweep: Open, sweeps: dict[str, Sweep]
) -> None:
    opened = open_sweep(name, width)
    assert [*opened.said, *opened.strangers()] == []
    assert fits(opened.page)


def test_what_a_page_says_is_heard(open_sweep: Open) -> None:
    opened = open_sweep("plain")
    page = opened.page
    page.evaluate("console.log('heard')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://example.org/'}))")
    page.wait_for_timeout(100)
    assert "heard" in opened.said
    assert any("example.org" in one for one in opened.strangers())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", WHAT)
def test_axe_finds_no_serious_fault(name: str, width: int, dark: bool, open_sweep: Open) -> None:
    page = open_sweep(name, width, dark).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert accessibility_faults(page) == []


def test_axe_notices_a_figure_without_words(open_sweep: Open) -> None:
    page = open_sweep("plain").page
    page.evaluate("document.images[0].removeAttribute('alt')")
    assert [one.partition(":")[0] for one in accessibility_faults(page)] == ["image-alt"]


def test_the_chart_of_a_key_is_read_with_the_keyboard(
    open_sweep: Open, sweeps: dict[str, Sweep]
) -> None:
    page = open_sweep("plain").page
    levels = sweeps["plain"].values["findings"]["effects"][0]["levels"]
    figure = page.locator("#effects figure").first
    figure.locator("input").focus()
    for level in reversed(levels):
        told = figure.locator("output").inner_text()
        assert told.startswith(f"{level['value']:g}: {percent(level['mean'])}")
        page.keyboard.press("ArrowLeft")


def test_settings_are_sorted_by_a_click(open_sweep: Open, sweeps: dict[str, Sweep]) -> None:
    page = open_sweep("plain").page
    table = page.locator("#settings table").first
    heads = table.locator("thead th").all_inner_texts()
    place = next(place for place, head in enumerate(heads, 1) if head.startswith("seconds"))
    table.locator("th", has_text="seconds").locator("button").click()
    shown = [float(one) for one in table.locator(f"tbody tr :nth-child({place})").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == len(sweeps["plain"].values["findings"]["settings"])


@pytest.mark.parametrize("name", WHAT)
def test_on_paper_nothing_is_folded_away_or_cut(name: str, open_sweep: Open) -> None:
    page = open_sweep(name, 700).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("nav").is_visible()
    for table in page.locator("table:not(.values table)").all():
        assert table.is_visible()
    cut = page.locator(".scroll:not(.values .scroll)").evaluate_all(
        "(all) => all.filter((one) => getComputedStyle(one).overflowY !== 'visible'"
        " || getComputedStyle(one).maxHeight !== 'none').length"
    )
    assert cut == 0
    assert page.pdf().startswith(b"%PDF")
