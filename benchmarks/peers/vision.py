"""torchvision, also where its compiled part cannot be loaded."""

from importlib import import_module
from types import ModuleType
from typing import Any

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_declared: list[Any] = []  # a declaration lasts as long as its library


def import_torchvision() -> ModuleType:
    """torchvision; transforms, data sets and networks need nothing of its compiled part.

    Built for CUDA it does not load that part beside a torch for the processor, and can be imported
    all the same where two operators of it are declared.
    """
    try:
        return import_module("torchvision")
    except RuntimeError:
        from torch.library import Library

        library = Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(name + SCHEMA)  # type: ignore[no-untyped-call]
        _declared.append(library)
        return import_module("torchvision")
