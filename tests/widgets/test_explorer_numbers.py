"""Every number that the page of the explorer shows is torch's, and so are its refusals."""

import json
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from retinue.errors import UsageError
from retinue.widgets.explorer import ExplorerPanel
from retinue.widgets.kernels import presets
from retinue.widgets.modules import source
from tests.widgets.explorer_by_torch import drawn_settings, maps_by_torch
from tests.widgets.host import Serving, opened, pixels_of, saved, settled

pytestmark = pytest.mark.slow

FRAMES = {"output": "Output.", "active": "After ReLU.", "pooled": "After pooling."}
READ = """() => {
  const number = (node) => [node.textContent, Number(node.dataset.value)];
  const frame = (label) => document.querySelector(`.frame[aria-label^="${label}"]`);
  const seen = (label) => frame(label).closest("[hidden]") === null;
  const stage = (label) => frame(label).closest(".stage");
  const shown = ["Output.", "After ReLU.", "After pooling."].filter(seen);
  return {
    shapes: Object.fromEntries(shown.map((one) => [one, frame(one).dataset.shape])),
    values: Object.fromEntries(shown.map((one) => [one, frame(one).dataset.values])),
    cells: Object.fromEntries(shown.map((one) => [one,
      [...frame(one).querySelectorAll(".cells:not([hidden]) > *")].map((c) => c.textContent)])),
    pointed: Object.fromEntries(shown.map((one) => [one,
      [...stage(one).querySelectorAll(".cell-says strong")].map(number)])),
    sums: [...document.querySelectorAll(".summed > .sums .sum")].map((line) => ({
      text: line.textContent,
      terms: [...line.querySelectorAll(".term")].map((term) => term.textContent),
      result: number(line.querySelector("strong")),
      final: line.querySelector(".result") !== null,
    })),
    all: [...document.querySelectorAll(".summed details .sum")].map((line) => ({
      terms: [...line.querySelectorAll(".term")].map((term) => term.textContent),
      result: number(line.querySelector("strong")),
    })),
    facts: [...document.querySelectorAll(".formulas li")].map((line) => line.textContent),
  };
}"""


def number(text: str) -> float:
    """A number of the page."""
    return float(text.strip("()").replace("\u2212", "-").replace(",", ""))


def as_written(text: str, value: float) -> bool:
    """Whether a text is the number, to the digits that it has."""
    return abs(number(text) - value) <= 6e-4 * abs(value) + 1e-6


def added(terms: list[str]) -> float:
    """What written products and numbers add up to."""
    total = 0.0
    for term in terms:
        parts = [number(part) for part in re.sub(r"[a-z ]", "", term).split("×")]
        total += float(np.prod(parts))
    return total


def faults(read: dict[str, Any], state: dict[str, Any], turned: bool = False) -> list[str]:
    """What on the page is not as torch has it."""
    expected = maps_by_torch(state, turned=turned)
    found = (
        [] if set(expected) == {k for k, v in FRAMES.items() if v in read["shapes"]} else ["maps"]
    )
    row, column = state["position"]
    for name, maps in expected.items():
        label, numbers = FRAMES[name], maps.numpy()
        if read["shapes"][label] != "x".join(map(str, numbers.shape)):
            found.append(f"shape of {name}")
        if read["values"][label]:
            close = np.allclose(json.loads(read["values"][label]), numbers.ravel(), 1e-9, 1e-9)
            written = np.array([number(text) for text in read["cells"][label]])
            off = np.abs(written - numbers.ravel()).max()
            if not close or off > 6e-3 * np.abs(numbers).max() + 1e-6:
                found.append(f"numbers of {name}")
        place = (row, column)
        if name == "pooled":
            place = tuple(
                min(at // state["pool_stride"], most - 1)
                for at, most in zip(place, numbers.shape[1:], strict=True)
            )
        for (text, value), wanted in zip(
            read["pointed"][label], numbers[:, place[0], place[1]], strict=True
        ):
            if abs(value - wanted) > 1e-9 + 1e-9 * abs(wanted) or not as_written(text, wanted):
                found.append(f"{name} at {place}: {text}, not {wanted}")
    finals = [line["result"] for line in read["sums"] if line["final"]]
    for (text, value), wanted in zip(
        finals, expected["output"][:, row, column].tolist(), strict=True
    ):
        if abs(value - wanted) > 1e-9 + 1e-9 * abs(wanted) or not as_written(text, wanted):
            found.append(f"sum {text}, not {wanted}")
    return found


def wrong_sums(read: dict[str, Any]) -> list[str]:
    """Sums whose written terms do not add up to their result, as far as digits go."""
    lines = [line for line in read["sums"] if "…" not in line["text"]] + read["all"]
    return [
        str(line)
        for line in lines
        if abs(added(line["terms"]) - line["result"][1])
        > 2e-3 * sum(abs(added([term])) for term in line["terms"]) + 1e-3
    ]


def pictures() -> dict[str, ExplorerPanel]:
    random = np.random.default_rng(5)
    return {
        "grid": ExplorerPanel(random.integers(0, 10, (7, 8)).tolist(), kernel_size=1),
        "grey": ExplorerPanel(random.integers(0, 256, (28, 28), dtype=np.uint8)),
        "colour": ExplorerPanel(random.integers(0, 256, (32, 24, 3), dtype=np.uint8)),
        "photo": ExplorerPanel("flower.jpg"),
    }


@pytest.mark.parametrize("kind", ["grid", "grey", "colour", "photo"])
def test_the_numbers_of_random_settings_are_those_of_torch(
    browser_page: Page, serving: Serving, kind: str
) -> None:
    panel = pictures()[kind]
    random = np.random.default_rng(len(kind))
    channels = 1 if kind in ("grid", "grey") else 3
    checked = 0
    others = 0
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        while checked < (20 if kind != "photo" else 10):
            drawn = {
                **drawn_settings(random, channels),
                "position": random.integers(0, 220 if kind == "photo" else 30, 2).tolist(),
            }
            try:
                host.take(page, "a", drawn)
            except UsageError:
                continue
            page.evaluate("document.querySelector('.summed details').open = true")
            settled(page)
            read = page.evaluate(READ)
            assert faults(read, panel.state) == []
            assert wrong_sums(read) == []
            checked += 1
            # The control: a kernel that is turned around has other numbers.
            row, column = panel.state["position"]
            straight, turned = (
                maps_by_torch(panel.state, turned=way)["output"][:, row, column].numpy()
                for way in (False, True)
            )
            if not np.allclose(straight, turned, 1e-6, 1e-6):
                assert faults(read, panel.state, turned=True) != []
                others += 1
    assert others > checked / 3


def test_a_page_that_turns_the_kernel_around_is_noticed(
    browser_page: Page, serving: Serving
) -> None:
    right = "return values.length > channel ? values[channel] : values[0];"
    turned = "return values[0].map((line) => [...line].reverse()).reverse();"
    panel = ExplorerPanel(preset="sobel x", position=(1, 0))
    code = source("explorer").replace(right, turned)
    assert code != source("explorer")
    for sources, wrong in ((source, False), (lambda _: code, True)):
        with serving({"a": panel}, sources=sources) as host:
            page = opened(browser_page, host)
            settled(page)
            assert bool(faults(page.evaluate(READ), panel.state)) == wrong


def test_sizes_and_costs_are_those_of_torch(browser_page: Page, serving: Serving) -> None:
    panel = pictures()["colour"]
    random = np.random.default_rng(9)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        for _ in range(40):
            drawn = {**drawn_settings(random, 3), "channels_out": int(random.integers(1, 64))}
            try:
                host.take(page, "a", drawn)
            except UsageError:
                continue
            settled(page)
            facts = dict(
                line.split(": ", 1) for line in page.evaluate(READ)["facts"] if ": " in line
            )
            maps = maps_by_torch(panel.state)
            results = {
                key: number(text.rpartition("= ")[2]) for key, text in facts.items() if "=" in text
            }
            assert [results["Height"], results["Width"]] == list(maps["output"].shape[1:])
            if "pooled" in maps:
                both = [results["Height after pooling"], results["Width after pooling"]]
                assert both == list(maps["pooled"].shape[1:])
            weights = 3 * int(np.prod(panel.state["kernel_size"])) * drawn["channels_out"]
            assert results["Parameters"] == weights + drawn["channels_out"]
            places = int(np.prod(maps["output"].shape[1:]))
            assert results["Multiply-adds for one picture"] == weights * places


def test_the_page_refuses_what_the_panel_refuses(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel(np.zeros((7, 8, 1), np.uint8), kernel_size=1)
    random = np.random.default_rng(2)
    refused = []
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        for _ in range(60):
            drawn = drawn_settings(random, 1)
            try:
                maps_by_torch({**panel.state, **drawn})
                possible = True
            except (RuntimeError, ValueError):
                possible = False
            page.evaluate(
                "(drawn) => { const model = window.host.model('a');"
                "Object.entries(drawn).forEach(([key, value]) => model.set(key, value)); }",
                drawn,
            )
            settled(page)
            refused.append(page.locator(".retinue.refused").count() == 1)
            assert refused[-1] != possible
            assert bool(page.get_by_role("alert").text_content()) != possible
    assert 5 < sum(refused) < 55


def test_presets_are_the_same_on_both_sides(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel()
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        for name, preset in presets().items():
            page.get_by_label("Kernel", exact=True).select_option(label=preset.label)
            for size in (3, 4, 5):
                page.get_by_label("Kernel size", exact=True).fill(str(size))
                saved(page)
                assert panel.state["preset"] == name
                assert panel.state["values"] == [preset.weights((size, size))]


def test_the_pixels_of_the_output_are_those_of_torch(browser_page: Page, serving: Serving) -> None:
    panel = ExplorerPanel("china.jpg", preset="identity", padding="same")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)

        def output() -> NDArray[np.uint8]:
            return pixels_of(page.locator(".frame[aria-label^='Output'] canvas").first)[..., :3]

        photo = np.frombuffer(panel.state["pixels"], np.uint8).reshape(256, 256, 3)
        assert (output() == photo).all()
        host.take(page, "a", {"preset": "gaussian blur", "kernel_size": 5})
        settled(page)
        expected = maps_by_torch(panel.state)["output"].permute(1, 2, 0).numpy()
        shown = output().astype(float)
        assert np.abs(shown - expected).max() <= 0.5 + 1e-6
        assert np.abs(shown - photo).max() > 20
        host.take(page, "a", {"preset": "sobel x", "kernel_size": 3})
        settled(page)
        edges = maps_by_torch(panel.state)["output"][0].numpy()
        red, _, blue = np.moveaxis(output().astype(int), 2, 0)
        strong = np.abs(edges) > 200
        assert ((red > blue) == (edges > 0))[strong].all()
        assert (output()[edges == 0] == 0).all()
