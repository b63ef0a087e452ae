"""A network on the disk comes back as it was, or not at all."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from retinue.errors import RetinueError, UsageError
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.models.weights import ModelCard, load_model, make_card, read_card, save_model

PREPROCESS = Preprocess((12, 10), (14, 12), "pad", 3)
MEAN, STD = [10.0, 20.0, 30.0], [40.0, 50.0, 60.0]
ARGUMENTS = {"depth": 2, "width": 4}


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return build(
        "cnn", classes=3, channels=3, size=(12, 10), arguments=ARGUMENTS, mean=MEAN, std=STD
    )


def saved(folder: Path, model: nn.Module | None = None, name: str = "cnn") -> ModelCard:
    model = model or network()
    arguments = ARGUMENTS if name == "cnn" else {}
    card = make_card(model, name, arguments, ["a", "b", "ö"], PREPROCESS, (MEAN, STD))
    save_model(folder, model, card)
    return card


def same(ours: nn.Module, theirs: nn.Module) -> bool:
    a, b = ours.state_dict(), theirs.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_network_comes_back_bit_for_bit(tmp_path: Path) -> None:
    saved(tmp_path)
    found = load_model(tmp_path, read_card(tmp_path))
    assert same(found, network())
    assert not same(found, network(seed=1))  # control
    pictures = torch.randint(0, 256, (4, 3, 12, 10), dtype=torch.uint8)
    assert torch.equal(found.eval()(pictures), network().eval()(pictures))


def test_buffers_come_back_too(tmp_path: Path) -> None:
    model = network()
    model.train()(torch.rand(8, 3, 12, 10) * 255)  # moves the running statistics
    saved(tmp_path, model)
    assert same(load_model(tmp_path, read_card(tmp_path)), model)
    assert not same(model, network())


def test_a_network_in_another_memory_layout_is_saved_alike(tmp_path: Path) -> None:
    model = network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    saved(tmp_path, model)
    assert same(load_model(tmp_path, read_card(tmp_path)), network())


def test_the_card_comes_back(tmp_path: Path) -> None:
    card = saved(tmp_path)
    digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    found = read_card(tmp_path)
    assert found == ModelCard(**{**vars(card), "weights": digest})
    assert (found.classes, found.preprocess) == (("a", "b", "ö"), PREPROCESS)
    assert (found.mean, found.std) == (tuple(MEAN), tuple(STD))
    assert found.parameters == sum(weight.numel() for weight in network().parameters())
    assert found.of_catalogue


def test_a_card_from_before_there_were_views_has_one(tmp_path: Path) -> None:
    card = make_card(network(), "cnn", {}, ["a"], PREPROCESS, (MEAN, STD), "flip")
    save_model(tmp_path, network(), card)
    assert read_card(tmp_path).views == "flip"
    values = json.loads((tmp_path / "model.json").read_text())
    del values["views"]
    (tmp_path / "model.json").write_text(json.dumps(values))
    assert read_card(tmp_path).views == "one"


def test_the_same_weights_make_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        saved(tmp_path / name)
    for file in ("model.safetensors", "model.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_loading_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    saved(tmp_path)
    before = torch.get_rng_state()
    load_model(tmp_path, read_card(tmp_path))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("place", [0, 8, 200, -1])
def test_a_flipped_byte_is_found(tmp_path: Path, place: int) -> None:
    saved(tmp_path)
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(RetinueError, match=r"model\.safetensors: damaged"):
        load_model(tmp_path, read_card(tmp_path))
    data[place] ^= 1  # control: flipped back it loads
    path.write_bytes(data)
    load_model(tmp_path, read_card(tmp_path))


@pytest.mark.parametrize("length", [0, 5, 1000])
def test_a_file_that_was_cut_short_is_found(tmp_path: Path, length: int) -> None:
    saved(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RetinueError, match=r"model\.safetensors: damaged"):
        load_model(tmp_path, read_card(tmp_path))


def test_a_backbone_comes_back_without_its_user_s_code(tmp_path: Path) -> None:
    def backbone(seed: int) -> nn.Sequential:
        torch.manual_seed(seed)
        return build(
            "squeezenet1_1", classes=3, channels=3, size=(12, 10), arguments={}, mean=MEAN, std=STD
        )

    saved(tmp_path, backbone(0), name="squeezenet1_1")
    card = read_card(tmp_path)
    assert card.of_catalogue
    found = load_model(tmp_path, card)
    assert same(found, backbone(0))
    assert not same(found, backbone(1))  # control


def test_weights_that_are_missing_are_told(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(RetinueError, match=r"model\.safetensors: cannot be read: No such file"):
        load_model(tmp_path, read_card(tmp_path))


def named_by_the_card(folder: Path) -> ModelCard:
    """The card, made to name whatever weights lie there, as one who replaces both would."""
    values = json.loads((folder / "model.json").read_text())
    data = (folder / "model.safetensors").read_bytes()
    values["weights"] = hashlib.sha256(data).hexdigest()
    (folder / "model.json").write_text(json.dumps(values))
    return read_card(folder)


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    saved(tmp_path)
    save_file({"layer.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(RetinueError, match=r"damaged, or not the weights that model\.json names"):
        load_model(tmp_path, read_card(tmp_path))
    with pytest.raises(RetinueError, match="does not fit the network 'cnn'"):
        load_model(tmp_path, named_by_the_card(tmp_path))


def test_weights_of_another_shape_do_not_fit(tmp_path: Path) -> None:
    saved(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["network.head.output.bias"] = torch.zeros(4)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(RetinueError) as caught:
        load_model(tmp_path, named_by_the_card(tmp_path))
    assert "does not fit" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_safetensors_file_does_not_fit(tmp_path: Path) -> None:
    saved(tmp_path)
    torch.save({"a": torch.zeros(1)}, tmp_path / "model.safetensors")  # a pickle
    with pytest.raises(RetinueError, match="does not fit"):
        load_model(tmp_path, named_by_the_card(tmp_path))


def test_a_user_s_own_module_needs_its_code(tmp_path: Path) -> None:
    own = nn.Sequential(nn.Flatten(), nn.Linear(360, 3))
    saved(tmp_path, wrap(own, MEAN, STD), name="mine.nets:small")
    card = read_card(tmp_path)
    assert not card.of_catalogue
    with pytest.raises(UsageError, match=r"give its code with --model package\.module:factory"):
        load_model(tmp_path, card)
    fresh = nn.Sequential(nn.Flatten(), nn.Linear(360, 3))
    found = load_model(tmp_path, card, fresh)
    assert torch.equal(found.get_submodule("network.1").weight, own[1].weight)  # type: ignore[arg-type]


def test_other_code_than_that_of_the_run_does_not_fit(tmp_path: Path) -> None:
    own = nn.Sequential(nn.Flatten(), nn.Linear(360, 3))
    saved(tmp_path, wrap(own, MEAN, STD), name="mine.nets:small")
    with pytest.raises(RetinueError, match=r"does not fit the network 'mine\.nets:small'"):
        load_model(tmp_path, read_card(tmp_path), nn.Linear(5, 3))


def test_no_card_means_no_network_yet(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no network yet"):
        read_card(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"classes": 3}', '"words"', '{"classes": [], "mean": [], "std": []}'],
)
def test_a_damaged_card_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(RetinueError, match=r"model\.json: cannot be read"):
        read_card(tmp_path)
