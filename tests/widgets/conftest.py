"""Pages in the system's Chromium, and hosts that outlive them."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from retinue.widgets.panel import Panel
from tests.widgets.host import Host, Watched

expect.set_options(timeout=20_000)  # on a busy machine, kernels and pages take their time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def serving() -> Iterator[Callable[..., Any]]:
    """`with serving({"a": panel}) as host:`; each server outlives the page, which may call it."""
    hosts: list[Host] = []

    @contextmanager
    def serve(panels: Mapping[str, Panel], **options: Any) -> Iterator[Host]:
        host = Host(panels, **options)
        hosts.append(host)
        yield host

    yield serve
    for host in hosts:
        host.close()


@pytest.fixture
def watched(browser: Browser, serving: Callable[..., Any]) -> Iterator[Watched]:
    """A page of 1280 by 800, light, for mouse, keyboard and touch, and what it said and asked."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", has_touch=True
    )
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def browser_page(watched: Watched) -> Iterator[Page]:
    """The page alone; the test fails where it logged an error or asked another machine."""
    yield watched.page
    faults = watched.faults()
    if faults:
        pytest.fail("\n".join(faults))
