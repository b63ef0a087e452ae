"""Drawings on the teacher's page: what became of a question, and how points are spread."""

from collections.abc import Sequence

from markupsafe import Markup

from retinue.lessons.grading.breakdown import Tally
from retinue.lessons.grading.table import points_in_words
from retinue.reporting.page.charts import svg
from retinue.wording import count

BAR_WIDTH, BAR_HEIGHT, GAP = 300.0, 18.0, 1.5
WIDTH, HEIGHT, FOOT = 480.0, 190.0, 26.0
MOST_COLUMNS = 12


def outcome_bar(tally: Tally) -> Markup:
    """Right, wrong and unanswered beside one another, as long as they are many.

    The numbers stand beside it, so it is nothing to those who read by ear.
    """
    parts, start = [], 0.0
    for kind, n in (("right", tally.right), ("wrong", tally.wrong), ("open", tally.unanswered)):
        width = BAR_WIDTH * n / tally.n if n else 0.0
        if n:
            wide = max(width - GAP, 1.0)
            parts.append(svg.element("rect", x=start, y=3, width=wide, height=12, class_=kind))
        start += width
    box = f"0 0 {BAR_WIDTH:g} {BAR_HEIGHT:g}"
    return svg.element("svg", *parts, class_="outcome", viewBox=box, aria_hidden="true")


def spread(points: Sequence[float], out_of: float) -> Markup:
    """How many submissions have how many points so far, as columns."""
    columns = max(1, min(MOST_COLUMNS, round(out_of)))
    counts = [0] * columns
    for one in points:
        counts[min(int(one / out_of * columns), columns - 1) if out_of else 0] += 1
    most, wide, room = max(counts), WIDTH / columns, HEIGHT - FOOT - 20
    parts = [svg.line(0, HEIGHT - FOOT, WIDTH, HEIGHT - FOOT, class_="axis")]
    for position, n in enumerate(counts):
        left, height = position * wide, room * n / most if most else 0.0
        top, middle = HEIGHT - FOOT - height, left + wide / 2
        box = {"x": left + 3, "y": top, "width": wide - 6, "height": height}
        parts.append(svg.element("rect", **box, class_="column"))
        if n:
            parts.append(svg.text(str(n), middle, top - 5, "middle", class_="tick strong"))
    for position in range(columns + 1):
        anchor = {0: "start", columns: "end"}.get(position, "middle")
        edge = points_in_words(out_of * position / columns)
        parts.append(svg.text(edge, position * wide, HEIGHT - 8, anchor, class_="tick"))
    return svg.element(
        "svg",
        *parts,
        class_="spread",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=_in_words(counts, out_of),
    )


def _in_words(counts: Sequence[int], out_of: float) -> str:
    steps = [points_in_words(out_of * one / len(counts)) for one in range(len(counts) + 1)]
    told = [
        f"{count(n, 'submission')} with {steps[one]} to {steps[one + 1]}"
        for one, n in enumerate(counts)
        if n
    ]
    return "Points: " + "; ".join(told or ["none"])
