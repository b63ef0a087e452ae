"""board.json: everything that a board found, as plain values."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np

import retinue
from retinue.lessons.board.promises import in_words
from retinue.lessons.board.sentences import (
    caution_of,
    copies_of,
    how_ranked,
    leaders_of,
    leak_sentences,
    promise_sentences,
    title_of,
)
from retinue.lessons.board.standing import Standing, on_new
from retinue.lessons.board.verdicts import Judged

SCHEMA = 1
SCORES = ("log_loss", "ece")


def as_json(standing: Standing) -> dict[str, Any]:
    """Everything, the most accurate run first."""
    hidden = standing.hidden
    values = {
        "schema": SCHEMA,
        "retinue": retinue.__version__,
        "hidden": {
            "name": hidden.name,
            "source": hidden.source,
            "pictures": len(hidden),
            "classes": list(hidden.classes),
            "digest": hidden.digest,
            "repeated": hidden.repeated,
            "boards_before": standing.before,
        },
        "title": title_of(standing),
        "leaders": list(standing.leaders),
        "groups": [list(group) for group in standing.groups],
        "runs": [_run(standing, one) for one in standing.judged],
        "not_judged": [asdict(one) for one in standing.not_judged],
        "pairs": [{**asdict(pair), "shown": pair.is_shown} for pair in standing.pairs],
        "talk": {
            "disputed": list(standing.talk.disputed),
            "all_wrong": list(standing.talk.all_wrong),
            "one_right": [
                {"picture": picture, "run": standing.judged[place].name}
                for picture, place in standing.talk.one_right
            ],
        },
        "said": {
            "leaders": list(leaders_of(standing)),
            "ranks": how_ranked(standing),
            "copies": list(copies_of(standing)),
            "promises": list(promise_sentences(standing)),
            "learnt": list(leak_sentences(standing)),
            "caution": caution_of(standing),
        },
        "machine": standing.machine,
    }
    read: dict[str, Any] = json.loads(json.dumps(values, allow_nan=False))
    return read


def _run(standing: Standing, one: Judged) -> dict[str, Any]:
    place, metrics = standing.places[one.name], standing.metrics[one.name]
    promise = standing.promises[one.name]
    return {
        "name": one.name,
        "place": one.place,
        "model": one.model,
        "state": one.state,
        "rank": {"best": place.best, "worst": place.worst},
        "better": list(place.better),
        "worse": list(place.worse),
        "accuracy": on_new(one),
        "accuracy_on_all": metrics["accuracy"],
        "learnt": int(one.learnt.sum()) if one.knows_splits else None,
        "in_own_test": one.tested if one.knows_splits else None,
        "macro_f1": metrics["macro"]["f1"],
        **{key: metrics[key] for key in SCORES},
        "parameters": one.parameters,
        "seconds": one.seconds,
        "own_test": {**asdict(promise), "told": in_words(promise)},
        "confusion": np.asarray(metrics["confusion"]).tolist(),
    }
