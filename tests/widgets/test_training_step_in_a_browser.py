"""The widget TrainingStep in Chromium."""

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from retinue.widgets.training_step import TrainingStepPanel
from tests.widgets.host import Serving, opened, pixels_of, settled

pytestmark = pytest.mark.slow


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab", name=name)


def chosen(page: Page) -> str:
    return page.locator("[role=tab][aria-selected=true] .title").inner_text()


def test_the_four_stages_are_walked_with_buttons_arrows_and_fingers(
    browser_page: Page, serving: Serving, step: TrainingStepPanel
) -> None:
    with serving({"a": step}) as host:
        page = opened(browser_page, host)
        assert chosen(page) == "Transform"
        expect(page.get_by_role("button", name="Back")).to_have_attribute("aria-disabled", "true")
        page.get_by_role("button", name="Next ▸").click()
        settled(page)
        assert (chosen(page), step.state["stage"]) == ("Forward", "forward")
        tab(page, "Forward").focus()
        page.keyboard.press("ArrowRight")
        settled(page)
        assert (chosen(page), step.state["stage"]) == ("Backward", "backward")
        assert page.evaluate("document.activeElement.textContent").startswith("3Backward")
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")  # there is no further one
        settled(page)
        assert chosen(page) == "Update"
        swipe(page, 300, 100)  # to the left: onward, where nothing is
        settled(page)
        assert chosen(page) == "Update"
        swipe(page, 100, 300)
        settled(page)
        assert (chosen(page), step.state["stage"]) == ("Backward", "backward")
        swipe(page, 200, 215)  # too short
        settled(page)
        assert chosen(page) == "Backward"
        tab(page, "Transform").click()
        host.take(page, "a", {"stage": "update"})
        assert chosen(page) == "Update"


def swipe(page: Page, start: int, end: int) -> None:
    """A finger that goes sideways over the stage."""
    page.evaluate(
        """([start, end]) => {
          const node = document.querySelector("[role=tabpanel]");
          const touch = (clientX) => new Touch(
            { identifier: 1, target: node, clientX, clientY: 300 });
          const tell = (kind, touches, changedTouches) => node.dispatchEvent(
            new TouchEvent(kind, { touches, changedTouches, bubbles: true }));
          tell("touchstart", [touch(start)], [touch(start)]);
          tell("touchend", [], [touch(end)]);
        }""",
        [start, end],
    )


def test_each_stage_shows_the_numbers_of_the_step(
    browser_page: Page, serving: Serving, step: TrainingStepPanel
) -> None:
    with serving({"a": step}) as host:
        page = opened(browser_page, host)
        seen, panel = step.seen, page.get_by_role("tabpanel")
        expect(panel).to_contain_text(f"{len(seen.labels)} pictures of 1 × 8 × 8")
        assert panel.locator(".pair").count() == len(seen.before)
        grey = pixels_of(page.locator(".pair canvas").nth(1))[:, :, :1]
        assert np.array_equal(grey, seen.after[0])
        tab(page, "Forward").click()
        rows = panel.locator("table").first.locator("tbody tr")
        layers = [row for row in seen.layers if row.output]
        assert rows.count() == len(layers) + 1
        expect(rows.last).to_contain_text(" × ".join(map(str, layers[-1].output or ())))
        expect(panel).to_contain_text(f"{seen.correct} of {len(seen.labels)} answers are right")
        tab(page, "Backward").click()
        first = panel.locator("tbody tr").first
        learning = [row for row in seen.layers if row.gradient_norm is not None]
        expect(first).to_contain_text(learning[-1].name)
        tab(page, "Update").click()
        expect(panel).to_contain_text(seen.weight.filled[0])
        expect(panel).to_contain_text(f"{seen.loss:.4f}")
        expect(panel).to_contain_text(f"{seen.loss_after:.4f}")


def test_the_next_batch_is_the_trainings_next_step(
    browser_page: Page, serving: Serving, step: TrainingStepPanel
) -> None:
    with serving({"a": step}) as host:
        page = opened(browser_page, host)
        expect(page.locator(".where")).to_have_text("epoch 1, step 1 of 3")
        more = page.get_by_role("button", name="Next batch")
        for taken in (2, 3):
            more.click()
            settled(page)
            assert step.state["taken"] == taken
            expect(page.locator(".where")).to_have_text(f"epoch 1, step {taken} of 3")
            expect(page.locator(".losses")).to_contain_text(f"loss of {taken} steps")
            told = f"epoch 1, step {taken} of 3: loss {step.seen.loss:.3f}"
            expect(page.locator("[aria-live]")).to_have_text(told)
        host.take(page, "a", {"taken": 100})
        expect(page.get_by_role("button", name="The training has ended")).to_be_visible()
        page.get_by_role("button", name="The training has ended").click(force=True)
        settled(page)
        assert step.state["taken"] == 6


def test_another_picture_is_chosen_with_the_keyboard_which_stays_there(
    browser_page: Page, serving: Serving, step: TrainingStepPanel
) -> None:
    with serving({"a": step}) as host:
        page = opened(browser_page, host)
        tab(page, "Forward").click()
        picture = page.get_by_role("button", name="picture 3:")
        picture.focus()
        page.keyboard.press("Enter")
        settled(page)
        assert step.state["picture"] == 2
        expect(picture).to_have_attribute("aria-pressed", "true")
        expect(picture).to_be_focused()
        formula = step.state["seen"]["answers"][2]["formula"]
        expect(page.get_by_role("tabpanel")).to_contain_text(formula)


def test_a_weight_that_is_not_there_is_said_and_one_that_is_is_followed(
    browser_page: Page, serving: Serving, step: TrainingStepPanel
) -> None:
    with serving({"a": step}) as host:
        page = opened(browser_page, host)
        tab(page, "Update").click()
        field = page.get_by_label("Weight to follow")
        field.fill("head.outptu")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("has no such weight")
        field.fill("head.output.weight[3, 1]")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("")
        page.get_by_role("button", name="Next batch").click()
        settled(page)
        expect(page.get_by_role("tabpanel")).to_contain_text("head.output.weight[3, 1]")
