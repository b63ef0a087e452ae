import numpy as np
import pytest
import torch
from scipy.ndimage import sobel
from torch.nn import functional

from retinue.widgets.kernels import LARGEST, centred, presets


def test_sobel_of_three_is_that_of_scipy() -> None:
    picture = np.random.default_rng(0).normal(size=(9, 8))
    for name, axis in (("sobel x", 1), ("sobel y", 0)):
        weights = torch.tensor(presets()[name].weights((3, 3)), dtype=torch.float64)
        ours = functional.conv2d(torch.tensor(picture)[None, None], weights[None, None])[0, 0]
        np.testing.assert_allclose(ours.numpy(), sobel(picture, axis)[1:-1, 1:-1])


def test_well_known_kernels() -> None:
    found = {name: preset.weights((3, 3)) for name, preset in presets().items()}
    assert found["identity"] == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert found["sobel x"] == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert found["sobel y"] == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    assert found["laplacian"] == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert np.allclose(np.array(found["gaussian blur"]) * 16, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert np.allclose(np.array(found["blur"]) * 9, 1)
    five = presets()["sobel x"].weights((5, 5))
    assert five is not None
    assert five[2] == [-6, -12, 0, 12, 6]


@pytest.mark.parametrize("name", ["identity", "blur", "gaussian blur", "sharpen", "emboss"])
def test_what_makes_pictures_keeps_their_brightness_at_every_size(name: str) -> None:
    for size in np.ndindex(LARGEST, LARGEST):
        weights = presets()[name].weights((size[0] + 1, size[1] + 1))
        assert weights is None or np.isclose(np.sum(weights), 1)


@pytest.mark.parametrize("name", ["sobel x", "sobel y", "laplacian"])
def test_what_finds_edges_sees_none_in_an_even_picture(name: str) -> None:
    for size in np.ndindex(LARGEST, LARGEST):
        weights = presets()[name].weights((size[0] + 1, size[1] + 1))
        assert weights is None or np.isclose(np.sum(weights), 0)


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (4, 3), (11, 10)])
def test_the_identity_gives_the_picture_back_with_padding_same(size: tuple[int, int]) -> None:
    picture = torch.arange(42.0, dtype=torch.float64).reshape(1, 1, 6, 7)
    weights = torch.tensor(presets()["identity"].weights(size), dtype=torch.float64)
    same = functional.conv2d(picture, weights[None, None], padding="same")
    assert torch.equal(same, picture)
    # The control: a middle that is rounded the other way moves the picture.
    moved = functional.conv2d(picture, weights.flip(0, 1)[None, None], padding="same")
    assert torch.equal(moved, picture) == all(side % 2 for side in size)


def test_a_kernel_without_room_for_a_difference_has_none() -> None:
    assert presets()["sobel x"].weights((3, 1)) is None
    assert presets()["sobel x"].weights((1, 2)) == [[-1, 1]]
    assert presets()["sharpen"].weights((2, 3)) is None


def test_weights_are_widened_and_cut_around_their_middle() -> None:
    assert centred([[1, 2, 3]], (1, 5)) == [[0, 1, 2, 3, 0]]
    assert centred([[1, 2, 3]], (1, 1)) == [[2]]
    assert centred([[1, 2]], (2, 4)) == [[0, 1, 2, 0], [0, 0, 0, 0]]
    assert centred(centred([[5.0]], (4, 7)), (1, 1)) == [[5.0]]
