import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.explaining.step.training_step import training_step
from retinue.recipe import Recipe, make_recipe
from retinue.widgets.training_step import STAGES, TrainingStepPanel

pytestmark = pytest.mark.slow  # each begins a training

SETTINGS = {
    "model": {"name": "cnn", "depth": 2, "width": 4},
    "opt": "sgd", "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0, "schedule": "constant",
    "epochs": 2, "batch_size": 64, "precision": "fp32",
}  # fmt: skip


def recipe(digits: ImageData, **settings: Any) -> Recipe:
    return make_recipe(digits.loaded_with, SETTINGS, settings)


@pytest.fixture
def panel(digits: ImageData) -> TrainingStepPanel:
    return TrainingStepPanel(recipe(digits), digits)


def test_the_state_tells_the_first_step_of_the_training(
    panel: TrainingStepPanel, digits: ImageData
) -> None:
    wanted, state = training_step(recipe(digits), digits), panel.state
    seen = state["seen"]
    assert (seen["loss"], seen["loss_after"]) == (wanted.loss, wanted.loss_after)
    assert state["losses"] == [wanted.loss]
    assert state["before"] == wanted.before.tobytes()
    assert state["after"] == wanted.after.tobytes()
    assert seen["before_shape"] == list(wanted.before.shape)
    assert [row["name"] for row in seen["layers"]] == [row.name for row in wanted.layers]
    assert [row["gradient"] for row in seen["layers"]] == [
        row.gradient_norm for row in wanted.layers
    ]
    assert seen["weight"]["after"] == wanted.weight.after
    json.dumps([seen, state["losses"], state["weights"]], allow_nan=False)


def test_next_steps_are_those_of_the_training(panel: TrainingStepPanel, digits: ImageData) -> None:
    told = panel.change({"taken": 3})
    assert told["problem"] == ""
    wanted = [training_step(recipe(digits), digits, step=step) for step in range(3)]
    assert panel.state["losses"] == [one.loss for one in wanted]
    assert panel.state["seen"]["where"] == wanted[2].where
    assert panel.state["after"] == wanted[2].after.tobytes()
    other = training_step(recipe(digits, lr=0.2), digits, step=2)
    assert panel.state["losses"][2] != other.loss


def test_plain_sgd_is_before_minus_rate_times_gradient(panel: TrainingStepPanel) -> None:
    weight = panel.state["seen"]["weight"]
    expected = weight["before"] - weight["lr"] * weight["gradient"]
    assert weight["after"] == pytest.approx(expected, rel=1e-5)
    assert weight["rule"]
    assert len(weight["rule"]) == len(weight["filled"])


def test_answers_are_the_softmax_of_their_logits(panel: TrainingStepPanel) -> None:
    seen = panel.seen
    for place, answer in enumerate(panel.state["seen"]["answers"]):
        shares = torch.from_numpy(seen.logits[place]).softmax(0).numpy()
        for name, logit, share, is_true in answer["classes"]:
            number = seen.classes.index(name)
            assert logit == seen.logits[place, number]
            assert share == pytest.approx(shares[number], rel=1e-9)
            assert is_true == (name == answer["true"])
        assert sum(one[3] for one in answer["classes"]) == 1
        loss = float(seen.losses[place])
        assert loss == pytest.approx(-np.log(shares[seen.labels[place]]), rel=1e-4)
        assert f"{loss:.4g}" in answer["formula"]
        assert "−ln" in answer["formula"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"label_smoothing": 0.1}, "labels smoothed by 0.1"), ({"mixup": 0.5}, "mixed classes")],
)
def test_other_losses_are_called_by_their_names(
    digits: ImageData, settings: dict[str, Any], words: str
) -> None:
    panel = TrainingStepPanel(recipe(digits, **settings), digits)
    assert words in panel.state["seen"]["answers"][0]["formula"]


def test_a_training_ends_with_its_last_step(panel: TrainingStepPanel) -> None:
    told = panel.change({"taken": 100})
    assert told["taken"] == panel.state["taken"] == len(panel.state["losses"])
    assert panel.state["seen"]["ended"]
    assert panel.state["taken"] == 2 * panel.seen.steps
    again = panel.change({"taken": 101})
    assert (again["problem"], again["taken"]) == ("", panel.state["taken"])
    assert panel.change({"stage": "update"})["problem"] == ""


def test_a_loss_that_is_no_number_ends_it_with_a_word(digits: ImageData) -> None:
    panel = TrainingStepPanel(recipe(digits, lr=1e30), digits)
    panel.change({"taken": 4})
    seen = panel.state["seen"]
    assert seen["ended"]
    assert "no longer a number" in seen["notes"][-1]
    assert seen["taken"] == panel.state["taken"] == len(panel.state["losses"])


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "sideways"},
        {"stage": ["forward"]},
        {"picture": 8},
        {"picture": -1},
        {"picture": True},
        {"taken": 0},
        {"taken": 1.5},
        {"taken": 10_000},
        {"weight": "head.outptu"},
        {"weight": "head.output.weight[99, 0]"},
        {"weight": 7},
        {"loss": 0},
    ],
)
def test_impossible_settings_change_nothing(
    panel: TrainingStepPanel, changes: dict[str, Any]
) -> None:
    before = dict(panel.state)
    with pytest.raises(UsageError):
        panel.take(changes)
    assert panel.state == before
    assert panel.change(changes)["problem"]
    assert panel.change({"stage": "forward"})["problem"] == ""
    assert {**panel.state, "stage": "transform"} == before


def test_a_weight_by_its_name_is_followed_from_the_next_step_on(panel: TrainingStepPanel) -> None:
    first = panel.state["seen"]["weight"]["name"]
    panel.change({"weight": "head.output.weight[3, 1]"})
    assert panel.state["seen"]["weight"]["name"] == first
    panel.change({"taken": 2})
    followed = panel.state["seen"]["weight"]
    assert followed["name"] == "head.output.weight[3, 1]"
    panel.change({"weight": ""})
    panel.change({"taken": 3})
    assert panel.state["seen"]["weight"]["name"] == followed["name"]
    assert panel.state["seen"]["weight"]["before"] == followed["after"]


def test_stages_have_the_names_of_the_loop(panel: TrainingStepPanel) -> None:
    assert STAGES == ("transform", "forward", "backward", "update")
    for stage in STAGES:
        assert panel.change({"stage": stage}) == {"problem": ""}


def test_nothing_is_drawn_from_the_global_generator(panel: TrainingStepPanel) -> None:
    random = torch.get_rng_state()
    panel.change({"taken": 2})
    assert torch.equal(random, torch.get_rng_state())


def test_the_static_picture_is_that_of_the_step(panel: TrainingStepPanel) -> None:
    assert panel.figure().axes


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.add_module("<b>hé</b>", nn.Linear(64, 10))

    def forward(self, pictures: Tensor) -> Tensor:
        layer = getattr(self, "<b>hé</b>")
        return layer(pictures.flatten(1))  # type: ignore[no-any-return]


def test_a_network_of_ones_own_with_odd_names_is_taken(digits: ImageData) -> None:
    settings = {key: one for key, one in SETTINGS.items() if key != "model"}
    panel = TrainingStepPanel(make_recipe(digits.loaded_with, settings), digits, model=Own())
    names = [row["name"] for row in panel.state["seen"]["layers"]]
    assert "<b>hé</b>" in names
    assert "<b>hé</b>.weight" in panel.state["weights"]
    panel.change({"weight": "<b>hé</b>", "taken": 2})
    assert panel.state["seen"]["weight"]["name"].startswith("<b>hé</b>.weight[")


def test_photos_are_shown_small(digits: ImageData) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (12, 160, 160, 3), dtype=np.uint8)
    data = load_data((pictures, ["a", "b"] * 6), size=160, val_fraction=0, test_fraction=0)
    settings = {**SETTINGS, "model": "softmax"}
    panel = TrainingStepPanel(make_recipe(data.loaded_with, settings), data, pictures=3)
    assert panel.state["seen"]["after_shape"] == [3, 96, 96, 3]
    assert len(panel.state["after"]) == 3 * 96 * 96 * 3


def test_a_weight_that_goes_out_of_hand_is_told_as_json_has_it(digits: ImageData) -> None:
    panel = TrainingStepPanel(recipe(digits, lr=1e38), digits)
    json.dumps(panel.state["seen"], allow_nan=False)
    assert np.isnan(panel.seen.loss_after)
    assert panel.state["seen"]["loss_after"] is None


def test_the_picture_stays_in_a_batch_that_is_shorter(digits: ImageData) -> None:
    panel = TrainingStepPanel(recipe(digits, batch_size=9), digits, pictures=9)
    assert panel.change({"picture": 8})["problem"] == ""
    told = panel.change({"taken": panel.seen.steps})
    assert len(panel.state["seen"]["answers"]) == 8
    assert told["picture"] == panel.state["picture"] == 7
    assert panel.change({"stage": "forward"})["problem"] == ""
