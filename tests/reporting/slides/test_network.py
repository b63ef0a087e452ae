"""The slide of a network: as many rows as it has room for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pptx.slide import Slide

from retinue.reporting.facts.layers import Layer
from retinue.reporting.slides import network
from retinue.reporting.slides.network import FEWEST, MOST, network_page
from retinue.reporting.slides.pages import Table, Words
from retinue.runs import Run

Texts = Callable[[Slide], list[str]]


def deep(parts: int, depth: int) -> list[Layer]:
    """Parts of so many convolutions, each with its activation."""
    return [
        Layer(f"features.part{part}.layer{layer}.{kind}", kind, (8, 4, 4), parameters, adds)
        for part in range(parts)
        for layer in range(depth)
        for kind, parameters, adds in (("conv", 10, 100), ("act", 0, 0))
    ]


def table_of(monkeypatch: pytest.MonkeyPatch, run: Run, found: list[Layer]) -> Table:
    monkeypatch.setattr(network, "layers", lambda _: found)
    block = network_page(run).blocks[0][1]
    assert isinstance(block, Table)
    return block


@pytest.mark.parametrize(("parts", "depth"), [(2, 3), (3, 4), (8, 6), (40, 1), (40, 9), (1, 90)])
def test_rows_are_few_and_add_up(
    digits: Path, monkeypatch: pytest.MonkeyPatch, parts: int, depth: int
) -> None:
    found = deep(parts, depth)
    table = table_of(monkeypatch, Run.load(digits / "runs" / "mlp"), found)
    assert min(FEWEST, len(found)) <= len(table.rows) <= MOST
    sums = [sum(int(row[place].replace(",", "")) for row in table.rows) for place in (3, 4)]
    assert sums == [10 * parts * depth, 100 * parts * depth]


def test_a_deep_network_is_told_part_by_part(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(monkeypatch, Run.load(digits / "runs" / "mlp"), deep(8, 6))
    assert [row[:2] for row in table.rows] == [
        (f"features.part{part}", "6 layers") for part in range(8)
    ]


def test_what_is_not_known_is_not_said(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied / "runs" / "mlp"
    for name in ("model.json", "model.safetensors"):
        (folder / name).unlink()
    page = network_page(Run.load(folder))
    assert page.title == "mlp"
    assert page.blocks[0][1] == Words(("Its layers are not known.",))
    own = [Layer("0", "weights 16 x 1 x 3 x 3", None, 160, None)]
    table = table_of(monkeypatch, Run.load(folder), own)
    assert table.rows == (("0", "weights 16 x 1 x 3 x 3", "–", "160", "–"),)


def test_weights_from_elsewhere_are_named(copied: Path) -> None:
    run = Run.load(copied / "runs" / "mlp")
    assert "It began with random weights." in str(network_page(run).blocks)
    (run.path / "transfer.json").write_text('{"way": "linear", "source": "ImageNet"}')
    assert "It began with weights from elsewhere: ImageNet." in str(network_page(run).blocks)
    run.update_status(recorded=["lr"])
    (run.path / "transfer.json").unlink()
    assert "It began" not in str(network_page(run).blocks)
