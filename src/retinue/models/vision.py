"""torchvision and timm, also where torchvision's compiled part cannot be loaded."""

from importlib import import_module
from types import ModuleType
from typing import Any

from retinue.errors import MissingExtraError

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_declared: list[Any] = []  # a declaration lasts as long as its library


def import_torchvision() -> ModuleType:
    """torchvision.models; networks and their weights need nothing of its compiled part.

    Built for CUDA it does not load that part beside a torch for the processor, and can be imported
    all the same where two operators of it are declared.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module("torchvision.models")
    except ModuleNotFoundError:
        raise MissingExtraError("a network of torchvision", "pretrained") from None
    except RuntimeError:
        from torch.library import Library

        library = Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(name + _SCHEMA)
        _declared.append(library)
        return import_module("torchvision.models")


def import_timm() -> ModuleType:
    """timm, after torchvision, which it imports.

    Raises:
        MissingExtraError: it is not installed.
    """
    import_torchvision()
    try:
        return import_module("timm")
    except ModuleNotFoundError:
        raise MissingExtraError("a network of timm", "pretrained") from None
