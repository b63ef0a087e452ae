"""Downloads from a server on this machine: what arrives is whole and right, or nothing stays."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

import retinue
from retinue.data.downloads import download, head
from retinue.errors import RetinueError

BODY = bytes(range(256)) * 3000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves one good file and several kinds of trouble; notes who asks."""

    agents: ClassVar[list[str]] = []
    commands: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.agents.append(self.headers["User-Agent"])
        self.commands.append(self.command)
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path.startswith("/moved"):
            self.send_response(int(self.path.removeprefix("/moved/")))
            self.send_header("Location", "/good")
            self.send_header("X-Linked-ETag", "first")
            self.end_headers()
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.command == "GET":
            self._send_body()

    def _send_body(self) -> None:
        if self.path == "/good":
            self.wfile.write(BODY)
        elif self.path == "/wrong":
            self.wfile.write(BODY[::-1])
        elif self.path == "/truncated":
            self.wfile.write(BODY[:1000])
        else:
            try:
                while True:
                    self.wfile.write(BODY)
            except OSError:
                pass

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.agents.clear()
    Handler.commands.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def fails(urls: list[str], folder: Path, *words: str, size: int = len(BODY)) -> str:
    """The one line of a download that fails and leaves no file behind."""
    destination = folder / "data/file.gz"
    with pytest.raises(RetinueError) as caught:
        download(urls, destination, DIGEST, size)
    text = str(caught.value)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    for word in [*words, *urls, str(destination)]:
        assert word in text
    assert "\n" not in text
    return text


def test_a_good_file_arrives_with_progress(server: str, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    destination = tmp_path / "deep/folder/file.gz"
    download([f"{server}/good"], destination, DIGEST, len(BODY), lambda *call: calls.append(call))
    assert destination.read_bytes() == BODY
    assert list(destination.parent.iterdir()) == [destination]
    assert calls == sorted(calls)
    assert calls[-1] == (len(BODY), len(BODY))
    assert Handler.agents == [f"retinue/{retinue.__version__}"]


@pytest.mark.parametrize("bad", ["missing", "wrong", "truncated", "endless"])
def test_the_next_address_is_tried(server: str, tmp_path: Path, bad: str) -> None:
    destination = tmp_path / "file.gz"
    download([f"{server}/{bad}", f"{server}/good"], destination, DIGEST, len(BODY))
    assert destination.read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [destination]


def test_a_wrong_digest_is_shown_beside_the_right_one(server: str, tmp_path: Path) -> None:
    found = hashlib.sha256(BODY[::-1]).hexdigest()
    fails([f"{server}/wrong"], tmp_path, "SHA-256", found[:12], DIGEST[:12])


def test_a_missing_file_is_named(server: str, tmp_path: Path) -> None:
    text = fails([f"{server}/missing"], tmp_path, "404 Not Found", "put it at")
    assert not (tmp_path / "data").exists()
    assert text.startswith("cannot download file.gz")


def test_a_file_that_ends_early_is_refused(server: str, tmp_path: Path) -> None:
    fails([f"{server}/truncated"], tmp_path, f"ended after 1000 of {len(BODY)} bytes")


def test_a_body_without_an_end_is_cut(server: str, tmp_path: Path) -> None:
    fails([f"{server}/endless"], tmp_path, f"more than the {len(BODY)} bytes")


def test_a_longer_file_than_expected_is_refused(server: str, tmp_path: Path) -> None:
    fails([f"{server}/good"], tmp_path, "more than the 10 bytes", size=10)


def test_nobody_there(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as gone:
        port = gone.server_port
    fails([f"http://127.0.0.1:{port}/good"], tmp_path, "refused", "is this machine offline?")


def test_all_reasons_are_given(server: str, tmp_path: Path) -> None:
    fails([f"{server}/missing", f"{server}/wrong"], tmp_path, "404", "SHA-256")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,a"])
def test_only_the_web_is_asked(tmp_path: Path, url: str) -> None:
    fails([url], tmp_path, "neither http nor https")


def test_a_folder_that_cannot_be_written_is_no_trouble_of_the_network(
    server: str, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(b"a file where the folder should be")
    with pytest.raises(RetinueError, match=r"cannot write .*choose another --data-root"):
        download([f"{server}/good"], tmp_path / "data/file.gz", DIGEST, len(BODY))


def test_what_was_there_stays_when_a_download_fails(server: str, tmp_path: Path) -> None:
    destination = tmp_path / "file.gz"
    destination.write_bytes(b"old")
    with pytest.raises(RetinueError):
        download([f"{server}/wrong"], destination, DIGEST, len(BODY))
    assert destination.read_bytes() == b"old"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_file_that_has_moved_is_followed(server: str, tmp_path: Path, status: int) -> None:
    download([f"{server}/moved/{status}"], tmp_path / "file.gz", DIGEST, len(BODY))
    assert (tmp_path / "file.gz").read_bytes() == BODY


# --- where digest and size are known in part


@pytest.mark.parametrize("size", [len(BODY), len(BODY) + 1, 10 * len(BODY)])
@pytest.mark.parametrize("digits", [8, 12, 64])
def test_how_the_digest_begins_and_a_bound_will_do(
    server: str, tmp_path: Path, size: int, digits: int
) -> None:
    destination = tmp_path / "file.gz"
    download([f"{server}/good"], destination, DIGEST[:digits], size, exact=False)
    assert destination.read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "digest", "size", "told"),
    [
        ("good", DIGEST[1:9], len(BODY), "SHA-256 is"),  # in it, but not its beginning
        ("good", f"{DIGEST[:7]}{int(DIGEST[7], 16) ^ 1:x}", len(BODY), "SHA-256 is"),
        ("wrong", DIGEST[:8], len(BODY), "SHA-256 is"),
        ("truncated", DIGEST[:8], len(BODY), "SHA-256 is"),
        ("good", DIGEST[:8], len(BODY) - 1, f"gave more than the {len(BODY) - 1} bytes"),
        ("endless", DIGEST[:8], len(BODY), "gave more than the"),
    ],
)
def test_what_does_not_begin_so_or_is_larger_is_refused(
    server: str, tmp_path: Path, path: str, digest: str, size: int, told: str
) -> None:
    with pytest.raises(RetinueError, match=told):
        download([f"{server}/{path}"], tmp_path / "data/file.gz", digest, size, exact=False)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_exact_size_is_the_rule(server: str, tmp_path: Path) -> None:
    fails([f"{server}/good"], tmp_path, "ended after", size=len(BODY) + 1)


# --- headers alone


def test_the_headers_of_a_file_are_had_without_it(server: str) -> None:
    told = head(f"{server}/good")
    assert told["content-length"] == str(len(BODY))
    assert Handler.commands == ["HEAD"]
    assert Handler.agents == [f"retinue/{retinue.__version__}"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_headers_are_those_of_the_first_answer(server: str, status: int) -> None:
    told = head(f"{server}/moved/{status}")
    assert (told["location"], told["x-linked-etag"]) == ("/good", "first")
    assert len(Handler.agents) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [("{}/missing", "404 Not Found"), ("file:///etc/passwd", "is neither http nor https")],
)
def test_headers_that_cannot_be_had_are_told(server: str, url: str, told: str) -> None:
    with pytest.raises(RetinueError) as caught:
        head(url.format(server))
    assert str(caught.value) == f"{url.format(server)}: {told}"


def test_nobody_there_to_tell_headers() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as gone:
        port = gone.server_port
    with pytest.raises(RetinueError, match="is this machine offline"):
        head(f"http://127.0.0.1:{port}/good")
