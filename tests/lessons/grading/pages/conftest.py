"""A class's pages in Chromium."""

import pytest

from retinue.lessons.grading.grades import Grades
from retinue.lessons.grading.pages.writing import write_pages
from tests.lessons.grading.graded_class import LAB, grades_of, hostile, thirty

HOSTILE = (
    '<img src=x onerror="console.log(1)">',
    "</script><script>console.log(1)</script>",
    "=1+1 \u202e $x$ " + "W" * 500,
    "שלום עולם",
)


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
