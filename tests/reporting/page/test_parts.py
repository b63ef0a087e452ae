"""The parts of a page one by one: album, matrix, words."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retinue.reporting.facts.pictures import Thumbnail
from retinue.reporting.page.album import Album, encoded, within
from retinue.reporting.page.matrix import Shown, fill, make_matrix, together
from retinue.reporting.page.rendering import _as_json, policy, prose


def saved(folder: Path, name: str, side: int, seed: int = 0) -> Path:
    """A picture of noise, which nothing makes small."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


def thumbnail(path: Path) -> Thumbnail:
    return Thumbnail(path, path.name, "a", "b", 0.5)


def opened(address: str) -> Image.Image:
    return Image.open(BytesIO(b64decode(address.partition(",")[2])))


def test_a_picture_of_several_runs_is_one_and_is_shown_once(tmp_path: Path) -> None:
    album = Album()
    first, second = (thumbnail(saved(tmp_path, f"{name}.png", 8)) for name in "ab")
    keys = [album.add(first, "same"), album.add(second, "same"), album.add(second)]
    assert keys[0] == keys[1] != keys[2]
    assert album.first_address(keys[0])
    assert album.first_address(keys[0]) is None
    assert list(album.others()) == [keys[2]]
    assert album.is_tiny(keys[0])
    assert not album.is_tiny("nobody")


def test_pictures_stay_as_they_are_where_they_fit(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.png", 32)
    (one,) = encoded({"p0": path}).values()
    assert b64decode(one.address.partition(",")[2]) == path.read_bytes()


@pytest.mark.parametrize("budget", [20_000, 60_000])
def test_pictures_become_smaller_until_all_fit(tmp_path: Path, budget: int) -> None:
    paths = {f"p{n}": saved(tmp_path, f"{n}.png", 128, n) for n in range(10)}
    found = encoded(paths, budget)
    assert set(found) == set(paths)
    assert sum(len(one.address) for one in found.values()) <= budget + 40 * len(found)
    assert max(opened(one.address).size[0] for one in found.values()) <= 128


def test_a_picture_that_is_huge_is_made_small(tmp_path: Path) -> None:
    (one,) = encoded({"p0": saved(tmp_path, "a.png", 400)}).values()
    assert opened(one.address).size == (128, 128)
    assert not one.tiny


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\nbroken", b"GIF89a"])
def test_what_is_no_picture_is_left_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert encoded({"p0": tmp_path / "a.png", "p1": tmp_path / "gone.png"}) == {}


def test_quotas_fall_until_all_together_are_few_enough() -> None:
    lists = [["a", "b", "c"], ["a", "d"], ["e"]]
    assert within(lists, 6, 10) == 6
    assert within(lists, 6, 4) == 2  # a, b, d, e
    assert within(lists, 6, 1) == 1


def test_cells_are_darker_for_larger_shares_of_their_row() -> None:
    matrix = make_matrix("m", "", ("a", "b"), [[90, 10], [0, 0]], {})
    assert [[cell.shade for cell in row.cells] for row in matrix.rows] == [["r8", "w3"], ["", "d"]]
    assert [row.total for row in matrix.rows] == [100, 0]
    assert matrix.opens == "0-1"
    assert make_matrix("m", "", ("a", "b"), [[9, 0], [0, 9]], {}).opens == "0-0"


def test_of_several_runs_each_picture_is_shown_once_in_turns() -> None:
    one = {(0, 1): [Shown(key, key, 0.5) for key in "abc"]}
    two = {(0, 1): [Shown(key, key, 0.5) for key in "axyz"], (1, 1): [Shown("q", "q", 0.5)]}
    found = together([one, two])
    assert [shown.key for shown in found[0, 1]] == ["a", "b", "x", "c", "y", "z"]
    assert [shown.key for shown in found[1, 1]] == ["q"]
    matrix = make_matrix("m", "", ("a", "b"), [[0, 9], [0, 1]], found)
    album = Album()
    assert fill([matrix], album) == 6
    assert album.stored == {}  # these are no pictures of files


def test_only_pictures_that_are_wanted_are_in_the_page(tmp_path: Path) -> None:
    album = Album()
    first, second = (thumbnail(saved(tmp_path, f"{name}.png", 8)) for name in "ab")
    keys = [album.key(first), album.key(second)]
    album.want(keys[1:])
    assert list(album.stored) == keys[1:]


def test_names_from_right_to_left_stay_in_their_place() -> None:
    assert prose("it takes שלום for 3: 8 times") == "it takes <bdi>שלום</bdi> for 3: 8 times"
    assert prose("<b>\u202e") == "&lt;b&gt;\ufffd"
    assert prose("plain") == "plain"


def test_data_of_the_script_cannot_leave_its_element() -> None:
    text = _as_json({"a": ["</script><!--", "\u202e\u2028", 0.5, None]})
    assert not set(text) & set("<>&\u2028\u202e")
    assert text.isascii()


def test_the_policy_names_both_hashes() -> None:
    told = policy("a{}", "x()")
    assert told.count("'sha256-") == 2
    assert told != policy("a{}", "y()")
