"""Writing the pages of a class's grades."""

import unicodedata
from collections.abc import Sequence

from retinue.lessons.grading.grades import FEEDBACK, INDEX, RUBRIC_PAGE, Grades
from retinue.lessons.grading.pages.feedback import feedback_page
from retinue.lessons.grading.pages.reading import reading_page
from retinue.lessons.grading.pages.teacher import teacher_page
from retinue.writing import appearing_folder, write_text

LONGEST = 48  # letters of a file's name, which leaves room where each takes four bytes
# Names that Windows keeps for devices, whatever their ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{one}{n}" for one in ("com", "lpt") for n in range(10))}


def write_pages(grades: Grades) -> None:
    """Write the teacher's page, that on which written answers are read, and one a submission.

    Raises:
        OSError: a file cannot be written.
    """
    with appearing_folder(grades.path / FEEDBACK) as folder:
        for one, page in zip(grades.graded, grades.pages, strict=True):
            write_text(folder / page.partition("/")[2], feedback_page(one, grades.lab))
    write_text(grades.path / RUBRIC_PAGE, reading_page(grades))
    write_text(grades.path / INDEX, teacher_page(grades))


def page_names(students: Sequence[str]) -> tuple[str, ...]:
    """A page's name for each student, under the folder of grades, that every file system takes.

    Letters of every script stay; no two names differ by case alone.
    """
    taken: set[str] = set()
    found = []
    for student in students:
        stem = _safe(student)
        name, number = stem, 1
        while name.casefold() in taken | _DEVICES:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        found.append(f"{FEEDBACK}/{name}.html")
    return tuple(found)


def _safe(name: str) -> str:
    text = unicodedata.normalize("NFC", name)
    kept = "".join(one if unicodedata.category(one)[0] in "LNM" else "-" for one in text)
    return "-".join(part for part in kept.split("-") if part)[:LONGEST].strip("-") or "student"
