"""The widget TrainingMonitor in Chromium, alone and beside TrainingStep."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.recipe import make_recipe, write_recipe
from retinue.runs import Run
from retinue.training.fit import fit
from retinue.widgets import training_monitor
from retinue.widgets.training_monitor import TrainingMonitorPanel
from retinue.widgets.training_step import TrainingStepPanel
from retinue.wording import printable
from tests.browsing import DESK, PHONE, accessibility_faults, fits
from tests.widgets.host import Serving, opened, pixels_of, settled

pytestmark = pytest.mark.slow

HOSTILE = (
    "<script>console.error(1)</script>", "<img src=x onerror=console.error(2)>", "$x$ `y`",
    "שלום עולם", "evil\u202egnp.exe", "👩\u200d🚀", "a\"b'c&amp;", "x" * 500,
)  # fmt: skip


@pytest.fixture(scope="module")
def run(digits: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("monitor") / "run"
    recipe = make_recipe(digits.loaded_with, {"model": "softmax", "epochs": 3, "batch_size": 8})
    return fit(recipe, data=digits, output=folder, device="cpu")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, ImageData]:
    draw = np.random.default_rng(0)
    pictures = draw.integers(0, 256, (160, 8, 8, 3), dtype=np.uint8)
    data = load_data((pictures, [HOSTILE[number % 8] for number in range(160)]))
    folder = tmp_path_factory.mktemp("hostile") / "<b>run<b>"
    recipe = make_recipe(data.loaded_with, {"model": "softmax", "epochs": 2, "batch_size": 16})
    return fit(recipe, data=data, output=folder, device="cpu"), data


def chart(page: Page, title: str) -> Locator:
    return page.locator("figure.chart", has=page.get_by_role("heading", name=title, exact=True))


def test_curves_are_read_with_keys_and_pointer_and_as_a_table(
    browser_page: Page, serving: Serving, run: Run
) -> None:
    with serving({"a": TrainingMonitorPanel(run)}) as host:
        page = opened(browser_page, host)
        figure = chart(page, "Loss by epoch")
        says, values = figure.locator(".says"), [line["val_loss"] for line in run.history]
        expect(says).to_contain_text(
            f"epoch 3. training, running: {tidy(run.history[2]['train_loss'])}"
        )
        figure.locator("input").focus()
        page.keyboard.press("ArrowLeft")
        expect(says).to_contain_text(f"validation: {tidy(values[1])}")
        expect(figure.locator("input")).to_have_attribute("aria-valuetext", says.inner_text())
        page.keyboard.press("Home")
        expect(says).to_contain_text(f"validation: {tidy(values[0])}")
        box = figure.locator("svg[role=img]").bounding_box()
        assert box is not None
        figure.locator("svg[role=img]").hover(position={"x": box["width"] - 20, "y": 40})
        expect(says).to_contain_text(f"validation: {tidy(values[2])}")
        page.get_by_text("Values by epoch").click()
        cells = page.locator("details").first.locator("tbody tr").nth(1).locator("td")
        line = run.history[1]
        expect(cells.nth(0)).to_have_text("2")
        assert cells.nth(3).inner_text() == tidy(line["val_loss"])
        assert cells.nth(6).inner_text() == f"{100 * line['val_accuracy']:.1f}\u00a0%"
        page.get_by_text("Values by step").click()
        expect(page.locator("details").nth(1).locator("tbody tr")).to_have_count(len(run.steps))


def tidy(value: float) -> str:
    """As the page writes a number between a ten thousandth and a million."""
    return f"{float(f'{value:.3g}'):g}"


def test_the_line_is_where_the_values_are(browser_page: Page, serving: Serving, run: Run) -> None:
    with serving({"a": TrainingMonitorPanel(run)}) as host:
        page = opened(browser_page, host)
        path = str(chart(page, "Accuracy by epoch").locator(".line.val").last.get_attribute("d"))
        places = [[float(one) for one in part.split()] for part in path[1:].split("L")]
        values = [line["val_accuracy"] for line in run.history]
        down = [-place[1] for place in places]
        assert len(places) == 3
        np.testing.assert_allclose(
            np.interp(values, [min(values), max(values)], [min(down), max(down)]), down, atol=0.2
        )


def test_sample_predictions_are_marked_right_or_wrong(
    browser_page: Page, serving: Serving, run: Run
) -> None:
    panel = TrainingMonitorPanel(run)
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        rows = panel.state["predictions"]["rows"]
        right = sum(row["right"] for row in rows)
        assert page.locator(".sample.right").count() == right
        assert page.locator(".sample.wrong").count() == len(rows) - right
        expect(page.locator("section section .soft").first).to_contain_text(
            f"by the weights that were kept: {right} of {len(rows)} right"
        )
        first = page.locator(".sample").first
        expect(first.locator(".is .name")).to_have_text(rows[0]["true"])
        expect(first.locator("ol .name").first).to_have_text(rows[0]["top"][0][0])
        shown = pixels_of(first.locator("canvas"))
        assert shown[..., 0].tobytes() == panel.state["pictures"][:64]


def test_a_run_that_goes_on_is_drawn_as_it_goes_on(
    browser_page: Page, serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_monitor, "EVERY", 0.02)
    panel = TrainingMonitorPanel(tmp_path / "run")
    with serving({"a": panel}) as host:
        page = opened(browser_page, host)
        stage, says = page.locator(".stage"), chart(page, "Loss by epoch").locator(".says")
        expect(stage).to_have_text("waiting")
        expect(chart(page, "Loss by epoch").locator(".reader")).to_be_hidden()
        run = Run.create("digits", "cnn", tmp_path / "run")
        write_recipe(run.path / "recipe.yaml", make_recipe({"data": "digits", "epochs": 4}))
        with run.held():
            expect(stage).to_have_text("training")
            for epoch in (1, 2, 3):
                run.append("history.jsonl", {"epoch": epoch, "val_loss": 1 / epoch})
                expect(says).to_have_text(f"epoch {epoch}. validation: {tidy(1 / epoch)}")
                expect(page.locator("[aria-live]")).to_contain_text(f"epoch {epoch}: validation")
            chart(page, "Loss by epoch").locator("input").focus()
            page.keyboard.press("ArrowLeft")
            run.append("history.jsonl", {"epoch": 4, "val_loss": 0.125})
            expect(page.locator("[aria-live]")).to_contain_text("epoch 4")
            expect(says).to_have_text("epoch 2. validation: 0.5")  # where the reader is
            run.update_status(state="failed", reason="<b>no</b> number", best_epoch=4)
            expect(stage).to_have_text("failed")
            expect(page.get_by_role("status")).to_have_text("failed")
            expect(page.locator(".said")).to_have_text("failed: <b>no</b> number")
        assert chart(page, "Loss by epoch").locator(".mark").count() == 1


def both(
    hostile: tuple[Run, ImageData], run: Run, step: TrainingStepPanel
) -> dict[str, TrainingMonitorPanel | TrainingStepPanel]:
    """All of these on one page, two of them alike."""
    odd, data = hostile
    recipe = make_recipe(data.loaded_with, {"model": "softmax", "epochs": 2, "batch_size": 16})
    return {
        "a": TrainingMonitorPanel(odd, data=data),
        "b": TrainingMonitorPanel(run),
        "c": step,
        "d": TrainingStepPanel(recipe, data),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_sticks_out_and_axe_finds_no_serious_fault(
    browser_page: Page,
    serving: Serving,
    hostile: tuple[Run, ImageData],
    run: Run,
    step: TrainingStepPanel,
    width: int,
    scheme: Any,
) -> None:
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    with serving(both(hostile, run, step)) as host:
        page = opened(browser_page, host)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for stage in ("Transform", "Forward", "Backward", "Update"):
            for one in page.get_by_role("tab", name=stage).all():
                one.click()
            settled(page)
            assert fits(page)
            assert accessibility_faults(page) == []


def test_axe_notices_a_chart_without_its_name(
    browser_page: Page, serving: Serving, run: Run
) -> None:
    with serving({"a": TrainingMonitorPanel(run)}) as host:
        page = opened(browser_page, host)
        page.evaluate(
            "document.querySelectorAll('.reader label').forEach((one) => one.remove());"
            "document.querySelectorAll('.chart > svg').forEach((one) => one.replaceChildren())"
        )
        found = {one.partition(":")[0] for one in accessibility_faults(page)}
        assert found == {"label", "svg-img-alt"}


def test_odd_names_stand_as_they_are_and_do_nothing(
    browser_page: Page,
    serving: Serving,
    hostile: tuple[Run, ImageData],
    run: Run,
    step: TrainingStepPanel,
) -> None:
    with serving(both(hostile, run, step)) as host:
        page = opened(browser_page, host)
        shown = set(page.locator("#a .sample .name").all_text_contents())
        assert shown
        assert shown <= {printable(name, 200) for name in HOSTILE}
        assert page.locator("#a h3").inner_text() == "Training of <b>run<b>"
        page.get_by_role("tab", name="Forward").last.click()
        settled(page)
        assert page.locator("main :is(script, img)").count() == 0


def test_a_widget_that_is_taken_away_leaves_no_listener(
    browser_page: Page, serving: Serving, run: Run, step: TrainingStepPanel
) -> None:
    with serving({"a": TrainingMonitorPanel(run), "b": step}) as host:
        page = opened(browser_page, host)
        for key in ("a", "b"):
            assert page.evaluate(f"window.host.listeners('{key}')") > 0
            page.evaluate(f"window.host.unmount('{key}')")
            assert page.evaluate(f"window.host.listeners('{key}')") == 0
