import inspect
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks import lab5_choices, lab5_layers, lab5_steps
from retinue.lessons.checks.lab5 import LAB
from tests.lessons.answering import answers_of


def dropout(
    p_of_kept: Any = lambda p: 1 - p,
    factor: Any = lambda p: 1 / (1 - p),
    shape: Any = lambda x: x.shape,
) -> Any:
    def answer(x: Any, p: Any, training: Any) -> Any:
        if not training:
            return x
        return x * (torch.rand(shape(x)) < p_of_kept(p)) * factor(p)

    return answer


def scaled_at_test(x: Any, p: Any, training: Any) -> Any:
    if training:
        return x * (torch.rand_like(x) > p).float()
    return x * (1 - p)


def seeded(x: Any, p: Any, training: Any) -> Any:
    torch.manual_seed(42)
    return torch.nn.functional.dropout(x, p, training)


def in_place(x: Any, p: Any, training: Any) -> Any:
    if training:
        x[torch.rand_like(x) < p] = 0
        x /= 1 - p
    return x


def modes_exchanged(x: Any, p: Any, training: Any) -> Any:
    return F.dropout(x, p, not training)


def scaled_in_eval(x: Any, p: Any, training: Any) -> Any:
    mask = torch.rand_like(x) > p if training else torch.ones_like(x)
    return x * mask / (1 - p)


DROPOUT = {
    "nothing_dropped": lambda x, p, training: x,
    "not_scaled": dropout(factor=lambda p: 1),
    "scaled_at_test": scaled_at_test,
    "keeps_with_p": dropout(p_of_kept=lambda p: p, factor=lambda p: 1 / p),
    "scaled_wrongly": dropout(factor=lambda p: 1 / p),
    "one_mask_for_all_rows": dropout(shape=lambda x: x.shape[1:]),
    "whole_rows": dropout(shape=lambda x: (len(x), 1)),
    "same_mask_each_time": seeded,
    "drops_in_eval": lambda x, p, training: F.dropout(x, p),
    "scaled_in_eval": scaled_in_eval,
    "modes_exchanged": modes_exchanged,
    "input_changed": in_place,
}


def batch_norm(
    axes: Any = (0, 2, 3),
    unbiased: Any = False,
    below: Any = lambda var, eps: torch.sqrt(var + eps),
    centred: Any = True,
    batch_in: Any = (True,),
    new: Any = lambda old, batch, momentum: (1 - momentum) * old + momentum * batch,
    remembers_in: Any = (True,),
    spread_kept: Any = lambda x: x.var((0, 2, 3)),
) -> Any:
    def answer(
        x: Any,
        running_mean: Any,
        running_var: Any,
        training: Any,
        momentum: Any = 0.1,
        eps: Any = 1e-5,
    ) -> Any:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
        if training in batch_in:
            mean = x.mean(axes, keepdim=True)
            var = x.var(axes, keepdim=True, unbiased=unbiased)
        if training in remembers_in:
            running_mean = new(running_mean, x.mean((0, 2, 3)), momentum)
            running_var = new(running_var, spread_kept(x), momentum)
        y = (x - mean * centred) / below(var, eps)
        return y, running_mean, running_var

    return answer


BATCH_NORM = {
    "over_pictures_only": batch_norm(axes=0),
    "over_everything": batch_norm(axes=(0, 1, 2, 3)),
    "each_picture_by_itself": batch_norm(axes=(2, 3)),
    "unbiased_in_output": batch_norm(unbiased=True),
    "eps_outside": batch_norm(below=lambda var, eps: torch.sqrt(var) + eps),
    "eps_forgotten": batch_norm(below=lambda var, eps: var**0.5),
    "variance_for_deviation": batch_norm(below=lambda var, eps: var + eps),
    "mean_not_taken_away": batch_norm(centred=False),
    "eval_uses_batch": batch_norm(batch_in=(True, False)),
    "train_uses_memory": batch_norm(batch_in=()),
    "momentum_reversed": batch_norm(new=lambda old, batch, m: m * old + (1 - m) * batch),
    "memory_not_written": batch_norm(remembers_in=()),
    "memory_written_in_eval": batch_norm(remembers_in=(True, False)),
    "biased_in_memory": batch_norm(spread_kept=lambda x: x.var((0, 2, 3), unbiased=False)),
    "deviation_in_memory": batch_norm(spread_kept=lambda x: x.std((0, 2, 3))),
}


def adamw(
    shrink: Any = lambda w, lr, decay: w * (1 - lr * decay),
    gradient: Any = lambda g, w, decay: g,
    corrected: Any = lambda t: t,
    sign: Any = 1,
    kept: Any = "after",
) -> Any:
    def answer(
        w: Any,
        g: Any,
        m: Any,
        v: Any,
        t: Any,
        lr: Any,
        decay: Any,
        betas: Any = (0.9, 0.999),
        eps: Any = 1e-8,
    ) -> Any:
        g, old = gradient(g, w, decay), (m, v)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        share = corrected(t)
        m_hat = m if share is None else m / (1 - betas[0] ** share)
        v_hat = v if share is None else v / (1 - betas[1] ** share)
        w = shrink(w, lr, decay) - sign * lr * m_hat / (torch.sqrt(v_hat) + eps)
        return w, *{"after": (m, v), "before": old, "corrected": (m_hat, v_hat)}[kept]

    return answer


ADAMW = {
    "decay_in_gradient": adamw(
        shrink=lambda w, lr, decay: w, gradient=lambda g, w, decay: g + decay * w
    ),
    "decay_without_rate": adamw(shrink=lambda w, lr, decay: w * (1 - decay)),
    "decay_grows": adamw(shrink=lambda w, lr, decay: w + lr * decay * w),
    "decay_forgotten": adamw(shrink=lambda w, lr, decay: w),
    "no_bias_correction": adamw(corrected=lambda t: None),
    "counts_from_zero": adamw(corrected=lambda t: t + 1),
    "uphill": adamw(sign=-1),
    "means_not_given_back": adamw(kept="before"),
    "corrected_given_back": adamw(kept="corrected"),
}


def stopping(
    key: Any = "val_loss",
    better: Any = lambda loss, best: loss < best,
    out: Any = lambda waited, patience: waited >= patience,
    answer_of: Any = lambda kept, stopped, losses: (kept, stopped),
    resets: Any = True,
    against: Any = "best",
) -> Any:
    def answer(history: Any, patience: Any) -> Any:
        losses, best, kept, waited = history[key], None, 0, 0
        for epoch, loss in enumerate(losses):
            compared = losses[epoch - 1] if against == "previous" and epoch else best
            if best is None or better(loss, compared):
                waited = 0 if resets else waited
            else:
                waited += 1
            if best is None or better(loss, best):
                best, kept = loss, epoch
            if out(waited, patience):
                return answer_of(kept, epoch, losses)
        return answer_of(kept, len(losses) - 1, losses)

    return answer


STOPPING = {
    "chosen_by_test": stopping(key="test_loss"),
    "chosen_by_train": stopping(key="train_loss"),
    "last_for_best": stopping(answer_of=lambda kept, stopped, losses: (stopped, stopped)),
    "too_late": stopping(out=lambda waited, patience: waited > patience),
    "too_early": stopping(out=lambda waited, patience: waited and waited >= patience - 1),
    "looks_ahead": stopping(
        answer_of=lambda kept, stopped, losses: (losses.index(min(losses)), stopped)
    ),
    "never_reset": stopping(resets=False),
    "against_previous": stopping(against="previous"),
    "equal_is_progress": stopping(better=lambda loss, best: loss <= best),
    "largest_for_least": stopping(better=lambda loss, best: loss > best),
}


def epoch(
    before: Any = "train",
    between: Any = "eval",
    train_change: Any = True,
    val_change: Any = False,
    zero: Any = "first",
    loss_of: Any = F.cross_entropy,
    steps: Any = True,
    learns_val: Any = False,
    share: Any = "all",
) -> Any:
    def learn(model: Any, optimiser: Any, pictures: Any, labels: Any) -> Any:
        if zero == "first":
            optimiser.zero_grad()
        loss_of(model(pictures), labels).backward()
        if zero == "last":
            optimiser.zero_grad()
        if steps:
            optimiser.step()

    def answer(model: Any, optimiser: Any, train: Any, val: Any, augment: Any) -> Any:
        if before == "train":
            model.train()
        for pictures, labels in train:
            learn(model, optimiser, augment(pictures) if train_change else pictures, labels)
        if between == "eval":
            model.eval()
        shares, hits, total = [], 0, 0
        for pictures, labels in train if share == "train" else val:
            shown = augment(pictures) if val_change else pictures
            if learns_val:
                learn(model, optimiser, shown, labels)
            right = (model(shown).argmax(1) == labels).float()
            shares.append(right.mean().item())
            hits, total = hits + right.sum().item(), total + len(labels)
        if share == "mean":
            return sum(shares) / len(shares)
        return hits if share == "count" else hits / total

    return answer


EPOCH = {
    "val_augmented": epoch(val_change=True),
    "train_not_augmented": epoch(train_change=False),
    "train_mode_forgotten": epoch(before=None),
    "eval_forgotten": epoch(between=None),
    "gradients_not_zeroed": epoch(zero=None),
    "zeroed_before_step": epoch(zero="last"),
    "softmax_twice": epoch(loss_of=lambda y, labels: F.cross_entropy(y.softmax(1), labels)),
    "val_learnt": epoch(learns_val=True),
    "no_step": epoch(steps=False),
    "mean_of_batches": epoch(share="mean"),
    "train_accuracy": epoch(share="train"),
    "count_for_share": epoch(share="count"),
}


def chosen(by: Any, gap: Any = lambda one: one["train"] - one["test"], told: Any = "test") -> Any:
    def answer(results: Any) -> Any:
        one = max(results, key=by)
        return one["name"], one[told], gap(one)

    return answer


CHOICE = {
    "chosen_by_test": chosen(lambda one: one["test"]),
    "chosen_by_train": chosen(lambda one: one["train"]),
    "chosen_by_gap": chosen(lambda one: one["test"] - one["train"]),
    "gap_reversed": chosen(lambda one: one["val"], gap=lambda one: one["test"] - one["train"]),
    "gap_to_val": chosen(lambda one: one["val"], gap=lambda one: one["train"] - one["val"]),
    "val_reported": chosen(lambda one: one["val"], told="val"),
}

WRONG = {
    "dropout": DROPOUT,
    "batch_norm": BATCH_NORM,
    "adamw_step": ADAMW,
    "early_stopping": STOPPING,
    "one_epoch": EPOCH,
    "choose_cure": CHOICE,
}
# The same functions without a mistake: what is told apart is the mistake, not the way of writing.
RIGHT = {
    "dropout": [dropout(), F.dropout],
    "batch_norm": [batch_norm()],
    "adamw_step": [adamw()],
    "early_stopping": [stopping()],
    "one_epoch": [epoch()],
    "choose_cure": [chosen(lambda one: one["val"])],
}


@pytest.mark.parametrize(
    ("question", "answer"), [(name, one) for name, answers in RIGHT.items() for one in answers]
)
def test_right_answers_that_are_written_otherwise_are_right(question: Any, answer: Any) -> None:
    outcome = outcome_of(question, LAB.questions[question], answer)
    assert outcome.passed, str(outcome)


def test_all_mistakes_that_are_told_apart_by_their_numbers_have_hints() -> None:
    told = {
        "batch_norm": (
            lab5_layers._WRONG_OUTPUTS,
            lab5_layers._WRONG_MEANS,
            lab5_layers._WRONG_VARIANCES,
        ),
        "adamw_step": (lab5_steps._WRONG_WEIGHTS,),
        "early_stopping": (lab5_choices._WRONG_STOPS,),
    }
    for question, mistakes in told.items():
        for known in mistakes:
            assert set(known) <= set(LAB.questions[question].hints)


def test_the_arguments_of_the_answers_are_those_that_the_notebook_names() -> None:
    answers = answers_of("lab5")
    assert list(inspect.signature(answers["dropout"]).parameters) == ["x", "p", "training"]
    assert {one.answer for one in LAB.questions.values()} <= set(answers)
