"""Masters become notebooks."""

import json
import re

import nbformat
import pytest

from retinue.errors import MissingExtraError
from retinue.lessons import notebooks
from retinue.lessons.first_cells import REPOSITORY, SET_UP, badge
from retinue.lessons.notebooks import notebook_of, sources_of, text_of, version_of

MASTER = """\
# %% [markdown]
# # 2. Convolution
#
# What $x^2$ and <b>this</b> are.

# %% question="conv2d" tags=["shown"] other=1
def conv2d(x):
    return x


# %%
# %matplotlib inline
conv2d(1)

# %% [markdown] question="why"
# Why?
"""


def test_cells_come_in_order_with_what_they_are_of() -> None:
    cells = notebook_of(MASTER, "lab2_convolution").cells
    assert [one.cell_type for one in cells] == [
        *("markdown", "code"),
        *("markdown", "code", "code", "markdown"),
    ]
    assert cells[2].source == "# 2. Convolution\n\nWhat $x^2$ and <b>this</b> are."
    assert cells[3].source == "def conv2d(x):\n    return x"
    assert cells[3].metadata == {"question": "conv2d", "tags": ["shown"]}
    assert cells[4].source == "%matplotlib inline\nconv2d(1)"
    assert cells[5].metadata == {"question": "why"}


def test_the_first_cells_open_it_in_colab_and_set_it_up() -> None:
    first, second = notebook_of(MASTER, "lab2_convolution").cells[:2]
    assert f"github/{REPOSITORY}/blob/main/lessons/lab2_convolution.ipynb" in first.source
    assert first.source == badge("lab2_convolution")
    assert second.source == SET_UP


def test_nobody_can_own_the_address_that_stands_for_the_repository() -> None:
    """An account of GitHub has letters, digits and hyphens."""
    assert re.fullmatch(r"[A-Z]+_[A-Z]+/retinue", REPOSITORY)


def test_the_badge_asks_no_other_machine() -> None:
    (source,) = re.findall(r'src="([^"]*)"', badge("x"))
    assert source.startswith("data:image/png;base64,")


def test_the_set_up_cell_installs_only_where_nothing_is_and_not_torch() -> None:
    (line,) = [one for one in SET_UP.splitlines() if "pip" in one]
    before = SET_UP.splitlines()[SET_UP.splitlines().index(line) - 1]
    assert before.startswith('if importlib.util.find_spec("retinue") is None:')
    assert line.startswith("    %pip install")
    assert "torch" not in line
    assert "--upgrade" not in line


def test_a_teachers_own_has_no_badge() -> None:
    first = notebook_of(MASTER, "mine", own=True).cells[0]
    assert first.source == SET_UP


def test_it_says_what_it_is() -> None:
    lesson = notebook_of(MASTER, "lesson2_convolution").metadata
    lab = notebook_of(MASTER, "lab2_convolution").metadata
    own = notebook_of(MASTER, "lesson_mine", own=True).metadata
    assert {**lesson.retinue, "sources": 0} == {"lesson": "lesson2", "sources": 0}
    assert {**lab.retinue, "sources": 0} == {
        **{"lab": "lab2", "version": version_of(MASTER)},
        "sources": 0,
    }
    assert own.retinue.lab == "lesson_mine"
    assert lesson.kernelspec.name == "python3"


def test_the_version_changes_with_the_master_and_not_with_its_line_ends() -> None:
    assert version_of(MASTER) == version_of(MASTER.replace("\n", "\r\n"))
    assert version_of(MASTER) != version_of(MASTER.replace("Why", "How"))


def test_twice_gives_the_same_bytes() -> None:
    again = MASTER.replace("\n", "\r\n")
    assert text_of(notebook_of(MASTER, "x")) == text_of(notebook_of(again, "x"))


def test_names_of_cells_are_all_different_and_plain() -> None:
    master = "".join(f'# %% question="{one}"\nx\n\n' for one in ("a", "a", "ü<b>", "x" * 99))
    ids = [one.id for one in notebook_of(master, "x").cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", one) for one in ids)


def test_there_is_no_output_and_no_number_of_a_run() -> None:
    found = json.loads(text_of(notebook_of(MASTER, "x")))
    nbformat.validate(found)
    code = [one for one in found["cells"] if one["cell_type"] == "code"]
    assert code
    assert all(one["outputs"] == [] and one["execution_count"] is None for one in code)


def test_sources_are_the_same_however_a_file_keeps_them() -> None:
    book = notebook_of(MASTER, "x")
    stored = json.loads(text_of(book))["cells"]
    assert sources_of(stored) == sources_of(book.cells) == book.metadata.retinue.sources


def test_another_letter_gives_other_sources() -> None:
    book = notebook_of(MASTER, "x")
    book.cells[3].source += "\n"
    assert sources_of(book.cells) != book.metadata.retinue.sources


@pytest.mark.parametrize("name", notebooks.PACKAGES)
def test_what_is_missing_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "find_spec", lambda asked: None if asked == name else asked)
    with pytest.raises(MissingExtraError, match=r"retinue\[lessons\]"):
        notebook_of(MASTER, "x")


@pytest.mark.parametrize(
    "text", ["", "x = 1", "# ---\n# jupyter: [\n# ---\n", "\x00\u2028", "# %% {"]
)
def test_any_text_is_some_notebook(text: str) -> None:
    nbformat.validate(notebook_of(text, "x"))
