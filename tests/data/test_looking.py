"""One look at a file, in this process or in another."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from retinue.data.looking import Scanned, look, read_answer, read_ready, write_question
from retinue.images import Preprocess

RULE = Preprocess((8, 8), (9, 7), "pad", 3)


@pytest.fixture
def files(noise: Callable[..., NDArray[np.uint8]]) -> list[bytes]:
    """Colour, grey, damaged late, damaged at once, empty."""
    found = []
    for pixels in (noise(0, 20, 30), noise(1, 5, 6, 1)[:, :, 0], noise(2, 64, 64)):
        file = BytesIO()
        Image.fromarray(pixels).save(file, "JPEG")
        found.append(file.getvalue())
    return [found[0], found[1], found[2][:1500], b"text", b""]


def test_a_look_tells_all_there_is(files: list[bytes]) -> None:
    colour, grey, late, text, empty = (look(data, RULE) for data in files)
    for data, one in zip(files, (colour, grey, late, text, empty), strict=True):
        assert one.scanned.digest == hashlib.sha256(data).hexdigest()
    assert colour.scanned == Scanned(colour.scanned.digest, 30, 20, False)
    assert grey.scanned == Scanned(grey.scanned.digest, 6, 5, True)
    for one, data in ((colour, files[0]), (grey, files[1])):
        assert one.pixels is not None
        assert (one.pixels == RULE.read(data)).all()
        assert one.reason == ""
    # The header of the third is good, so its size counts; its pixels are not.
    assert late.scanned.reason == ""
    assert (late.scanned.width, late.scanned.height) == (64, 64)
    assert (late.pixels, late.reason[:9]) == (None, "damaged: ")
    assert (text.pixels, text.scanned.reason) == (None, "not a picture in a known format")
    assert (empty.pixels, empty.scanned.reason) == (None, "the file is empty")


def test_another_process_sees_the_same(files: list[bytes]) -> None:
    # It prints where the answers go, as an imported package might.
    code = "import retinue.data.looking as l; o = l.look_at_all\n"
    code += "l.look_at_all = lambda *a: (print('noise', flush=True), o(*a))[1]; l.serve()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert read_ready(process.stdout)
        for rule, some in ((RULE, files), (Preprocess((3, 3), (4, 4), "crop", 1), files[:2])):
            write_question(process.stdin, some, rule)
            found = read_answer(process.stdout, rule)
            assert [one.scanned for one in found] == [look(data, rule).scanned for data in some]
            assert [one.reason for one in found] == [look(data, rule).reason for data in some]
            for one, data in zip(found, some, strict=True):
                np.testing.assert_array_equal(one.pixels, look(data, rule).pixels)
        process.stdin.close()
        assert process.wait(10) == 0
        assert process.stderr.read().split() == [b"noise", b"noise"]


def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    with pytest.raises(EOFError):
        read_answer(BytesIO(b""), RULE)
    head = b'[[["d", 1, 1, false, ""], true, ""]]\n'
    with pytest.raises(EOFError):
        read_answer(BytesIO(head + b"too few"), RULE)
    (found,) = read_answer(BytesIO(head + bytes(9 * 7 * 3)), RULE)
    assert found.pixels is not None, "the control"
    assert not read_ready(BytesIO(b""))


def test_a_worker_imports_nothing_heavy() -> None:
    code = "import retinue.data.looking, sys; print(*sorted(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "PIL" in found
    assert not {"torch", "matplotlib", "pydantic", "sklearn", "scipy", "typer"} & set(found)
