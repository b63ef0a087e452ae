"""The widget ReceptiveField in Chromium."""

from math import ceil
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.models.catalogue import wrap
from retinue.prediction.classifier import Classifier
from retinue.widgets.panel import Panel
from retinue.widgets.receptive_field import ReceptiveFieldPanel
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.widgets.host import Serving, opened, settled
from tests.widgets.test_receptive_field import HOSTILE, Own, classifier_of

pytestmark = pytest.mark.slow

RIM = 4  # canvas pixels around the picture and its padding


def noise(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)


def of_catalogue(name: str, size: tuple[int, int], channels: int) -> ReceptiveFieldPanel:
    picture = Picture(f"{HOSTILE}.png", noise(*size, channels))
    return ReceptiveFieldPanel(classifier_of(name, size, channels), picture)


@pytest.fixture
def grey() -> ReceptiveFieldPanel:
    return of_catalogue("lenet", (28, 28), 1)


def own() -> ReceptiveFieldPanel:
    """A network of no catalogue, on a wide picture."""
    rules = Preprocess((40, 90), (40, 90), "crop", 1)
    classifier = Classifier(wrap(Own(), [0.0], [1.0]), ["a", "b", "c"], rules)
    return ReceptiveFieldPanel(classifier, Picture("wide", noise(40, 90, 1)))


def units_of(page: Page) -> Locator:
    return page.get_by_role("application")


def place_of(page: Page, panel: Panel, row: float, column: float) -> Any:
    """Where on the units' canvas a unit's middle is, in CSS pixels."""
    box = units_of(page).bounding_box()
    assert box is not None
    rows, columns, _ = panel.state["grid"]
    return {"x": box["width"] * (column + 0.5) / columns, "y": box["height"] * (row + 0.5) / rows}


def test_a_unit_is_chosen_by_mouse_finger_and_keys(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        units = units_of(page)
        units.click(position=place_of(page, grey, 0, 4))
        settled(page)
        assert grey.seen.unit == (0, 4)
        units.tap(position=place_of(page, grey, 3, 1))
        settled(page)
        assert grey.seen.unit == (3, 1)
        for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp"):
            units.press(key)
            settled(page)
        assert grey.seen.unit == (3, 0)
        expect(page.locator(".title")).to_have_text(grey.state["title"])
        told = page.locator(".told p").all_text_contents()
        assert told == grey.state["sentences"] == grey.seen.sentences()


def test_the_layer_and_the_answers_are_chosen(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        page.locator("select").select_option(label="features.conv1: 28 × 28")
        settled(page)
        assert grey.seen.unit == (14, 14)
        expect(page.locator("h3")).to_contain_text("28 × 28 units")
        page.locator("select").select_option(label="head.output: 3 numbers")
        settled(page)
        units_of(page).click(position=place_of(page, grey, 0, 1))
        settled(page)
        expect(page.locator(".title")).to_contain_text("unit 1 of 3 in head.output: <img src=x")
        units_of(page).click(position=place_of(page, grey, 1, 1))  # where there is no unit
        settled(page)
        expect(page.get_by_role("alert")).to_have_text("")
        assert list(grey.seen.unit) == [1]


def test_other_layers_are_offered_without_listening_twice(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        before = page.evaluate("window.host.listeners('a')")
        offered = page.locator("select option")
        count = offered.count()
        for names in (["x"], ["x", "y"], [grey.state["layer"], "z"]):
            layers = [[name, f"{name}: 1"] for name in names]
            page.evaluate("(layers) => window.host.receive('a', { layers })", layers)
            settled(page)
            assert offered.all_text_contents() == [text for _, text in layers]
        assert count > 2
        expect(page.locator("select")).to_have_value(f"{grey.state['layer']}: 1")
        assert page.evaluate("window.host.listeners('a')") == before


def test_the_table_says_how_the_field_grew(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        page.locator("summary").click()
        rows = page.locator("tbody tr").all()
        found = [row.locator("th, td").all_text_contents() for row in rows]
        assert found == grey.state["growth"]
        assert [row[3] for row in found] == ["5x5", "6x6", "14x14", "16x16"]
        expect(page.locator("tr[aria-current=true] th")).to_have_text("features.pool2")


def expected_colours(panel: Panel, seen: list[int]) -> NDArray[np.float64]:
    """(H, W): a grey picture, nearly white where the unit does not look."""
    height, width, _ = panel.state["picture_size"]
    picture = np.frombuffer(panel.state["picture"], np.uint8).reshape(height, width).astype(float)
    shown = 0.74 * 255 + 0.26 * picture
    top, left, tall, wide = seen
    rows, columns = slice(top, top + tall), slice(left, left + wide)
    shown[rows, columns] = picture[rows, columns]
    return np.asarray(shown)


READ = """([rows, columns]) => {
  const canvas = document.querySelector("canvas.field");
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width,
    rows.map((y) => columns.map((x) => data[4 * (y * canvas.width + x)]))];
}"""


def colours_of_pixels(page: Page, panel: Panel) -> NDArray[np.float64]:
    """(H, W): what the page shows in the middle of each pixel of the picture."""
    height, width, _ = panel.state["picture_size"]
    above, below, before, after = panel.state["frame"]
    scale = ceil(520 / max(above + height + below, before + width + after))
    rows = RIM + scale * (above + np.arange(height)) + scale // 2
    columns = RIM + scale * (before + np.arange(width)) + scale // 2
    tall, wide, found = page.evaluate(READ, [rows.tolist(), columns.tolist()])
    assert tall == scale * (above + height + below) + 2 * RIM
    assert wide == scale * (before + width + after) + 2 * RIM
    return np.array(found, np.float64)


def test_the_page_shows_the_picture_where_the_unit_looks(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        page.get_by_label("Gradient, measured").uncheck()
        for unit in ((2, 2), (0, 4)):
            units_of(page).click(position=place_of(page, grey, *unit))
            settled(page)
            shown, seen = colours_of_pixels(page, grey), grey.state["seen"]
            assert np.abs(shown - expected_colours(grey, seen)).max() < 2
            beside = [seen[0], seen[1] - 1, *seen[2:]]
            assert np.abs(shown - expected_colours(grey, beside)).max() > 50


def test_the_gradient_lies_where_it_is_and_can_be_taken_away(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        page.get_by_label("Field by arithmetic").uncheck()
        settled(page)
        with_it = colours_of_pixels(page, grey)
        heat = np.frombuffer(grey.state["heat"], np.uint8).reshape(28, 28)
        picture = expected_colours(grey, [0, 0, 28, 28])
        cover = 0.9 * heat / 255
        far = np.abs(with_it - (cover * 213 + (1 - cover) * picture))
        assert far.max() < 4
        assert (with_it[heat == 0] == picture[heat == 0]).all()
        page.get_by_label("Gradient, measured").uncheck()
        settled(page)
        assert np.abs(colours_of_pixels(page, grey) - picture).max() == 0


def test_a_place_on_the_picture_chooses_the_unit_above_it(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        canvas = page.locator("canvas.field")
        box = canvas.bounding_box()
        assert box is not None
        above, _, before, _ = grey.state["frame"]
        per_pixel = (box["width"] - 2 * RIM) / (28 + 2 * before)
        for unit in ((1, 3), (4, 0), (2, 2)):
            top, left = (-2 + 4 * place for place in unit)
            x, y = ((before + left + 8) * per_pixel, (above + top + 8) * per_pixel)
            canvas.click(position={"x": x, "y": y})
            settled(page)
            assert grey.seen.unit == unit


def test_what_is_impossible_is_said_and_nothing_changes(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    with serving({"a": grey}) as host:
        page = opened(browser_page, host)
        page.evaluate("const m = window.host.model('a'); m.set('row', 99); m.save_changes()")
        expect(page.get_by_role("alert")).to_contain_text("row 99: should be a whole number")
        assert grey.seen.unit == (2, 2)
        host.take(page, "a", {"layer": "features.conv2"})
        expect(page.get_by_role("alert")).to_have_text("")
        expect(page.locator(".title")).to_contain_text("row 5, column 5 of 10 x 10")


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel, width: int, scheme: Any
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme)
    panels = {"a": grey, "b": of_catalogue("resnet-small", (32, 32), 3), "c": own()}
    with serving(panels) as host:
        page = opened(browser_page, host)
        for summary in page.locator("summary").all():
            summary.click()
        assert accessibility_faults(page) == []
        assert fits(page)
        assert page.locator("img").count() == 0


def test_two_on_a_page_do_not_disturb_each_other(
    browser_page: Page, serving: Serving, grey: ReceptiveFieldPanel
) -> None:
    other = own()
    with serving({"a": grey, "b": other}) as host:
        page = opened(browser_page, host)
        before = other.seen.unit
        page.locator("#a").get_by_role("application").press("ArrowUp")
        settled(page)
        assert (grey.seen.unit, other.seen.unit) == ((1, 2), before)
        page.evaluate("window.host.unmount('a')")
        assert page.evaluate("window.host.listeners('a')") == 0
        page.locator("#b").get_by_role("application").press("ArrowUp")
        settled(page)
        assert other.seen.unit == (before[0] - 1, before[1])
