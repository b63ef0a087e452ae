"""The shared code of all widgets, and the widget FeatureMaps, in Chromium."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browsing import accessibility_faults
from tests.widgets.host import Serving, Watched, opened, pixels_of, settled
from tests.widgets.probe import ProbePanel, sources

pytestmark = pytest.mark.slow

HARM = "<img src=x onerror=console.error(1)>"


def test_every_control_sets_its_key_and_follows_it(browser_page: Page, serving: Serving) -> None:
    panel = ProbePanel()
    with serving({"a": panel}, sources=sources) as host:
        page = opened(browser_page, host)
        page.get_by_label("Number").fill("6")
        page.get_by_label("Share").fill("0.9")
        page.get_by_label("Kind").select_option("second")
        page.get_by_role("checkbox").check()
        settled(page)
        assert panel.state["number"] == 6
        assert panel.state["share"] == 0.9
        assert panel.state["kind"] == ["b", 2]
        assert panel.state["on"] is True
        expect(page.locator(".double")).to_have_text("12")
        expect(page.get_by_label("Share").locator("xpath=../output")).to_have_text("0.9")
        expect(page.get_by_role("slider", name="Share", exact=True)).to_have_count(1)
        host.take(page, "a", {"number": 8, "share": 0.1, "kind": "third", "on": False})
        expect(page.get_by_label("Number")).to_have_value("8")
        expect(page.get_by_label("Share")).to_have_value("0.1")
        expect(page.get_by_label("Kind")).to_have_value("third")
        expect(page.get_by_role("checkbox")).not_to_be_checked()


def test_what_is_impossible_is_said_and_what_is_possible_unsays_it(
    browser_page: Page, serving: Serving
) -> None:
    panel = ProbePanel()
    with serving({"a": panel}, sources=sources) as host:
        page = opened(browser_page, host)
        expect(page.get_by_role("alert")).to_have_text("")
        page.get_by_label("Number").fill("7")
        expect(page.get_by_role("alert")).to_have_text("number 7: should be even")
        expect(page.get_by_label("Number")).to_have_value("7")
        assert panel.state["number"] == 2
        page.get_by_role("checkbox").check()
        expect(page.get_by_role("alert")).to_have_text("")
        expect(page.locator(".double")).to_have_text("14")


def test_pixels_are_drawn_as_they_are_and_pointed_at(browser_page: Page, serving: Serving) -> None:
    panel = ProbePanel()
    with serving({"a": panel}, sources=sources) as host:
        page = opened(browser_page, host)
        wanted = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
        canvas = page.locator("canvas")
        assert (pixels_of(canvas)[..., :3] == wanted).all()
        assert (pixels_of(canvas)[..., 3] == 255).all()
        panel.tell_all({"pixels": bytes(range(18))[::-1]})
        settled(page)
        while page.evaluate("window.draws") < 2:
            page.wait_for_timeout(20)
        assert (pixels_of(canvas)[..., :3] == wanted.ravel()[::-1].reshape(2, 3, 3)).all()
        says = page.locator(".retinue-says")
        page.evaluate("document.querySelector('canvas').style.width = '300px'")
        box = canvas.bounding_box()
        assert box is not None
        canvas.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.9})
        expect(says).to_have_text("2,1")
        canvas.tap(position={"x": 1, "y": 1})
        expect(says).to_have_text("0,0")
        for key, text in (("ArrowRight", "1,0"), ("ArrowDown", "1,1"), ("ArrowLeft", "0,1")):
            canvas.press(key)
            expect(says).to_have_text(text)


def test_many_changes_are_drawn_once_a_frame(browser_page: Page, serving: Serving) -> None:
    with serving({"a": ProbePanel()}, sources=sources) as host:
        page = opened(browser_page, host)
        drawn = page.evaluate(
            "() => { const before = window.draws; const model = window.host.model('a');"
            "for (let n = 0; n < 50; n += 1) model.set('words', String(n));"
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
            "() => done(window.draws - before)))); }"
        )
        assert drawn == 1


def test_words_from_outside_stay_words(browser_page: Page, serving: Serving) -> None:
    with serving({"a": ProbePanel(words=HARM)}, sources=sources) as host:
        page = opened(browser_page, host)
        assert page.locator(".words").text_content() == HARM
        assert page.locator("img").count() == 0


def test_two_widgets_on_a_page_do_not_disturb_each_other(
    browser_page: Page, serving: Serving
) -> None:
    panels = {"a": ProbePanel(), "b": ProbePanel()}
    with serving(panels, sources=sources) as host:
        page = opened(browser_page, host)
        page.locator("#a").get_by_label("Number").fill("6")
        settled(page)
        assert [panels[key].state["number"] for key in "ab"] == [6, 2]
        expect(page.locator("#b .double")).to_have_text("4")


def test_a_widget_that_is_taken_away_listens_no_more(browser_page: Page, serving: Serving) -> None:
    panel = ProbePanel()
    with serving({"a": panel}, sources=sources) as host:
        page = opened(browser_page, host)
        assert page.evaluate("window.host.listeners('a')") > 5
        page.evaluate("window.host.unmount('a')")
        assert page.evaluate("[window.host.listeners('a'), window.ended]") == [0, 1]


def test_a_panel_that_changes_by_itself_reaches_the_page(
    browser_page: Page, serving: Serving
) -> None:
    panel = ProbePanel()
    with serving({"a": panel}, sources=sources) as host:
        page = opened(browser_page, host)
        panel.tell_all({"words": "news"})
        expect(page.locator(".words")).to_have_text("news")
        panel.tell_all({"words": "more"})
        expect(page.locator(".words")).to_have_text("more")


@pytest.mark.parametrize("harm", ["request", "error", "warning", "script"])
def test_what_a_page_must_not_do_is_noticed(watched: Watched, serving: Serving, harm: str) -> None:
    lines = {
        "request": "new Image().src = 'https://example.org/x.png';",
        "error": "console.error('planted');",
        "warning": "console.warn('planted');",
        "script": "setTimeout(() => { throw new Error('planted'); });",
    }
    planted = f"{sources('probe')}\n{lines[harm]}"
    with serving({"a": ProbePanel()}, sources=lambda _: planted, policy="") as host:
        opened(watched.page, host)
        watched.page.wait_for_timeout(200)
        assert watched.faults() != []
        assert (watched.strangers() == ["https://example.org/x.png"]) == (harm == "request")


def test_axe_notices_a_fault_that_is_planted(browser_page: Page, serving: Serving) -> None:
    with serving({"a": ProbePanel()}, sources=sources) as host:
        page = opened(browser_page, host)
        assert accessibility_faults(page) == []
        page.evaluate(
            "document.querySelector('select').closest('label').querySelector('span').remove()"
        )
        assert [one.partition(":")[0] for one in accessibility_faults(page)] == ["select-name"]


@pytest.mark.parametrize(
    ("system", "attribute", "value", "dark"),
    [
        ("dark", "data-jp-theme-light", "true", False),
        ("light", "data-jp-theme-light", "false", True),
        ("light", "data-retinue-theme", "dark", True),
        ("dark", "data-retinue-theme", "light", False),
        ("light", "class", "vscode-dark", True),
        ("dark", "class", "vscode-light", False),
        ("light", "class", "vscode-high-contrast", True),
        ("dark", "class", "vscode-high-contrast vscode-high-contrast-light", False),
        ("dark", "title", "", True),
        ("light", "title", "", False),
    ],
)
def test_light_and_dark_are_those_of_the_place(
    browser_page: Page, serving: Serving, system: Any, attribute: str, value: str, dark: bool
) -> None:
    with serving({"a": ProbePanel()}, sources=sources) as host:
        browser_page.emulate_media(color_scheme=system)
        page = opened(browser_page, host)
        page.evaluate(f"document.body.setAttribute('{attribute}', '{value}')")
        colours = page.locator(".retinue").evaluate(
            "(root) => [getComputedStyle(root).backgroundColor, getComputedStyle(root).colorScheme]"
        )
        assert colours == (["rgb(23, 25, 28)", "dark"] if dark else ["rgb(255, 255, 255)", "light"])
