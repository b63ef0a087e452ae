"""model.onnx comes back as the network that it was made from, or not at all."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from retinue.errors import MissingExtraError, RetinueError
from retinue.models import graph as graphs
from retinue.models.catalogue import wrap
from retinue.models.graph import NAME, GraphNetwork, load_graph, require_plain
from retinue.models.graph_export import write_graph

SHAPE = (3, 6, 5)


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(48, 7)
    )
    return wrap(layers, [100.0, 110.0, 120.0], [50.0, 60.0, 70.0]).eval()


def pictures(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, *SHAPE), generator=generator, dtype=torch.uint8)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A graph that is in order."""
    folder = tmp_path_factory.mktemp("graph")
    written = write_graph(folder, network(), SHAPE[0], SHAPE[1:])
    assert written.why_not == ""
    return (folder / NAME).read_bytes()


def kept(folder: Path, data: bytes) -> str:
    """Put a graph into a folder; its digest, as one who replaces both would have it named."""
    (folder / NAME).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def loaded(folder: Path, data: bytes, shape: tuple[int, int, int] = SHAPE) -> GraphNetwork:
    return load_graph(folder, kept(folder, data), shape, 7)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_its_logits_are_those_of_the_network(whole: bytes, tmp_path: Path, count: int) -> None:
    found = loaded(tmp_path, whole)
    expected = network()(pictures(count))
    assert (found(pictures(count)) - expected).abs().max() < 1e-4
    assert torch.equal(found(pictures(count).float()), found(pictures(count)))
    assert (network(seed=1)(pictures(count)) - expected).abs().max() > 1e-2  # control


def test_pictures_in_another_order_in_memory_are_the_same(whole: bytes) -> None:
    graph, seen = GraphNetwork(whole), pictures(3)
    assert torch.equal(graph(seen.to(memory_format=torch.channels_last)), graph(seen))


def test_what_a_classifier_does_with_a_network_does_no_harm(whole: bytes) -> None:
    graph = GraphNetwork(whole)
    expected = graph(pictures(2))
    with torch.inference_mode():
        moved = graph.float().eval().to("cpu")
        assert torch.equal(moved(pictures(2)), expected)


def test_weights_that_changed_since_are_another_graph(whole: bytes, tmp_path: Path) -> None:
    digest = hashlib.sha256(whole).hexdigest()
    write_graph(tmp_path, network(seed=1), SHAPE[0], SHAPE[1:])
    with pytest.raises(RetinueError, match=r"damaged, or not the graph that model\.json names"):
        load_graph(tmp_path, digest, SHAPE, 7)


def test_a_changed_byte_is_found(whole: bytes, tmp_path: Path) -> None:
    digest = kept(tmp_path, whole)
    (tmp_path / NAME).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(RetinueError, match="damaged"):
        load_graph(tmp_path, digest, SHAPE, 7)


def test_a_missing_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"model\.onnx: cannot be read: No such file"):
        load_graph(tmp_path, "", SHAPE, 7)


def test_one_that_is_too_large_is_not_read(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "LARGEST", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("was read"))
    with pytest.raises(RetinueError, match="no run's graph is that large"):
        loaded(tmp_path, whole)


@pytest.mark.parametrize("data", [b"", b"no graph at all", b"\x00" * 50, b"\x80\x04."])
def test_what_is_no_graph_is_told_in_one_line(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(RetinueError, match=r"model\.onnx: ") as caught:
        loaded(tmp_path, data)
    assert "\n" not in str(caught.value)


def test_half_a_graph_is_told_in_one_line(whole: bytes, tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"model\.onnx: ") as caught:
        loaded(tmp_path, whole[: len(whole) // 2])
    assert "\n" not in str(caught.value)


def test_a_graph_for_other_pictures_or_classes_is_told(whole: bytes, tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"model\.onnx: .") as caught:
        loaded(tmp_path, whole, (3, 5, 6))
    assert "\n" not in str(caught.value)
    with pytest.raises(RetinueError, match=r"gives \(1, 7\) for a picture, not \(1, 8\)"):
        load_graph(tmp_path, kept(tmp_path, whole), SHAPE, 8)


# Nothing but data of its own.


def test_numbers_in_other_files_are_refused(whole: bytes, tmp_path: Path) -> None:
    model = onnx.load_model_from_string(whole)
    path = tmp_path / "apart.onnx"
    onnx.save(model, path, save_as_external_data=True, location="numbers", size_threshold=0)
    assert (tmp_path / "numbers").stat().st_size > 500
    with pytest.raises(RetinueError, match="keeps numbers in other files"):
        loaded(tmp_path, path.read_bytes())


def outside() -> TensorProto:
    """A tensor whose numbers are those of a file of the machine."""
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[2], name="numbers")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    return tensor


def of(nodes: list[Any], **more: Any) -> onnx.ModelProto:
    """A model of some nodes from x to y."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    functions = more.pop("functions", [])
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], **more)
    return helper.make_model(graph, functions=functions)


def hidden_in_a_subgraph() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["c"], value=outside())
    out = helper.make_tensor_value_info("c", TensorProto.FLOAT, [2])
    branch = helper.make_graph([constant], "branch", [], [out])
    choice = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    return of([choice])


def hidden_in_a_function() -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["b"], value=outside())
    opsets = [helper.make_opsetid("", 18)]
    function = helper.make_function("own", "F", ["a"], ["b"], [constant], opsets)
    return of([helper.make_node("F", ["x"], ["y"], domain="own")], functions=[function])


def hidden_in_a_sparse_tensor() -> onnx.ModelProto:
    sparse = onnx.SparseTensorProto(values=outside(), dims=[2])
    return of([helper.make_node("Relu", ["x"], ["y"])], sparse_initializer=[sparse])


@pytest.mark.parametrize(
    "make", [hidden_in_a_subgraph, hidden_in_a_function, hidden_in_a_sparse_tensor]
)
def test_they_are_found_wherever_they_hide(make: Any) -> None:
    with pytest.raises(ValueError, match="keeps numbers in other files"):
        require_plain(make().SerializeToString())


def test_operators_from_elsewhere_are_refused(tmp_path: Path) -> None:
    model = of([helper.make_node("Relu", ["x"], ["y"], domain="com.example")])
    with pytest.raises(RetinueError, match=r"operators that are not ONNX's own: com\.example"):
        loaded(tmp_path, model.SerializeToString())
    require_plain(of([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString())  # control


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_extra_it_is_named(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retinue\[export\]'"):
        loaded(tmp_path, whole)
