"""Reading the folder of a comparison."""

import json
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import RetinueError, UsageError
from retinue.experiments.comparison import Comparison

ENTRANT = {
    "name": "<cnn>",
    "accuracy": {"value": 0.9, "low": 0.8, "high": 0.95},
    "f1": {"value": 0.89},
}
VALUES: dict[str, Any] = {
    "schema": 1, "winner": "<cnn>", "entrants": [ENTRANT],
    "discussion": [{"title": "Which is better", "sentences": ["One.", "Two."]}],
}  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text(json.dumps(VALUES))
    found = Comparison.load(tmp_path)
    assert found.winner == "<cnn>"
    assert found.discussion == "Which is better\nOne.\nTwo."
    assert "<cnn> 90.0 %" in repr(found)
    assert "&lt;cnn&gt;" in found._repr_html_()
    assert "<cnn>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        (None, UsageError, "no comparison; see `retinue compare`"),
        ("{", RetinueError, "cannot be read"),
        ("[]", RetinueError, "cannot be read"),
        ('{"schema": 2}', UsageError, "written by a newer Retinue"),
    ],
)
def test_what_cannot_be_read(
    tmp_path: Path, text: str | None, kind: type[RetinueError], told: str
) -> None:
    if text is not None:
        (tmp_path / "comparison.json").write_text(text)
    with pytest.raises(kind, match=told):
        Comparison.load(tmp_path)
