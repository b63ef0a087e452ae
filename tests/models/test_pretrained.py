"""Weights of another training: found in every wrapping, put where they fit, no code executed."""

import argparse
import hashlib
import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import retinue
from retinue.errors import RetinueError, UsageError
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.models.pretrained import Loaded, Weights, in_order_of, load_into, read_weights
from retinue.models.weights import load_model, make_card, read_card, save_model

State = dict[str, Tensor]
HEAD = ("fc.weight", "fc.bias")
PREPROCESS = Preprocess((8, 8), (8, 8), "crop", 3)
MEAN, STD = [100.0] * 3, [50.0] * 3


def network(seed: int = 0, classes: int = 5, width: int = 4) -> nn.Sequential:
    """A small network whose batch norm has seen pictures."""
    torch.manual_seed(seed)
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(3, width, 3),
        norm=nn.BatchNorm2d(width),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(width, classes),
    )
    made = nn.Sequential(layers)
    made.train()(torch.randn(16, 3, 8, 8) * 2 + 1)
    return made.eval()


def state(seed: int = 0, **settings: int) -> State:
    return dict(network(seed, **settings).state_dict())


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> State:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def weights(tensors: Mapping[str, Tensor], source: str = "there") -> Weights:
    return Weights(source, tensors, "digest")


def same(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(ours[name].equal(theirs[name]) for name in ours)


# --- files


def checkpoint() -> dict[str, Any]:
    """What a script keeps beside its weights."""
    made = network()
    optimiser = torch.optim.SGD(made.parameters(), 0.1, momentum=0.9)
    made(torch.randn(2, 3, 8, 8)).sum().backward()
    optimiser.step()
    loss = made(torch.randn(2, 3, 8, 8)).mean()
    return {"optimizer_state_dict": optimiser.state_dict(), "loss": loss, "epoch": 7}


WRAPPINGS: dict[str, Callable[[State], Any]] = {
    "a state dict": lambda own: own,
    "an ordered one": OrderedDict,
    "state_dict": lambda own: {"epoch": 3, "arch": "net", "state_dict": own, "best": 93.1},
    "model": lambda own: {"optimizer": checkpoint()["optimizer_state_dict"], "model": own},
    "model_state_dict, as PyTorch's tutorial": lambda own: {
        **checkpoint(),
        "model_state_dict": own,
    },
    "net": lambda own: {"net": prefixed("module.", own), "acc": 95.2, "epoch": 1},
    "two deep": lambda own: {"model": {"state_dict": own}, "step": torch.tensor(3)},
    "beside settings": lambda own: {"model": {"name": "x"}, "weights": own},
    "module.": lambda own: prefixed("module.", own),
    "_orig_mod.": lambda own: prefixed("_orig_mod.", own),
    "_orig_mod.module.": lambda own: prefixed("_orig_mod.module.", own),
    "module._orig_mod.model.": lambda own: prefixed("module._orig_mod.model.", own),
    "Lightning's": lambda own: {
        "state_dict": prefixed("model.", own),
        "optimizer_states": [checkpoint()["optimizer_state_dict"]],
        "pytorch-lightning_version": "2.5.0",
        "hyper_parameters": {"lr": 0.1},
    },
    "beside a loss of its own": lambda own: {
        "state_dict": {**prefixed("model.", own), "loss.weight": torch.ones(5)}
    },
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@torch.no_grad()
def test_weights_are_found_in_every_wrapping(tmp_path: Path, wrapping: str) -> None:
    path = tmp_path / "weights.pt"
    with torch.enable_grad():
        torch.save(WRAPPINGS[wrapping](state()), path)
    found = read_weights(path)
    assert found.source == str(path)
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    ours = network(seed=1)
    loaded = load_into(ours, found, HEAD, keep_head=True)
    assert same(ours.state_dict(), state())
    assert not same(state(1), state())  # control
    pictures = torch.randn(4, 3, 8, 8)
    assert ours(pictures).equal(network()(pictures))
    assert loaded.loaded == tuple(state())
    assert loaded.new == ()
    assert list(loaded.left_out) == (["loss.weight"] if "loss" in wrapping else [])


def test_weights_of_data_parallel_load_into_a_user_s_module(tmp_path: Path) -> None:
    wrapped = nn.DataParallel(network())
    torch.save(wrapped.state_dict(), tmp_path / "weights.pth")
    ours = network(seed=1)
    load_into(ours, read_weights(tmp_path / "weights.pth"), HEAD, keep_head=True)
    pictures = torch.randn(4, 3, 8, 8)
    assert ours(pictures).equal(wrapped(pictures))


@pytest.mark.parametrize("prefix", ["model.", "module.", "backbone."])
def test_weights_load_into_a_network_that_has_a_prefix_itself(prefix: str) -> None:
    ours = nn.Sequential(OrderedDict({prefix[:-1]: network(seed=1)}))
    head = [f"{prefix}{name}" for name in HEAD]
    load_into(ours, weights(state()), head, keep_head=True)
    assert same(ours.state_dict(), prefixed(prefix, state()))


def test_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(prefixed("module.", state()), path, {"format": "pt"})
    ours = network(seed=1)
    load_into(ours, read_weights(path), HEAD, keep_head=True)
    assert same(ours.state_dict(), state())


def test_half_precision_becomes_full() -> None:
    ours = network(seed=1)
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state().items()
    }
    load_into(ours, weights(half), HEAD, keep_head=True)
    for name, tensor in ours.state_dict().items():
        assert tensor.dtype == state()[name].dtype
        torch.testing.assert_close(tensor, state()[name], rtol=1e-3, atol=1e-4)


def test_running_statistics_are_loaded_too() -> None:
    ours = network(seed=1)
    loaded = load_into(ours, weights(state()), HEAD)
    for name in ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked"):
        assert name in loaded.loaded
        assert ours.state_dict()[name].equal(state()[name])
    assert not state(1)["norm.running_mean"].equal(state()["norm.running_mean"])  # control


def test_settings_and_numbers_of_numpy_beside_the_weights_do_no_harm(tmp_path: Path) -> None:
    beside = {
        "args": argparse.Namespace(lr=0.1, data="cifar10"),
        "best": np.float64(0.9),
        "counts": np.arange(3),
    }
    for number, old in enumerate((False, True)):
        path = tmp_path / f"{number}.pt"
        torch.save({**beside, "state_dict": state()}, path, _use_new_zipfile_serialization=not old)
        assert same(read_weights(path).tensors, state())
        with pytest.raises(pickle.UnpicklingError):  # control
            torch.load(path, weights_only=True)


def test_numbers_of_an_older_numpy_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    torch.save({"best": np.float64(0.9), "state_dict": state()}, path)
    data = io.BytesIO()
    with zipfile.ZipFile(path) as now, zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as then:
        for name in now.namelist():
            then.writestr(name, now.read(name).replace(b"numpy._core.", b"numpy.core."))
    path.write_bytes(data.getvalue())
    assert b"numpy.core.multiarray" in data.getvalue()
    assert same(read_weights(path).tensors, state())


# --- what is refused


class Code:
    """What executes `open(path, "w")` when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("by", ["torch", "torch's old format", "pickle"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the control's file is never closed
def test_code_in_a_file_is_refused_and_not_executed(tmp_path: Path, by: str) -> None:
    path, mark = tmp_path / "weights.pt", tmp_path / "mark"
    content = {**state(), "fc.extra": Code(mark)}
    if by == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=by == "torch")
    with pytest.raises(RetinueError) as caught:
        read_weights(path)
    assert not mark.exists()
    text = str(caught.value)
    if by != "pickle":
        assert text == (
            f"{path}: cannot be read as plain weights (it also holds io.open, which may be code); "
            "save model.state_dict(), best as safetensors"
        )
    assert text.startswith(f"{path}: cannot be read as plain weights (")
    assert "\n" not in text
    # The control: read as pickles usually are, it does what it wants.
    if by == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert mark.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "model.pt")
    with pytest.raises(RetinueError, match=r"save model\.state_dict\(\)"):
        read_weights(tmp_path / "model.pt")


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
@pytest.mark.parametrize("length", [0, 7, 300, -1])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, name: str, length: int) -> None:
    path = tmp_path / name
    if path.suffix == ".pt":
        torch.save(state(), path)
    else:
        save_file(state(), path)
    read_weights(path)  # control
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RetinueError) as caught:
        read_weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"state_dict": {}},
        {"epoch": 3},
        [torch.ones(2)],
        torch.ones(2),
        "text",
        None,
        {"a": {"b": {"weight": torch.ones(2)}}},
    ],
    ids=str,
)
def test_a_file_without_weights_is_told(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    with pytest.raises(UsageError) as caught:
        read_weights(path)
    assert str(caught.value).startswith(
        f"{path}: holds no state dict, neither itself nor under state_dict, model_state_dict, model"
    )


def test_text_under_the_name_of_weights_is_told(tmp_path: Path) -> None:
    for name in ("weights.pth", "weights.safetensors"):
        (tmp_path / name).write_text("<html>not found</html>\n")
        with pytest.raises(RetinueError) as caught:
            read_weights(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_weights(tmp_path / "weights.pt")
    assert str(caught.value) == (
        f"--pretrained {tmp_path}/weights.pt: cannot be read (No such file or directory); "
        "name a file of weights or a run folder"
    )
    with pytest.raises(UsageError, match="holds no network yet"):
        read_weights(tmp_path)


# --- what fits and what does not


def test_nothing_that_fits_is_an_error_with_examples() -> None:
    before = state(1)
    ours = network(seed=1)
    theirs = {"stem.weight": torch.ones(3, 3), "stem.bias": torch.ones(3)}
    with pytest.raises(UsageError) as caught:
        load_into(ours, weights(theirs, "w.pt"), HEAD)
    assert str(caught.value) == (
        "w.pt: nothing in it fits this network: it has tensors such as stem.bias, the network "
        "such as conv.weight"
    )
    assert same(ours.state_dict(), before)


def test_a_head_of_other_classes_alone_is_nothing() -> None:
    with pytest.raises(UsageError, match=r"nothing in it fits .* as fc\.weight, the network such"):
        load_into(network(), weights({"fc.weight": torch.ones(7, 9)}), HEAD)


def test_a_number_of_batches_alone_is_nothing() -> None:
    theirs = {"norm.num_batches_tracked": torch.tensor(3)}
    with pytest.raises(UsageError, match="nothing in it fits"):
        load_into(network(), weights(theirs), HEAD)


def test_a_head_alone_is_nothing_unless_it_is_to_be_kept() -> None:
    own = nn.Sequential(OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(4, 3)))
    theirs = {"fc.weight": torch.ones(3, 4), "fc.bias": torch.ones(3)}
    with pytest.raises(UsageError) as caught:
        load_into(own, weights(theirs, "w.pt"), HEAD)
    assert str(caught.value) == "w.pt: only its head fits; keep that with --keep-head"
    assert load_into(own, weights(theirs), HEAD, keep_head=True).loaded == HEAD
    assert same(own.state_dict(), theirs)


def test_the_head_stays_new() -> None:
    ours = network(seed=1)
    loaded = load_into(ours, weights(state(), "w.pt"), HEAD)
    found = ours.state_dict()
    assert all(found[name].equal(state(1 if name in HEAD else 0)[name]) for name in found)
    assert loaded.left_out == dict.fromkeys(HEAD, "the head")
    assert loaded.new == HEAD
    assert loaded.lines() == [
        "loaded 2 layers (conv to norm) from w.pt",
        "left out: fc (the head)",
        "newly made: fc",
    ]


def test_what_is_told_does_not_depend_on_the_order_of_the_tensors() -> None:
    tensors = {**state(), "b.extra": torch.ones(1), "a.extra": torch.ones(1)}
    turned = dict(reversed(tensors.items()))
    one, other = (load_into(network(1), weights(some), HEAD) for some in (tensors, turned))
    assert list(one.left_out) == list(other.left_out)
    assert one.lines() == other.lines()


def test_a_head_of_other_classes_is_left_out_too() -> None:
    ours = network(seed=1, classes=7)
    loaded = load_into(ours, weights(state()), HEAD)
    assert ours.get_submodule("fc").weight.equal(state(1, classes=7)["fc.weight"])  # type: ignore[operator]
    assert loaded.left_out == dict.fromkeys(HEAD, "the head")
    assert loaded.new == HEAD


def test_layers_of_other_shapes_are_left_out_and_new() -> None:
    ours = network(seed=1)
    theirs = {**state(), "conv.weight": torch.ones(4, 1, 3, 3), "extra.scale": torch.tensor(2.0)}
    del theirs["norm.bias"]
    loaded = load_into(ours, weights(theirs, "w.pt"), HEAD, keep_head=True)
    assert ours.state_dict()["conv.weight"].equal(state(1)["conv.weight"])
    assert ours.state_dict()["conv.bias"].equal(state()["conv.bias"])
    assert loaded.new == ("conv.weight", "norm.bias")
    assert loaded.lines() == [
        "loaded 3 layers (conv to fc) from w.pt",
        "left out: conv (shape 4x1x3x3, not 4x3x3x3), extra (no such layer)",
        "newly made: conv, norm",
    ]


def test_a_number_in_place_of_a_tensor_is_called_so() -> None:
    theirs = {**state(), "norm.bias": torch.tensor(1.0)}
    loaded = load_into(network(), weights(theirs), HEAD)
    assert loaded.left_out["norm.bias"] == "shape a number, not 4"


def test_lines_of_one_layer_and_of_many() -> None:
    one = Loaded("w.pt", "", ("conv.weight", "conv.bias"), {}, ())
    assert one.lines() == ["loaded conv from w.pt"]
    many = Loaded(
        "w.pt", "", ("a.weight", "scale"), {f"b{n}": "no such layer" for n in range(7)}, ()
    )
    assert many.lines() == [
        "loaded 2 layers (a to scale) from w.pt",
        "left out: b0 (no such layer), b1 (no such layer), b2 (no such layer), b3 (no such layer), "
        "and 3 more",
    ]


def test_a_head_that_is_to_be_kept_must_fit() -> None:
    before = state(1, classes=7)
    ours = network(seed=1, classes=7)
    with pytest.raises(UsageError) as caught:
        load_into(ours, weights(state(), "w.pt"), HEAD, keep_head=True)
    assert str(caught.value) == (
        "--keep-head: w.pt has no head that fits: fc.weight, shape 5x4, not 7x4"
    )
    assert same(ours.state_dict(), before)
    headless = {name: tensor for name, tensor in state().items() if name not in HEAD}
    with pytest.raises(UsageError, match=r"has no head that fits: fc\.weight, not there"):
        load_into(ours, weights(headless), HEAD, keep_head=True)


# --- the weights of a run


def made(name: str, seed: int, classes: int = 3, **arguments: Any) -> nn.Sequential:
    torch.manual_seed(seed)
    return build(
        name, classes=classes, channels=3, size=(8, 8), arguments=arguments, mean=MEAN, std=STD
    )


def saved(folder: Path, model: nn.Module, name: str, **arguments: Any) -> None:
    card = make_card(model, name, arguments, ["a", "b", "c"], PREPROCESS, (MEAN, STD))
    save_model(folder, model, card)


def test_the_weights_of_a_run_go_into_the_same_network(tmp_path: Path) -> None:
    earlier = made("cnn", 0, depth=2)
    earlier.train()(torch.rand(8, 3, 8, 8) * 255)  # moves the running statistics
    saved(tmp_path, earlier, "cnn", depth=2)
    found = read_weights(tmp_path)
    assert found.source == str(tmp_path)
    assert found.digest == read_card(tmp_path).weights
    theirs = earlier.get_submodule("network").state_dict()
    assert same(found.tensors, theirs)
    ours = made("cnn", 1, depth=2).get_submodule("network")
    assert not same(ours.state_dict(), theirs)  # control
    loaded = load_into(ours, found, ["head.output.weight", "head.output.bias"], keep_head=True)
    assert same(ours.state_dict(), theirs)
    assert (loaded.left_out, loaded.new) == ({}, ())
    others = made("cnn", 1, classes=9, depth=2).get_submodule("network")
    loaded = load_into(others, found, ["head.output.weight", "head.output.bias"])
    assert loaded.new == ("head.output.weight", "head.output.bias")


def test_the_weights_of_a_run_of_a_user_s_module_need_no_code(tmp_path: Path) -> None:
    saved(tmp_path, wrap(network(), MEAN, STD), "mine.nets:small")
    ours = network(seed=1)
    loaded = load_into(ours, read_weights(tmp_path), HEAD, keep_head=True)
    assert same(ours.state_dict(), state())
    assert loaded.left_out == {}


def test_damaged_weights_of_a_run_are_refused(tmp_path: Path) -> None:
    for name in ("cnn", "mine.nets:small"):
        saved(tmp_path, made("cnn", 0), name)
        read_weights(tmp_path)  # control
        path = tmp_path / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        with pytest.raises(RetinueError, match="damaged, or not the weights that"):
            read_weights(tmp_path)


def test_what_retinue_trained_comes_out_of_its_run_folder(tmp_path: Path) -> None:
    run = retinue.train(
        "digits",
        model={"name": "mlp", "hidden": [8]},
        epochs=1,
        limit_per_class=10,
        output=tmp_path / "run",
    )
    found = read_weights(run.path)
    model = load_model(run.path, read_card(run.path))
    ours = build(
        "mlp", classes=10, channels=1, size=(8, 8), arguments={"hidden": [8]}, mean=[0], std=[1]
    ).get_submodule("network")
    load_into(ours, found, ["head.output.weight", "head.output.bias"], keep_head=True)
    pictures = torch.randn(4, 1, 8, 8)
    with torch.no_grad():
        assert ours.eval()(pictures).equal(model.eval().get_submodule("network")(pictures))


# --- by their order


def test_tensors_in_the_same_order_get_the_network_s_names() -> None:
    theirs = {str(number): tensor for number, tensor in enumerate(state().values())}
    found = in_order_of(network(1), weights(theirs))
    assert same(found.tensors, state())
    assert (found.source, found.digest) == ("there", "digest")


def headed(classes: int) -> nn.Sequential:
    """A network whose head is called so."""
    return nn.Sequential(OrderedDict(body=network(), head=nn.Linear(5, classes)))


def test_by_their_order_the_head_may_have_other_classes() -> None:
    theirs = headed(9).state_dict()
    found = in_order_of(headed(2), weights({f"x{name}": theirs[name] for name in theirs}))
    assert same(found.tensors, theirs)


@pytest.mark.parametrize("change", ["order", "shape", "fewer", "more"])
def test_another_order_is_refused(change: str) -> None:
    theirs = state()
    if change == "order":
        theirs = dict(reversed(theirs.items()))
    elif change == "shape":
        theirs["conv.weight"] = torch.ones(4, 3, 5, 5)
    elif change == "fewer":
        del theirs["fc.bias"]
    else:
        theirs["one"] = torch.ones(1)
    with pytest.raises(RetinueError, match="there: not the weights of this network"):
        in_order_of(network(), weights(theirs))
