from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from retinue.errors import UsageError
from retinue.explaining.layers import (
    convolutions,
    find_layer,
    inputs,
    layers,
    listed,
    out_of_place,
    outputs,
)
from retinue.models.blocks import named
from retinue.models.catalogue import wrap
from retinue.models.graph import GraphNetwork
from retinue.models.normalise import Normalise
from tests.explaining.map_cases import state_of

NET: dict[str, Callable[[], nn.Module]] = {
    "convolution": lambda: nn.Conv2d(3, 4, 3),
    "parts": lambda: named(
        first=named(conv=nn.Conv2d(3, 4, 3), act=nn.ReLU(inplace=True)),
        second=named(inner=named(conv=nn.Conv2d(4, 5, 3))),
        empty=nn.Sequential(),
    ),
}


def wrapped(network: nn.Module) -> nn.Sequential:
    return wrap(network, [0.0] * 3, [1.0] * 3)


class Adding(nn.Module):
    """Writes the sum and its activation into the place of what its layers gave."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.act = nn.ReLU(inplace=True)
        self.last = nn.Sigmoid()

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.norm(self.conv(pictures))
        maps += pictures
        found: Tensor = self.last(self.act(maps))
        return found


def test_layers_go_by_their_names_without_the_part_that_all_have_in_common() -> None:
    model = wrapped(NET["parts"]())
    assert list(layers(model)) == [
        "normalise",
        "first.conv",
        "first.act",
        "second.inner.conv",
        "empty",
    ]
    assert list(convolutions(model)) == ["first.conv", "second.inner.conv"]
    assert list(layers(NET["parts"]())) == list(layers(model))[1:]
    assert list(layers(wrapped(NET["convolution"]()))) == ["normalise", "network"]


def test_a_layer_is_found_by_either_name_and_so_is_a_part() -> None:
    model = wrapped(NET["parts"]())
    network = model.get_submodule("network")
    conv = network.get_submodule("second.inner.conv")
    assert find_layer(model, "second.inner.conv") is conv
    assert find_layer(model, "network.second.inner.conv") is conv
    assert find_layer(network, "network.second.inner.conv") is conv
    assert find_layer(model, "second") is network.get_submodule("second")
    assert find_layer(model, "empty") is network.get_submodule("empty")
    assert find_layer(model, "network") is network


def test_names_that_would_be_two_layers_stay_whole() -> None:
    own = named(normalise=Normalise([0.0], [1.0]), network=named(conv=nn.Conv2d(3, 3, 1)))
    own.add_module("conv", nn.Conv2d(3, 3, 1))
    model = wrapped(own)
    names = layers(model)
    assert list(names) == ["normalise", "network.normalise", "network.network.conv", "conv"]
    assert names["normalise"] is model.get_submodule("normalise")
    assert names["network.network.conv"] is model.get_submodule("network.network.conv")
    for name, layer in names.items():
        assert find_layer(model, name) is layer


def test_a_layer_in_two_places_is_listed_once_and_found_by_both_names() -> None:
    act = nn.ReLU()
    model = wrapped(named(a=act, conv=nn.Conv2d(3, 3, 1), b=act))
    assert list(layers(model)) == ["normalise", "a", "conv"]
    assert find_layer(model, "b") is act


def test_a_convolution_with_computed_weights_is_one_layer() -> None:
    model = wrapped(named(conv=parametrizations.weight_norm(nn.Conv2d(3, 3, 1)), act=nn.ReLU()))
    assert list(layers(model)) == ["normalise", "conv", "act"]
    assert list(convolutions(model)) == ["conv"]


def test_an_unknown_name_is_told_with_what_is_near() -> None:
    model = wrapped(NET["parts"]())
    with pytest.raises(
        UsageError, match=r"--layer first.cnov: .* did you mean first.conv\?"
    ) as told:
        find_layer(model, "first.cnov")
    assert "Layers are: normalise, first.conv," in str(told.value)
    with pytest.raises(UsageError, match="no such layer"):
        find_layer(model, "")
    many = nn.Sequential(*(nn.ReLU() for _ in range(50)))
    with pytest.raises(UsageError, match=r"0, 1, .* 19, and 30 more$"):
        find_layer(many, "x")
    with pytest.raises(UsageError) as steering:
        find_layer(model, "\x1b[31m\nx")
    assert not {"\x1b", "\n"} & set(str(steering.value))
    assert listed({}) == "Layers are: none"


def test_a_graph_shows_no_layers() -> None:
    graph = GraphNetwork.__new__(GraphNetwork)
    nn.Module.__init__(graph)
    for look in (layers, convolutions, lambda model: find_layer(model, "network")):
        with pytest.raises(UsageError, match=r"stored as a graph.*--model"):
            look(wrapped(graph))


def test_outputs_are_the_layers_own_whatever_is_written_into_their_place() -> None:
    torch.manual_seed(0)
    network, pictures = Adding().eval(), torch.randn(1, 3, 6, 6)
    weight, bias = network.conv.weight, network.conv.bias
    conv = F.conv2d(pictures, weight, bias, padding=1)
    norm = F.batch_norm(conv, torch.zeros(3), torch.ones(3), eps=network.norm.eps)
    with torch.no_grad(), outputs(network, layers(network)) as found:
        network(pictures)
    assert list(found) == ["conv", "norm", "act", "last"]
    torch.testing.assert_close(found["conv"], conv)
    torch.testing.assert_close(found["norm"], norm)
    torch.testing.assert_close(found["act"], F.relu(norm + pictures))
    torch.testing.assert_close(found["last"], torch.sigmoid(F.relu(norm + pictures)))


def test_a_plain_hook_would_see_what_was_written_over() -> None:
    torch.manual_seed(0)
    network, pictures = Adding().eval(), torch.randn(1, 3, 6, 6)
    kept: list[Tensor] = []
    hook = network.norm.register_forward_hook(lambda _, __, output: kept.append(output))
    with torch.no_grad():
        network(pictures)
    hook.remove()
    with torch.no_grad(), outputs(network, {"norm": network.norm}) as found:
        network(pictures)
    assert kept[0].min() >= 0 > found["norm"].min()


def test_clearing_flags_alone_would_not_do() -> None:
    torch.manual_seed(0)
    network, pictures = Adding().eval(), torch.randn(1, 3, 6, 6)
    kept: list[Tensor] = []
    hook = network.norm.register_forward_hook(lambda _, __, output: kept.append(output))
    with torch.no_grad(), out_of_place(network):
        network(pictures)
    hook.remove()
    conv = F.conv2d(pictures, network.conv.weight, network.conv.bias, padding=1)
    norm = F.batch_norm(conv, torch.zeros(3), torch.ones(3), eps=network.norm.eps)
    assert not torch.allclose(kept[0], norm)


def test_the_answer_is_what_it_is_without_listening() -> None:
    network, pictures = Adding().eval(), torch.randn(2, 3, 6, 6)
    with torch.no_grad():
        plain = network(pictures.clone())
        with outputs(network, layers(network)), inputs(network, layers(network)):
            assert torch.equal(network(pictures.clone()), plain)


def test_outputs_carry_gradients() -> None:
    torch.manual_seed(0)
    network, pictures = Adding().eval(), torch.randn(1, 3, 6, 6)
    with outputs(network, {"norm": network.norm}) as found:
        answer = network(pictures).sum()
    (gradient,) = torch.autograd.grad(answer, found["norm"])
    norm = found["norm"].detach().requires_grad_()
    torch.sigmoid(F.relu(norm + pictures)).sum().backward()
    torch.testing.assert_close(gradient, norm.grad)
    assert gradient.abs().sum() > 0


def test_a_layer_that_runs_twice_has_two_outputs_and_two_inputs() -> None:
    act, double = nn.ReLU(), nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(double.weight, -2.0)
    network = nn.Sequential(act, double, act)
    pictures = torch.tensor([[[[-1.0, 3.0]]]])
    with (
        torch.no_grad(),
        outputs(network, {"act": act}) as found,
        inputs(network, {"act": act}) as given,
    ):
        network(pictures)
        network(pictures)
    assert {name: value.flatten().tolist() for name, value in found.items()} == {
        "act": [0.0, 3.0],
        "act:2": [0.0, 0.0],
    }
    assert given["act:2"].flatten().tolist() == [0.0, -6.0]


def test_of_a_layer_that_gives_no_tensor_there_is_nothing() -> None:
    attention = nn.MultiheadAttention(4, 2, batch_first=True)

    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = attention

        def forward(self, tokens: Tensor) -> Any:
            return self.attention(query=tokens, key=tokens, value=tokens)[0]

    network = Attending()
    names: dict[str, nn.Module] = {"attention": attention}
    with outputs(network, names) as found, inputs(network, names) as given:
        network(torch.ones(1, 3, 4))
    assert not found
    assert torch.equal(given["attention"], torch.ones(1, 3, 4))


@pytest.mark.parametrize("listening", [outputs, inputs])
def test_everything_is_afterwards_as_before_even_when_the_pass_fails(listening: Any) -> None:
    network = Adding().train()
    network.norm.eval()
    network.conv.bias.requires_grad_(False)  # type: ignore[union-attr]
    before = state_of(network)
    with listening(network, layers(network)):
        assert state_of(network) != before
    assert state_of(network) == before
    with pytest.raises(RuntimeError), listening(network, layers(network)):
        network(torch.zeros(1, 5, 4, 4))
    assert state_of(network) == before


def test_flags_are_cleared_while_it_lasts_and_then_set_again() -> None:
    network = nn.Sequential(nn.ReLU(inplace=True), nn.ReLU(), nn.Dropout(0.5, inplace=True))
    with out_of_place(network):
        assert [getattr(part, "inplace") for part in network] == [False] * 3  # noqa: B009
    with pytest.raises(KeyError), out_of_place(network):
        raise KeyError
    assert [getattr(part, "inplace") for part in network] == [True, False, True]  # noqa: B009
