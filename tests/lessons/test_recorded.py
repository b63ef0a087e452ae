"""Recorded results of other programs: whole, true to our network, and carried over rightly."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retinue.errors import UsageError
from retinue.lessons.recorded import KERAS, recorded
from retinue.models.catalogue import build_network
from retinue.models.describe import describe

ROOT = Path(__file__).parents[2]


def with_weights(layers: list[dict[str, Any]]) -> list[int]:
    return [layer["parameters"] for layer in layers if layer["parameters"]]


def test_keras_counts_as_many_parameters_as_we_do_layer_by_layer() -> None:
    found = recorded(KERAS)
    network = build_network("keras-lesson", 10, 1, (28, 28), {})
    ours = [row.parameters for row in describe(network, 1, (28, 28)).rows if row.parameters]
    assert with_weights(found["keras"]["layers"]) == ours
    assert with_weights(found["retinue"]["layers"]) == ours
    assert found["keras"]["parameters"] == found["retinue"]["parameters"] == sum(ours)


def test_the_record_says_of_what_when_and_where_it_is() -> None:
    found = recorded(KERAS)
    assert found["data"] == {"name": "fashion-mnist", "train": 60_000, "test": 10_000}
    assert found["date"] >= "2026"
    assert found["machine"]
    for side in ("keras", "retinue"):
        assert found[side]["versions"]
        seeds = [one["seed"] for one in found[side]["trainings"]]
        assert seeds == list(range(len(seeds)))
        for one in found[side]["trainings"]:
            assert len(one["accuracy"]) == found["settings"]["epochs"]
            assert 0.8 < one["accuracy"][-1] < 0.95
            assert one["seconds"] > 0


def test_carried_over_the_weights_answer_alike() -> None:
    carried = recorded(KERAS)["carried_over"]
    assert carried["pictures"] == 10_000
    assert carried["largest_difference"] < 1e-3 * carried["largest_logit"]
    last = recorded(KERAS)["keras"]["trainings"][0]["accuracy"][-1]
    assert carried["accuracy"] == pytest.approx(last, abs=2e-4)


def test_what_is_not_recorded_is_told() -> None:
    with pytest.raises(UsageError, match=r"nothing: nothing of that name is recorded.*keras"):
        recorded("nothing")


def as_keras(weights: dict[str, Any], pictures: Tensor) -> Tensor:
    """The lesson's network as Keras computes it: pictures (N, H, W, C), kernels (H, W, I, O)."""
    maps = pictures
    for name in ("conv1", "conv2"):
        windows = maps.unfold(1, 3, 1).unfold(2, 3, 1)  # N, H, W, C, rows, columns
        kernel, bias = (torch.from_numpy(weights[f"{name}.{part}"]) for part in ("kernel", "bias"))
        maps = (torch.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias).relu()
        maps = functional.max_pool2d(maps.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    rows = maps.reshape(len(maps), -1)
    kernel, bias = (torch.from_numpy(weights[f"dense.{part}"]) for part in ("kernel", "bias"))
    rows = (rows @ kernel + bias).relu()
    kernel, bias = (torch.from_numpy(weights[f"output.{part}"]) for part in ("kernel", "bias"))
    return rows @ kernel + bias


@pytest.fixture
def weights() -> dict[str, Any]:
    draw = np.random.default_rng(0)
    shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 32), "dense": (800, 128)}
    made: dict[str, Any] = {}
    for name, shape in {**shapes, "output": (128, 10)}.items():
        made[f"{name}.kernel"] = (draw.normal(size=shape) / np.sqrt(shape[-2])).astype(np.float32)
        made[f"{name}.bias"] = draw.normal(size=shape[-1]).astype(np.float32)
    return made


def largest_difference(weights: dict[str, Any], network: nn.Module) -> float:
    pictures = torch.rand(4, 28, 28, 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, theirs = network(pictures.permute(0, 3, 1, 2)), as_keras(weights, pictures)
    return float((ours - theirs).abs().max() / theirs.abs().max())


def test_weights_of_keras_are_put_where_they_belong(
    weights: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.keras_lesson import put_in

    network = build_network("keras-lesson", 10, 1, (28, 28), {})
    put_in(network, weights)
    assert largest_difference(weights, network) < 1e-5
    # The control: flattened values in Keras' own order are the wrong ones here.
    dense: Any = network.get_submodule("head.dense")
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(weights["dense.kernel"].T.copy()))
    assert largest_difference(weights, network) > 1e-2


@pytest.mark.slow
def test_the_record_can_be_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.peers.environment import is_made

    if not is_made("keras"):
        pytest.skip("no environment for Keras: python -m benchmarks.peers.environment keras")
    words = ["--smoke", "--seeds", "1", "--to", str(tmp_path / "record.json")]
    command = [sys.executable, "-m", "benchmarks.keras_lesson", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "record.json").read_text())
    assert set(found) == set(recorded(KERAS))
    assert found["carried_over"]["same_answers"] == found["carried_over"]["pictures"] == 48
