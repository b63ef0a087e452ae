"""What cannot be repeated to the last bit is refused, with the reason and what would work."""

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import retinue
from retinue.data.load import load_data
from retinue.errors import RetinueError, UsageError
from retinue.reporting.project import write_project
from retinue.runs import Run

Trained = Callable[..., Run]


@pytest.fixture(scope="module")
def simple(trained: Trained) -> Run:
    return trained(model="softmax", epochs=1)


@pytest.fixture
def changed(simple: Run, tmp_path: Path) -> Callable[..., Run]:
    """`changed("status.json", state="failed")`: a copy of a run with another file."""

    def make(name: str, **values: Any) -> Run:
        shutil.copytree(simple.path, tmp_path / "changed")
        path = tmp_path / "changed" / name
        text = json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values})
        path.write_text(text, encoding="utf-8")
        return Run(tmp_path / "changed")

    return make


def refused(run: Run, tmp_path: Path, match: str, kind: type[Exception] = UsageError) -> None:
    with pytest.raises(kind, match=match) as caught:
        write_project(run, tmp_path / "project")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "project").exists()
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"mixup": 0.2}, "without --mixup"),
        ({"cutmix": 1.0}, "without --mixup and --cutmix"),
        ({"time_limit": 60}, "the clock decides"),
        ({"epochs": 0}, "nothing was trained"),
        ({"model": {"name": "softmax", "shuffle_pixels": 0}}, "pixels were shuffled; train it w"),
    ],
)
def test_settings(settings: dict[str, Any], match: str, trained: Trained, tmp_path: Path) -> None:
    refused(trained(**{"model": "softmax", **settings}), tmp_path, match)


def test_weights_of_others(trained: Trained, tmp_path: Path) -> None:
    earlier = trained(model="mlp", epochs=1)
    run = trained(model="mlp:full", pretrained=str(earlier.path), epochs=1)
    refused(run, tmp_path, "begins with weights from .*; train it with --pretrained none")


class Own(nn.Module):
    """A user's own network."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layer(pictures.flatten(1))
        return found


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("my_net:make", "is your own code; hand in that"),
        ("resnet18", "another library's; train a network of `retinue models`"),
        ("efficientnet_lite0:linear", "solved for on features .* train efficientnet_lite0:full"),
        ("efficientnet_lite0:finetune", "or with --pretrained none"),
    ],
)
def test_networks_and_ways(
    name: str, match: str, changed: Callable[..., Run], tmp_path: Path
) -> None:
    run = changed("status.json")
    path = run.path / "recipe.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: softmax", f"name: {name}"), encoding="utf-8")
    refused(run, tmp_path, match)


@pytest.mark.slow
def test_a_network_of_the_users_own_and_a_recorded_one(trained: Trained, tmp_path: Path) -> None:
    refused(trained(model=Own()), tmp_path, "is your own code; hand in that")
    run = retinue.record(Own(), load_data("digits"), output=tmp_path / "run")
    refused(run, tmp_path, "a loop of your own")


def test_a_recorded_run(changed: Callable[..., Run], tmp_path: Path) -> None:
    refused(changed("status.json", recorded=["lr"]), tmp_path, "a loop of your own")


def test_arrays_that_only_python_had(trained: Trained, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    arrays = draw.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 2
    refused(trained(arrays, model="softmax"), tmp_path, "arrays that only Python had")


def test_a_tar(photos: Path, trained: Trained, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        archive.add(photos, "photos")
    run = trained(tmp_path / "photos.tar", model="softmax", size=16)
    refused(run, tmp_path, "unpack it and train on the folder")


def test_pictures_that_are_gone(photos: Path, trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "copy")
    run = trained(tmp_path / "copy", model="softmax", size=16)
    shutil.rmtree(tmp_path / "copy")
    refused(run, tmp_path, "its pictures are gone")


@pytest.mark.parametrize(
    ("state", "match"),
    [("interrupted", "go on with `retinue train --resume"), ("failed", "its training failed")],
)
def test_a_run_that_is_not_finished(
    state: str, match: str, changed: Callable[..., Run], tmp_path: Path
) -> None:
    refused(changed("status.json", state=state), tmp_path, match)


def test_a_gpu(changed: Callable[..., Run], tmp_path: Path) -> None:
    refused(changed("environment.json", device="cuda:0"), tmp_path, "train it with --device cpu")


@pytest.mark.parametrize(
    "values",
    [
        {"mean": ["__import__('os').abort()"]},
        {"preprocess": {"size": ["8); x = (1", 8], "stored": [8, 8], "fit": "crop", "channels": 1}},
        {"preprocess": {"size": [8, 8], "stored": [8, 8], "fit": "x\ny", "channels": 1}},
        {"views": "x"},
    ],
)
def test_a_card_that_another_hand_has_changed(
    values: dict[str, Any], changed: Callable[..., Run], tmp_path: Path
) -> None:
    refused(changed("model.json", **values), tmp_path, "damaged", RetinueError)


@pytest.mark.parametrize(
    "values",
    [
        {"threads": "1\nimport os"},
        {"python": "3\n--index-url http://evil.example"},
        {"packages": {"torch": "2\n--index-url http://evil.example"}},
    ],
)
def test_an_environment_that_another_hand_has_changed(
    values: dict[str, Any], changed: Callable[..., Run], tmp_path: Path
) -> None:
    refused(changed("environment.json", **values), tmp_path, ".", RetinueError)


def test_other_weights_than_those_that_are_named(
    changed: Callable[..., Run], tmp_path: Path
) -> None:
    run = changed("status.json")
    (run.path / "model.safetensors").write_bytes(b"other")
    refused(run, tmp_path, "damaged, or not the weights", RetinueError)


def test_a_folder_that_holds_something(simple: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty"):
        write_project(simple, tmp_path / "mine")
    with pytest.raises(UsageError, match="is a file"):
        write_project(simple, tmp_path / "mine" / "notes.txt")
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "keep"


def test_an_empty_folder_is_filled_and_slides_are_added(simple: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    folder = write_project(
        str(simple.path), tmp_path / "mine", lambda path: path.write_bytes(b"slides")
    )
    assert folder == tmp_path / "mine"
    assert (folder / "slides.pptx").read_bytes() == b"slides"
    assert "`slides.pptx`" in (folder / "README.md").read_text(encoding="utf-8")


def test_nothing_is_left_where_something_fails(simple: Run, tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    with pytest.raises(RetinueError, match="No space left"):
        write_project(simple, tmp_path / "project", fail)
    assert not list(tmp_path.iterdir())
