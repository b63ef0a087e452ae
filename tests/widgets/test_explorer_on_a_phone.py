"""The explorer on a phone: its groups of settings and facts are folded there."""

import pytest
from playwright.sync_api import Page, expect

from retinue.widgets.explorer import ExplorerPanel
from tests.browsing import PHONE
from tests.widgets.host import Serving, opened, saved

pytestmark = pytest.mark.slow


def height(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def test_on_a_phone_groups_are_folded_and_say_what_they_hold(
    browser_page: Page, serving: Serving
) -> None:
    browser_page.set_viewport_size({"width": PHONE, "height": 800})
    panel = ExplorerPanel(stride=(1, 2), padding=1, activation="relu", pooling="max")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        expect(page.get_by_label("Kernel", exact=True)).to_be_visible()
        stride, moves = page.get_by_label("Stride", exact=True), page.locator(".group").nth(1)
        expect(stride).to_be_hidden()
        briefs = [
            " ".join(one.split()) for one in page.locator(".group > summary").all_inner_texts()
        ]
        assert briefs == [
            "The kernel",
            "How it moves stride 1 × 2, padding 1",
            "What follows ReLU, max pooling",
            "How large the output is 7 × 4",
            "What a layer like this costs 160 parameters",
            "What was measured not with these settings",
        ]
        moves.locator("summary").press("Enter")
        expect(page.get_by_role("heading", name="How it moves")).to_be_visible()
        page.get_by_label("Rows and columns alike").check()
        stride.fill("3")
        saved(page)
        assert panel.state["stride"] == [3, 3]
        moves.locator("summary").press("Enter")
        expect(stride).to_be_hidden()
        expect(moves.locator("summary")).to_contain_text("stride 3, padding 1")
        folded = height(page)
        page.locator(".group").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
        assert height(page) > 1.2 * folded


def test_on_a_wide_page_no_group_is_folded(browser_page: Page, serving: Serving) -> None:
    with serving({"a": ExplorerPanel()}) as host:
        page = opened(browser_page, host)
        assert page.locator(".group").count() == page.locator(".group[open]").count() == 6
