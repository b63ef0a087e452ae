"""What came of a check, as text and as a box in a notebook."""

from dataclasses import dataclass
from html import escape

from retinue.notebook import NO_FORMULAS

_GREEN, _RED = (
    "#1a7f37",
    "#b3261e",
)  # at least 4.5 to 1 on white and on the dark of JupyterLab's box


@dataclass(frozen=True)
class Outcome:
    """What came of checking one answer.

    Args:
        question: its name, as lab2.conv2d.
        passed: whether the answer is right.
        case: the failing case; empty where it passed.
        hint: what might help; empty where there is nothing to say.
        mistake: which known mistake it looks like.
        answered: False where nothing was written yet.
    """

    question: str
    passed: bool
    case: str = ""
    hint: str = ""
    mistake: str | None = None
    answered: bool = True

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [f"{self.question}: {self._verdict}"]
        lines += [self.case] if self.case else []
        lines += [f"Hint: {self.hint}"] if self.hint else []
        return "\n  ".join(lines)

    __repr__ = __str__

    @property
    def _verdict(self) -> str:
        if self.passed:
            return "right"
        return "not right yet" if self.answered else "no answer yet"

    def _repr_html_(self) -> str:
        colour, sign = (_GREEN, "✓") if self.passed else (_RED, "✗")
        rows = [f"<b>{sign} {escape(self.question)}: {self._verdict}</b>"]
        if self.case:
            style = "white-space: pre-wrap; margin: 0.3em 0"
            rows.append(f'<div style="{style}"><code>{escape(self.case)}</code></div>')
        if self.hint:
            rows.append(f"<div>Hint: {escape(self.hint)}</div>")
        style = f"border-left: 4px solid {colour}; padding: 0.3em 0.8em; max-width: 46em"
        return f'<div class="{NO_FORMULAS}" style="{style}">{"".join(rows)}</div>'
