"""What a run folder holds before the first step."""

from typing import Any

from retinue.data.imagedata import SPLITS, ImageData
from retinue.images import RULES
from retinue.recipe import Recipe, write_recipe
from retinue.runs import Run
from retinue.writing import write_json


def write_beginning(run: Run, recipe: Recipe, data: ImageData, environment: dict[str, Any]) -> None:
    """Write recipe.yaml, data.json, splits.csv, bad-pictures.csv and environment.json."""
    write_json(run.path / "environment.json", environment)
    write_json(run.path / "data.json", describe_data(data))
    run.write_rows("splits.csv", ["id", "path", "class", "split", "digest"], split_rows(data))
    bad = [[picture.path, picture.reason] for picture in data.bad]
    run.write_rows("bad-pictures.csv", ["path", "reason"], bad)
    # Last, for this file makes the folder a run.
    write_recipe(run.path / "recipe.yaml", recipe)


def split_rows(data: ImageData) -> list[tuple[str, ...]]:
    """(id, path, class, split, digest) of every picture."""
    return [
        (split.ids[i], split.paths[i], data.classes[split.labels[i]], name, split.digests[i])
        for name, split in data.splits.items()
        for i in range(len(split))
    ]


def describe_data(data: ImageData) -> dict[str, Any]:
    """Source, classes, counts, digests and rules, as data.json has them."""
    return {
        "name": data.name,
        "source": data.source,
        "data_root": data.data_root,
        "classes": list(data.classes),
        "counts": {name: data.splits[name].counts(data.classes) for name in SPLITS},
        "digest": data.digest,
        "digests": {name: data.splits[name].content_digest(data.classes) for name in SPLITS},
        "decode_rules": RULES,
        "preprocess": data.preprocess.as_dict(),
        "notes": list(data.notes),
        "bad_pictures": len(data.bad),
    }
