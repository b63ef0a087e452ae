"""A page that shows panels by the AFM contract alone: no notebook, no Jupyter."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from retinue.widgets.modules import source, style
from retinue.widgets.panel import Panel, Value

# Nothing but what the host itself serves, and modules from blobs.
POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Widgets</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"></head>
<body><main><h1>Widgets</h1></main><script type="module" src="/host.js"></script></body></html>"""
AROUND = """body { margin: 0; padding: 1rem; background: #fff; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } }
main > div { margin-block-end: 1rem; }
"""
SETTLED = """async () => {
  while (!window.host.idle()) await new Promise((done) => setTimeout(done, 5));
  for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
}"""
PIXELS = """(from) => {
  const { width, height } = from;
  const copy = new OffscreenCanvas(width, height).getContext("2d");
  copy.drawImage(from, 0, 0);
  return [height, width, [...copy.getImageData(0, 0, width, height).data]];
}"""
MOUNTING = Path(__file__).with_name("host.js")

Serving = Callable[..., Any]  # the fixture of that name


class Host:
    """Panels on one page, each in a `<div>` that has its key as id; `url` is where it is.

    Args:
        panels: by key.
        sources: the ES modules by their names; those of the package by default.
        policy: the page's content security policy; none where empty.
    """

    def __init__(
        self,
        panels: Mapping[str, Panel],
        sources: Callable[[str], str] = source,
        policy: str = POLICY,
    ) -> None:
        self.panels = dict(panels)
        self.sources = sources
        self.policy = policy
        self.posted: list[tuple[str, dict[str, Value]]] = []
        self._told: list[tuple[str, dict[str, Value]]] = []
        self._news = Condition()
        self._closed = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self._ends = [self._watch(key, panel) for key, panel in self.panels.items()]

    def take(self, page: Page, key: str, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Set as Python does, and tell the page.

        Raises:
            UsageError: as the panel.
        """
        entailed = self.panels[key].take(changes)
        page.evaluate(
            "([key, changes]) => window.host.receive(key, changes)",
            [key, packed({name: self.panels[key].state[name] for name in {*changes, *entailed}})],
        )
        return entailed

    def close(self) -> None:
        """End the server and what the panels do by themselves."""
        for end in self._ends:
            end()
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def told_after(self, start: int) -> dict[str, Any]:
        """What panels told by themselves after the first `start` times; waits for it."""
        with self._news:
            self._news.wait_for(lambda: self._closed or len(self._told) > start, timeout=20)
            return {"told": packed(self._told[start:]), "end": self._closed}

    def mounted(self) -> list[dict[str, Any]]:
        """What the page needs to know: key, module, state, and whether the panel tells by itself"""
        return [
            {
                "key": key,
                "module": panel.module,
                "state": packed(panel.state),
                "tells": type(panel).watch is not Panel.watch,
            }
            for key, panel in self.panels.items()
        ]

    def _watch(self, key: str, panel: Panel) -> Callable[[], None]:
        def tell(changes: dict[str, Value]) -> None:
            with self._news:
                self._told.append((key, changes))
                self._news.notify_all()

        return panel.watch(tell)


@contextmanager
def serving(panels: Mapping[str, Panel], **options: Any) -> Iterator[Host]:
    """A host for as long as the block lasts: `with serving({"a": panel}) as host:`."""
    host = Host(panels, **options)
    try:
        yield host
    finally:
        host.close()


@dataclass
class Watched:
    """A page in the browser, and what it was heard and seen to do."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning", "assert"):
            self.said.append(f"{message.type}: {message.text}")

    def strangers(self) -> list[str]:
        """What was asked for beside this machine and what a page holds itself."""
        own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
        return [url for url in self.asked if not url.startswith(own)]

    def faults(self) -> list[str]:
        """Errors and warnings of the console, and requests that leave the machine."""
        return [*self.said, *(f"asked for {url}" for url in self.strangers())]


def opened(page: Page, host: Host) -> Page:
    """The page of a host, with all its widgets mounted."""
    page.goto(host.url)
    page.wait_for_selector("html[data-ready]")
    return page


def settled(page: Page) -> None:
    """Wait until the server has answered everything, and the page has drawn it.

    By `evaluate`, which works under a content security policy; `wait_for_function` does not.
    """
    page.evaluate(SETTLED)


def saved(page: Page) -> None:
    """Wait until what the page sets has reached Python, where it does so a moment later."""
    settled(page)
    page.wait_for_timeout(100)
    settled(page)


def pixels_of(canvas: Locator) -> NDArray[np.uint8]:
    """(h, w, 4): what is on a canvas; read from a copy, for reading slows a canvas down."""
    height, width, numbers = canvas.evaluate(PIXELS)
    return np.array(numbers, np.uint8).reshape(height, width, 4)


def packed(value: Value) -> Value:
    """A value as JSON; bytes are {"$bytes": base64}."""
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {key: packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [packed(one) for one in value]
    return value


def unpacked(value: Value) -> Value:
    """The value that was packed."""
    if isinstance(value, Mapping):
        if set(value) == {"$bytes"}:
            return b64decode(value["$bytes"])
        return {key: unpacked(one) for key, one in value.items()}
    return [unpacked(one) for one in value] if isinstance(value, list) else value


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            first, _, rest = self.path.strip("/").partition("/")
            if first == "":
                self._send(PAGE, "text/html")
            elif first == "host.js":
                self._send(MOUNTING.read_text(encoding="utf-8"), "text/javascript")
            elif first == "style.css":
                self._send(AROUND + style(), "text/css")
            elif first == "module":
                self._send(host.sources(rest.removesuffix(".js")), "text/javascript")
            elif first == "panels":
                self._send(json.dumps(host.mounted()), "application/json")
            elif first == "told":
                self._send(json.dumps(host.told_after(int(rest))), "application/json")
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            key = self.path.rpartition("/")[2]
            changes = unpacked(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            host.posted.append((key, changes))
            self._send(json.dumps(packed(host.panels[key].change(changes))), "application/json")

        def _send(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            if host.policy:
                self.send_header("Content-Security-Policy", host.policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    return Handler
