import numpy as np

from retinue.explaining.fields.box import NOTHING, Box, around


def test_a_box_in_the_middle_is_itself_and_has_no_padding() -> None:
    box = Box(2, 3, 4, 5)
    assert (box.bottom, box.right, box.pixels) == (6, 8, 20)
    assert box.inside((10, 10)) == box
    assert box.outside((10, 10)) == (0, 0, 0, 0)


def test_what_sticks_out_is_cut_off_and_counted_on_every_side() -> None:
    box = Box(-1, -2, 14, 16)
    assert box.inside((10, 11)) == Box(0, 0, 10, 11)
    assert box.outside((10, 11)) == (1, 3, 2, 3)
    assert box.cut(np.ones((10, 11))).shape == (10, 11)


def test_a_box_beside_the_picture_holds_nothing() -> None:
    assert Box(-5, 2, 5, 3).inside((8, 8)) == NOTHING
    assert Box(8, 0, 2, 2).inside((8, 8)) == NOTHING
    assert Box(-5, 2, 5, 3).cut(np.ones((8, 8))).size == 0
    assert Box(-5, 2, 4, 3).cut(np.ones((8, 8))).size == 0


def test_the_smallest_box_around_values() -> None:
    values = np.zeros((6, 7))
    assert around(values) == NOTHING
    values[1, 5] = values[4, 2] = -1
    assert around(values) == Box(1, 2, 4, 4)
    assert around(values).cut(values).any()
