"""The settings of a network: the types that factories annotate them with, and their checking.

A factory's keyword-only parameters are its settings. Their annotations and defaults are all there
is to know about them: no second list has to be kept in step.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from retinue.errors import UsageError


def _parts(value: Any) -> Any:
    """`3x5` and `3,5`, as written on a command line, are the list of their parts."""
    parts = value.replace("x", ",").split(",") if isinstance(value, str) else []
    return parts if len(parts) > 1 else value


def _listed(value: Any) -> Any:
    """One number, or a word that may be one, is a list of one."""
    parts = _parts(value)
    return [parts] if isinstance(parts, int | str) else parts


Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Pair = Annotated[tuple[Count, Count], BeforeValidator(_parts)]
WholePair = Annotated[tuple[Whole, Whole], BeforeValidator(_parts)]
Counts = Annotated[tuple[Count, ...], BeforeValidator(_listed)]
Padding = Whole | WholePair | Literal["same", "valid"]
Pooling = Literal["max", "average", "none"]


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` with the known word that is nearest, or `.` if none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else "."


def checked(name: str, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a factory: those given, brought to their types, and the others' defaults.

    Args:
        name: what the network is called in an error's text.
        factory: its keyword-only parameters are the settings.
        arguments: the settings given; text such as "3" is read as the type it stands for.

    Raises:
        UsageError: a setting that the factory has not, or a value that does not suit it.
    """
    schema = _schema(factory)
    known = schema.model_fields
    for key in arguments:
        if key not in known:
            raise UsageError(
                f"model {name} has no setting '{key}'{suggestion(key, known)} "
                f"It has: {', '.join(known) or 'none'}"
            )
    try:
        settings = schema(**arguments)
    except ValidationError as error:
        raise UsageError(_explained(name, error)) from None
    return {key: getattr(settings, key) for key in known}


def jsonable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Checked settings as JSON has them: lists in place of tuples."""
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()
    }


def _schema(factory: Callable[..., Any]) -> type[BaseModel]:
    """A pydantic model with a field for each keyword-only parameter."""
    hints = get_type_hints(factory, include_extras=True)
    fields: dict[str, Any] = {
        parameter.name: (hints[parameter.name], parameter.default)
        for parameter in inspect.signature(factory).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    return create_model("Settings", __config__=ConfigDict(extra="forbid"), **fields)


def _explained(name: str, error: ValidationError) -> str:
    """The first setting that is wrong, what was given, and what would be right."""
    problems = error.errors(include_url=False)
    setting = problems[0]["loc"][0]
    reasons = dict.fromkeys(
        _reason(problem["msg"]) for problem in problems if problem["loc"][0] == setting
    )
    given = _given(problems[0]["loc"], problems[0]["input"])
    return f"model {name}: {setting}{given} should be {', or '.join(reasons)}"


def _reason(message: str) -> str:
    """What pydantic says, in words that need no Python."""
    plain = message.removeprefix("Input should be ").partition(", unable to")[0]
    return plain.replace("valid tuple", "list of numbers").replace("integer", "whole number")


def _given(place: tuple[int | str, ...], value: Any) -> str:
    """The value as given, unless the problem lies in a part of it."""
    return (
        f"={value!r}" if all(isinstance(part, str) for part in place) else f" (the part {value!r})"
    )
