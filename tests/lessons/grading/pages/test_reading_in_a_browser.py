"""The page on which written answers are read, in Chromium: points by keyboard into rubric.csv."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from retinue.lessons.grading.grades import RUBRIC_PAGE, Grades
from retinue.lessons.grading.pages.writing import write_pages
from retinue.lessons.grading.rubric import Read, merged, read_rubric
from tests.browsing import Open
from tests.lessons.grading.graded_class import LAB, grades_of, thirty
from tests.lessons.grading.pages.conftest import HOSTILE

pytestmark = pytest.mark.slow

TOTAL = sum(len([mark for mark in one.marks if mark.written]) for one in thirty())
SAVING = """
globalThis.written = [];
globalThis.showSaveFilePicker = async () => ({
  name: "points.csv",
  createWritable: async () => {
    if (globalThis.full) throw new Error("the disk is full");
    return { write: async (text) => written.push(text), close: async () => {} };
  },
});
"""


def _saved(page: Page, to: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download rubric.csv").click()
    assert download.value.suggested_filename == "rubric.csv"
    download.value.save_as(to)
    return to


def _inputs(page: Page) -> list[str]:
    return [str(one.input_value()) for one in page.locator("#answers input").all()]


def test_points_typed_by_keyboard_reach_the_file_and_from_there_the_grades(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    page.locator("#answers input").first.focus()
    names = page.locator("#answers article h2").all_inner_texts()[:3]
    page.keyboard.type("1,5")
    page.keyboard.press("Enter")
    page.keyboard.type("0")
    page.keyboard.press("Tab")
    page.keyboard.type('=well, "done"')
    page.keyboard.press("Enter")
    page.keyboard.type("Go on.")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("2")
    page.keyboard.press("PageUp")
    assert page.evaluate("document.activeElement.value") == "0"
    assert page.locator("#told").inner_text() == f"3 of {TOTAL} read; 3 changes not in a file yet"
    path = _saved(page, tmp_path / "rubric.csv")
    assert page.locator("#told").inner_text() == f"3 of {TOTAL} read"
    found = read_rubric(path, LAB, grades.graded)
    files = {one.student: one.file for one in grades.graded}
    assert found == {
        (files[names[0]], "why"): Read(1.5, ""),
        (files[names[1]], "why"): Read(0.0, '=well, "done"\nGo on.'),
        (files[names[2]], "why"): Read(2.0, ""),
    }
    before, after = grades.graded, merged(grades.graded, found)
    assert sum(one.points for one in after) - sum(one.points for one in before) == 3.5


@pytest.mark.parametrize("wrong", ["3", "-1", "many", "1e0", "0x1", "1.2.3"])
def test_points_that_the_question_does_not_give_are_told_and_not_taken(
    wrong: str, grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    first = page.locator("#answers article").first
    first.locator("input").fill(wrong)
    assert first.locator(".wrong").is_visible()
    assert first.locator("input").get_attribute("aria-invalid") == "true"
    path = _saved(page, tmp_path / "rubric.csv")
    assert read_rubric(path, LAB, grades.graded) == {}
    first.locator("input").fill("1")
    assert not first.locator(".wrong").is_visible()
    assert len(read_rubric(_saved(page, path), LAB, grades.graded)) == 1


def test_what_was_entered_outlives_the_page_until_it_is_forgotten(
    grades: Grades, open_page: Open
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    page.locator("#answers input").nth(4).fill("1.25")
    page.locator("#answers textarea").nth(4).fill("kept")
    page.reload()
    assert _inputs(page)[4] == "1.25"
    assert page.locator("#answers textarea").nth(4).input_value() == "kept"
    assert "2 changes" not in page.locator("#told").inner_text()
    assert "1 change not in a file yet" in page.locator("#told").inner_text()
    forget = page.locator("#forget")
    forget.click()
    assert _inputs(page)[4] == "1.25"
    with page.expect_navigation():
        forget.click()
    assert _inputs(page)[4] == ""


def test_a_rubric_that_was_saved_is_loaded_again_in_another_browser(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    page.locator("#answers input").first.fill("2")
    page.locator("#answers textarea").first.fill('=a,\n"b"; c')
    saved = _saved(page, tmp_path / "rubric.csv")
    other = open_page(grades.path / RUBRIC_PAGE).page
    assert _inputs(other)[0] == ""
    other.locator("#load").set_input_files(saved)
    other.get_by_text("1 line taken over.").wait_for()
    assert _inputs(other)[0] == "2"
    assert other.locator("#answers textarea").first.input_value() == '=a,\n"b"; c'
    assert _saved(other, tmp_path / "again.csv").read_bytes() == saved.read_bytes()


def test_lines_that_fit_nothing_are_told_and_left_out(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    one = grades.graded[0]
    lines = ["Student;Question;Points;Comment", f"{one.student};why;1,5;fine", "Zoe;why;1;"]
    lines += [f"{one.student};reflection;9;", ""]
    (tmp_path / "x.csv").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    page = open_page(grades.path / RUBRIC_PAGE).page
    page.locator("#load").set_input_files(tmp_path / "x.csv")
    page.get_by_text("1 line taken over; 2 lines left out: Zoe, why, ...").wait_for()
    found = read_rubric(_saved(page, tmp_path / "y.csv"), LAB, grades.graded)
    assert found == {(one.file, "why"): Read(1.5, "fine")}


def test_points_that_were_given_stand_there_and_can_be_taken_away(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    one = next(one for one in grades.graded if one.state == "graded" and one.marks[4].written)
    given = merged(grades.graded, {(one.file, "why"): Read(1.5, "good")})
    some = grades_of(given, tmp_path / "read")
    some.path.mkdir()
    write_pages(some)
    page = open_page(some.path / RUBRIC_PAGE).page
    place = page.locator("#answers article h2").all_inner_texts().index(one.student)
    assert _inputs(page)[place] == "1.5"
    page.locator("#answers input").nth(place).fill("")
    page.locator("#answers textarea").nth(place).fill("")
    found = read_rubric(_saved(page, tmp_path / "rubric.csv"), LAB, given)
    assert found == {(one.file, "why"): Read(None, "")}


def test_all_answers_are_reached_by_question_and_by_student(
    grades: Grades, open_page: Open
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE).page
    assert page.locator("#answers article").count() == 29
    page.locator("#next").click()
    assert page.locator("#one").input_value() == "reflection"
    assert page.locator("#answers article").count() == 29
    page.locator("#by").select_option("student")
    assert page.locator("#one option").count() == 29
    assert page.locator("#answers article h2").all_inner_texts() == ["why", "reflection"]
    page.locator("#answers input").first.fill("1")
    page.locator("#open-only").check()
    assert page.locator("#answers article h2").all_inner_texts() == ["reflection"]


def test_who_wrote_nothing_is_not_to_be_read_and_stands_last(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    missing = [
        one for one in grades.graded if one.state != "unreadable" and not one.marks[4].answered
    ]
    assert missing
    page = open_page(grades.path / RUBRIC_PAGE).page
    assert page.locator("#told").inner_text() == f"0 of {TOTAL} read"
    assert 2 * 29 - len(missing) == TOTAL
    told = page.locator("#answers article p", has_text="No answer.")
    assert told.count() == len(missing)
    last = page.locator("#answers article h2").all_inner_texts()[-len(missing) :]
    assert sorted(last) == sorted(one.student for one in missing)
    page.locator("#open-only").check()
    assert page.locator("#answers article").count() == 29 - len(missing)
    assert read_rubric(_saved(page, tmp_path / "rubric.csv"), LAB, grades.graded) == {}


def test_where_the_browser_can_it_saves_into_a_file_and_tells_when_it_cannot(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(grades.path / RUBRIC_PAGE, script=SAVING).page
    page.locator("#answers input").first.fill("1")
    page.locator("#into").click()
    page.get_by_text("Saved: points.csv.").wait_for()
    page.locator("#answers input").nth(1).fill("2")
    page.get_by_role("button", name="Save into points.csv again").click()
    page.wait_for_function("written.length === 2")
    (tmp_path / "points.csv").write_text(page.evaluate("written[1]"), encoding="utf-8")
    found = read_rubric(tmp_path / "points.csv", LAB, grades.graded)
    assert sorted(one.points or 0 for one in found.values()) == [1, 2]
    page.evaluate("globalThis.full = true")
    page.locator("#answers input").nth(2).fill("1")
    page.locator("#into").click()
    page.get_by_text("It could not be saved: the disk is full. Download it instead.").wait_for()
    assert "1 change not in a file yet" in page.locator("#told").inner_text()


def test_a_browser_without_storage_says_so_and_still_saves(
    grades: Grades, open_page: Open, tmp_path: Path
) -> None:
    script = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    opened = open_page(grades.path / RUBRIC_PAGE, script=script)
    opened.page.locator("#answers input").first.fill("1")
    assert "keeps nothing" in opened.page.locator("#says").inner_text()
    path = _saved(opened.page, tmp_path / "rubric.csv")
    assert len(read_rubric(path, LAB, grades.graded)) == 1
    assert opened.said == []


def test_hostile_names_and_answers_stand_there_as_text_and_come_back(
    evil: Grades, open_page: Open, tmp_path: Path
) -> None:
    opened = open_page(evil.path / RUBRIC_PAGE)
    page = opened.page
    assert page.locator("#answers article").count() == len(HOSTILE)
    assert page.locator("#answers img, #answers script").count() == 0
    for place in range(len(HOSTILE)):
        page.locator("#answers input").nth(place).fill("1")
    found = read_rubric(_saved(page, tmp_path / "rubric.csv"), LAB, evil.graded)
    points = {file: one.points for (file, question), one in found.items() if question == "why"}
    assert points == {one.file: 1.0 for one in evil.graded}
    assert opened.said == []
