"""The pages in Chromium: quiet, closed to the world, for every width and eye."""

from pathlib import Path

import pytest

from retinue.lessons.grading.grades import INDEX, RUBRIC_PAGE, Grades
from tests.browsing import DESK, PHONE, Open, accessibility_faults, fits

pytestmark = pytest.mark.slow


@pytest.fixture(
    params=["index", "rubric", "feedback", "evil index", "evil rubric", "evil feedback"]
)
def path(request: pytest.FixtureRequest, grades: Grades, evil: Grades) -> Path:
    some = evil if "evil" in request.param else grades
    names = {"index": INDEX, "rubric": RUBRIC_PAGE, "feedback": some.pages[0]}
    return some.path / names[request.param.split()[-1]]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_is_quiet_asks_for_nothing_and_fits(path: Path, open_page: Open, width: int) -> None:
    opened = open_page(path, width)
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [path.as_uri()]
    assert fits(opened.page)


def test_a_script_and_a_picture_that_are_planted_are_noticed(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    text = (grades.path / INDEX).read_text(encoding="utf-8")
    harm = '<img src="https://example.org/x.png"><script>console.log("ran")</script><main'
    planted = tmp_path / "planted.html"
    planted.write_text(text.replace("<main", harm), encoding="utf-8")
    stopped = open_page(planted)
    assert "ran" not in stopped.said
    assert len(stopped.said) >= 2
    planted.write_text(
        planted.read_text(encoding="utf-8").replace("Content-Security-Policy", ""),
        encoding="utf-8",
    )
    let = open_page(planted)
    assert "ran" in let.said
    assert "https://example.org/x.png" in let.asked


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_finds_no_serious_fault(path: Path, open_page: Open, width: int, dark: bool) -> None:
    page = open_page(path, width, dark).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert accessibility_faults(page) == []


def test_axe_notices_a_fault_that_is_planted(grades: Grades, open_page: Open) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    page.evaluate("document.getElementById('one').setAttribute('aria-label', '')")
    page.evaluate(
        "document.getElementById('one').parentElement.replaceWith(document.getElementById('one'))"
    )
    assert [one.partition(":")[0] for one in accessibility_faults(page)] == ["select-name"]


def test_the_table_of_all_is_sorted_by_points(grades: Grades, open_page: Open) -> None:
    page = open_page(grades.path / INDEX).page
    page.locator("#all th button", has_text="Points").click()
    shown = [float(one) for one in page.locator("#all td.sum").all_inner_texts()]
    assert shown == sorted((one.points for one in grades.graded), reverse=True)


def test_names_lead_to_the_pages_of_the_students(evil: Grades, open_page: Open) -> None:
    for place, one in enumerate(evil.graded):
        page = open_page(evil.path / INDEX).page
        page.locator("#all tbody th a").nth(place).click()
        page.wait_for_url("**/feedback/**")
        assert page.locator("h1").inner_text().split()[0] in one.student


def test_on_paper_everybody_is_there(grades: Grades, open_page: Open) -> None:
    page = open_page(grades.path / INDEX).page
    cut = "(one) => one.scrollHeight > one.clientHeight"
    table = page.locator("#all .scroll")
    assert table.evaluate(cut)
    page.emulate_media(media="print")
    assert not table.evaluate(cut)
    assert page.pdf().startswith(b"%PDF")
