"""The layers of a network by name, and what each of them takes and gives."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.models.graph import GraphNetwork, in_a_line
from retinue.models.settings import suggestion
from retinue.wording import printable

OURS = "network."  # what every layer of a wrapped network begins with
_WITHIN = "parametrizations"  # what torch puts into a layer whose weights are computed from others
Part = TypeVar("Part", bound=nn.Module | None)
_LISTED = 20  # names of layers that an error lists


def layers(model: nn.Module) -> dict[str, nn.Module]:
    """The layers that contain no others, by name, in the order in which they were made.

    The names are those of the state dict without the part that all have in common. A layer that
    is part of the network in several places is listed at the first.

    Raises:
        UsageError: the network is a graph, which is run as a whole.
    """
    _refuse_graph(model)
    return {
        name: part
        for name, part in _parts(model, repeated=False).items()
        if _WITHIN not in name.split(".")
        and all(inner == _WITHIN for inner, _ in part.named_children())
    }


def convolutions(model: nn.Module) -> dict[str, nn.Conv2d]:
    """The two-dimensional convolutions among the layers, by name."""
    return {name: one for name, one in layers(model).items() if isinstance(one, nn.Conv2d)}


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """The layer, or the part with layers in it, of that name.

    Raises:
        UsageError: there is none, and the text names what is near; or the network is a graph.
    """
    _refuse_graph(model)
    parts = _parts(model, repeated=True)
    paths = dict(model.named_modules(remove_duplicate=False))
    paths.pop("")
    for found in (parts.get(name), paths.get(name), parts.get(name.removeprefix(OURS))):
        if found is not None:
            return found
    raise UsageError(
        printable(f"--layer {name}: the network has no such layer{suggestion(name, parts)} ")
        + listed(layers(model))
    )


def find_among(
    model: nn.Module, some: Mapping[str, Part], name: str, what: str
) -> tuple[str, Part]:
    """The one of some layers that a name means, and by which name it is among them.

    Raises:
        UsageError: there is no such layer, or it is no `what`.
    """
    found = find_layer(model, name)
    for key, one in some.items():
        if one is found:
            return key, one
    raise UsageError(f"--layer {printable(name)}: is no {what}; {listed(some, 'those are')}")


def copied(model: Part) -> Part:
    """A copy of a network, or of a layer.

    Raises:
        UsageError: its code does not allow that.
    """
    try:
        return copy.deepcopy(model)
    except Exception as error:  # whatever a user's own code makes of it
        raise UsageError(f"the network cannot be copied: {in_a_line(error)}") from error


def listed(names: Mapping[str, Any], what: str = "Layers are") -> str:
    """`Layers are: a, b, c`, with as many names as fit into an error's line."""
    shown = [printable(name) for name in list(names)[:_LISTED]]
    more = f", and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{what}: {', '.join(shown) or 'none'}{more}"


@contextmanager
def outputs(model: nn.Module, names: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """While it lasts, every forward pass fills the dictionary with what those layers give.

    A layer that runs twice in a pass has its second output under `name:2`. Outputs are those of the
    layer itself, whatever is written into their place afterwards, as residual networks do with
    `out += shortcut`; they carry gradients where the pass does. They come in the order in which the
    layers ended. Of a layer that gives no tensor there is nothing.

    Args:
        model: cleared of in-place operations while it lasts.
        names: the layers to listen to, by the names that the outputs get.
    """
    kept = _Kept()

    def keep(name: str, output: Any) -> Tensor | None:
        # The pass goes on with a copy: what is kept stays as it was, and is on the gradient's way.
        return kept.add(name, output).clone() if isinstance(output, Tensor) else None

    with ExitStack() as stack:
        stack.enter_context(out_of_place(model))
        stack.callback(model.register_forward_pre_hook(lambda *_: kept.clear()).remove)
        for name, layer in names.items():
            hook = layer.register_forward_hook(lambda _, __, output, name=name: keep(name, output))
            stack.callback(hook.remove)
        yield kept.found


@contextmanager
def inputs(model: nn.Module, names: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """While it lasts, every forward pass fills the dictionary with what those layers are given.

    That is a copy of the first tensor each is called with; names, second runs and arguments are as
    those of `outputs`.
    """
    kept = _Kept()

    def keep(name: str, given: tuple[Any, ...], more: Mapping[str, Any]) -> None:
        tensors = [value for value in (*given, *more.values()) if isinstance(value, Tensor)]
        if tensors:
            kept.add(name, tensors[0])

    with ExitStack() as stack:
        stack.enter_context(out_of_place(model))
        stack.callback(model.register_forward_pre_hook(lambda *_: kept.clear()).remove)
        for name, layer in names.items():
            hook = layer.register_forward_pre_hook(
                lambda _, given, more, name=name: keep(name, given, more), with_kwargs=True
            )
            stack.callback(hook.remove)
        yield kept.found


class _Kept:
    """Copies of the tensors of one forward pass, by layer and run."""

    def __init__(self) -> None:
        self.found: dict[str, Tensor] = {}
        self._runs: Counter[str] = Counter()

    def add(self, name: str, tensor: Tensor) -> Tensor:
        """Keep a copy under the name, or under `name:2` and so on, and return it."""
        self._runs[name] += 1
        run = self._runs[name]
        copy = tensor.clone()
        self.found[name if run == 1 else f"{name}:{run}"] = copy
        return copy

    def clear(self) -> None:
        self.found.clear()
        self._runs.clear()


@contextmanager
def out_of_place(model: nn.Module) -> Iterator[None]:
    """While it lasts, no layer writes its output over its input."""
    changed = [part for part in model.modules() if getattr(part, "inplace", None) is True]
    try:
        for part in changed:
            part.inplace = False  # type: ignore[assignment]
        yield
    finally:
        for part in changed:
            part.inplace = True  # type: ignore[assignment]


def _refuse_graph(model: nn.Module) -> None:
    if any(isinstance(part, GraphNetwork) for part in model.modules()):
        raise UsageError(
            "this network is stored as a graph, which shows no layers: give its code with --model "
            "package.module:factory"
        )


def _parts(model: nn.Module, repeated: bool) -> dict[str, nn.Module]:
    """All layers and parts by name; one that stands in several places under each, or the first."""
    modules = dict(model.named_modules(remove_duplicate=not repeated))
    return {_short(path, modules): part for path, part in modules.items() if path}


def _short(path: str, taken: Mapping[str, nn.Module]) -> str:
    """A path without `network.`, unless another part of the network goes by that name."""
    short = path.removeprefix(OURS)
    return path if short in taken else short
