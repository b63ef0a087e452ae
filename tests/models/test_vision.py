"""torchvision and timm are there, or it is said how to get them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from retinue.errors import MissingExtraError
from retinue.models.vision import import_timm, import_torchvision

# What torchvision does on import: it describes operators that its compiled part declares.
LIKE_TORCHVISION = """
import torch

@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold):
    return dets
"""
ASKED = """
from importlib import import_module
try:
    import_module("torchvision.models")
except RuntimeError as error:
    print("control:", error)
from retinue.models.vision import import_torchvision
print(import_torchvision().WORD, import_torchvision().WORD)
"""


def test_torchvision_s_networks_compute() -> None:
    models = import_torchvision()
    assert models is import_torchvision()
    assert models.__name__ == "torchvision.models"
    network = models.squeezenet1_1(weights=None, num_classes=3).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


def test_timm_s_networks_compute() -> None:
    timm = import_timm()
    assert timm is import_timm()
    network = timm.create_model("resnet10t", pretrained=False, num_classes=3).eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


def test_a_compiled_part_that_does_not_fit_this_torch_does_not_matter(tmp_path: Path) -> None:
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(LIKE_TORCHVISION)
    (package / "models.py").write_text("WORD = 'networks'")
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    control, found = done.stdout.splitlines()
    assert "torchvision::nms does not exist" in control
    assert found == "networks networks"


def test_where_torchvision_is_absent_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, None)
    for find in (import_torchvision, import_timm):
        with pytest.raises(MissingExtraError) as caught:
            find()
        assert str(caught.value) == (
            "a network of torchvision needs an optional package: pip install 'retinue[pretrained]'"
        )


def test_where_timm_is_absent_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"a network of timm needs .*retinue\[pretrained\]"):
        import_timm()
    assert import_torchvision().resnet18
