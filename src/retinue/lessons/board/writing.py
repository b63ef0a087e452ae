"""Writing the folder of a board: whole, or not at all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from retinue import plotting
from retinue.images import Pixels
from retinue.lessons.board.anonymous import Key
from retinue.lessons.board.board import Board
from retinue.lessons.board.figures import draw
from retinue.lessons.board.page.making import page_of_board
from retinue.lessons.board.page.rendering import render
from retinue.lessons.board.standing import Standing
from retinue.lessons.board.values import as_json
from retinue.runs import numbered, slug
from retinue.writing import appearing_folder, write_csv, write_json, write_text

BOARDS = Path("boards")
LARGEST = 64 * 2**20  # bytes of a board.json that is looked into
TABLE = (
    "rank_best", "rank_worst", "name", "model", "accuracy", "low", "high", "pictures",
    "accuracy_on_all", "learnt", "own_test", "own_test_pictures", "less_own_test", "p_holm",
    "told", "looks", "macro_f1", "log_loss", "ece", "parameters", "seconds", "state",
)  # fmt: skip
SMALL = 64  # pixels a side up to which a picture is kept as it is


def boards_before(output: Path | None, digest: str) -> int:
    """How many boards on the same hidden pictures lie beside where this one will be."""
    parent = BOARDS if output is None else output.resolve().parent
    return sum(_digest_of(path) == digest for path in parent.glob("*/board.json"))


def write_board(output: Path | None, standing: Standing, key: Sequence[Key] = ()) -> Board:
    """Write all files of a board; the folder is `output`, or boards/<data>-<n>.

    The key to letters goes beside the folder, not into it, so that the folder can be passed on.
    """
    path = numbered_board(standing.hidden.name) if output is None else output
    values = as_json(standing)
    try:
        with appearing_folder(path) as aside:
            _write_files(aside, standing, values)
        if key:
            rows = [(one.letter, one.name, one.place, one.reason) for one in key]
            write_csv(key_path(path), ["letter", "name", "place", "reason"], rows)
    except BaseException:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        raise
    return Board(path, values)


def numbered_board(name: str) -> Path:
    """A new folder boards/<data>-<n>."""
    return numbered(BOARDS, slug(name))


def key_path(board: Path) -> Path:
    """Where the key of an anonymous board lies."""
    return board.with_name(f"{board.name}-key.csv")


def _digest_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            return ""
        return str(json.loads(path.read_text(encoding="utf-8"))["hidden"]["digest"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""


def _write_files(folder: Path, standing: Standing, values: dict[str, Any]) -> None:
    write_json(folder / "board.json", values)
    write_csv(folder / "table.csv", TABLE, [_row(one) for one in values["runs"]])
    pairs = values["pairs"]
    head = list(pairs[0]) if pairs else ["first", "second"]
    write_csv(folder / "pairs.csv", head, [list(pair.values()) for pair in pairs])
    _write_answers(folder / "answers.csv", standing)
    figures = {}
    for name, figure in draw(standing):
        figures[name] = folder / "figures" / f"{name}.png"
        plotting.save(figure, figures[name])
    page = page_of_board(standing, figures, lambda some: _pictures(folder, standing, some))
    write_text(folder / "board.html", render(page))


def _row(one: dict[str, Any]) -> list[Any]:
    """A line of table.csv."""
    own, accuracy = one["own_test"], one["accuracy"]
    return [
        one["rank"]["best"], one["rank"]["worst"], one["name"], one["model"],
        accuracy["value"], accuracy["low"], accuracy["high"], accuracy["n"],
        one["accuracy_on_all"]["value"], one["learnt"], own["said"], own["said_n"], own["value"],
        own["p_holm"], own["told"], own["looks"], one["macro_f1"]["value"],
        one["log_loss"]["value"], one["ece"]["value"], one["parameters"], one["seconds"],
        one["state"],
    ]  # fmt: skip


def _write_answers(path: Path, standing: Standing) -> None:
    """Who answered what: a line a picture, a column a run."""
    split, classes = standing.hidden.split, standing.hidden.classes
    runs = standing.judged
    said = [one.predicted for one in runs]
    right = np.sum([one.correct for one in runs], axis=0)
    rows = (
        [
            split.ids[place],
            classes[split.labels[place]],
            right[place],
            f"{standing.talk.entropies[place]:.4f}",
            *(classes[answers[place]] for answers in said),
        ]
        for place in range(len(split))
    )
    head = ["picture", "true", "right", "entropy", *(one.name for one in runs)]
    write_csv(path, head, rows)


def _pictures(folder: Path, standing: Standing, positions: Sequence[int]) -> dict[int, Path]:
    """Files of some hidden pictures, by position."""
    place = folder / "pictures"
    place.mkdir(exist_ok=True)
    pictures = standing.hidden.pictures(positions)
    return {
        position: _keep(place, position, pixels)
        for position, pixels in zip(positions, pictures, strict=True)
    }


def _keep(folder: Path, position: int, pixels: Pixels) -> Path:
    """PNG for small pictures, JPEG for photos, where PNG would take ten times the space."""
    path = folder / f"{position}.{'png' if max(pixels.shape[:2]) <= SMALL else 'jpg'}"
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(path, quality=88)
    return path
