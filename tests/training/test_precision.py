"""bf16 only where the processor has it."""

import pytest
import torch

from retinue.errors import UsageError
from retinue.training.precision import autocast, has_bf16, resolve_precision

CPU = torch.device("cpu")
NAMES = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")


def processor(monkeypatch: pytest.MonkeyPatch, avx: bool, amx: bool) -> None:
    for name, able in zip(NAMES, (avx, amx), strict=True):
        monkeypatch.setattr(torch.cpu, name, lambda able=able: able, raising=False)


@pytest.mark.parametrize(
    ("avx", "amx", "native"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_auto_is_bf16_where_it_is_native(
    monkeypatch: pytest.MonkeyPatch, avx: bool, amx: bool, native: bool
) -> None:
    processor(monkeypatch, avx, amx)
    assert has_bf16(CPU) is native
    assert resolve_precision("auto", CPU) == ("bf16" if native else "fp32")


@pytest.mark.parametrize("native", [True, False])
def test_fp32_is_always_fp32(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    processor(monkeypatch, native, native)
    assert resolve_precision("fp32", CPU) == "fp32"


def test_bf16_that_would_be_imitated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    processor(monkeypatch, True, False)
    assert resolve_precision("bf16", CPU) == "bf16"
    processor(monkeypatch, False, False)
    with pytest.raises(UsageError, match="--precision bf16: this cpu has no native bf16"):
        resolve_precision("bf16", CPU)


def test_a_torch_without_these_names_gets_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not has_bf16(CPU)


@pytest.mark.parametrize(
    ("capability", "native"), [((7, 5), False), ((8, 0), True), ((9, 0), True)]
)
def test_gpus_have_it_from_ampere_on(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], native: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert has_bf16(torch.device("cuda")) is native


def test_other_devices_have_none() -> None:
    assert not has_bf16(torch.device("mps"))


@pytest.mark.parametrize(("precision", "kind"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_the_forward_pass_computes_in_it(precision: str, kind: torch.dtype) -> None:
    with autocast(precision, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == kind
