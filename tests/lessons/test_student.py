"""Masters with solutions become the students'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue.errors import UsageError
from retinue.lessons.student import student_of


def left(master: str) -> str:
    return student_of(master, "lab.py")


FUNCTION = '''\
def area(width, height):
    """What goes in and out."""
    ### BEGIN SOLUTION
    return width * height
    ### END SOLUTION


print("after")
'''


def test_a_function_loses_its_body_and_nothing_else() -> None:
    expected = FUNCTION.replace("    ### BEGIN SOLUTION\n", "    # Your code here.\n")
    expected = expected.replace("    return width * height\n", "    raise NotImplementedError\n")
    assert left(FUNCTION) == expected.replace("    ### END SOLUTION\n", "")


def test_what_is_left_runs_and_says_that_nothing_is_there_yet() -> None:
    names: dict[str, object] = {}
    exec(left(FUNCTION), names)
    area = names["area"]
    assert callable(area)
    with pytest.raises(NotImplementedError):
        area(2, 3)


def test_a_text_without_markers_stays_as_it_is() -> None:
    text = '# %% [markdown]\n# # Solution\n#\n# Find the SOLUTION.\n\n# %%\nx = "# no SOLUTION"\n'
    assert left(text) == text


def test_a_nested_function_in_a_block_is_left_to_write() -> None:
    master = (
        "def outer(\n    x,\n) -> int:\n    def inner(y):\n        if y:\n"
        "            ### BEGIN SOLUTION\n            return 1\n            ### END SOLUTION\n"
        "    ### BEGIN SOLUTION\n    return inner(x)\n    ### END SOLUTION\n"
    )
    assert left(master) == (
        "def outer(\n    x,\n) -> int:\n    def inner(y):\n        if y:\n"
        "            # Your code here.\n            raise NotImplementedError\n"
        "    # Your code here.\n    raise NotImplementedError\n"
    )


def test_a_class_can_still_be_made() -> None:
    master = (
        "class Net:\n"
        '    """Doc."""\n\n'
        "    def forward(self, x):\n"
        "        ### BEGIN SOLUTION\n        return x\n        ### END SOLUTION\n\n"
        "    ### BEGIN SOLUTION\n    width = 3\n    ### END SOLUTION\n"
    )
    names: dict[str, object] = {}
    exec(left(master), names)
    assert not hasattr(names["Net"], "width")


@pytest.mark.parametrize(
    ("solution", "rest"),
    [
        ("total = 0\nfor one in (1, 2):\n    total += one\nmean = total / 2", "mean = ..."),
        ("def f(x):\n    return x", "f = ..."),
        ("class Net:\n    pass", "Net = ..."),
        ("x: int = 1", "x = ..."),
        ("print(1)", "raise NotImplementedError"),
    ],
)
def test_at_the_top_the_name_stays_and_has_no_value_yet(solution: str, rest: str) -> None:
    master = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION\n"
    assert left(master) == f"# Your code here.\n{rest}\n"


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("size = 26  # SOLUTION", "size = ..."),
        ("    size: int = 26 #SOLUTION", "    size: int = ..."),
        ("a, b = 1, 2  # SOLUTION", "a, b = ..., ..."),
        ("a = b = (1)  # SOLUTION", "a = b = ..."),
        ('colour["ä"] = "#fff"  # SOLUTION', 'colour["ä"] = ...'),
        ("net.width = 3  # SOLUTION", "net.width = ..."),
    ],
)
def test_an_assignment_loses_its_value(line: str, rest: str) -> None:
    begin = "if True:\n" * line.startswith(" ")
    assert left(f"{begin}{line}\n") == f"{begin}{rest}\n"


def test_markdown_leaves_room_for_an_answer() -> None:
    master = (
        '# %% [markdown] question="why"\n# Why?\n#\n# <!-- BEGIN SOLUTION -->\n'
        "# Because.\n#\n# And so on.\n# <!-- END SOLUTION -->\n#\n# Thanks.\n"
    )
    assert left(master) == (
        '# %% [markdown] question="why"\n# Why?\n#\n# *Your answer here.*\n#\n# Thanks.\n'
    )


def test_markdown_in_quotes_too() -> None:
    master = '# %% [markdown]\n"""\nWhy?\n<!-- BEGIN SOLUTION -->\nx\n<!-- END SOLUTION -->\n"""\n'
    assert left(master) == '# %% [markdown]\n"""\nWhy?\n*Your answer here.*\n"""\n'


def test_lines_of_windows_give_the_same() -> None:
    assert left(FUNCTION.replace("\n", "\r\n")) == left(FUNCTION)


def test_other_spaces_and_letters_are_the_same_markers() -> None:
    other = FUNCTION.replace("### BEGIN", "# begin").replace(
        "### END SOLUTION", "#### End Solution"
    )
    assert left(other) == left(FUNCTION)


BEGIN, END = "### BEGIN SOLUTION\n", "### END SOLUTION\n"


@pytest.mark.parametrize(
    ("master", "told"),
    [
        ("x = 1\n" + END, r"lab\.py, line 2: END SOLUTION, but no BEGIN"),
        ("x = 1\n" + BEGIN + "y = 2\n", r"lab\.py, line 2: BEGIN SOLUTION, but no END"),
        (BEGIN + "y = 2\n# %%\n" + END, r"lab\.py, line 1: BEGIN SOLUTION, but no END"),
        (
            BEGIN + "y = 2\n" + BEGIN + END,
            r"lab\.py, line 3: BEGIN SOLUTION, but the one in line 1",
        ),
        (BEGIN + "y = 2\n    " + END, r"line 3: END SOLUTION is not written or indented"),
        (BEGIN + "# <!-- END SOLUTION -->\n", r"line 2: END SOLUTION is not written or indented"),
        ("print(1)  # SOLUTION\n", r"lab\.py, line 1: # SOLUTION belongs behind an assignment"),
        ("x = f(\n    1)  # SOLUTION\n", r"lab\.py, line 2: # SOLUTION belongs behind"),
        ("x += 1  # SOLUTION\n", r"lab\.py, line 1: # SOLUTION belongs behind"),
        ("# --- BEGIN SOLUTION\nx = 1\n", r"looks like one: '# --- BEGIN SOLUTION'"),
        ("### BEGIN_SOLUTION\nx = 1\n", "looks like one"),
        ("x = 1  # solution\n", "looks like one"),
        ("x = [\n" + BEGIN + "    1,\n]\n" + END, r"no Python: .*\(lab\.py, line 1\): 'x = \['"),
    ],
)
def test_markers_that_do_not_fit_are_told_with_their_line(master: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        left(master)


PIECES = ("a = 1\n", "if a:\n    b = 2\n", "# text\n", "c = 3  # SOLUTION\n", "\n")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(PIECES)), max_size=12))
def test_whatever_stands_in_a_solution_no_word_of_it_is_left(
    pieces: list[tuple[bool, str]],
) -> None:
    secret = "secret = 'it is 42'\n"
    master = "".join(f"{BEGIN}{secret}{one}{END}" if hidden else one for hidden, one in pieces)
    text = left(master)
    assert "42" not in text
    assert "SOLUTION" not in text
    assert text.count("# Your code here.") == sum(hidden for hidden, _ in pieces)
