"""The explorer in Chromium: by mouse, finger and keys, on narrow and wide pages, light and dark."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect

from retinue.widgets.explorer import ExplorerPanel
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.explaining.attribution_cases import of_catalogue
from tests.widgets.host import Serving, opened, saved, settled
from tests.widgets.test_explorer import ROW

pytestmark = pytest.mark.slow

HARM = "<img src=x onerror=console.error(1)> $x$ שלום "
OUTPUT, INPUT = "Output. Arrow keys move the window.", "Input. Arrow keys move the window."


def slide(page: Page, label: str, value: int) -> None:
    page.get_by_label(label, exact=True).fill(str(value))
    saved(page)


def result(page: Page) -> float:
    return float(page.locator(".sums .result").first.get_attribute("data-value") or "nan")


def test_every_setting_on_the_page_reaches_python(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel(padding=1)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        slide(page, "Kernel size", 5)
        slide(page, "Stride", 2)
        slide(page, "Dilation", 2)
        slide(page, "Cells at each edge", 4)
        page.get_by_label("Padded with").select_option(index=1)
        page.get_by_role("checkbox", name="ReLU").check()
        page.get_by_label("Pooling", exact=True).select_option(index=2)
        slide(page, "Pooling window", 3)
        slide(page, "Pooling stride", 1)
        page.get_by_label("Output channels of the layer").fill("32")
        saved(page)
        state = panel.state
        pairs = [state[key] for key in ("kernel_size", "stride", "dilation")]
        assert pairs == [[5, 5], [2, 2], [2, 2]]
        assert (state["padding"], state["padding_mode"]) == (4, "reflect")
        assert (state["activation"], state["pooling"]) == ("relu", "average")
        assert (state["pool_size"], state["pool_stride"], state["channels_out"]) == (3, 1, 32)
        page.get_by_label("Rows and columns alike").uncheck()
        slide(page, "Kernel size, rows", 3)
        slide(page, "Stride, columns", 1)
        slide(page, "Cells at each edge, rows", 3)
        state = panel.state
        assert state["kernel_size"] == [3, 5]
        assert (state["stride"], state["padding"]) == ([2, 1], [3, 4])
        page.get_by_label("Rows and columns alike").check()
        saved(page)
        assert panel.state["kernel_size"] == [3, 3]
        assert panel.state["padding"] == 3


def test_what_python_sets_is_shown(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        changes = {"kernel_size": (5, 4), "stride": (1, 2), "preset": "blur", "position": (1, 1)}
        host.take(page, "a", changes)
        settled(page)
        expect(page.get_by_label("Kernel size, columns", exact=True)).to_have_value("4")
        expect(page.get_by_label("Rows and columns alike")).not_to_be_checked()
        expect(page.get_by_label("Kernel", exact=True)).to_have_value("Blur: the mean")
        assert result(page) == pytest.approx(panel.output[0, 1, 1])
        assert host.posted == []


def test_a_refusal_is_said_at_once_and_does_not_reach_python(
    browser_page: Page, serving: Serving
) -> None:
    panel = ExplorerPanel(padding="same")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        slide(page, "Stride", 2)
        expect(page.get_by_role("alert")).to_contain_text("goes with stride 1 only")
        assert host.posted == []
        assert panel.state["stride"] == [1, 1]
        page.get_by_label("Padding", exact=True).select_option(index=0)
        saved(page)
        expect(page.get_by_role("alert")).to_have_text("")
        assert (panel.state["stride"], panel.state["padding"]) == ([2, 2], "valid")


def test_numbers_of_grid_and_kernel_are_typed(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel(preset="identity")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        cell = page.get_by_label("Input, row 2, column 2", exact=True)
        cell.fill("4")
        saved(page)
        assert (panel.state["grid"][1][1], result(page)) == (4, 4)
        cell.press("ArrowUp")
        saved(page)
        assert (panel.state["grid"][1][1], result(page)) == (5, 5)
        cell.fill("12")
        saved(page)
        assert panel.state["grid"][1][1] == 5
        assert cell.get_attribute("aria-invalid") == "true"
        cell.fill("5")
        page.get_by_label("Weight, row 2, column 2", exact=True).fill("-2.5")
        saved(page)
        assert (panel.state["values"][0][1][1], panel.state["preset"]) == (-2.5, "own")
        assert result(page) == -12.5
        page.get_by_label("Grid size", exact=True).fill("5")
        saved(page)
        assert [len(panel.state["grid"]), len(panel.state["grid"][0])] == [5, 5]
        before = panel.state["grid"]
        page.get_by_role("button", name="Other numbers").click()
        saved(page)
        assert panel.state["grid"] != before


def test_the_window_is_moved_by_mouse_finger_and_keys(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel("flower.jpg", stride=4)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        output, given = page.get_by_label(OUTPUT), page.get_by_label(INPUT)
        for key, place in (("ArrowRight", [0, 1]), ("ArrowDown", [1, 1]), ("ArrowLeft", [1, 0])):
            output.press(key)
            saved(page)
            assert panel.state["position"] == place
        given.press("ArrowDown")
        saved(page)
        assert panel.state["position"] == [2, 0]
        box = output.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        saved(page)
        assert panel.state["position"] == [32, 32]
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        saved(page)
        assert panel.state["position"] == [32, 32]
        given.tap(position={"x": 2, "y": 2})
        saved(page)
        assert panel.state["position"] == [0, 0]
        expect(page.locator(".retinue-says")).to_contain_text("Output, row 1, column 1: ")


def test_it_steps_plays_and_pauses(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        page.get_by_role("button", name="Step").click()
        page.get_by_role("button", name="Step").click()
        page.get_by_role("button", name="Back").click()
        saved(page)
        assert panel.state["position"] == [0, 1]
        page.get_by_label("Speed").fill("4")
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(500)
        assert page.locator(".veil").count() == 2
        page.get_by_role("button", name="Pause").click()
        saved(page)
        reached = panel.state["position"]
        assert reached > [0, 1]
        page.wait_for_timeout(300)
        assert panel.state["position"] == reached
        page.get_by_label("Speed").fill("10")
        page.get_by_role("button", name="Play").click()
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        saved(page)
        assert panel.state["position"] == [4, 4]
        assert page.locator(".veil").count() == 0


def test_it_plays_calmly_where_less_motion_is_preferred(
    browser_page: Page, serving: Serving
) -> None:
    browser_page.emulate_media(reduced_motion="reduce")
    with serving({"a": ExplorerPanel()}) as host:
        page = opened(browser_page, host)
        page.get_by_label("Speed").fill("10")
        expect(page.locator(".player .value")).to_have_text("2 a second")
        browser_page.emulate_media(reduced_motion="no-preference")
        expect(page.locator(".player .value")).to_have_text("1024 a second")


@pytest.mark.parametrize(("channels", "mode"), [(3, "RGB"), (1, "L"), (3, "RGBA")])
def test_a_picture_of_ones_own_is_read_in_the_page(
    browser_page: Page, serving: Serving, tmp_path: Path, channels: int, mode: str
) -> None:
    panel = ExplorerPanel(preset="identity")
    name = f"{HARM}{'x' * 150}.png".replace("/", "")
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, channels), dtype=np.uint8)
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    (picture.convert(mode)).save(tmp_path / name)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(page.locator(".picture-name")).to_have_text(name)
        saved(page)
        assert panel.state["shape"] == [20, 28, channels]
        assert panel.state["pixels"] == pixels.tobytes()
        assert page.locator("img").count() == 0
        assert fits(page)


def test_large_pictures_are_shrunk_and_files_that_are_none_refused(
    browser_page: Page, serving: Serving, tmp_path: Path
) -> None:
    panel = ExplorerPanel()
    Image.new("RGB", (1000, 500), (10, 20, 30)).save(tmp_path / "a.jpg")
    (tmp_path / "b.png").write_bytes(b"no picture")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        page.locator("input[type=file]").set_input_files(tmp_path / "a.jpg")
        expect(page.locator(".picture-name")).to_have_text("a.jpg")
        saved(page)
        assert panel.state["shape"] == [128, 256, 3]
        page.locator("input[type=file]").set_input_files(tmp_path / "b.png")
        expect(page.get_by_role("alert")).to_contain_text("b.png: this browser cannot read it")
        assert panel.state["shape"] == [128, 256, 3]
        page.get_by_role("button", name="Photo of a temple").click()
        expect(page.get_by_text("Input 256 × 256 × 3")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_text("")
        page.get_by_role("button", name="Grid of numbers").click()
        expect(page.get_by_text("Input 7 × 7")).to_be_visible()


def test_a_learned_filter_shows_what_the_network_computes(
    browser_page: Page, serving: Serving
) -> None:
    classifier = of_catalogue("resnet-small")
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    panel = ExplorerPanel(pixels, run=classifier)
    normalise = next(classifier.model.children())
    first = next(one for one in classifier.model.modules() if isinstance(one, torch.nn.Conv2d))
    with torch.no_grad():
        maps = first(normalise(torch.tensor(pixels).permute(2, 0, 1)[None]))[0].numpy()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        buttons = page.locator(".strip button")
        assert buttons.count() == len(maps)
        buttons.nth(2).click()
        page.get_by_label(OUTPUT).press("ArrowRight")
        saved(page)
        number = int(panel.state["preset"].removeprefix("filter "))
        assert buttons.nth(2).get_attribute("aria-label") == f"Filter {number}"
        assert result(page) == pytest.approx(float(maps[number, 0, 1]), rel=1e-4, abs=1e-4)
        page.get_by_label("Numbers as the network gets them").uncheck()
        saved(page)
        assert result(page) != pytest.approx(float(maps[number, 0, 1]), rel=1e-2)
        page.get_by_role("button", name="Grid of numbers").click()
        saved(page)
        assert not page.locator(".strip").is_visible()
        assert (panel.state["preset"], panel.state["normalised"]) == ("own", False)


def test_two_explorers_do_not_disturb_each_other(browser_page: Page, serving: Serving) -> None:
    panels = {"a": ExplorerPanel(), "b": ExplorerPanel(preset="blur")}
    with serving(panels) as host:
        page = opened(browser_page, host)
        page.locator("#a").get_by_label("Stride", exact=True).fill("2")
        page.locator("#b").get_by_label(OUTPUT).press("ArrowDown")
        saved(page)
        assert [panels[key].state["stride"] for key in "ab"] == [[2, 2], [1, 1]]
        assert [panels[key].state["position"] for key in "ab"] == [[0, 0], [1, 0]]
        assert page.evaluate("document.querySelectorAll('.retinue [id]').length") == 0


def test_the_dropped_border_is_hatched_and_said(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel(kernel_size=2, stride=2)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        expect(page.get_by_text("The last row and the last column of the picture")).to_be_visible()
        strips = page.locator(".frame[aria-label^='Input'] .dropped")
        box = page.get_by_label(INPUT).bounding_box()
        bottom, right = strips.nth(0).bounding_box(), strips.nth(1).bounding_box()
        assert box is not None
        assert bottom is not None
        assert right is not None
        assert bottom["height"] == pytest.approx(box["height"] / 7, abs=1)
        assert right["width"] == pytest.approx(box["width"] / 7, abs=1)
        host.take(page, "a", {"kernel_size": 3})
        settled(page)
        assert strips.locator("visible=true").count() == 0


def test_measurements_are_shown_only_where_there_are_some(
    browser_page: Page, serving: Serving
) -> None:
    none = ExplorerPanel(measured=())
    panels = {"a": none, "b": ExplorerPanel(measured=[ROW], padding="same")}
    with serving(panels) as host:
        page = opened(browser_page, host)
        expect(page.locator("#a .measured")).to_be_hidden()
        expect(page.locator("#b .measured p").first).to_contain_text("71.0 % (70.0 % to 72.0 %)")
        expect(page.locator("#b .measured p").first).to_contain_text("after 52 s of training")
        expect(page.locator("#b table tbody")).to_contain_text("71.0 % (70.0 % to 72.0 %)")
        assert page.locator("#b [aria-current]").count() == 1
        host.take(page, "b", {"kernel_size": 5})
        settled(page)
        assert page.locator("#b [aria-current]").count() == 0
        expect(page.locator("#b .measured p").first).to_contain_text("No network")


def test_it_ends_where_it_is_taken_away(browser_page: Page, serving: Serving) -> None:
    with serving({"a": ExplorerPanel()}) as host:
        page = opened(browser_page, host)
        page.get_by_role("button", name="Play").click()
        page.evaluate("window.host.unmount('a')")
        page.wait_for_timeout(400)
        assert page.evaluate("window.host.listeners('a')") == 0


SCENES: list[dict[str, Any]] = [
    {"padding": 2, "padding_mode": "reflect", "activation": "relu", "pooling": "max"},
    {"picture": "china.jpg", "kernel_size": 11, "preset": "blur", "padding": "same"},
    {"picture": "flower.jpg", "stride": 3, "measured": [ROW], "dilation": 3},
]


@pytest.mark.parametrize("options", SCENES)
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits(
    browser_page: Page, serving: Serving, options: dict[str, Any], width: int, scheme: Any
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme)
    panel = ExplorerPanel(**options, run=of_catalogue("resnet-small"))
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        for folded in ("nothing", ".summed details", "details"):
            opening = "(all) => all.forEach((one) => { one.open = true; })"
            page.locator(folded).evaluate_all(opening)
            settled(page)
            assert accessibility_faults(page) == []
            assert fits(page)
