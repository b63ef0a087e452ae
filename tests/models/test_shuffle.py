"""One fixed order of pixels: drawn as documented, the same for all, and kept with the weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from retinue.errors import RetinueError, UsageError
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.models.describe import describe
from retinue.models.shuffle import ShufflePixels
from retinue.models.weights import load_model, make_card, read_card, save_model

MEAN, STD, SIZE = [10.0, 20.0, 30.0], [2.0, 4.0, 8.0], (6, 5)
PREPROCESS = Preprocess(SIZE, SIZE, "crop", 3)


def drawn(seed: int, count: int) -> NDArray[np.int64]:
    """The order by the formula in `retinue.seeds`, without Retinue."""
    digest = hashlib.sha256(f"{seed}/shuffle-pixels/0/0".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    order: NDArray[np.int64] = torch.randperm(count, generator=generator).numpy()
    return order


def network(name: str = "cnn", shuffle_pixels: int | None = None) -> nn.Module:
    torch.manual_seed(0)
    return build(
        name, classes=4, channels=3, size=SIZE, arguments={}, mean=MEAN, std=STD,
        shuffle_pixels=shuffle_pixels,
    ).eval()  # fmt: skip


def pictures(count: int = 3, channels: int = 3) -> torch.Tensor:
    random = np.random.default_rng(1)
    return torch.from_numpy(random.integers(0, 256, (count, channels, *SIZE), dtype=np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_pixels_stand_where_numpy_puts_them(
    channels: int, memory_format: torch.memory_format
) -> None:
    given = pictures(channels=channels).float().contiguous(memory_format=memory_format)
    found = ShufflePixels(7, SIZE)(given)
    expected = given.numpy().reshape(3, channels, 30)[:, :, drawn(7, 30)].reshape(given.shape)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert not np.array_equal(found.numpy(), given.numpy())
    assert not np.array_equal(ShufflePixels(8, SIZE)(given).numpy(), expected)
    assert found.is_contiguous(memory_format=memory_format)


def test_the_draw_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with torch.device("meta"):
        layer = ShufflePixels(0, SIZE)
    assert torch.equal(torch.rand(2), expected)
    assert layer.order.device.type == "cpu"


def test_other_sizes_are_refused() -> None:
    layer = ShufflePixels(0, SIZE)
    for size in [(5, 6), (8, 8)]:
        with pytest.raises(ValueError, match="is one of 6x5, the pictures are"):
            layer(torch.zeros(1, 3, *size))


def test_without_a_seed_networks_are_as_ever_and_with_one_only_the_order_is_more() -> None:
    plain, shuffled = network(), network(shuffle_pixels=0)
    assert [name for name, _ in plain.named_children()] == ["normalise", "network"]
    assert [name for name, _ in shuffled.named_children()] == ["normalise", "shuffle", "network"]
    before, after = plain.state_dict(), shuffled.state_dict()
    assert after.keys() - before.keys() == {"shuffle.order"}
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_network_gets_what_was_shuffled_by_hand() -> None:
    given = pictures()
    by_hand = given.flatten(2)[:, :, torch.from_numpy(drawn(5, 30))].view(given.shape)
    with torch.no_grad():
        found, expected = network(shuffle_pixels=5)(given), network()(by_hand)
        unshuffled = network()(given)
    assert torch.equal(found, expected)
    assert not torch.allclose(found, unshuffled)


@pytest.mark.parametrize("shuffle_pixels", [None, 5])
def test_it_is_kept_on_the_disk(tmp_path: Path, shuffle_pixels: int | None) -> None:
    model = network("mlp", shuffle_pixels)
    card = make_card(
        model, "mlp", {}, list("abcd"), PREPROCESS, (MEAN, STD), shuffle_pixels=shuffle_pixels
    )
    save_model(tmp_path, model, card)
    assert ("shuffle_pixels" in (tmp_path / "model.json").read_text()) == (shuffle_pixels == 5)
    read = read_card(tmp_path)
    assert read.shuffle_pixels == shuffle_pixels
    loaded = load_model(tmp_path, read).eval()
    with torch.no_grad():
        assert torch.equal(loaded(pictures()), model(pictures()))


@pytest.mark.parametrize("place", [0, 30])
def test_what_is_no_order_is_not_loaded(tmp_path: Path, place: int) -> None:
    model = network("mlp", 5)
    card = make_card(model, "mlp", {}, list("abcd"), PREPROCESS, (MEAN, STD), shuffle_pixels=5)
    model.get_buffer("shuffle.order")[:2] = place
    save_model(tmp_path, model, card)
    with pytest.raises(RetinueError, match=r"'mlp': shuffle\.order is no order"):
        load_model(tmp_path, read_card(tmp_path))


def test_a_card_with_another_seed_than_a_whole_number_is_damaged(tmp_path: Path) -> None:
    model = network("mlp", 5)
    card = make_card(model, "mlp", {}, list("abcd"), PREPROCESS, (MEAN, STD), shuffle_pixels=5)
    save_model(tmp_path, model, card)
    path = tmp_path / "model.json"
    for wrong in ('"5"', "null", "5.0", "true"):
        text = path.read_text()
        path.write_text(text.replace('"shuffle_pixels": 5', f'"shuffle_pixels": {wrong}'))
        with pytest.raises(RetinueError, match="shuffle_pixels is no whole number"):
            read_card(tmp_path)
        save_model(tmp_path, model, card)


def test_no_receptive_field_is_told_behind_it() -> None:
    shuffled = {row.name: row for row in describe(network(shuffle_pixels=0), 3, SIZE).rows}
    plain = {row.name: row for row in describe(network(), 3, SIZE).rows}
    assert shuffled["shuffle"].kind == "ShufflePixels"
    assert shuffled["normalise"].receptive_field == (1, 1)
    behind = [name for name in plain if name != "normalise"]
    assert all(shuffled[name].receptive_field is None for name in behind)
    assert any(plain[name].receptive_field for name in behind)
    with pytest.raises(UsageError, match="the order of pixels is one of 6x5"):
        describe(network(shuffle_pixels=0), 3, (8, 8))


def test_own_modules_get_torchs_order_in_memory() -> None:
    class Own(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values.view(len(values), -1)  # fails in another order

    given = pictures().contiguous(memory_format=torch.channels_last)
    found = wrap(Own(), MEAN, STD, as_torch=True, shuffle=ShufflePixels(5, SIZE))(given)
    normalised = wrap(Own(), MEAN, STD, as_torch=True)(given)
    expected = normalised.view(3, 3, 30)[:, :, torch.from_numpy(drawn(5, 30))].flatten(1)
    assert torch.equal(found, expected)
