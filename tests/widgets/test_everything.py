"""All widgets of the package by the AFM contract alone, without a notebook."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from retinue.widgets import __all__ as names
from retinue.widgets.modules import MODULES
from retinue.widgets.panel import Panel
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.widgets.everything import every_panel, panels_of_own
from tests.widgets.host import Serving, Watched, opened, settled

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Panel]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("everything")
        patch.setenv("RETINUE_CACHE", str(folder / "cache"))
        return every_panel(folder)


def test_there_is_a_panel_for_every_widget(made: dict[str, Panel]) -> None:
    assert sorted(made) == sorted(MODULES)
    assert len(names) == len(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_state_is_json_and_bytes(made: dict[str, Panel], module: str) -> None:
    panel = made[module]
    json.dumps(panel.state, allow_nan=False, default=lambda one: len(memoryview(one)))
    assert panel.inputs <= set(panel.state)


@pytest.mark.parametrize("module", MODULES)
def test_every_static_picture_can_be_drawn(made: dict[str, Panel], module: str) -> None:
    width, height = made[module].figure().get_size_inches()
    assert 2 < width < 20
    assert 1 < height < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_all_stand_on_one_page_accessible_and_within_it(
    browser_page: Page, serving: Serving, made: dict[str, Panel], width: int, scheme: Any
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.emulate_media(color_scheme=scheme)
    with serving(made) as host:
        page = opened(browser_page, host)
        for panel in made.values():
            expect(page.get_by_role("region", name=panel.name, exact=True)).to_be_visible()
        assert accessibility_faults(page) == []
        assert fits(page)
        assert page.locator("img[src='x']").count() == 0


SEEN = """(one) => {
  const { color, backgroundColor } = getComputedStyle(one);
  return color !== backgroundColor;
}"""


def test_what_is_chosen_is_readable_under_the_mouse(
    browser_page: Page, serving: Serving, made: dict[str, Panel]
) -> None:
    with serving(made) as host:
        page = opened(browser_page, host)
        chosen = page.locator("[aria-pressed=true]:visible").all()
        assert chosen
        for button in chosen:
            button.hover()
            assert button.evaluate(SEEN)
        chosen[0].evaluate("(one) => { one.style.color = getComputedStyle(one).backgroundColor; }")
        assert not chosen[0].evaluate(SEEN)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_of_no_catalogue_is_shown(
    browser_page: Page, serving: Serving, channels: int
) -> None:
    with serving(panels_of_own(channels)) as host:
        page = opened(browser_page, host)
        expect(page.locator("section.retinue")).to_have_count(3)
        assert page.locator("img[src='x']").count() == 0
        assert accessibility_faults(page) == []


@pytest.mark.parametrize("module", MODULES)
def test_two_of_a_kind_do_not_disturb_each_other(
    browser_page: Page, serving: Serving, made: dict[str, Panel], module: str
) -> None:
    with serving({"a": made[module], "b": made[module]}) as host:
        page = opened(browser_page, host)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
        before = page.locator("#b").inner_html()
        page.evaluate("window.host.unmount('a')")
        assert page.locator("#b").inner_html() == before
        assert page.evaluate("window.host.listeners('a')") == 0


def test_the_whole_session_stays_on_this_machine(
    watched: Watched, serving: Serving, made: dict[str, Panel]
) -> None:
    with serving(made) as host:
        page = opened(watched.page, host)
        for button in page.locator("button").all():
            if button.is_visible() and button.is_enabled():
                button.click()
        settled(page)  # an answer on its way may still show or hide a control
        for choice in page.locator("select").all():
            if choice.is_visible() and choice.is_enabled():
                choice.select_option(index=choice.locator("option").count() - 1)
                settled(page)
        assert watched.faults() == []
        assert len(watched.asked) > 10
        page.evaluate("new Image().src = 'https://example.org/x.png'")
        page.wait_for_timeout(200)
        assert watched.faults() != []
