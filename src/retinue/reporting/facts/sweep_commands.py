"""The commands that repeat a sweep, as a shell takes them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from retinue.errors import UsageError
from retinue.experiments.sweeps.asking import asked_of, read_experiment, shipped
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import Value
from retinue.experiments.sweeps.sweep import BEST, Sweep
from retinue.recipe import make_recipe, parse_assignments
from retinue.reporting.facts.commands import line_of

_FILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,60}")
_NAME = re.compile(r"[A-Za-z]\w*(\.\w+)*")


@dataclass(frozen=True)
class Repeat:
    """The command of a sweep, and the text of the file that it names; both empty without."""

    command: str
    file: str = ""
    text: str = ""


def sweep_commands(sweep: Sweep, asked: Repeat) -> list[str]:
    """Commands that sweep again, train by the best recipe, and write the report again."""
    plan, found = sweep.journal.plan, [asked.command]
    if (sweep.path / BEST).is_file():
        root = ["--data-root", plan.data_root] if plan.data_root else []
        recipe = ["--recipe", str(sweep.path / BEST)]
        found.append(line_of(["retinue", "train", *_operand(plan.data), *recipe, *root]))
    return [*found, line_of(["retinue", "report", str(sweep.path)])]


def repeat_of(plan: Plan) -> Repeat:
    """How the plan is asked for again.

    By an experiment that is shipped, where it was one; else by options, where these can say all;
    else by an experiment's file, for named variants have no option.
    """
    for words in (_by_shipped(plan), _by_options(plan)):
        if words is not None:
            return Repeat(line_of(["retinue", "sweep", *words, *_options(plan)]))
    name = plan.experiment if _FILE_NAME.fullmatch(plan.experiment) else "experiment"
    words = ["--experiment", f"{name}.yaml", *_options(plan)]
    return Repeat(line_of(["retinue", "sweep", *words]), f"{name}.yaml", experiment_text(plan))


def experiment_text(plan: Plan) -> str:
    """The plan as the YAML file of an experiment."""
    values: dict[str, Any] = {
        "title": plan.title,
        "question": plan.question,
        "data": plan.data,
        "recipe": plan.base,
        "vary": {axis.key: _levels(axis) for axis in plan.axes},
        "seeds": plan.seeds,
    }
    kept = {key: value for key, value in values.items() if value}
    return yaml.dump(kept, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _by_shipped(plan: Plan) -> list[str] | None:
    """The experiment's name, and what goes beyond it."""
    if plan.experiment not in shipped():
        return None
    one = read_experiment(plan.experiment)
    before = make_recipe(one.recipe).model_dump(mode="json", exclude_unset=True)
    changed = {
        key: value for key, value in flat(plan.base).items() if flat(before).get(key) != value
    }
    settings = [f"{key}={word(value)}" for key, value in changed.items()]
    data = None if plan.data == one.data else plan.data
    if not _is_asked(plan, data, [], plan.experiment, settings):
        return None
    return [*_operand(data), "--experiment", plan.experiment, *_each("--set", settings)]


def _by_options(plan: Plan) -> list[str] | None:
    """The data, the recipe and what is varied, each in its option."""
    if plan.experiment:
        return None
    settings = {key: word(value) for key, value in flat(plan.base).items()}
    model = ["--model", settings.pop("model.name")] if "model.name" in settings else []
    words = [f"{key}={value}" for key, value in settings.items()]
    vary = [f"{axis.key}={_levels_word(axis)}" for axis in plan.axes]
    named = [f"model.name={model[1]}"] if model else []
    if not _is_asked(plan, plan.data, vary, None, [*named, *words]):
        return None
    return [*_operand(plan.data), *model, *_each("--set", words), *_each("--vary", vary)]


def _options(plan: Plan) -> list[str]:
    """What is said besides: how it is searched and where it is trained."""
    found = ["--search", plan.search] if plan.search != "grid" else []
    found += ["--trials", str(plan.trials)] if plan.trials is not None else []
    found += ["--seeds", str(plan.seeds)]
    found += ["--prune"] if plan.prune else []
    found += ["--threads", str(plan.threads)]
    found += ["--device", plan.device] if plan.device != "auto" else []
    return found + (["--data-root", plan.data_root] if plan.data_root else [])


def _is_asked(
    plan: Plan, data: str | None, vary: list[str], experiment: str | None, settings: list[str]
) -> bool:
    """Whether these words ask for just this plan."""
    try:
        asked = asked_of(data, vary, experiment, None, parse_assignments(settings))
        found = replace(plan, **{**asked, "seeds": plan.seeds})
    except (UsageError, ValueError):
        return False
    return json.dumps(found.as_json()) == json.dumps(plan.as_json())


def flat(base: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's settings with the network's own among them, as `model.depth`."""
    found: dict[str, Any] = {}
    for key, value in base.items():
        inner = {"name": value} if key == "model" and isinstance(value, str) else value
        if key == "model" and isinstance(inner, Mapping):
            found |= {f"model.{name}": one for name, one in inner.items()}
        else:
            found[key] = value
    return found


def word(value: Any) -> str:
    """A value as `--set` reads it."""
    if isinstance(value, str):
        try:
            if parse_assignments([f"a={value}"]) == {"a": value}:
                return value
        except UsageError:
            pass
    return json.dumps(value, ensure_ascii=False)


def _levels_word(axis: Axis) -> str:
    """What stands after the `=` of `--vary`."""
    if axis.range is None:
        return ",".join(map(word, axis.values))
    ends = (axis.range.low, axis.range.high)
    low, high = (f"{end:.0f}" if axis.range.whole else repr(end) for end in ends)
    return f"{low}..{high}{':log' if axis.range.log else ''}"


def _levels(axis: Axis) -> str | list[Value] | dict[str, Any]:
    """What an experiment's file has for a key."""
    if axis.variants:
        return {name: dict(settings) for name, settings in axis.variants.items()}
    return _levels_word(axis) if axis.range is not None else list(axis.values)


def _each(option: str, words: list[str]) -> list[str]:
    return [part for one in words for part in (option, one)]


def _operand(data: str | None) -> list[str]:
    """The data; after a name that begins like an option, no option is looked for."""
    return [] if data is None else [f"./{data}" if data.startswith("-") else data]


class _Dumper(yaml.SafeDumper):
    """YAML in which every text that is no plain name stands between quotes."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _NAME.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
