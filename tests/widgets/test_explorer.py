"""The panel: it computes and refuses as torch does, and keeps its state whole."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from retinue.errors import PictureError, UsageError
from retinue.experiments.sweeps.shipped import kernel_rows
from retinue.models.catalogue import wrap
from retinue.widgets.explorer import ExplorerPanel
from retinue.widgets.explorer_result import computed, traces
from tests.explaining.attribution_cases import of_catalogue
from tests.widgets.explorer_by_torch import drawn_settings, maps_by_torch


@pytest.mark.parametrize("seed", range(8))
def test_maps_and_refusals_are_those_of_torch(seed: int) -> None:
    random = np.random.default_rng(seed)
    possible, noticed = 0, []
    for _ in range(40):
        shape = (*random.integers(3, 11, 2), random.choice([1, 3]))
        panel = ExplorerPanel(random.integers(0, 256, shape, dtype=np.uint8), kernel_size=1)
        drawn = drawn_settings(random, int(shape[2]))
        before = dict(panel.state)
        try:
            expected = maps_by_torch({**panel.state, **drawn})
        except (RuntimeError, ValueError):
            with pytest.raises(UsageError):
                panel.take(drawn)
            assert panel.state == before
            continue
        panel.take(drawn)
        result = vars(computed(panel.state, None))
        for name, maps in expected.items():
            np.testing.assert_allclose(result[name], maps.numpy(), rtol=1e-9, atol=1e-9)
        possible += 1
        weights = np.array(panel.state["values"])
        if not np.allclose(weights, weights[:, ::-1, ::-1]):
            turned = maps_by_torch(panel.state, turned=True)["output"].numpy()
            noticed.append(not np.allclose(result["output"], turned))
    # The control: a kernel that is turned around gives something else.
    assert possible >= 10
    assert np.mean(noticed) > 0.9


def test_the_trace_of_the_pointed_cell_is_the_output() -> None:
    panel = ExplorerPanel(preset="gaussian blur", padding="same", position=(6, 2))
    (found,) = traces(panel.state, None)
    assert found.value == pytest.approx(panel.output[0, 6, 2])


def test_a_preset_brings_its_weights_and_a_size_keeps_it() -> None:
    panel = ExplorerPanel(preset="blur")
    assert np.allclose(panel.state["values"], 1 / 9)
    told = panel.take({"kernel_size": 5})
    assert np.allclose(told["values"], 1 / 25)
    assert panel.state["kernel_size"] == [5, 5]
    assert panel.state["preset"] == "blur"
    panel.take({"preset": "laplacian"})
    assert panel.state["kernel_size"] == [3, 3]
    panel.take({"kernel_size": (5, 3)})
    assert panel.state["preset"] == "laplacian"
    assert panel.state["values"][0][0] == [0, 0, 0]
    panel.take({"kernel_size": (1, 3)})
    assert (panel.state["preset"], panel.state["values"]) == ("own", [[[1, -4, 1]]])


def test_weights_of_ones_own_are_called_so_and_known_ones_by_their_name() -> None:
    panel = ExplorerPanel(preset="sobel x")
    panel.take({"values": [[1, 2], [3, 4]]})
    assert (panel.state["preset"], panel.state["kernel_size"]) == ("own", [2, 2])
    # The page sends a size and its weights, but not the name, which it has kept.
    panel.take({"preset": "sobel x", "kernel_size": [3, 3]})
    five = [[[-1, -2, 0, 2, 1], [-4, -8, 0, 8, 4], [-6, -12, 0, 12, 6], [-4, -8, 0, 8, 4],
             [-1, -2, 0, 2, 1]]]  # fmt: skip
    panel.take({"kernel_size": [5, 5], "values": five})
    assert panel.state["preset"] == "sobel x"


def test_the_window_stays_in_the_output() -> None:
    panel = ExplorerPanel(position=(4, 4))
    assert panel.state["position"] == [4, 4]
    assert panel.take({"stride": 2})["position"] == [2, 2]
    assert panel.take({"position": (90, 1)})["position"] == [2, 1]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"kernel_size": 12}, "kernel_size 12: should be a whole number from 1 to 11"),
        ({"kernel_size": [3, 3, 3]}, "one number, or two"),
        ({"stride": 0}, "stride 0"),
        ({"stride": True}, "stride True"),
        ({"padding": "full"}, "padding full: should be one of same, valid"),
        ({"padding": "same", "stride": 2}, "needs stride 1"),
        ({"padding": 7, "padding_mode": "reflect"}, "by reflection"),
        ({"padding": 8, "padding_mode": "circular"}, "circular padding"),
        ({"kernel_size": 8}, "does not fit"),
        ({"pooling": "max", "pool_size": 6}, "pool_size 6: does not fit on a map of 5 x 5"),
        ({"values": [[1, 2], [3]]}, "equally many"),
        ({"values": [[[1]], [[2]], [[3]]], "kernel_size": 1}, "has 3 slices"),
        ({"values": []}, "rows of weights"),
        ({"values": [[float("nan")]]}, "values nan"),
        ({"values": [[1]], "kernel_size": 3}, "kernel_size says otherwise"),
        ({"preset": "blurr"}, "preset blurr: should be one of identity"),
        ({"preset": "sobel x", "kernel_size": [3, 1]}, "there is none of 3 x 1"),
        ({"preset": "filter 0"}, "preset filter 0"),
        ({"grid": [[1, 2, 3], [4, 5, 6], [7, 8, 10]]}, "grid 10"),
        ({"grid": [[1]]}, "3 to 12 rows"),
        ({"picture": "/etc/passwd"}, "picture /etc/passwd: should be one of grid"),
        ({"picture": "own"}, "its pixels are not there"),
        ({"shape": [4, 4, 2]}, "1 or 3 channels"),
        ({"pixels": "text"}, "pixels: should be bytes"),
        ({"picture": "own", "pixels_of": "own", "pixels": b"1", "shape": [1, 1, 3]}, "1 bytes"),
        ({"bias": float("inf")}, "bias inf"),
        ({"colour": 1}, "colour: Convolution explorer has no such setting"),
        ({"learned": None}, "learned: Convolution explorer has no such setting"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(changes: dict[str, Any], text: str) -> None:
    panel = ExplorerPanel()
    before = dict(panel.state)
    with pytest.raises(UsageError) as caught:
        panel.take(changes)
    assert text in str(caught.value)
    assert panel.state == before
    assert text in panel.change(changes)["problem"]


def test_a_problem_ends_with_the_next_good_change() -> None:
    panel = ExplorerPanel()
    assert panel.change({"kernel_size": [9, 9], "values": np.ones((9, 9)).tolist()})["problem"]
    assert panel.change({"padding": 1})["problem"] == ""


def test_pictures_are_files_arrays_samples_and_grids(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)> $x$ \u202eevil.png"
    file = tmp_path / name
    Image.fromarray(np.zeros((300, 600, 3), np.uint8)).save(file, format="png")
    panel = ExplorerPanel(file)
    assert panel.state["shape"] == [128, 256, 3]
    assert panel.state["picture_name"] == name.replace("\u202e", "\ufffd")
    panel = ExplorerPanel(np.arange(12, dtype=np.uint8).reshape(3, 4), preset="identity")
    assert panel.state["shape"] == [3, 4, 1]
    assert panel.output.shape == (1, 1, 2)
    panel = ExplorerPanel("flower.jpg", preset="blur")
    assert panel.state["shape"] == [256, 256, 3]
    assert panel.output.shape == (3, 254, 254)
    assert ExplorerPanel([[1, 2, 3]] * 3).state["grid"] == [[1, 2, 3]] * 3


def test_pictures_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(PictureError, match=r"a\.png: not a picture"):
        ExplorerPanel(tmp_path / "a.png")
    with pytest.raises(UsageError, match="no such file"):
        ExplorerPanel("b.png")
    with pytest.raises(PictureError, match="uint8"):
        ExplorerPanel(np.zeros((4, 4)))


def test_a_sample_is_fetched_when_it_is_chosen_and_once() -> None:
    panel = ExplorerPanel()
    told = panel.change({"picture": "china.jpg"})
    assert len(told["pixels"]) == 256 * 256 * 3
    assert (told["pixels_of"], told["problem"]) == ("china.jpg", "")
    panel.change({"picture": "grid"})
    assert "pixels" not in panel.change({"picture": "china.jpg"})


@pytest.mark.parametrize("name", ["cnn", "fast", "resnet-small", "keras-lesson"])
def test_a_learned_filter_gives_the_maps_of_the_network(name: str) -> None:
    classifier = of_catalogue(name)
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    first = next(part for part in classifier.model.modules() if isinstance(part, nn.Conv2d))
    seen: list[torch.Tensor] = []
    hook = first.register_forward_hook(lambda *given: seen.append(given[2].detach().clone()))
    with torch.no_grad():
        classifier.model(torch.tensor(pixels).permute(2, 0, 1)[None])
    hook.remove()
    panel = ExplorerPanel(pixels, run=classifier)
    for filter_ in panel.state["learned"]["filters"][:3]:
        panel.take({"preset": f"filter {filter_['number']}"})
        expected = seen[0][0, filter_["number"]].numpy()
        np.testing.assert_allclose(panel.output[0], expected, rtol=1e-4, atol=1e-4)
        # The control: pixels as they are, not as the network gets them.
        panel.take({"normalised": False})
        assert not np.allclose(panel.output[0], expected, rtol=1e-2, atol=1e-2)


def test_filters_come_by_strength_and_many_are_cut() -> None:
    layer = nn.Conv2d(1, 100, 3, padding="same")
    with torch.no_grad():
        layer.weight[:] = torch.arange(100.0)[:, None, None, None]
    told = ExplorerPanel(run=layer_in(layer)).state["learned"]
    assert [one["number"] for one in told["filters"]] == list(range(99, 35, -1))
    assert told["title"].startswith("64 of 100 filters of ")


def layer_in(layer: nn.Module) -> nn.Module:
    return wrap(nn.Sequential(layer, nn.Flatten()), [0.0], [1.0])


def test_a_filter_of_three_colours_is_added_up_for_a_grey_picture() -> None:
    classifier = of_catalogue("cnn")
    panel = ExplorerPanel(np.zeros((32, 32, 3), np.uint8), run=classifier)
    number = panel.state["learned"]["filters"][0]["number"]
    panel.take({"preset": f"filter {number}"})
    slices = np.array(panel.state["values"])
    panel.change({"picture": "grid"})
    np.testing.assert_allclose(panel.state["values"], [slices.sum(axis=0)])
    assert (panel.state["preset"], panel.state["normalised"]) == ("own", False)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (nn.Linear(4, 2), "has no convolution"),
        (nn.Conv2d(2, 2, 3), "takes 2 channels"),
        (nn.Conv2d(3, 2, 13), "kernel of 13"),
        (nn.Conv2d(3, 3, 3, groups=3), "3 groups"),
        (nn.Conv2d(3, 2, 3, stride=9), "stride 9"),
    ],
)
def test_networks_without_filters_to_show_are_refused(model: nn.Module, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        ExplorerPanel(run=layer_in(model))


ROW = {
    "kernel": 3, "stride": 1, "padding": "same", "accuracy": 0.71, "low": 0.70, "high": 0.72,
    "seconds": 52.47,
}  # fmt: skip


def test_measurements_are_shown_where_there_are_some() -> None:
    assert ExplorerPanel(measured=()).state["measured"] == []
    shipped = ExplorerPanel().state
    assert len(shipped["measured"]) == len(kernel_rows()) > 20
    assert "10" in shipped["measured_of"]
    (row,) = ExplorerPanel(measured=[ROW]).state["measured"]
    assert (row["kernel"], row["stride"], row["accuracy"]) == ([3, 3], [1, 1], 0.71)
    with pytest.raises(UsageError, match="measured, row 1: has no seconds"):
        ExplorerPanel(measured=[ROW, {k: v for k, v in ROW.items() if k != "seconds"}])
    with pytest.raises(UsageError, match="measured, row 0: shares"):
        ExplorerPanel(measured=[{**ROW, "accuracy": 71}])
    with pytest.raises(UsageError, match="measured, row 0: kernel_size"):
        ExplorerPanel(measured=[{**ROW, "kernel": "huge"}])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": 2, "stride": (2, 3), "dilation": 2, "activation": "relu", "pooling": "max",
         "pool_size": 1},
        {"picture": "china.jpg", "preset": "blur", "kernel_size": 7, "padding": "same",
         "padding_mode": "reflect", "pooling": "average"},
        {"picture": "flower.jpg", "values": np.ones((3, 2, 2)), "stride": 3, "activation": "relu"},
        {"picture": "flower.jpg", "preset": "laplacian", "channels": "apart"},
    ],
)  # fmt: skip
def test_the_static_picture_shows_all_stages(options: dict[str, Any]) -> None:
    panel = ExplorerPanel(**options)
    figure = panel.figure()
    figure.savefig(BytesIO())
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert any(title.startswith("input") for title in titles)
    assert any(title.startswith("output") for title in titles)
    assert any("after ReLU" in title for title in titles) == ("activation" in options)
    assert any("pooling" in title for title in titles) == ("pooling" in options)
