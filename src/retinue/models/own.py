"""A user's own network: `package.module:factory`, imported and called with what it asks for.

This runs the user's code. Only Python and the command line may reach it, never a server.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from retinue.errors import RetinueError, UsageError
from retinue.models.settings import suggestion


def build_own(
    name: str, *, classes: int, channels: int, size: tuple[int, int], arguments: Mapping[str, Any]
) -> nn.Module:
    """Import `package.module:factory` and call it.

    Args:
        name: module and factory; the current directory is importable.
        classes: passed on, like `channels` and `size`, if the factory has a parameter of the name.
        channels: of the pictures.
        size: (height, width) of the pictures.
        arguments: further keyword arguments, all of which it must accept.

    Raises:
        UsageError: no such module or factory, settings that it does not take, an exception raised
            by it, or a result that is no `nn.Module`.
    """
    factory = find(name)
    offered = {"classes": classes, "channels": channels, "size": size}
    keywords = _accepted(name, factory, offered, arguments)
    try:
        network = factory(**keywords)
    except RetinueError:
        raise
    except Exception as error:
        raise UsageError(f"model {name} raised {_told(error)}") from error
    if not isinstance(network, nn.Module):
        raise UsageError(f"model {name} returned {_a(network)}, not a torch.nn.Module")
    return network


def own_module(name: str | None, folder: Path) -> nn.Module | None:
    """The user's module for the run in `folder`, made by `package.module:factory`; None without.

    Raises:
        UsageError: as `build_own`, or the run's network is one of Retinue's own.
    """
    if name is None:
        return None
    from retinue.models.weights import read_card

    card = read_card(folder)
    if card.of_catalogue:
        raise UsageError(f"--model {name}: this run trained {card.name!r}, which needs no code")
    return build_own(
        name,
        classes=len(card.classes),
        channels=card.preprocess.channels,
        size=card.preprocess.size,
        arguments=card.arguments,
    )


def name_of(module: nn.Module) -> str:
    """`package.module:Class`, by which a recipe calls a network that came as an object."""
    kind = type(module)
    return f"{kind.__module__}:{kind.__qualname__}"


def find(name: str) -> Callable[..., Any]:
    """The callable that `package.module:factory` names."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise UsageError(f"model '{name}' should be package.module:factory")
    module = _imported(name, module_name)
    if not hasattr(module, attribute):
        known = [word for word in vars(module) if not word.startswith("_")]
        hint = suggestion(attribute, known)
        raise UsageError(f"model {name}: module {module_name} has no '{attribute}'{hint}")
    factory = getattr(module, attribute)
    if not callable(factory):
        raise UsageError(f"model {name}: {attribute} is {_a(factory)}, which cannot be called")
    return factory  # type: ignore[no-any-return]


def _imported(name: str, module_name: str) -> Any:
    """The module, or a clear word on why it cannot be imported."""
    try:
        with _current_directory_importable():
            return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"model {name}: there is no module '{error.name}', neither installed nor in the "
                f"current directory"
            ) from error
        raise UsageError(f"model {name}: importing it raised {_told(error)}") from error
    except Exception as error:
        raise UsageError(f"model {name}: importing it raised {_told(error)}") from error


@contextmanager
def _current_directory_importable() -> Iterator[None]:
    """The current directory comes first in the search for modules while it lasts."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(here)


def _accepted(
    name: str,
    factory: Callable[..., Any],
    offered: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """The keyword arguments to call with: those offered that it takes, and all that were set."""
    try:
        signature = inspect.signature(factory)
    except ValueError as error:  # some built into Python or a library
        raise UsageError(f"model {name} does not tell its parameters: {error}") from None
    kinds = {parameter.name: parameter.kind for parameter in signature.parameters.values()}
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds.values()
    taken = [
        word
        for word, kind in kinds.items()
        if kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    ]
    for word in arguments:
        if word not in taken and not open_ended:
            has = ", ".join(other for other in taken if other not in offered) or "none"
            hint = suggestion(word, taken)
            raise UsageError(f"model {name} has no setting '{word}'{hint} It has: {has}")
    wanted = {word: value for word, value in offered.items() if open_ended or word in taken}
    keywords = {**wanted, **arguments}
    try:
        signature.bind(**keywords)
    except TypeError as error:
        raise UsageError(f"model {name}: {error}; give it as a setting of the model") from None
    return keywords


def _told(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _a(value: Any) -> str:
    """The type of a value, for people."""
    return "None" if value is None else f"an object of type {type(value).__name__}"
