from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from retinue.experiments.sweeps.shipped import measured
from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab4 import LAB
from retinue.lessons.outcome import Outcome
from retinue.models.shuffle import ShufflePixels
from tests.lessons.answering import answers_of

Answer = Callable[..., Any]


def count_with(linear: Answer, conv: Answer, other: int = 0, only: int | None = None) -> Answer:
    def parameters(layers):  # type: ignore[no-untyped-def]
        total = 0
        for layer in layers[:only]:
            if layer[0] == "linear":
                total += linear(*layer[1:])
            elif layer[0] == "conv":
                total += conv(*layer[1:])
            else:
                total += other
        return total

    return parameters


def linear(i, o):  # type: ignore[no-untyped-def]
    return (i + 1) * o


def conv(c, f, k):  # type: ignore[no-untyped-def]
    return (c * k**2 + 1) * f


def shuffle_right(pictures, seed):  # type: ignore[no-untyped-def]
    n, c, h, w = pictures.shape
    order = np.random.default_rng(seed).permutation(h * w)
    return pictures.reshape(n, c, -1)[:, :, order].reshape(n, c, h, w)


def shuffle_each_picture(pictures, seed):  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(seed)
    _, c, h, w = pictures.shape
    return np.stack(
        [one.reshape(c, -1)[:, chance.permutation(h * w)].reshape(c, h, w) for one in pictures]
    )


def shuffle_each_channel(pictures, seed):  # type: ignore[no-untyped-def]
    chance = np.random.default_rng(seed)
    n, c, h, w = pictures.shape
    flat = pictures.reshape(n, c, -1)
    found = [flat[:, one, chance.permutation(h * w)] for one in range(c)]
    return np.stack(found, axis=1).reshape(pictures.shape)


def shuffle_all_numbers(pictures, seed):  # type: ignore[no-untyped-def]
    flat = pictures.reshape(len(pictures), -1)
    order = np.random.default_rng(seed).permutation(flat.shape[1])
    return flat[:, order].reshape(pictures.shape)


def shuffle_in_place(pictures, seed):  # type: ignore[no-untyped-def]
    pictures[:] = shuffle_right(pictures, seed)
    return pictures


def shuffle_a_copy(pictures, seed):  # type: ignore[no-untyped-def]
    flat = pictures.reshape(*pictures.shape[:2], -1).copy()
    np.random.default_rng(seed).shuffle(flat, axis=2)
    return pictures


def shuffle_by_indices(pictures, seed):  # type: ignore[no-untyped-def]
    n, c, h, w = pictures.shape
    drawn = np.random.default_rng(seed).integers(0, h * w, h * w)
    return pictures.reshape(n, c, -1)[:, :, drawn].reshape(pictures.shape)


def residual_with(
    add: bool = True,
    activation: str = "sum",
    projects: str = "where needed",
    shortcut: str = "in init",
) -> type[nn.Module]:
    class Residual(nn.Module):
        def __init__(self, body, channels_in, channels_out, stride):  # type: ignore[no-untyped-def]
            super().__init__()
            self.body = body
            self.shape = channels_in, channels_out, 1, stride
            needed = {
                "where needed": channels_in != channels_out or stride != 1,
                "always": True,
                "for channels": channels_in != channels_out,
                "for stride": stride != 1,
            }[projects]
            self.short: Callable[[torch.Tensor], torch.Tensor]
            if not needed:
                self.short = nn.Identity()
            elif shortcut == "in init":
                self.short = nn.Conv2d(*self.shape)
            elif shortcut == "in forward":
                self.short = self.make_and_use
            else:
                self.short = nn.Conv2d(*self.shape).forward

        def make_and_use(self, maps):  # type: ignore[no-untyped-def]
            return nn.Conv2d(*self.shape)(maps)

        def forward(self, maps):  # type: ignore[no-untyped-def]
            body, short = self.body(maps), self.short(maps)
            if activation == "body":
                body = F.relu(body)
            elif activation == "both":
                body, short = F.relu(body), F.relu(short)
            total = body + short if add else body
            return F.relu(total) if activation == "sum" else total

    return Residual


def rate_with(
    factor: Answer = lambda k: k, start: float = 1, warms: bool = True, ends: bool = True
) -> Answer:
    def rate(step, small_rate, small_batch, batch, warm_up):  # type: ignore[no-untyped-def]
        full = small_rate * factor(batch / small_batch)
        if not warms or (ends and step >= warm_up):
            return full
        begin = start * small_rate
        return begin + (full - begin) * step / warm_up

    return rate


def best_by(key: str, sign: int = 1) -> Answer:
    def choose(settings):  # type: ignore[no-untyped-def]
        known = [one for one in settings if one[key] is not None]
        return sorted(known, key=lambda one: sign * one[key])[-1]["number"]

    return choose


def place_of_best(settings):  # type: ignore[no-untyped-def]
    accuracies = [one["val"] or 0 for one in settings]
    return accuracies.index(max(accuracies))


def pairs_where(wanted: Answer, known: bool = True) -> Answer:
    def apart(differences):  # type: ignore[no-untyped-def]
        return [
            (one["better"], one["worse"])
            for one in differences
            if not (known and one["low"] is None) and wanted(one["value"], one["low"], one["high"])
        ]

    return apart


WRONG: dict[str, dict[str, Any]] = {
    "parameters": {
        "bias_forgotten": count_with(lambda i, o: i * o, lambda c, f, k: c * f * k * k),
        "one_bias_a_layer": count_with(lambda i, o: i * o + 1, lambda c, f, k: c * f * k * k + 1),
        "kernel_not_squared": count_with(linear, lambda c, f, k: (c * k + 1) * f),
        "channels_in_forgotten": count_with(linear, lambda c, f, k: (k**2 + 1) * f),
        "inputs_and_outputs_added": count_with(lambda i, o: i + o, conv),
        "others_counted": count_with(linear, conv, other=1),
        "first_layer_only": count_with(linear, conv, only=1),
    },
    "shuffle_pixels": {
        "new_order_each": shuffle_each_picture,
        "channels_torn": shuffle_each_channel,
        "pictures_mixed": lambda p, seed: np.random.default_rng(seed).permutation(p),
        "lines_only": lambda p, seed: np.random.default_rng(seed).permutation(p, axis=2),
        "nothing_moved": shuffle_a_copy,
        "pixels_lost": shuffle_by_indices,
        "not_repeatable": lambda p, seed: shuffle_right(p, None),
        "seed_ignored": lambda p, seed: shuffle_right(p, 42),
        "depends_on_pictures": lambda p, seed: shuffle_right(p, seed + len(p)),
        "input_changed": shuffle_in_place,
    },
    "residual": {
        "addition_forgotten": residual_with(add=False),
        "activation_before_sum": residual_with(activation="body"),
        "activation_forgotten": residual_with(activation="none"),
        "always_projected": residual_with(projects="always"),
        "stride_forgotten": residual_with(projects="for channels"),
        "channels_forgotten": residual_with(projects="for stride"),
        "new_each_time": residual_with(shortcut="in forward"),
        "shortcut_not_learnt": residual_with(shortcut="hidden"),
    },
    "rate": {
        "divided": rate_with(lambda k: 1 / k),
        "square_root": rate_with(np.sqrt),
        "warm_up_forgotten": rate_with(warms=False),
        "from_zero": rate_with(start=0),
        "goes_on_rising": rate_with(ends=False),
        "scaling_forgotten": lambda step, small_rate, *_: small_rate,
    },
    "choose": {
        "chosen_on_test": best_by("test"),
        "chosen_on_train": best_by("train"),
        "worst_chosen": best_by("val", -1),
        "quickest_chosen": best_by("seconds", -1),
        "place_for_number": place_of_best,
        "unfinished_not_left_out": lambda rows: max(rows, key=lambda one: one["val"])["number"],
    },
    "apart": {
        "all_of_them": pairs_where(lambda value, low, high: True),
        "by_the_mean": pairs_where(lambda value, low, high: value > 0),
        "only_above_zero": pairs_where(lambda value, low, high: low > 0),
        "covering_zero": pairs_where(lambda value, low, high: low <= 0 <= high),
        "one_end_only": pairs_where(lambda value, low, high: high > 0),
        "zero_at_the_edge": pairs_where(lambda value, low, high: not low < 0 < high),
        "unknown_not_left_out": pairs_where(lambda v, low, high: low > 0 or high < 0, known=False),
    },
}


def ask(question: str, answer: Any) -> Outcome:
    return outcome_of(f"lab4.{question}", LAB.questions[question], answer)


def test_other_ways_of_writing_a_right_answer_are_right() -> None:
    def by_retinue(pictures, seed):  # type: ignore[no-untyped-def]
        return ShufflePixels(seed, pictures.shape[2:])(torch.from_numpy(pictures))

    class WithNorm(nn.Module):
        def __init__(self, body, channels_in, channels_out, stride):  # type: ignore[no-untyped-def]
            super().__init__()
            layer = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            norm = nn.BatchNorm2d(channels_out)
            self.branches = nn.ModuleList([body, nn.Sequential(layer, norm)])
            if channels_in == channels_out and stride == 1:
                self.branches[1] = nn.Identity()

        def forward(self, maps):  # type: ignore[no-untyped-def]
            return sum(branch(maps) for branch in self.branches).relu()

    assert ask("shuffle_pixels", by_retinue)
    assert ask("residual", residual_with())
    assert ask("residual", WithNorm)
    assert ask("rate", rate_with())
    assert ask("choose", best_by("val"))
    assert ask("choose", lambda rows: max(rows, key=lambda one: one["val"] or 0)["number"])
    assert ask("apart", pairs_where(lambda value, low, high: low * high > 0))


@pytest.mark.parametrize(
    ("question", "answer", "mistake"),
    [
        ("shuffle_pixels", shuffle_all_numbers, "channels_torn"),
        (
            "shuffle_pixels",
            lambda p, seed: np.random.default_rng(seed).permutation(p, axis=3),
            "lines_only",
        ),
        ("residual", residual_with(activation="both"), "activation_before_sum"),
    ],
)
def test_other_ways_of_making_a_mistake_are_known_too(
    question: str, answer: Any, mistake: str
) -> None:
    assert ask(question, answer).mistake == mistake


@pytest.mark.parametrize("name", ["depth", "batch-size", "learning-rate"])
def test_the_solution_reads_a_shipped_experiment_as_retinue_does(name: str) -> None:
    findings, answers = measured(name)["findings"], answers_of("lab4")
    assert answers["choose"](findings["settings"]) == findings["best"]["setting"]
    for effect in findings["effects"]:
        shown = answers["apart"](effect["differences"])
        count = sum(one["low"] > 0 or one["high"] < 0 for one in effect["differences"])
        assert len(shown) == count
