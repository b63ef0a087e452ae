from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau, rankdata, spearmanr
from torch.nn import functional as F

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks import lab6_heat, lab6_layers
from retinue.lessons.checks.lab6 import LAB


def record(
    keep: Any = lambda inputs, output: output.detach().clone(),
    removes: Any = lambda handle, layer: handle.remove(),
    gives: Any = lambda kept, network, pictures: kept,
    prepare: Any = lambda network: None,
) -> Any:
    def answer(network: Any, layer: Any, pictures: Any) -> Any:
        kept = []
        prepare(network)
        handle = layer.register_forward_hook(
            lambda layer, inputs, output: kept.append(keep(inputs, output))
        )
        network(pictures)
        removes(handle, layer)
        return gives(kept[-1], network, pictures)

    return answer


RECORD = {
    "hook_left": record(removes=lambda handle, layer: None),
    "others_removed": record(removes=lambda handle, layer: layer._forward_hooks.clear()),
    "not_detached": record(keep=lambda inputs, output: output.clone()),
    "input_for_output": record(keep=lambda inputs, output: inputs[0].detach().clone()),
    "overwritten": record(keep=lambda inputs, output: output.detach()),
    "network_output": record(gives=lambda kept, network, pictures: network(pictures).detach()),
    "mode_changed": record(prepare=lambda network: network.eval()),
    "tuple_for_tensor": record(keep=lambda inputs, output: inputs),
}


def pictures(
    limit: Any = lambda w: np.abs(w).max(),
    shown: Any = lambda scaled: (scaled + 1) / 2,
    axes: Any = (0, 2, 3, 1),
) -> Any:
    return lambda weights: shown(weights / limit(weights)).transpose(axes)


def from_least(axis: Any = None) -> Any:
    def answer(weights: Any) -> Any:
        low = weights.min(axis, keepdims=True)
        high = weights.max(axis, keepdims=True)
        return ((weights - low) / (high - low)).transpose(0, 2, 3, 1)

    return answer


def reshaped(weights: Any) -> Any:
    filters, channels, height, width = weights.shape
    scaled = 0.5 + 0.5 * weights / np.abs(weights).max()
    return scaled.reshape(filters, height, width, channels)


PICTURES = {
    "each_its_own": pictures(limit=lambda w: np.abs(w).max((1, 2, 3), keepdims=True)),
    "zero_not_grey": from_least(),
    "least_is_black": from_least((1, 2, 3)),
    "sign_lost": pictures(shown=np.abs),
    "not_centred": pictures(shown=lambda scaled: scaled),
    "reshaped": reshaped,
    "sides_exchanged": pictures(axes=(0, 3, 2, 1)),
    "channels_first": pictures(axes=(0, 1, 2, 3)),
}


def field_of(
    unit: Any = lambda maps, row, column: maps[0, :, row, column].sum(),
    mask: Any = lambda gradient: (gradient != 0).any(0),
) -> Any:
    def answer(body: Any, picture: Any, row: Any, column: Any) -> Any:
        picture = picture.clone().requires_grad_(True)
        unit(body(picture), row, column).backward()
        return mask(picture.grad[0])

    return answer


FIELD = {
    "whole_map": field_of(unit=lambda maps, row, column: maps.sum()),
    "place_exchanged": field_of(unit=lambda maps, row, column: maps[0, :, column, row].sum()),
    "positive_only": field_of(mask=lambda gradient: (gradient > 0).any(0)),
    "first_channel_only": field_of(mask=lambda gradient: gradient[0] != 0),
    "channels_kept": field_of(mask=lambda gradient: gradient != 0),
}


def occlusion(
    told: Any = lambda before, after: before - after,
    number: Any = lambda answers, target: answers[target],
    copies: Any = True,
    cover: Any = lambda colour: colour,
    step: Any = lambda side: side,
    turned: Any = False,
    changes_mine: Any = False,
) -> Any:
    def answer(predict: Any, picture: Any, side: Any, colour: Any, target: Any) -> Any:
        before = number(predict(picture[None])[0], target)
        mine = picture if changes_mine else picture.copy()
        heat = np.zeros((picture.shape[0] // side, picture.shape[1] // side))
        for row in range(heat.shape[0]):
            for column in range(heat.shape[1]):
                covered = mine.copy() if copies else mine
                top, left = row * step(side), column * step(side)
                covered[top : top + side, left : left + side] = cover(colour)
                after = number(predict(covered[None])[0], target)
                heat[row, column] = told(before, after)
        return heat.T if turned else heat

    return answer


OCCLUSION = {
    "sign": occlusion(told=lambda before, after: after - before),
    "probability_for_fall": occlusion(told=lambda before, after: after),
    "adds_up": occlusion(copies=False),
    "best_class": occlusion(number=lambda answers, target: answers.max()),
    "answer_for_target": lambda predict, picture, side, colour, target: occlusion()(
        predict, picture, side, colour, predict(picture[None])[0].argmax()
    ),
    "place_exchanged": occlusion(turned=True),
    "black_for_colour": occlusion(cover=lambda colour: 0),
    "moves_by_one": occlusion(step=lambda side: 1),
    "picture_changed": occlusion(copies=False, changes_mine=True),
}


def grad_cam(
    score: Any = lambda logits, target: logits[0, target],
    weights: Any = lambda gradient: gradient.mean((2, 3), keepdim=True),
    heat_of: Any = lambda maps, weights: (maps * weights).sum(1, keepdim=True),
    relu: Any = ("before",),
    enlarge: Any = lambda heat, size: F.interpolate(
        heat, size, mode="bilinear", align_corners=False
    ),
) -> Any:
    def answer(body: Any, head: Any, picture: Any, target: Any) -> Any:
        maps = body(picture)
        maps.retain_grad()
        score(head(maps), target).backward()
        heat = heat_of(maps, weights(maps.grad))
        heat = heat.relu() if "before" in relu else heat
        heat = enlarge(heat, picture.shape[2:])
        heat = heat.relu() if "after" in relu else heat
        return heat[0, 0].detach().numpy()

    return answer


GRAD_CAM = {
    "relu_forgotten": grad_cam(relu=()),
    "not_averaged": grad_cam(weights=lambda gradient: gradient),
    "summed": grad_cam(weights=lambda gradient: gradient.sum((2, 3), keepdim=True)),
    "softmax_for_logit": grad_cam(score=lambda logits, target: logits.softmax(1)[0, target]),
    "best_class": grad_cam(score=lambda logits, target: logits[0].max()),
    "averaged_over_maps": grad_cam(weights=lambda gradient: gradient.mean(1, keepdim=True)),
    "not_enlarged": grad_cam(enlarge=lambda heat, size: heat),
    "nearest": grad_cam(enlarge=F.interpolate),
    "corners_aligned": grad_cam(
        enlarge=lambda heat, size: F.interpolate(heat, size, mode="bilinear", align_corners=True)
    ),
    "relu_after_enlarging": grad_cam(relu=("after",)),
    "gradient_only": grad_cam(
        weights=lambda gradient: gradient,
        heat_of=lambda maps, weights: weights.sum(1, keepdim=True),
    ),
    "relu_on_gradient": grad_cam(
        weights=lambda gradient: gradient.mean((2, 3), keepdim=True).relu()
    ),
}


def alike(one: Any, other: Any) -> Any:
    return np.corrcoef(rankdata(np.abs(one)), rankdata(np.abs(other)))[0, 1]


ALIKE = {
    "values_for_ranks": lambda one, other: np.corrcoef(np.abs(one).flat, np.abs(other).flat)[0, 1],
    "plain_correlation": lambda one, other: np.corrcoef(one.ravel(), other.ravel())[0, 1],
    "sign_kept": lambda one, other: spearmanr(one.ravel(), other.ravel()).statistic,
    "argsort_for_rank": lambda one, other: np.corrcoef(
        np.argsort(np.abs(one).ravel()), np.argsort(np.abs(other).ravel())
    )[0, 1],
    "kendall": lambda one, other: kendalltau(np.abs(one), np.abs(other)).statistic,
}

WRONG = {
    "record": RECORD,
    "as_pictures": PICTURES,
    "field_of": FIELD,
    "occlusion": OCCLUSION,
    "grad_cam": GRAD_CAM,
    "alike": ALIKE,
}
# The same functions without a mistake: what is told apart is the mistake, not the way of writing.
RIGHT = {
    "record": record(),
    "as_pictures": pictures(),
    "field_of": field_of(),
    "occlusion": occlusion(),
    "grad_cam": grad_cam(),
    "alike": alike,
}


@pytest.mark.parametrize("question", RIGHT)
def test_right_answers_that_are_written_otherwise_are_right(question: Any) -> None:
    outcome = outcome_of(question, LAB.questions[question], RIGHT[question])
    assert outcome.passed, str(outcome)


def test_all_mistakes_that_are_told_apart_by_their_numbers_have_hints() -> None:
    told = {
        "as_pictures": lab6_layers._WRONG_PICTURES,
        "field_of": lab6_layers._WRONG_FIELDS,
        "occlusion": lab6_heat._WRONG_OCCLUSIONS,
        "grad_cam": lab6_heat._WRONG_CAMS,
        "alike": lab6_heat._WRONG_LIKENESSES,
    }
    for question, known in told.items():
        assert set(known) <= set(LAB.questions[question].hints)


def test_grad_cam_by_captum_is_the_formula_of_the_paper() -> None:
    for body, head, picture, target in lab6_heat._networks():
        heat = F.relu(lab6_heat._sum_of_maps(body, head, picture, target))
        ours = torch.as_tensor(grad_cam()(body, head, picture, target))
        assert torch.allclose(ours, lab6_heat._enlarged(heat, picture), atol=1e-5)
