"""Files from the web whose SHA-256 is known: they appear whole and right, or not at all."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from retinue import __version__
from retinue.errors import RetinueError
from retinue.writing import appearing

Progress = Callable[[int, int], None]  # (bytes so far, bytes in all)

_TIMEOUT = 30.0
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class OfficialFile:
    """A published file: its name, where to get it (best first), its SHA-256 and its bytes."""

    name: str
    urls: tuple[str, ...]
    sha256: str
    size: int


class _FetchError(Exception):
    """One address did not give the file; the text is the reason."""


def download(
    urls: Sequence[str],
    destination: Path,
    sha256: str,
    size: int,
    progress: Progress | None = None,
    exact: bool = True,
) -> None:
    """Fetch a file from the first address that gives exactly the bytes wanted.

    Args:
        urls: http or https addresses of the same file, tried in order.
        destination: where the file appears once it is whole; folders are made.
        sha256: the digest of the file, in hexadecimal, or how it begins.
        size: the bytes of the file; no more than that is read.
        progress: called with (bytes so far, `size`) as they arrive.
        exact: whether the file has exactly `size` bytes.

    Raises:
        RetinueError: no address gave the file, or it cannot be written; the text says why, and
            what to fetch from where and put where instead.
    """
    reasons = []
    for url in urls:
        try:
            _fetch(url, destination, sha256, size, progress, exact)
        except _FetchError as reason:
            reasons.append(f"{url}: {reason}")
        except OSError as error:
            raise RetinueError(
                f"cannot write {destination} ({error.strerror or error}): "
                "make room or choose another --data-root, or RETINUE_CACHE"
            ) from None
        else:
            return
    raise RetinueError(
        f"cannot download {destination.name} ({'; '.join(reasons)}): "
        f"get it from {' or '.join(urls)} and put it at {destination}"
    )


def head(url: str) -> Mapping[str, str]:
    """The headers of an answer at an address, of the first one where it sends on to another.

    Their names are in small letters: servers do not agree on how to write them.

    Raises:
        RetinueError: there is no answer.
    """
    try:
        with closing(_opened(url, "HEAD", follow=False)) as response:
            return {name.lower(): value for name, value in response.headers.items()}
    except _FetchError as reason:
        raise RetinueError(f"{url}: {reason}") from None


def _fetch(
    url: str,
    destination: Path,
    sha256: str,
    size: int,
    progress: Progress | None,
    exact: bool,
) -> None:
    digest = hashlib.sha256()
    done = 0
    with closing(_chunks(url)) as chunks:
        # Asked for before a file or folder is made: most failures come here and leave no trace.
        first = next(chunks, b"")
        with appearing(destination) as aside, aside.open("wb") as file:
            for chunk in chain([first], chunks):
                done += len(chunk)
                if done > size:
                    raise _FetchError(f"gave more than the {size} bytes expected")
                digest.update(chunk)
                file.write(chunk)
                if progress:
                    progress(done, size)
            _check(done, size if exact else 0, digest.hexdigest(), sha256)


def _check(done: int, size: int, found: str, wanted: str) -> None:
    if done < size:
        raise _FetchError(f"ended after {done} of {size} bytes")
    if not found.startswith(wanted):
        raise _FetchError(f"SHA-256 is {found[:12]}..., not {wanted[:12]}...")


def _chunks(url: str) -> Generator[bytes, None, None]:
    """The body at an address, piece by piece; every trouble of the network is `_FetchError`."""
    with closing(_opened(url)) as response:
        try:
            while chunk := response.read(_CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise _FetchError(f"broke off, {error or type(error).__name__}") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes an answer that sends on to another address for the answer."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """The answer itself."""
        return fp

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opened(url: str, method: str = "GET", follow: bool = True) -> Any:
    """The answer at an address; every trouble of the network is `_FetchError`."""
    if not url.startswith(("https://", "http://")):
        raise _FetchError("is neither http nor https")
    request = urllib.request.Request(  # noqa: S310  the scheme was checked
        url, headers={"User-Agent": f"retinue/{__version__}"}, method=method
    )
    opener = urllib.request.build_opener(*([] if follow else [_Stay]))
    try:
        return opener.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise _FetchError(f"{error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _FetchError(f"not reached, {error.reason}; is this machine offline?") from None
    except (OSError, http.client.HTTPException) as error:
        raise _FetchError(f"broke off, {error or type(error).__name__}") from None
