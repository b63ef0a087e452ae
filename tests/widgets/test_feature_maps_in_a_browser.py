"""The widget FeatureMaps in Chromium."""

from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from retinue.explaining.picture import Picture
from retinue.models.catalogue import wrap
from retinue.widgets.feature_maps import FeatureMapsPanel
from retinue.widgets.panel import Panel
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.widgets.host import Serving, opened, pixels_of, settled
from tests.widgets.test_feature_maps import Own, classifier_of

pytestmark = pytest.mark.slow

HARM = "<img src=x onerror=console.error(1)>"


@pytest.fixture
def panel() -> FeatureMapsPanel:
    """A network of no catalogue, and a file and classes that are out for harm."""
    torch.manual_seed(0)
    model = wrap(Own(3), [120.0] * 3, [60.0] * 3)
    pixels = np.random.default_rng(3).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    classes = (HARM, "\u202eevil", "x" * 500)
    picture = Picture(f"{HARM}\u202e.png", pixels)
    return FeatureMapsPanel(classifier_of(model, 3, classes=classes), picture, layer="act")


def chosen_map(panel: Panel) -> np.ndarray[Any, Any]:
    """(h, w): the chosen map as shares of the layer's limit, from the state's exact values."""
    state = panel.state
    values = np.frombuffer(state["values"], "<f4").reshape(state["map_size"])
    return np.asarray(np.clip(values / state["limit"], -1, 1))


def laid_over(panel: Panel) -> np.ndarray[Any, Any]:
    """(H, W, 3): the picture under the chosen map, by torch."""
    state = panel.state
    size = tuple(state["picture_size"])
    heat = torch.nn.functional.interpolate(
        torch.from_numpy(chosen_map(panel).copy())[None, None], size[:2], mode="bilinear",
        align_corners=False,
    )[0, 0].numpy()[..., None]  # fmt: skip
    picture = np.frombuffer(state["picture"], np.uint8).reshape(size).astype(float)
    pale = 70 + 0.72 * (picture @ [0.299, 0.587, 0.114])[..., None]
    strength = state["strength"]
    ground = (1 - strength) * picture + strength * pale
    cover = 0.85 * strength * np.abs(heat)
    ink = np.where(heat > 0, [213, 94, 0], [0, 114, 178])
    return np.asarray((1 - cover) * ground + cover * ink)


def far(page: Page, panel: Panel) -> float:
    """How far the page's overlay is from torch's, in levels of 256."""
    shown = pixels_of(page.locator(".frame canvas[role=img]"))[..., :3].astype(float)
    return float(np.abs(shown - laid_over(panel)).max())


def test_the_overlay_is_what_torch_makes_of_the_map(
    browser_page: Page, serving: Serving, panel: FeatureMapsPanel
) -> None:
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        assert far(page, panel) < 2.5
        for layer in ("first", "pool"):
            page.get_by_label("Layer").select_option(label=dict(panel.state["layers"])[layer])
            page.get_by_label("Strength").fill("0.5")
            settled(page)
            assert panel.state["layer"] == layer
            assert far(page, panel) < 2.5
        panel.state["values"] = np.roll(
            np.frombuffer(panel.state["values"], "<f4").reshape(8, 8), 1, 0
        ).tobytes()
        assert far(page, panel) > 10


def test_a_channel_is_chosen_by_mouse_finger_and_keys(
    browser_page: Page, serving: Serving, panel: FeatureMapsPanel
) -> None:
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        grid = page.get_by_role("slider", name="Chosen channel")
        grid.focus()
        grid.press("Home")
        settled(page)
        assert panel.state["channel"] == 0
        expect(grid).to_have_attribute("aria-valuenow", "0")
        grid.press("ArrowRight")
        settled(page)
        expect(page.locator(".one > .retinue-says").first).to_have_text(
            "Channel 1: zero everywhere on this picture."
        )
        grid.press("End")
        settled(page)
        assert panel.state["channel"] == 4
        box = grid.bounding_box()
        assert box is not None
        grid.click(position={"x": box["width"] * 0.5, "y": box["height"] / 2})
        settled(page)
        assert panel.state["channel"] == 2
        grid.tap(position={"x": box["width"] * 0.1, "y": box["height"] / 2})
        settled(page)
        assert panel.state["channel"] == 0
        assert far(page, panel) < 2.5


def test_the_value_of_a_cell_is_read_with_pointer_and_keys(
    browser_page: Page, serving: Serving, panel: FeatureMapsPanel
) -> None:
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        values = np.frombuffer(panel.state["values"], "<f4").reshape(16, 16)
        canvas = page.get_by_role("application")
        says = page.locator(".one > .retinue-says").last
        canvas.press("ArrowRight")
        expect(says).to_contain_text("Row 8, column 8: ")
        for key in ("ArrowUp", "ArrowRight"):
            canvas.press(key)
        expect(says).to_contain_text("Row 7, column 9: ")
        told = float((says.text_content() or "").rpartition(": ")[2].replace("−", "-"))
        assert told == pytest.approx(float(values[7, 9]), rel=0.01)
        box = canvas.bounding_box()
        assert box is not None
        canvas.hover(position={"x": box["width"] * 0.99, "y": 1})
        expect(says).to_contain_text("Row 0, column 15: ")


def test_a_refused_layer_is_said_and_the_maps_stay(
    browser_page: Page, serving: Serving, panel: FeatureMapsPanel
) -> None:
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        page.evaluate("const m = window.host.model('a'); m.set('layer', 'head'); m.save_changes()")
        expect(page.get_by_role("alert")).to_contain_text("single numbers")
        assert panel.state["layer"] == "act"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_feature_maps_are_accessible_and_fit(
    browser_page: Page, serving: Serving, panel: FeatureMapsPanel, width: int, scheme: Any
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme)
    with serving({"a": panel, "b": panel}) as host:
        page = opened(browser_page, host)
        assert accessibility_faults(page) == []
        assert fits(page)
        assert page.locator("img").count() == 0
