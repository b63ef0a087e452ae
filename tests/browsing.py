"""What the tests of pages in a browser share: their widths, and what every page must keep."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

PHONE, DESK = 390, 1280


@dataclass
class Opened:
    """The page of a file in the browser, and what it was heard and seen to do."""

    path: Path
    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def strangers(self) -> list[str]:
        """What was asked for beside the file itself and the pictures in it."""
        own = self.path.as_uri()
        return [url for url in self.asked if url != own and not url.startswith("data:")]


Open = Callable[..., Opened]


@contextmanager
def opening(browser: Browser) -> Iterator[Open]:
    """Give `open(path, width, dark, script)`: a page in a window of its own, after a script.

    What else is given is for Playwright's `new_context`.
    """
    contexts: list[BrowserContext] = []

    def open_one(
        path: Path, width: int = DESK, dark: bool = False, script: str = "", **options: Any
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            has_touch=width == PHONE,
            **options,
        )
        contexts.append(context)
        opened = Opened(path, context.new_page())
        if script:
            opened.page.add_init_script(script)
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(path.as_uri())
        return opened

    yield open_one
    for context in contexts:
        context.close()


def accessibility_faults(page: Page, within: str | None = None) -> list[str]:
    """The rules of axe-core that are broken badly, on the page or within what a selector names."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['target']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
