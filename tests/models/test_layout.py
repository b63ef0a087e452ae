import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue.models.layout import Stage, plan, stage_lengths


def stages(size: tuple[int, int], **changes: object) -> list[Stage]:
    settings: dict[str, object] = {
        "depth": 6,
        "width": 32,
        "kernel": (3, 3),
        "stride": (1, 1),
        "padding": None,
        "pools": True,
        "halve_above": 64,
    }
    return plan(3, size, **(settings | changes))  # type: ignore[arg-type]


def widths(planned: list[Stage]) -> list[list[int]]:
    return [[layer.channels_out for layer in stage.convolutions] for stage in planned]


@pytest.mark.parametrize(
    ("depth", "pixels", "lengths"),
    [
        (6, 8, [3, 3]),
        (6, 28, [2, 2, 2]),
        (6, 32, [1, 1, 2, 2]),
        (6, 64, [1, 1, 1, 1, 2]),
        (2, 64, [1, 1]),
        (1, 3, [1]),
    ],
)
def test_stages_follow_the_pixels(depth: int, pixels: int, lengths: list[int]) -> None:
    assert stage_lengths(depth, pixels) == lengths


@given(st.integers(1, 40), st.integers(1, 300))
def test_no_convolution_is_lost(depth: int, pixels: int) -> None:
    lengths = stage_lengths(depth, pixels)
    assert sum(lengths) == depth
    assert min(lengths) >= 1
    assert lengths == sorted(lengths)


def test_channels_double_as_pixels_halve_up_to_four_times() -> None:
    assert widths(stages((32, 32))) == [[32], [64], [128, 128], [128, 128]]


def test_channels_stay_where_nothing_halves() -> None:
    assert widths(stages((8, 8), pools=False)) == [[32] * 3, [32] * 3]


def test_strides_halve_as_well() -> None:
    planned = stages((64, 64), stride=(2, 2), pools=False, depth=3)
    assert [width for stage in widths(planned) for width in stage] == [32, 64, 128]


def test_large_pictures_are_halved_by_the_first_convolution_only() -> None:
    layers = [layer for stage in stages((128, 128)) for layer in stage.convolutions]
    assert [layer.stride for layer in layers] == [(2, 2)] + [(1, 1)] * 5
    layers = [
        layer for stage in stages((128, 128), halve_above=128) for layer in stage.convolutions
    ]
    assert {layer.stride for layer in layers} == {(1, 1)}


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 12))
def test_pooling_leaves_four_pixels(height: int, width: int, depth: int) -> None:
    pixels = (height, width)
    for stage in stages(pixels, depth=depth):
        for layer in stage.convolutions:
            pixels = layer.output(pixels)
        if stage.pool:
            pixels = (pixels[0] // 2, pixels[1] // 2)
            assert min(pixels) >= 4
    # Where there are stages enough, it goes on as far as it can.
    if depth >= 6:
        assert min(pixels) < 8
