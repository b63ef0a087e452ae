"""A network that somebody trained elsewhere scores here what it scores in plain PyTorch."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.load import load_data
from retinue.training.fit import train

SOURCE = """
from torch import nn

def make(classes, channels):
    return nn.Sequential(
        nn.Conv2d(channels, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Flatten(), nn.Linear(12 * 64, classes),
    )
"""
MEAN, STD = 0.3, 0.35  # of pixels from 0 to 1, as this field states them


@pytest.fixture
def factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's in the current folder."""
    (tmp_path / "their_net.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "their_net", raising=False)
    return "their_net:make"


def plain_pytorch(network: nn.Module, images: np.ndarray) -> Tensor:
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        logits: Tensor = network.eval()((pixels - MEAN) / STD)
    return logits


def their_training(network: nn.Module) -> None:
    """A few steps of a loop of their own."""
    data = load_data("digits")
    pixels = torch.from_numpy(data.train.images).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(data.train.labels)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(12):
        optimiser.zero_grad()
        nn.functional.cross_entropy(network((pixels - MEAN) / STD), labels).backward()
        optimiser.step()


@pytest.mark.parametrize("wrapped", ["module.", "_orig_mod.module.", ""])
@pytest.mark.parametrize("nested", [True, False])
def test_a_state_dict_scores_exactly_what_plain_pytorch_scores(
    wrapped: str, nested: bool, factory: str, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = importlib.import_module("their_net").make(10, 1)
    their_training(network)
    state = {f"{wrapped}{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state} if nested else state, "weights.pth")
    run = train(
        "digits",
        model={"name": factory, "mean": MEAN, "std": STD},
        pretrained="weights.pth",
        keep_head=True,
        epochs=0,
        output=tmp_path / "run",
    )
    data = load_data("digits")
    logits = plain_pytorch(network, data.test.images)
    right = (logits.argmax(1).numpy() == data.test.labels).sum()
    told = run.metrics()["accuracy"]
    assert told["value"] == right / len(data.test)
    assert told["value"] > 0.7
    predicted = [int(name) for name in run.predictions().predicted]
    assert predicted == logits.argmax(1).tolist()


def test_with_another_normalisation_it_scores_otherwise(factory: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = importlib.import_module("their_net").make(10, 1)
    their_training(network)
    torch.save(network.state_dict(), "weights.pth")
    scores = []
    for number, (mean, std) in enumerate([(MEAN, STD), (0.9, 0.1)]):
        run = train(
            "digits",
            model={"name": factory, "mean": mean, "std": std},
            pretrained="weights.pth",
            keep_head=True,
            epochs=0,
            output=tmp_path / f"run-{number}",
        )
        scores.append(run.metrics()["log_loss"]["value"])
    assert abs(scores[0] - scores[1]) > 0.05
