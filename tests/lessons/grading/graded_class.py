"""A lab and a class of thirty in it, graded as by hand, for tests of what is made of grades."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from retinue.lessons.grading.breakdown import break_down
from retinue.lessons.grading.grades import Grades
from retinue.lessons.grading.marks import Graded, Mark
from retinue.lessons.grading.pages.writing import page_names
from retinue.lessons.question import Lab, Question, Written


def _unused(answer: Any) -> None:
    raise AssertionError("no answer is checked here")


HINTS = {
    "conv2d": {
        "flipped_kernel": "Lay the kernel on the picture by hand: which of its corners meets "
        "the picture's first pixel?",
        "transposed_kernel": "Try a kernel that is wider than high. What is the row's number?",
    },
    "output_size": {
        "ceil_for_floor": "May the kernel hang over the edge at its last step?",
        "padding_forgotten": "How many pixels wide is the picture once it is padded?",
    },
    "pool": {
        "mean_for_max": "Which of the four numbers stays?",
        "stride_one": "How far does the window move at each step?",
    },
    "receptive_field": {"stride_forgotten": "How far apart do two neighbours look at the picture?"},
}
ASKS = {
    "conv2d": "Write the convolution of a picture with a kernel, by loops.",
    "output_size": "The size of the output, of size, kernel, stride and padding.",
    "pool": "Max pooling of 2 by 2.",
    "receptive_field": "How many pixels a unit of the last layer can see.",
}
LAB = Lab(
    "lab2",
    "Convolution, stride and padding",
    {name: Question(ASKS[name], name, _unused, hints) for name, hints in HINTS.items()},
    {
        "why": Written("Why does a network for pictures share one kernel over all places?", 2),
        "reflection": Written("Three takeaways, and which help you used.", 1),
    },
)
FIRST = "Amara Björn Chloé Dmitri Eleni Farid Greta Hiro Ines Jonas Kenji Leila Marta Noor Olu"
LAST = "Okafor Åkesson Dubois Iwanow Papadaki Haddad Lind Tanaka Costa Weber Mori Rahimi Nowak"
TEXTS = (
    "An edge looks the same wherever it is, so one kernel can find it in every place. It also "
    "needs far fewer weights: 3 x 3 instead of one for each pixel.",
    "Because of the computer's speed.",
    "It is the same everywhere.\n\n- fewer weights\n- it finds a cat left and right\n- less to "
    "overfit",
    "Sharing gives **translation equivariance**: when the picture moves by a pixel, the map does.",
)
ERROR = "NameError: name 'F' is not defined (in conv2d, line 4 of its cell)"


def thirty(seed: int = 0) -> list[Graded]:
    """Thirty submissions: good ones, bad ones, and one of each kind that goes wrong."""
    rng = np.random.default_rng(seed)
    first, last = FIRST.split(), LAST.split()
    found = []
    for number in range(30):
        name = f"{first[number % len(first)]} {last[number * 7 % len(last)]}"
        file = f"{name}_{410_000 + 37 * number}_assignsubmission_file_/lab2_convolution.ipynb"
        marks = [*_checked(rng, float(rng.beta(3, 0.8))), *_written(rng)]
        found.append(Graded(name, file, LAB.name, "graded", tuple(marks), (), 9.5))
    found[4] = _ended(
        found[4],
        "time",
        "It was ended in cell 7, for it took too long. What was answered by then counts.",
    )
    found[11] = _ended(
        found[11],
        "memory",
        "It was ended in cell 9, for it took too much memory. What was answered by then counts.",
    )
    found[17] = _ended(
        found[17],
        "crashed",
        "Its process ended by itself in cell 4. What was answered by then counts.",
    )
    found[22] = replace(
        _ended(found[22], "unreadable", "cv.docx is no notebook (.ipynb)."), marks=_none()
    )
    found[7] = replace(found[7], notes=("2 notebooks; taken: lab2 (1).ipynb, the newest.",))
    return sorted(found, key=lambda one: one.student)


def grades_of(graded: Sequence[Graded], path: Path, lab: Lab = LAB, *notes: str) -> Grades:
    """What is made of graded submissions, with nothing written."""
    pages = page_names([one.student for one in graded])
    return Grades(path, lab, tuple(graded), break_down(lab, graded), pages, notes)


def hostile(text: str) -> Graded:
    """A submission in which every text is this one."""
    marks = [
        Mark(name, 0.0, 1.0, False, True, text, text, text, "", text) for name in LAB.questions
    ]
    marks += [
        Mark(name, None, one.points, False, True, written=text, comment=text)
        for name, one in LAB.written.items()
    ]
    return Graded(text, f"{text}/lab2.ipynb", LAB.name, "graded", tuple(marks), (text,))


def _checked(rng: np.random.Generator, skill: float) -> list[Mark]:
    marks = []
    for place, (name, hints) in enumerate(HINTS.items()):
        drawn = rng.random()
        if drawn < skill - 0.08 * place:
            marks.append(Mark(name, 1.0, 1.0, True, True))
        elif drawn > 0.93:
            marks.append(Mark(name, 0.0, 1.0))
        elif drawn > 0.86:
            hint = "It ended in this error, before it gave anything."
            marks.append(Mark(name, 0.0, 1.0, False, True, ERROR, hint))
        else:
            mistake = list(hints)[int(rng.random() ** 2 * len(hints))]
            case = f"for {place + 4} x 6, kernel 3 x 3\ngives [[1, 2]]\nexpected [[4, 3]]"
            marks.append(Mark(name, 0.0, 1.0, False, True, case, hints[mistake], mistake))
    return marks


def _written(rng: np.random.Generator) -> list[Mark]:
    text = TEXTS[int(rng.integers(len(TEXTS)))]
    has = rng.random() > 0.1
    why = Mark("why", None if has else 0.0, 2.0, answered=has, written=text if has else "")
    took = "I take away what a kernel does. I asked a friend and a chat assistant about padding."
    return [why, Mark("reflection", None, 1.0, answered=True, written=took)]


def _ended(one: Graded, state: Any, note: str) -> Graded:
    return replace(one, state=state, notes=(note,))


def _none() -> tuple[Mark, ...]:
    asked: dict[str, Question | Written] = {**LAB.questions, **LAB.written}
    return tuple(Mark(name, 0.0, question.points) for name, question in asked.items())
