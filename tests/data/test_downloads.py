"""Downloads from a server on this machine: what arrives is whole and right, or nothing stays."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

import retinue
from retinue.data.downloads import download
from retinue.errors import RetinueError

BODY = bytes(range(256)) * 3000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves one good file and several kinds of trouble; notes who asks."""

    agents: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.agents.append(self.headers["User-Agent"])
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
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
