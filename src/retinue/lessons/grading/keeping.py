"""Functions that checks rely on, kept as they were before a notebook's code could replace them.

This holds against slips, such as `torch.nn.functional.conv2d = mine`. It does not hold against
somebody who means to deceive: code in the same process can change what lies deeper.
"""

import builtins
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_KEPT = ("builtins", "math", "random", "copy", "numpy", "torch", "torch.nn", "torch.nn.functional")
_OURS = ("retinue.lessons", "retinue.errors")


class Originals:
    """What the names in some modules stand for at the moment when this is made."""

    def __init__(self) -> None:
        import torch

        ours = [name for name in sys.modules if name.startswith(_OURS)]
        modules = [sys.modules[name] for name in (*_KEPT, *ours) if name in sys.modules]
        self._kept: list[tuple[ModuleType, dict[str, Any]]] = [
            (module, dict(vars(module))) for module in modules
        ]
        self._builtins = {
            name: one for name, one in vars(builtins).items() if not name.startswith("_")
        }
        self._builtins["__import__"] = builtins.__import__
        self._modules = {name: one for name, one in sys.modules.items() if name != "__main__"}
        self._dtype = torch.get_default_dtype()
        self._deepest = sys.getrecursionlimit()
        self._out = sys.stdout, sys.stderr

    def restore_python(self) -> None:
        """Put back, for good, Python's own functions and the modules that were imported."""
        for name, original in self._builtins.items():
            vars(builtins)[name] = original
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)

    def add(self, module: ModuleType) -> None:
        """Keep one more module."""
        self._kept.append((module, dict(vars(module))))

    @contextmanager
    def in_force(self) -> Iterator[Sequence[str]]:
        """Put the originals back for a block; gives the names of those the notebook replaced."""
        import torch

        changed = list(self._changed())
        dtype, deepest = torch.get_default_dtype(), sys.getrecursionlimit()
        sys.settrace(None)
        threading.settrace(None)
        sys.setprofile(None)
        for module, name, original, _ in changed:
            setattr(module, name, original)
        torch.set_default_dtype(self._dtype)
        torch.set_grad_enabled(True)
        sys.setrecursionlimit(self._deepest)
        sys.stdout, sys.stderr = self._out
        try:
            yield [f"{one.__name__}.{name}" for one, name, _, now in changed if _is_own(now)]
        finally:
            for module, name, _, replaced in changed:
                setattr(module, name, replaced)
            torch.set_default_dtype(dtype)
            sys.setrecursionlimit(deepest)

    def _changed(self) -> Iterator[tuple[ModuleType, str, Any, Any]]:
        for module, names in self._kept:
            now = vars(module)
            for name, original in names.items():
                # What is gone counts too. Numbers and texts of a module's own state may change.
                if now.get(name) is not original and callable(original):
                    yield module, name, original, now.get(name)


def _is_own(replaced: Any) -> bool:
    """Whether a notebook made it; libraries too replace functions of theirs as they load more."""
    return getattr(replaced, "__module__", "__main__") == "__main__"
