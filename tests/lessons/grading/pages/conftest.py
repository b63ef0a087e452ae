"""A class's pages in Chromium."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from retinue.lessons.grading.grades import Grades
from retinue.lessons.grading.pages.writing import write_pages
from tests.browsing import DESK
from tests.lessons.grading.graded_class import LAB, grades_of, hostile, thirty

HOSTILE = (
    '<img src=x onerror="console.log(1)">',
    "</script><script>console.log(1)</script>",
    "=1+1 \u202e $x$ " + "W" * 500,
    "שלום עולם",
)


@dataclass
class Opened:
    """A page in the browser, and what it was heard and seen to do."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """`open_page(path, width, dark, script)`: a page in a window of its own, after a script."""
    contexts: list[BrowserContext] = []

    def open_one(path: Path, width: int = DESK, dark: bool = False, script: str = "") -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        opened = Opened(context.new_page())
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


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """A class of thirty with its pages."""
    found = grades_of(thirty(), tmp_path_factory.mktemp("grades"), LAB, "a note")
    write_pages(found)
    return found


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """A class whose names and answers are hostile."""
    found = grades_of([hostile(text) for text in HOSTILE], tmp_path_factory.mktemp("evil"))
    write_pages(found)
    return found
