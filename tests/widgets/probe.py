"""A small widget for tests: every control of the shared code, and a panel that answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from retinue.errors import UsageError
from retinue.plotting.style import new_figure, styled
from retinue.widgets.modules import source
from retinue.widgets.panel import Panel, Tell, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = """
function render({ model, el }) {
  const root = widgetRoot(model, el, "probe");
  const canvas = element("canvas", { class: "pixels", role: "application", "aria-label": "Dots" });
  const says = liveLine();
  const draw = () => {
    window.draws = (window.draws ?? 0) + 1;
    drawPixels(canvas, pixelsOf(model.get("pixels")), 3, 2, 3);
  };
  draw();
  const point = ({ x, y }) => { says.textContent = `${Math.floor(x)},${Math.floor(y)}`; };
  canvas.addEventListener("pointerdown", (event) => point(pointAt(canvas, event)));
  let [column, row] = [0, 0];
  keyMoves(canvas, (dx, dy) => { column += dx; row += dy; point({ x: column, y: row }); });
  const end = listen(model, ["pixels", "double", "words"], draw);
  const double = element("output", { class: "double" });
  follow(model, "double", (value) => { double.textContent = value; });
  const words = element("span", { class: "words" });
  follow(model, "words", (value) => { words.textContent = value; });
  root.append(
    element("div", { class: "controls" },
      slider(model, "number", { min: 0, max: 99, label: "Number" }),
      slider(model, "share", { min: 0, max: 1, step: 0.1, label: "Share" }),
      select(model, "kind", [["a", "first"], [["b", 2], "second"], "third"], "Kind"),
      checkbox(model, "on", "On"),
      button("Add", () => change(model, { number: model.get("number") + 1 }))),
    problemLine(model), double, words, canvas, says,
  );
  return () => { end(); window.ended = (window.ended ?? 0) + 1; };
}

export default { render };
"""


def sources(module: str) -> str:
    """The module of the probe, and those of the package."""
    return source(module) if module != "probe" else f"{_shared()}\n{PAGE}"


class ProbePanel(Panel):
    """Doubles a number that is to be even unless `on`, and calls words by their number of letters.

    `responses` counts how often it was asked.
    """

    module = "probe"
    name = "Probe"
    inputs = frozenset({"number", "share", "kind", "on", "words", "pixels"})

    def __init__(self, words: str = "", **state: Value) -> None:
        start = {"number": 2, "share": 0.5, "kind": "a", "on": False, "pixels": bytes(range(18))}
        super().__init__({**start, "double": 4, "words": words, **state})
        self.responses = 0
        self.watching: list[Tell] = []

    def respond(self, changes: dict[str, Value]) -> dict[str, Value]:
        """The double; numbers above 99 are brought to 99."""
        self.responses += 1
        wanted = {**self.state, **changes}
        self.state["number"] = "spoiled"  # a panel that fails half-way does no harm
        if wanted["number"] % 2 and not wanted["on"]:
            raise UsageError(f"number {wanted['number']}: should be even")
        number = min(wanted["number"], 99)
        corrected = {"number": number} if number != wanted["number"] else {}
        self.state["number"] = number
        return {"double": 2 * number, **corrected}

    def figure(self) -> "Figure":
        """The number in words."""
        with styled():
            figure = new_figure(3, 1)
            figure.text(0.5, 0.5, f"number {self.state['number']}")
        return figure

    def watch(self, tell: Tell) -> Callable[[], None]:
        """`tell_all` tells."""
        self.watching.append(tell)
        return lambda: self.watching.remove(tell)

    def tell_all(self, changes: dict[str, Value]) -> None:
        """Change by itself."""
        self.state.update(changes)
        for tell in list(self.watching):
            tell(changes)


def _shared() -> str:
    from retinue.widgets.modules import ASSETS

    return (ASSETS / "shared.js").read_text(encoding="utf-8")
