"""`explain`: what is inside a run's network, and what it does with a picture, in a folder."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

from torch import nn

from retinue import notebook, plotting
from retinue.data.cache import Progress
from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import reopen
from retinue.explaining.picture import PictureSource, picture_for
from retinue.explaining.views import VIEWS, Question, View
from retinue.fetch import WebLimits
from retinue.models.settings import suggestion
from retinue.prediction.classifier import Classifier
from retinue.runs import Run, slug
from retinue.wording import printable
from retinue.writing import appearing_folder, write_json

FOLDER, INDEX = "explained", "explanation.json"


@dataclass(frozen=True)
class Shown:
    """One view: the name of its figure's file in the folder, and its numbers."""

    view: str
    title: str
    file: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """What was written into `path`: the views, and why others are not among them."""

    path: Path
    picture: str
    predicted: str
    probability: float
    shown: tuple[Shown, ...]
    left_out: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {**asdict(self), "path": str(self.path)}

    def _repr_html_(self) -> str:
        return "".join(notebook.picture(self.path / one.file) for one in self.shown)


def explain(
    run: Run | str | Path,
    picture: PictureSource,
    *,
    layer: str | None = None,
    views: Sequence[str] | Literal["all"] | None = None,
    output: str | Path | None = None,
    model: nn.Module | None = None,
    data_root: str | Path | None = None,
    web: WebLimits | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Look into a run's network with a picture; figures and their numbers go into a folder.

    Args:
        run: what `train` gave, or its folder.
        picture: a file, an address of the web, `-`, a picture of the run's own data such as
            `test:17`, uint8 pixels (H, W) or (H, W, C), or pixels with a name.
        layer: for the views of one layer, in place of what each takes by itself.
        views: names of `VIEWS`, or "all"; by default those that need nothing but the network and
            the picture.
        output: the folder; by default explained/<picture> in the run's.
        model: the user's own network, where the run trained one.
        data_root: where built-in data sets lie.
        web: what a picture from the web may cost and where it may lie.
        progress: told how many views are done.

    Raises:
        UsageError: no such run, picture, layer or view, or a view that was asked for by name and
            that the network cannot give.
        RetinueError: files cannot be read.
    """
    run = Run.load(run)
    wanted = _wanted(views)
    classifier = Classifier.load(run, model)
    data = cache(partial(reopen, run, data_root))
    seen = picture_for(classifier, picture, data, web)
    question = Question(run, classifier, seen, data, layer, model)
    folder = Path(output) if output is not None else _place(run, seen.name)
    _require_ours(folder)
    with appearing_folder(folder) as aside:
        named = views is not None and views != "all"
        shown, left_out = _draw(question, wanted, named, aside, progress)
        found = _told(question, folder, shown, left_out)
        write_json(aside / INDEX, {"schema": 1, **found.as_dict(), "path": str(folder)})
    return found


def read_explanations(run: Run) -> list[Explanation]:
    """What was explained of a run before and lies in its folder, in the order of the names.

    Raises:
        RetinueError: a file there is damaged.
    """
    return [_read(path) for path in sorted((run.path / FOLDER).glob(f"*/{INDEX}"))]


def _read(path: Path) -> Explanation:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        shown = tuple(
            Shown(one["view"], one["title"], Path(one["file"]).name, one["facts"])
            for one in values["shown"]
        )
        return Explanation(
            path.parent,
            str(values["picture"]),
            str(values["predicted"]),
            float(values["probability"]),
            shown,
            dict(values["left_out"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RetinueError(f"{path}: cannot be read: {error}") from None


def _wanted(names: Sequence[str] | None) -> dict[str, View]:
    if names == "all":
        return VIEWS
    if names is None:
        return {name: view for name, view in VIEWS.items() if not view.needs_data}
    for name in names:
        if name not in VIEWS:
            raise UsageError(
                f"--view {name}: there is no such view{suggestion(name, VIEWS)} Views are: "
                f"{', '.join(VIEWS)}"
            )
    return {name: VIEWS[name] for name in dict.fromkeys(names)}


def _place(run: Run, name: str) -> Path:
    """The folder of a picture: that of its last explanation, else one that is not taken."""
    stem = slug(Path(name).stem)
    for number in count(1):
        path = run.path / FOLDER / (stem if number == 1 else f"{stem}-{number}")
        if not (path / INDEX).is_file() or _read(path / INDEX).picture == name:
            return path
    raise AssertionError  # there is no last number


def _require_ours(folder: Path) -> None:
    """A folder that is replaced holds an explanation, or nothing."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--output {folder}: is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / INDEX).is_file():
        raise UsageError(f"--output {folder}: holds something else; name a new folder")


def _draw(
    question: Question,
    wanted: dict[str, View],
    named: bool,
    folder: Path,
    progress: Progress | None,
) -> tuple[list[Shown], dict[str, str]]:
    """Every view that the network can give, and why it cannot give the others.

    A view that was `named` must be given.
    """
    shown: list[Shown] = []
    left_out: dict[str, str] = {}
    for number, (name, view) in enumerate(wanted.items()):
        if progress:
            progress("looking inside", number, len(wanted))
        try:
            seen = view.make(question)
        except UsageError as error:
            if named or (question.layer and view.of_a_layer):
                raise
            left_out[name] = printable(str(error))
            continue
        plotting.save(seen.figure(), folder / f"{name}.png")
        shown.append(Shown(name, view.title, f"{name}.png", seen.as_dict()))
    return shown, left_out


def _told(
    question: Question, folder: Path, shown: list[Shown], left_out: dict[str, str]
) -> Explanation:
    probabilities = question.classifier.predict(question.picture.pixels[None])[0]
    best = int(probabilities.argmax())
    return Explanation(
        folder,
        question.picture.name,
        question.classifier.classes[best],
        float(probabilities[best]),
        tuple(shown),
        left_out,
    )
