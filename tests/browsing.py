"""What the tests of pages in a browser share: their widths, and what every page must keep."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE, DESK = 390, 1280


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
