"""Parts of a network join the training one after the other, from its end to its beginning."""

import torch
from torch import nn

from retinue.models.catalogue import build_network
from retinue.models.heads import Head
from retinue.training.unfreezing import LATER, PARTS, SLOWER, Unfreezing, parts_of

HEAD = Head("head.output", ("head.output.weight", "head.output.bias"))


def network(name: str = "resnet-small") -> nn.Module:
    torch.manual_seed(0)
    return build_network(name, 5, 3, (16, 16), {})


def learning(model: nn.Module) -> set[str]:
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def test_every_weight_belongs_to_one_part() -> None:
    model = network()
    weights = [weight for part in parts_of(model, HEAD) for weight in part.weights]
    assert len(weights) == len(set(map(id, weights))) == len(list(model.parameters()))


def test_the_head_learns_fastest_and_first() -> None:
    parts = parts_of(network(), HEAD)
    assert len(parts) == PARTS + 1
    assert [part.lr_scale for part in parts] == [SLOWER**-number for number in range(PARTS + 1)]
    assert [part.begins for part in parts] == [0.0, *(number * LATER for number in range(PARTS))]
    assert [len(weight) for weight in parts[0].weights] == [5, 5]


def test_parts_join_in_from_the_end() -> None:
    model = network()
    unfreeze = Unfreezing(parts_of(model, HEAD))
    seen = []
    for progress in (0.0, LATER - 0.01, LATER, 2 * LATER, 1.0):
        model.train()
        unfreeze(progress)
        seen.append(learning(model))
    assert seen[0] == seen[1] < seen[2] < seen[3] == seen[4]
    assert seen[4] == {name for name, _ in model.named_parameters()}
    first = next(name for name, _ in model.named_parameters())
    assert first not in seen[2]
    assert HEAD.tensors[0] in seen[0]


def test_statistics_of_batch_norm_stay_those_of_the_pretrained_network() -> None:
    model = network()
    unfreeze = Unfreezing(parts_of(model, HEAD))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    for progress in (0.0, 1.0):
        model.train()
        unfreeze(progress)
        model(torch.randn(8, 3, 16, 16))
    after = model.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)
    model.train()  # the control: without unfreezing in between all of them move
    model(torch.randn(8, 3, 16, 16))
    first = next(key for key in before if key.endswith("running_mean"))
    assert not torch.equal(model.state_dict()[first], before[first])


def test_dropout_acts_in_parts_that_learn() -> None:
    torch.manual_seed(0)
    model = build_network("mlp", 5, 3, (16, 16), {"dropout": 0.5})
    dropouts = [layer for layer in model.modules() if isinstance(layer, nn.Dropout)]
    unfreeze = Unfreezing(parts_of(model, HEAD))
    found = []
    for progress in (0.0, 1.0):
        model.train()
        unfreeze(progress)
        found.append([layer.training for layer in dropouts])
    assert not all(found[0])
    assert all(found[1])


def test_what_a_network_never_trains_stays_still() -> None:
    model = network("fast")
    whitening = "whiten" if hasattr(model, "whiten") else "features.whiten"
    unfreeze = Unfreezing(parts_of(model, HEAD))
    unfreeze(1.0)
    assert not model.get_submodule(whitening).weight.requires_grad
