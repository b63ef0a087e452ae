"""A picture from the web, safely: no private address is reached, and nothing is endless.

The name is resolved once, every address it has is checked, and the connection is made to the
address that was checked, so that a name server cannot give another one in between. Redirects are
followed the same way. Proxies, credentials, cookies and compression are not used.
"""

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import retinue
from retinue.addresses import is_public
from retinue.errors import RetinueError
from retinue.wording import printable

PORTS = {"http": 80, "https": 443}
REDIRECTS = (301, 302, 303, 307, 308)
CHUNK = 2**16
SAFE = "%/:?#[]@!$&'()*+,;=~"  # signs of an address that stay as they are
USER_AGENT = f"Retinue/{retinue.__version__} (image classifiers; python-http)"


@dataclass(frozen=True)
class WebLimits:
    """What one fetch may cost, all redirects together.

    `local` also allows private addresses and any port, for servers of one's own.
    """

    seconds: float = 20.0
    bytes: int = 50 * 2**20
    redirects: int = 3
    local: bool = False


class FetchError(RetinueError):
    """A picture that could not be had from the web, and why."""


def is_url(text: str) -> bool:
    """Whether a text asks for the web."""
    return text[:8].lower().startswith(("http://", "https://"))


def fetch(url: str, limits: WebLimits | None = None) -> bytes:
    """Get what is at an http or https address.

    Raises:
        FetchError: the address is not allowed, or it did not answer well, in time and in bounds.
    """
    limits = limits or WebLimits()
    deadline = time.monotonic() + limits.seconds
    for _ in range(limits.redirects + 1):
        found = _get(url, limits, deadline)
        if isinstance(found, bytes):
            return found
        url = found
    raise FetchError(f"leads from one address to the next, more than {limits.redirects} times")


def _get(url: str, limits: WebLimits, deadline: float) -> bytes | str:
    """The body, or the address to which it redirects."""
    parts, host, port = _checked(url, limits)
    address = _resolved(host, port, limits, deadline)
    with _connected(address, parts.scheme, host, deadline) as connection:
        path = quote(parts.path or "/", SAFE) + (
            f"?{quote(parts.query, SAFE)}" if parts.query else ""
        )
        name = f"[{host}]" if ":" in host else host
        headers = {
            "Host": name if port == PORTS[parts.scheme] else f"{name}:{port}",
            "User-Agent": USER_AGENT,
            "Accept": "image/*,*/*;q=0.5",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            if answer.status in REDIRECTS:
                return urljoin(url, answer.headers.get("Location") or "")
            return _body(answer, host, limits)


def _checked(url: str, limits: WebLimits) -> tuple[SplitResult, str, int]:
    """The parts of an address that is allowed, its host as ASCII, and its port."""
    if not url.isprintable() or " " in url:
        raise FetchError("the address holds characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        raise FetchError("is no address of the web") from None
    if parts.scheme not in PORTS:
        raise FetchError(
            f"leads to {printable(parts.scheme, 20) or 'nothing'}; only http and https"
        )
    if not host:
        raise FetchError("names no host")
    if "@" in parts.netloc:
        raise FetchError("holds a user name; only pictures that need none can be had")
    if port not in PORTS.values() and not limits.local:
        raise FetchError(f"port {port} is not allowed; only 80 and 443")
    return parts, host, port


def _resolved(
    host: str, port: int, limits: WebLimits, deadline: float
) -> tuple[int, tuple[str | int, ...]]:
    """The family and socket address of a host all of whose addresses are public."""
    # The system's resolver knows no deadline: its thread is left behind where it takes longer.
    answers: queue.Queue[list[tuple[int, tuple[str | int, ...]]] | None] = queue.Queue()
    threading.Thread(target=_resolve, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=max(0.001, deadline - time.monotonic()))
    except queue.Empty:
        raise FetchError(f"the name {host} was not found in time") from None
    if not found:
        raise FetchError(f"there is no host {host}")
    for _, address in found:
        if not limits.local and not is_public(str(address[0])):
            raise FetchError(f"{host} is at the private address {address[0]}: not allowed")
    return found[0]


def _resolve(host: str, port: int, answers: "queue.Queue[Any]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        answers.put(None)
    else:
        answers.put([(family, address) for family, _, _, _, address in found])


class _Answer(http.client.HTTPResponse):
    """An answer whose parts are no shorter than nothing, which would mean to read without end."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.HTTPException("a part of its answer has no size")
        return size


@contextmanager
def _connected(
    address: tuple[int, tuple[str | int, ...]], scheme: str, host: str, deadline: float
) -> Iterator[http.client.HTTPConnection]:
    """A connection to that very address, which ends at the deadline whatever happens there."""
    family, place = address
    left = max(0.001, deadline - time.monotonic())
    try:
        stream = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise FetchError(f"{host} cannot be reached from here: {_said(error)}") from None

    def give_up() -> None:
        with suppress(OSError):  # it has ended by itself
            stream.shutdown(socket.SHUT_RDWR)

    # A socket's timeout is for one read; a server that sends a byte a second would never meet it.
    alarm = threading.Timer(left, give_up)
    alarm.daemon = True
    alarm.start()
    try:
        stream.settimeout(left)
        stream.connect(place)
        if scheme == "https":
            context = ssl.create_default_context()
            encrypted = context.wrap_socket(
                stream, server_hostname=host, do_handshake_on_connect=False
            )
            stream = encrypted
            encrypted.do_handshake()
        connection = http.client.HTTPConnection(f"[{host}]" if ":" in host else host)
        connection.response_class = _Answer
        connection.sock = stream
        yield connection
        _in_time(deadline)
    except FetchError:
        _in_time(deadline)  # what was cut off by the alarm is told as that
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        _in_time(deadline)
        raise FetchError(f"{host} cannot be read: {_said(error)}") from None
    finally:
        alarm.cancel()
        stream.close()


def _in_time(deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise FetchError("did not end in time")


def _body(answer: http.client.HTTPResponse, host: str, limits: WebLimits) -> bytes:
    """What is sent, as long as it is all right and not too much."""
    if answer.status != 200:
        raise FetchError(f"{host} answers {answer.status} {printable(answer.reason, 60)}".rstrip())
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise FetchError(f"{host} sends it compressed, though asked not to")
    too_much = f"is larger than {limits.bytes / 2**20:.0f} MiB"
    if (answer.length or 0) > limits.bytes:
        raise FetchError(too_much)
    parts, total = [], 0
    while part := answer.read(CHUNK):
        total += len(part)
        if total > limits.bytes:
            raise FetchError(too_much)
        parts.append(part)
    if answer.length:
        raise FetchError("ended too early")
    return b"".join(parts)


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    return printable(str(error), 100) or type(error).__name__
