"""What a report shows of the inside of a run's network."""

from retinue.errors import UsageError
from retinue.explaining.explain import Explanation, explain, read_explanations
from retinue.explaining.picture import Picture
from retinue.images import decode
from retinue.reporting.facts.headline import judged_on
from retinue.reporting.facts.pictures import Pictures, Thumbnail, pictures_on
from retinue.runs import Run


def explanations(run: Run) -> list[Explanation]:
    """What was explained of the run; else, made now, a right answer and the surest mistake.

    The pictures are those that the evaluation kept, so its data need not be there.

    Raises:
        UsageError: no picture was kept, or the network cannot be looked into without its code.
        RetinueError: files of the run are damaged.
    """
    found = read_explanations(run)
    return found or [_explained(run, one) for one in _chosen(run)]


def _chosen(run: Run) -> list[Thumbnail]:
    split = judged_on(run)
    pictures = Pictures() if split is None else pictures_on(run, split)
    right = [some[0] for (true, said), some in pictures.cells.items() if true == said and some]
    chosen = [*right[:1], *pictures.mistakes[:1]]
    if not chosen:
        raise UsageError(
            f"{run.path}: no picture of an evaluation was kept; run retinue evaluate, or retinue "
            "explain with a picture, and then the report again"
        )
    return chosen


def _explained(run: Run, thumbnail: Thumbnail) -> Explanation:
    return explain(run, Picture(thumbnail.id, decode(thumbnail.path.read_bytes())))
