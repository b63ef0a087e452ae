"""Pictures from the web, from servers that behave badly in every way."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from retinue import fetch as fetch_module
from retinue.fetch import FetchError, WebLimits, fetch, is_url

LOCAL = WebLimits(seconds=2, bytes=200_000, local=True)
PNG = b"\x89PNG" + bytes(1000)

Answer = Callable[[socket.socket, str], None]


class Server:
    """Answers every connection with one function; keeps what was asked of it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/picture.png"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            asked = connection.recv(65536).decode()
            self.asked.append(asked)
            self.answer(connection, asked)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def started(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield started
    for server in servers:
        server.socket.close()


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def good(connection: socket.socket, _: str) -> None:
    connection.sendall(head(f"Content-Length: {len(PNG)}") + PNG)


def to(location: str) -> Answer:
    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(head(f"Location: {location}", "Content-Length: 0", status="302 Found"))

    return answer


def drip(connection: socket.socket, _: str) -> None:
    """A byte every tenth of a second: no single read ever takes long."""
    connection.sendall(head("Content-Length: 100000"))
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def drip_head(connection: socket.socket, _: str) -> None:
    while True:
        connection.sendall(b"H")
        time.sleep(0.1)


def silent(connection: socket.socket, _: str) -> None:
    connection.recv(1)


def endless(connection: socket.socket, _: str) -> None:
    connection.sendall(head("Content-Type: image/png"))
    while True:
        connection.sendall(bytes(65536))


def endless_chunks(connection: socket.socket, _: str) -> None:
    connection.sendall(head("Transfer-Encoding: chunked"))
    while True:
        connection.sendall(b"1000\r\n" + bytes(0x1000) + b"\r\n")


def chunks_of(size: bytes) -> Answer:
    """Parts of a size that is none, then bytes without end."""

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(head("Transfer-Encoding: chunked") + size + b"\r\n")
        while True:
            connection.sendall(bytes(0x10000))

    return answer


def endless_patience(connection: socket.socket, _: str) -> None:
    while True:
        connection.sendall(head(status="100 Continue"))


def endless_head(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


def bomb(connection: socket.socket, _: str) -> None:
    body = gzip.compress(bytes(50_000_000))
    connection.sendall(head("Content-Encoding: gzip", f"Content-Length: {len(body)}") + body)


def boast(connection: socket.socket, _: str) -> None:
    connection.sendall(head("Content-Length: 99999999999"))


def broken_off(connection: socket.socket, _: str) -> None:
    connection.sendall(head("Content-Length: 1000") + bytes(10))


def nonsense(connection: socket.socket, _: str) -> None:
    connection.sendall(b"\x1b]0;owned\x07 nonsense\r\n\r\n")


def missing(connection: socket.socket, _: str) -> None:
    connection.sendall(head("Content-Length: 0", status="404 Not \x1b[31mFound"))


def test_a_picture_and_what_is_asked_for_it(serve: Callable[[Answer], Server]) -> None:
    server = serve(good)
    assert fetch(server.url + "?größe=1#part", LOCAL) == PNG
    lines = server.asked[0].split("\r\n")
    assert lines[0] == "GET /picture.png?gr%C3%B6%C3%9Fe=1 HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["User-Agent"].startswith("Retinue/")
    assert headers["Accept-Encoding"] == "identity"
    assert not headers.keys() & {"Authorization", "Cookie", "Proxy-Authorization"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (drip, "in time"),
        (drip_head, "in time"),
        (silent, "in time"),
        (endless_patience, "in time"),
        (endless, "larger than"),
        (endless_chunks, "larger than"),
        (chunks_of(b"-1"), "cannot be read"),
        (chunks_of(b"-2"), "cannot be read"),
        (chunks_of(b"many"), "cannot be read"),
        (to("http://[::1"), "cannot be read"),
        (endless_head, "cannot be read"),
        (bomb, "compressed"),
        (boast, "larger than"),
        (broken_off, "too early"),
        (nonsense, "cannot be read"),
        (missing, "answers 404"),
    ],
)
def test_a_server_that_behaves_badly_ends_within_the_deadline(
    serve: Callable[[Answer], Server], answer: Answer, reason: str
) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError, match=reason) as error:
        fetch(serve(answer).url, LOCAL)
    assert time.monotonic() - began < LOCAL.seconds + 1
    assert str(error.value).isprintable()


def test_redirects_are_followed_three_times(serve: Callable[[Answer], Server]) -> None:
    last = serve(good)
    url = last.url
    for _ in range(3):
        url = serve(to(url)).url
    assert fetch(url, LOCAL) == PNG
    with pytest.raises(FetchError, match="more than 3 times"):
        fetch(serve(to(url)).url, LOCAL)
    with pytest.raises(FetchError, match="more than 3 times"):
        fetch(serve(to("/again")).url, LOCAL)


def test_the_deadline_is_for_all_redirects_together(serve: Callable[[Answer], Server]) -> None:
    def slowly(connection: socket.socket, _: str) -> None:
        time.sleep(0.8)
        to("/again")(connection, "")

    began = time.monotonic()
    with pytest.raises(FetchError):
        fetch(serve(slowly).url, WebLimits(seconds=2, local=True, redirects=50))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/x.png", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http://example.org:8080/x.png", "port 8080 is not allowed"),
        ("http://example.org:22/", "port 22"),
        ("http://example.org:99999/", "no address"),
        ("http://user:secret@example.org/", "user name"),
        ("http:///x.png", "names no host"),
        ("http://exa mple.org/", "characters"),
        ("http://example.org/\r\nHost: other", "characters"),
        ("http://[::1/", "no address"),
        (f"http://{'a' * 70}.org/", "no address"),
    ],
)
def test_addresses_that_are_never_asked(
    url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", never)
    with pytest.raises(FetchError, match=reason) as error:
        fetch(url)
    assert "secret" not in str(error.value)


def never(*_: object, **__: object) -> None:
    raise AssertionError("was reached")


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[tuple[str, int]]:
    """Let every look-up of a name give the next answer; gives where connections are made to."""
    coming, reached = iter(answers), []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET6 if ":" in text else socket.AF_INET, 1, 6, "", (text, port))
            for text in next(coming)
        ]

    def connect(_: socket.socket, place: tuple[str, int]) -> None:
        reached.append(place)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return reached


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "192.0.0.8", "168.63.129.16", "224.0.0.1", "::ffff:192.168.0.1", "fd00:ec2::254"],
)  # fmt: skip
def test_no_connection_is_made_to_a_private_address(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in ([address], ["8.8.8.8", address]):
        reached = resolving(monkeypatch, answer)
        with pytest.raises(FetchError, match="private address"):
            fetch("https://pictures.example/x.png")
        assert reached == []


def test_a_name_that_rebinds_is_asked_once_and_the_checked_address_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached = resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(FetchError, match="refused"):
        fetch("http://rebinding.example/")
    assert reached == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/",
            "http://[::ffff:127.0.0.1]/", "http://localhost/", "https://0/"],
)  # fmt: skip
def test_this_machine_is_not_reached_by_any_spelling(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", never)
    with pytest.raises(FetchError):
        fetch(url)


def test_a_redirect_to_a_private_address_is_not_followed(
    serve: Callable[[Answer], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first server is taken for a public one; the second must not be reached."""
    inner = serve(good)
    outer = serve(to(f"http://localhost:{inner.port}/"))
    checked: list[str] = []

    def public_once(text: str) -> bool:
        checked.append(text)
        return len(checked) == 1

    monkeypatch.setattr(fetch_module, "is_public", public_once)
    monkeypatch.setattr(fetch_module, "PORTS", {"http": outer.port, "https": inner.port})
    with pytest.raises(FetchError, match="private address"):
        fetch(outer.url)
    assert len(outer.asked) == 1
    assert inner.asked == []


def test_proxies_of_the_environment_are_not_used(
    serve: Callable[[Answer], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(good), serve(good)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert fetch(server.url, LOCAL) == PNG
    assert proxy.asked == []


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> list[object]:
        time.sleep(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(FetchError, match="not found in time"):
        fetch("http://slow.example/", WebLimits(seconds=0.3))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("text", "web"),
    [("http://a/b", True), ("HTTPS://a", True), ("https:a", False), ("pictures/http:", False)],
)
def test_what_asks_for_the_web(text: str, web: bool) -> None:
    assert is_url(text) == web
