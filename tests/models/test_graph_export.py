"""Writing model.onnx disturbs nothing, tells nothing of the source, and fails without harm."""

import hashlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.images import Preprocess
from retinue.models import graph_export
from retinue.models.catalogue import wrap
from retinue.models.graph import NAME, GraphNetwork
from retinue.models.graph_export import save_own_model, write_graph
from retinue.models.weights import ModelCard, load_model, make_card, read_card

PREPROCESS = Preprocess((8, 8), (8, 8), "crop", 1)
PICTURES = torch.randint(0, 256, (4, 1, 8, 8), generator=torch.Generator().manual_seed(5)).byte()


class Student(nn.Module):
    """What people write: batch norm, dropout, and a view that counts on torch's order in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.output = nn.Linear(4 * 9, 10)

    def forward(self, given: Tensor) -> Tensor:
        found = nn.functional.max_pool2d(torch.relu(self.norm(self.conv(given))), 2)
        found = nn.functional.dropout(found.view(found.size(0), -1), 0.5, self.training)
        return self.output(found)  # type: ignore[no-any-return]


class Attending(nn.Module):
    """Patches, a layer of attention, a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, stride=4)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
        self.output = nn.Linear(8, 10)

    def forward(self, given: Tensor) -> Tensor:
        found = self.layer(self.patches(given).flatten(2).transpose(1, 2))
        return self.output(found.mean(1))  # type: ignore[no-any-return]


def network(make: Callable[[], nn.Module] = Student) -> nn.Sequential:
    torch.manual_seed(0)
    return wrap(make(), [30.0], [40.0])


def written(folder: Path, model: nn.Module) -> graph_export.Graph:
    return write_graph(folder, model, 1, (8, 8))


@pytest.mark.parametrize("make", [Student, Attending])
def test_the_graph_gives_the_logits_of_the_network(make: Any, tmp_path: Path) -> None:
    model = network(make).eval()
    found = written(tmp_path, model)
    data = (tmp_path / NAME).read_bytes()
    assert found == graph_export.Graph(hashlib.sha256(data).hexdigest())
    with torch.no_grad():
        assert (GraphNetwork(data)(PICTURES) - model(PICTURES)).abs().max() < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, network()) == written(tmp_path, network())


def test_it_tells_nothing_of_paths_and_source(tmp_path: Path) -> None:
    written(tmp_path, network())
    data = (tmp_path / NAME).read_bytes()
    here = Path(__file__)
    for word in (here.name, here.parent.name, "site-packages", "self.conv", "Student", "stack"):
        assert word.encode() not in data


def test_nothing_is_disturbed(tmp_path: Path) -> None:
    model = network().double()
    model.get_submodule("network.norm").eval()
    next(model.parameters()).requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    grads = [weight.requires_grad for weight in model.parameters()]
    draws, level = torch.get_rng_state(), logging.root.manager.disable
    assert written(tmp_path, model).digest
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert {after[name].dtype for name in before} == {tensor.dtype for tensor in before.values()}
    assert [module.training for module in model.modules()] == modes
    assert [weight.requires_grad for weight in model.parameters()] == grads
    assert torch.equal(torch.get_rng_state(), draws)
    assert torch.is_grad_enabled()
    assert logging.root.manager.disable == level


def test_training_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    def trained(between: Callable[[nn.Module], Any]) -> list[Tensor]:
        model = network()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            optimiser.zero_grad()
            model(PICTURES).square().mean().backward()
            optimiser.step()
            between(model)
        return list(model.state_dict().values())

    pairs = zip(trained(lambda _: None), trained(lambda it: written(tmp_path, it)), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_it_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert written(tmp_path, network()).digest
    assert written(tmp_path, network(Depends)).why_not
    assert capfd.readouterr() == ("", "")


# What has no graph.


class Depends(Student):
    """What it does depends on what it sees."""

    def forward(self, given: Tensor) -> Tensor:
        found = super().forward(given)
        return -found if float(found.sum()) > 0 else found


class Draws(Student):
    """It draws in use too."""

    def forward(self, given: Tensor) -> Tensor:
        return super().forward(nn.functional.dropout(given, 0.5, training=True))


class Fixed(Student):
    """It knows one size of batch."""

    def forward(self, given: Tensor) -> Tensor:
        return super().forward(given.reshape(2, 1, 8, 8))


class Fails(Student):
    """It prints, and fails."""

    def forward(self, given: Tensor) -> Tensor:
        print("on the way")  # noqa: T201
        raise RuntimeError(f"no\x1b[31m way for {len(given.shape)}\nand more")


@pytest.mark.parametrize("make", [Depends, Draws, Fixed, Fails])
def test_what_has_no_graph_is_told_and_leaves_none(
    make: type[nn.Module], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NAME).write_bytes(b"of an earlier stop")
    found = written(tmp_path, network(make))
    assert found.digest == ""
    assert found.why_not.startswith("it has no graph: ")
    assert not set(found.why_not) & set("\n\x1b")
    assert len(found.why_not) < 250
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_gives_other_logits_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Otherwise(GraphNetwork):
        def forward(self, pictures: Tensor) -> Tensor:
            return super().forward(pictures) * 1.001

    monkeypatch.setattr(graph_export, "GraphNetwork", Otherwise)
    assert "its logits differ by" in written(tmp_path, network()).why_not
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_without_the_extra_nothing_is_written_and_it_is_named(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert "pip install 'retinue[export]'" in written(tmp_path, network()).why_not
    assert list(tmp_path.iterdir()) == []


# Beside the weights.


def saved(
    folder: Path, make: Callable[[], nn.Module], name: str = "mine:net"
) -> tuple[ModelCard, str]:
    model = network(make)
    classes = [str(number) for number in range(10)]
    card = make_card(model, name, {}, classes, PREPROCESS, ([30.0], [40.0]))
    note = save_own_model(folder, model, card)
    return read_card(folder), note


def test_a_user_s_network_is_used_without_its_code(tmp_path: Path) -> None:
    card, note = saved(tmp_path, Student)
    assert note == ""
    assert card.graph == hashlib.sha256((tmp_path / NAME).read_bytes()).hexdigest()
    graph = load_model(tmp_path, card)
    assert isinstance(graph, GraphNetwork)
    code = load_model(tmp_path, card, Student()).eval()
    assert (graph(PICTURES) - code(PICTURES)).abs().max() < 1e-4
    assert isinstance(code, nn.Sequential)


def test_one_without_a_graph_says_why_when_its_code_is_missed(tmp_path: Path) -> None:
    card, note = saved(tmp_path, Draws)
    assert "this run will need --model package.module:factory to be used, for it has no" in note
    assert card.graph == ""
    with pytest.raises(UsageError, match=r"give its code with --model .*its logits differ"):
        load_model(tmp_path, card)
    assert load_model(tmp_path, card, Draws())


def test_a_network_of_the_catalogue_has_no_graph(tmp_path: Path) -> None:
    card, note = saved(tmp_path, nn.Identity, "softmax")
    assert (card.graph, card.no_graph, note) == ("", "", "")
    assert not (tmp_path / NAME).exists()
