"""A panel: what a widget shows and what a change of it entails, without knowing who shows it."""

from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from retinue.errors import RetinueError, UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Value = Any  # a value of JSON (str, int, float, bool, None, list, dict), or bytes
Tell = Callable[[dict[str, Value]], None]


class Panel:
    """The state of a widget, and what a change of it entails.

    The state is what the page knows, with all its keys from the beginning: `name` (for people and
    screen readers), `problem` (one line, empty where all is well) and what a subclass adds.
    `module` names the page's code, `assets/<module>.js`; `inputs` are the keys that page and Python
    may set.
    """

    module: ClassVar[str]
    name: ClassVar[str]
    inputs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, state: Mapping[str, Value]) -> None:
        self.state: dict[str, Value] = {"name": self.name, "problem": "", **plain(dict(state))}
        self._refused: dict[str, Value] = {}
        self._lock = RLock()

    def change(self, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Take what the page set; return what else the page has to take over, `problem` included.

        What cannot be is answered by `{"problem": "one clear line"}` and leaves the state as it
        was. The page goes on showing what it set in vain, so that is tried again together with the
        next change; where the next is possible only without it, the page gets the old value back.
        """
        with self._lock:
            tries = [{**self._refused, **changes}, dict(changes)]
            for wanted in tries if self._refused else tries[:1]:
                try:
                    return self._accepted(wanted, known=changes)
                except RetinueError as error:
                    problem = str(error)
            self._refused = {key: one for key, one in tries[0].items() if key in self.inputs}
            self.state["problem"] = problem
            return {"problem": problem}

    def take(self, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Take what Python set; return what else the page has to take over, `problem` included.

        Raises:
            UsageError: no such setting, or an impossible value; the state stays as it was.
        """
        with self._lock:
            return self._accepted(dict(changes), known=changes)

    def respond(self, changes: dict[str, Value]) -> Mapping[str, Value]:
        """What the changes entail; `self.state` is still as it was before them.

        Subclasses compute here from `{**self.state, **changes}`, and return every other key that
        is new, as well as corrected values of the changes themselves.

        Raises:
            UsageError: a value is impossible.
        """
        return {}

    def figure(self) -> "Figure":
        """The static picture, for where no kernel runs."""
        raise NotImplementedError

    def watch(self, tell: Tell) -> Callable[[], None]:
        """For panels that change by themselves: `tell(changes)` is called after each change.

        `tell` may be called from another thread. What is told has to be in the state already.
        Returns what ends it.
        """
        return lambda: None

    def _accepted(
        self, wanted: Mapping[str, Value], known: Mapping[str, Value]
    ) -> dict[str, Value]:
        """Bring about what is wanted; return what differs from what the page is `known` to show."""
        settings: dict[str, Value] = plain(wanted)
        before = dict(self.state)
        try:
            self._check(settings)
            entailed: dict[str, Value] = plain(self.respond(settings))
        except BaseException:
            self.state = before
            raise
        self.state.update({**settings, "problem": "", **entailed})
        shown_in_vain = set(self._refused) - set(known)
        self._refused = {}
        return {"problem": "", **{key: self.state[key] for key in shown_in_vain}, **entailed}

    def _check(self, changes: Mapping[str, Value]) -> None:
        unknown = sorted(set(changes) - self.inputs)
        if unknown:
            raise UsageError(
                f"{', '.join(unknown)}: {self.name} has no such setting; it has "
                f"{', '.join(sorted(self.inputs))}"
            )


def plain(value: Any) -> Value:
    """A value as JSON and the page have it: lists for tuples, numbers for NumPy's, bytes."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return value
