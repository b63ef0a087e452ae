"""How often the test split was looked at, in words."""

from retinue.runs import Run
from retinue.wording import count


def test_looks(run: Run) -> str:
    """A sentence on the looks at the test split that status.json counts, and what they mean."""
    looks = run.test_looks
    if looks == 0:
        return "The test split has not been looked at."
    if looks == 1:
        return "The test split was looked at once, after training, so nothing was chosen by it."
    return (
        f"The test split was looked at {count(looks, 'time')}: where something was chosen by what "
        "was seen there, its numbers are too good."
    )


# pytest would take it for a test where it is imported.
test_looks.__test__ = False  # type: ignore[attr-defined]
