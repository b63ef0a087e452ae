"""A page with explorers: to open it, to wait for it, and to read it."""

from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.widgets.host import Host


def opened(page: Page, host: Host) -> Page:
    """The page with its widgets mounted."""
    page.goto(host.url)
    page.wait_for_selector("html[data-ready]")
    return page


def settled(page: Page) -> None:
    """Wait until the panels have answered, and the page has drawn."""
    while not page.evaluate("window.host.idle()"):
        page.wait_for_timeout(10)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def saved(page: Page) -> None:
    """Wait until what the page sets has reached Python, which it does a moment later."""
    settled(page)
    page.wait_for_timeout(100)
    settled(page)


def pixels_of(page: Page, selector: str) -> np.ndarray[Any, Any]:
    """(h, w, 3): what is on a canvas."""
    height, width, numbers = page.evaluate(
        "(where) => { const { width, height } = document.querySelector(where);"
        "const copy = Object.assign(document.createElement('canvas'), { width, height });"
        "const context = copy.getContext('2d', { willReadFrequently: true });"
        "context.drawImage(document.querySelector(where), 0, 0);"
        "return [height, width, [...context.getImageData(0, 0, width, height).data]]; }",
        selector,
    )
    return np.array(numbers, np.uint8).reshape(height, width, 4)[..., :3]
