"""Decoders in a process of their own: what crashes, hangs or eats memory there ends there."""

import signal
import struct
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retinue import images, sandbox
from retinue.errors import PictureError
from retinue.images import Limits, Preprocess, decode, header

APART = ("TIFF", "PPM", "TGA", "ICO", "JPEG2000")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """A process of this test alone."""
    while not sandbox._idle.empty():
        sandbox._idle.get().end()
    yield
    while not sandbox._idle.empty():
        sandbox._idle.get().end()


def encoded(image: Image.Image, kind: str) -> bytes:
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.fixture
def picture(noise: Callable[..., Any]) -> Image.Image:
    return Image.fromarray(noise(1, 32, 32, 3))


@pytest.mark.parametrize("kind", APART)
def test_there_the_pixels_are_what_they_are_here(
    kind: str, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(picture, kind)
    preprocess = Preprocess((8, 12), (8, 12), "crop", 3)
    apart = decode(data), header(data), preprocess.read(data)
    assert sandbox._idle.qsize() == 1
    monkeypatch.setattr(sandbox, "_inside", True)
    here = decode(data), header(data), preprocess.read(data)
    for there, same in zip(apart, here, strict=True):
        np.testing.assert_array_equal(np.asarray(there), np.asarray(same))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_what_every_browser_shows_needs_no_process(kind: str, picture: Image.Image) -> None:
    decode(encoded(picture, kind))
    assert sandbox._idle.empty()


def large(picture: Image.Image) -> bytes:
    return encoded(picture, "PNG") + bytes(images.LARGE)


def of_many_passes(picture: Image.Image) -> bytes:
    return encoded(picture, "JPEG") + images.PASS * (images.FEW_PASSES + 1)


def packed_bmp(_: Image.Image) -> bytes:
    """4 x 2 pixels of 8 bits, packed by run lengths."""
    runs = b"\x04\x01\x00\x00\x04\x02\x00\x01"
    table = b"".join(bytes([level, level, level, 0]) for level in range(256))
    start = 54 + len(table)
    head = struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, 4, 2, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return head + info + table + runs


@pytest.mark.parametrize("made", [large, of_many_passes, packed_bmp])
def test_what_could_take_a_usual_decoder_long_goes_apart(
    made: Callable[[Image.Image], bytes], picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(picture)
    apart = decode(data)
    assert sandbox._idle.qsize() == 1
    monkeypatch.setattr(sandbox, "_inside", True)
    np.testing.assert_array_equal(apart, decode(data))


def test_ctrl_c_ends_the_process_that_was_asked(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def stopped(child: sandbox._Child, *_: object) -> None:
        asked.append(child)
        raise KeyboardInterrupt

    monkeypatch.setattr(sandbox._Child, "ask", stopped)
    with pytest.raises(KeyboardInterrupt):
        decode(encoded(picture, "TIFF"))
    assert asked[0]._process.poll() is not None


def test_a_process_that_hangs_does_not_outlive_its_parent(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_START", starting(HANG))
    child = sandbox._Child()
    # As a parent does that dies before its own alarm.
    limits = {"seconds": 1 - sandbox.GRACE}
    sandbox._write(child._questions, {"limits": limits}, encoded(picture, "TIFF"))
    assert child._process.wait(timeout=20) == -signal.SIGALRM
    child.end()


def test_what_is_wrong_with_a_picture_is_told_as_it_is_here(picture: Image.Image) -> None:
    data = encoded(picture, "TIFF")
    with pytest.raises(PictureError, match="32 x 32 pixels, over the limit of 100"):
        decode(data, Limits(pixels=100))
    with pytest.raises(PictureError, match="over the limit of 50"):
        decode(data, Limits(bytes=50))
    with pytest.raises(PictureError, match="not a picture in a known format"):
        decode(b"no picture at all")
    with pytest.raises(PictureError, match="the file is empty"):
        decode(b"")


CRASH = "import os; os.kill(os.getpid(), 11)"
HANG = "import time; time.sleep(60)"
EAT = "bytearray(2 ** 40)"


def starting(code: str) -> str:
    """How a process begins that does something else in place of decoding."""
    text = f"import os\nfrom retinue import images\ndef work(*_):\n    {code}\nimages.work = work\n"
    return sandbox._START.replace("from retinue import", f"exec({text!r}); from retinue import")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (CRASH, r"its decoder crashed \(code -11\)"),
        (HANG, "takes longer than 0.5 seconds"),
        (EAT, "its decoder crashed"),
        ("print('between the answers'); os._exit(3)", "its decoder crashed"),
    ],
)
def test_a_process_that_dies_or_hangs_is_the_pictures_fault_and_the_next_has_a_new_one(
    code: str, reason: str, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(picture, "TIFF")
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_START", starting(code))
        with pytest.raises(PictureError, match=reason):
            decode(data, Limits(seconds=0.5))
    assert sandbox._idle.empty()
    assert decode(data).shape == (32, 32, 3)


def test_where_no_process_can_be_started_the_picture_is_bad(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", full)
    with pytest.raises(PictureError, match="no process for its decoder: Resource temporarily"):
        decode(encoded(picture, "TIFF"))


def test_many_threads_have_a_process_each_and_keep_them(picture: Image.Image) -> None:
    data = encoded(picture, "TIFF")
    found: list[images.Pixels] = []

    def many() -> None:
        found.extend(decode(data) for _ in range(5))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all((one == found[0]).all() for one in found)
    assert 1 <= sandbox._idle.qsize() <= 4
