"""The widget Attribution in Chromium: what it draws, how it is worked, whom it serves."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from retinue.explaining.picture import Picture
from retinue.widgets.attribution import AttributionPanel
from retinue.widgets.panel import Panel
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.explaining.attribution_cases import of_catalogue, picture_for
from tests.widgets.host import Serving, opened, pixels_of, settled

pytestmark = pytest.mark.slow

HARM = "<img src=x onerror=console.error(1)>"
CLASSES = (HARM, "$x$ \u202ebad", "long " * 120, "plain")


def choice(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("combobox", name=name)


def drawn(page: Page) -> None:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown(page: Page, number: int, place: str = "#a") -> NDArray[np.float64]:
    """(16, 16, 3): the picture of that number from 0 on, as it is on the page."""
    return pixels_of(page.locator(f"{place} figure > canvas").nth(number))[..., :3].astype(float)


def expected(state: dict[str, Any], key: str, strength: float) -> NDArray[np.float64]:
    """(H, W, 3): picture and map, mixed as the panel's description says."""
    height, width, channels = state["picture_size"]
    picture = np.frombuffer(state["picture"], np.uint8).reshape(height, width, channels)
    grey = np.frombuffer(state["pale"], np.uint8).reshape(height, width, 1).astype(float)
    over = np.frombuffer(state[key], np.uint8).reshape(height, width, 4).astype(float)
    ground = (1 - strength) * picture + strength * grey
    opacity = strength * over[..., 3:] / 255
    return np.asarray((1 - opacity) * ground + opacity * over[..., :3])


def farthest(page: Page, panel: Panel, strength: float) -> float:
    """How far the two maps of the page are from those, in levels of 256."""
    return max(
        float(np.abs(shown(page, number) - expected(panel.state, key, strength)).max())
        for number, key in ((1, "heat"), (2, "other"))
    )


def panel_of(channels: int = 3) -> AttributionPanel:
    """A small network, and names that are out for harm."""
    classifier = of_catalogue("cnn", channels, 16, width=4, depth=3, classes=4)
    classifier.classes = CLASSES
    picture = Picture(f"{HARM}\u202e.png", picture_for(classifier).pixels, label=3)
    return AttributionPanel(classifier, picture, target=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_maps_on_the_page_are_those_of_the_panel(
    browser_page: Page, serving: Serving, channels: int
) -> None:
    panel = panel_of(channels)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        size = panel.state["picture_size"]
        whole = np.frombuffer(panel.state["picture"], np.uint8).reshape(size)
        assert (shown(page, 0) == whole).all()
        for method in ("Grad-CAM", "Integrated gradients", "Occlusion"):
            choice(page, "Method").select_option(label=method)
            settled(page)
            for strength in (0.85, 0.0, 1.0):
                page.get_by_label("Strength").fill(str(strength))
                settled(page)
                assert farthest(page, panel, strength) < 1
        panel.state["heat"] = panel.state["heat"][4:] + panel.state["heat"][:4]
        assert farthest(page, panel, 1.0) > 1


def test_the_strength_acts_before_anybody_answers(browser_page: Page, serving: Serving) -> None:
    panel = panel_of()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        with panel._lock:  # nobody answers
            page.get_by_label("Strength").fill("0.3")
            drawn(page)
            assert farthest(page, panel, 0.3) < 1
            output = page.get_by_label("Strength").locator("xpath=../output")
            expect(output).to_have_text("30 %")
            assert panel.state["strength"] == 0.85
        settled(page)
        assert panel.state["strength"] == 0.3


def test_method_layer_and_class_are_chosen(browser_page: Page, serving: Serving) -> None:
    panel = panel_of()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        layer, root = page.locator("#a .layer"), page.locator("#a .retinue")
        before = shown(page, 1)
        choice(page, "Layer").select_option(label=panel.state["layers"][0][1])
        settled(page)
        assert panel.state["shown"][1] == panel.state["layers"][0][0]
        assert not np.array_equal(shown(page, 1), before)
        choice(page, "Class").select_option("plain")
        settled(page)
        assert panel.state["target"] == 3
        expect(page.locator("h3")).to_contain_text("Grad-CAM for plain")
        choice(page, "Method").focus()
        page.keyboard.press("ArrowDown")
        settled(page)
        assert panel.state["method"] == "integrated-gradients"
        expect(layer).to_be_hidden()
        expect(root).to_have_attribute("aria-busy", "false")
        expect(page.locator(".told")).to_contain_text("The map adds up to")
        host.take(page, "a", {"method": "grad-cam", "layer": "features", "target": 1})
        expect(layer).to_be_visible()
        expect(choice(page, "Layer")).to_have_value(panel.state["layers"][-1][1])
        expect(choice(page, "Class")).to_have_value(panel.state["classes"][1])


def test_it_says_that_it_computes(browser_page: Page, serving: Serving) -> None:
    panel = panel_of()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        root, says = page.locator("#a .retinue"), page.locator(".heard")
        expect(root).to_have_attribute("aria-busy", "false")
        with panel._lock:  # nobody answers
            choice(page, "Class").select_option("plain")
            expect(root).to_have_attribute("aria-busy", "true")
            expect(says).to_have_text("Computing")
        expect(root).to_have_attribute("aria-busy", "false")
        expect(says).to_contain_text("Grad-CAM for plain")


def test_a_network_without_maps_offers_the_other_methods(
    browser_page: Page, serving: Serving
) -> None:
    classifier = of_catalogue("softmax", 1, 8)
    panel = AttributionPanel(classifier, picture_for(classifier))
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        options = choice(page, "Method").locator("option").all_text_contents()
        assert options == ["Integrated gradients", "Occlusion"]
        expect(page.locator("#a .layer")).to_be_hidden()
        assert farthest(page, panel, 0.85) < 1


def test_two_of_them_do_not_disturb_each_other(browser_page: Page, serving: Serving) -> None:
    panels = {"a": panel_of(), "b": panel_of(1)}
    with serving(panels) as host:
        page = opened(browser_page, host)
        before = shown(page, 1, "#b")
        choice(page.locator("#a"), "Class").select_option("plain")
        settled(page)
        assert [panels[key].state["target"] for key in "ab"] == [3, 0]
        assert np.array_equal(shown(page, 1, "#b"), before)


def test_names_stay_words(browser_page: Page, serving: Serving) -> None:
    with serving({"a": panel_of()}) as host:
        page = opened(browser_page, host)
        assert page.locator("img").count() == 0
        expect(page.locator("h3")).to_contain_text(f"Grad-CAM for {HARM}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_fits_and_can_be_read_by_everybody(
    browser_page: Page, serving: Serving, scheme: Any, width: int
) -> None:
    with serving({"a": panel_of()}) as host:
        browser_page.set_viewport_size({"width": width, "height": 800})
        browser_page.emulate_media(color_scheme=scheme)
        page = opened(browser_page, host)
        assert fits(page)
        assert accessibility_faults(page) == []
        described = page.locator("#a canvas[role=img]").evaluate_all(
            "(all) => all.map((one) => one.getAttribute('aria-label'))"
        )
        assert len(described) == 3
        assert all(described)


def test_a_widget_taken_away_listens_no_more(browser_page: Page, serving: Serving) -> None:
    with serving({"a": panel_of()}) as host:
        page = opened(browser_page, host)
        page.evaluate("window.host.unmount('a')")
        assert page.evaluate("window.host.listeners('a')") == 0
