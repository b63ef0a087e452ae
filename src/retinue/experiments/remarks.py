"""What a reader of a comparison should know beside its numbers."""

from collections.abc import Callable, Sequence
from typing import Any

from retinue.experiments.answers import naming_damage
from retinue.experiments.entrants import Entrant
from retinue.experiments.numbers import Numbers
from retinue.experiments.phrases import listed
from retinue.runs import Run
from retinue.wording import count

# What environment.json says of where a training ran.
_MACHINE = {
    "processor": "the processor",
    "cores": "the number of cores",
    "threads": "the number of threads",
    "device_name": "the device",
    "precision": "the arithmetic",
}


def remarks(entrants: Sequence[Entrant], numbers: dict[str, Numbers]) -> list[str]:
    """Where the entrants had unequal conditions, and what is not known of them."""
    return [
        *_training_pictures(entrants, numbers),
        *_val_pictures(entrants),
        *_machines(entrants),
        *_seeds(entrants),
        *_looks(entrants),
        *_unknown_times(entrants, numbers),
    ]


def _training_pictures(entrants: Sequence[Entrant], numbers: dict[str, Numbers]) -> list[str]:
    if len({numbers[one.name].train_digest for one in entrants}) == 1:
        return []
    parts = [f"{one.name} on {numbers[one.name].train_pictures:,}" for one in entrants]
    return [f"they were not trained on the same pictures: {', '.join(parts)}"]


def _val_pictures(entrants: Sequence[Entrant]) -> list[str]:
    digests = {_of(run, lambda run: run.data["digests"]["val"]) for run in _runs(entrants)}
    if len(digests) == 1:
        return []
    return ["their val pictures differ, so what was chosen on val was chosen by unequal measures"]


def _machines(entrants: Sequence[Entrant]) -> list[str]:
    found = [_of(run, lambda run: run.read_json("environment.json")) for run in _runs(entrants)]
    unlike = [key for key in _MACHINE if len({str(one.get(key)) for one in found}) > 1]
    if not unlike:
        return []
    names = listed([_MACHINE[key] for key in unlike])
    return [
        f"they were not trained under the same conditions: unlike were {names}; so training times "
        "do not compare"
    ]


def _seeds(entrants: Sequence[Entrant]) -> list[str]:
    counts = {len(one.runs) for one in entrants}
    if len(counts) == 1:
        return []
    parts = [f"{one.name} has {count(len(one.runs), 'run')}" for one in entrants]
    return [f"not all have as many runs: {', '.join(parts)}"]


def _looks(entrants: Sequence[Entrant]) -> list[str]:
    often = [(run, run.test_looks) for run in _runs(entrants) if run.test_looks > 1]
    parts = [f"{looks} times for {run.path}" for run, looks in often]
    if not parts:
        return []
    return [f"the test pictures were looked at more than once: {listed(parts)}"]


def _unknown_times(entrants: Sequence[Entrant], numbers: dict[str, Numbers]) -> list[str]:
    names = [one.name for one in entrants if numbers[one.name].training_seconds is None]
    return [f"how long {listed(names)} trained is not known"] if names else []


def _runs(entrants: Sequence[Entrant]) -> list[Run]:
    return [run for one in entrants for run in one.runs]


def _of(run: Run, what: Callable[[Run], Any]) -> Any:
    with naming_damage(run):
        return what(run)
