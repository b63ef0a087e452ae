import math
from collections.abc import Callable
from typing import Any

import numpy as np
from statsmodels.stats.contingency_tables import mcnemar as by_statsmodels
from statsmodels.stats.multitest import multipletests

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab9 import LAB
from retinue.lessons.outcome import Outcome

Answer = Callable[..., Any]


def counted(truth, predicted, k):  # type: ignore[no-untyped-def]
    found = np.zeros((k, k), int)
    np.add.at(found, (truth, predicted), 1)
    return found


def counted_by_index(truth, predicted, k):  # type: ignore[no-untyped-def]
    found = np.zeros((k, k), int)
    found[truth, predicted] += 1  # an index that is there twice is added to once
    return found


def shares(truth, predicted, k, axis):  # type: ignore[no-untyped-def]
    found = counted(truth, predicted, k)
    return found / np.maximum(found.sum(axis=axis, keepdims=True), 1)


def as_many_as_are_seen(truth, predicted, k):  # type: ignore[no-untyped-def]
    names = sorted(set(truth.tolist()) | set(predicted.tolist()))
    return counted(np.searchsorted(names, truth), np.searchsorted(names, predicted), len(names))


def class_scores(truth, predicted, k):  # type: ignore[no-untyped-def]
    """Precision, recall and F1 of the classes that occur, and their pictures."""
    found = counted(truth, predicted, k)
    hits, true, said = np.diag(found), found.sum(axis=1), found.sum(axis=0)
    occurs = true + said > 0
    hits, true, said = hits[occurs], true[occurs], said[occurs]
    precision, recall = hits / np.maximum(said, 1), hits / np.maximum(true, 1)
    f1 = 2 * precision * recall / np.where(precision + recall > 0, precision + recall, 1)
    return precision, recall, f1, true


def f1_of_means(*case):  # type: ignore[no-untyped-def]
    precision, recall = (one.mean() for one in class_scores(*case)[:2])
    return 2 * precision * recall / (precision + recall)


def f1_over_all_k(truth, predicted, k):  # type: ignore[no-untyped-def]
    return class_scores(truth, predicted, k)[2].sum() / k


def f1_without_what_is_not_defined(truth, predicted, k):  # type: ignore[no-untyped-def]
    found = counted(truth, predicted, k)
    with np.errstate(all="ignore"):
        precision, recall = (np.diag(found) / found.sum(axis=axis) for axis in (0, 1))
        return np.nanmean(2 * precision * recall / (precision + recall))


def best(by, told):  # type: ignore[no-untyped-def]
    return lambda val, test, size: (
        name := max(size, key=lambda one: (by(val, test, size)[one], -size[one])),
        told(val, test, size)[name],
    )


def first_best(val, test, size):  # type: ignore[no-untyped-def]
    name = max(val, key=val.get)
    return name, test[name]


def larger_best(val, test, size):  # type: ignore[no-untyped-def]
    name = sorted(val, key=lambda one: (val[one], size[one]))[-1]
    return name, test[name]


def smallest(val, test, size):  # type: ignore[no-untyped-def]
    name = min(size, key=size.get)
    return name, test[name]


def lowest(val, test, size):  # type: ignore[no-untyped-def]
    name = sorted(val, key=lambda one: (val[one], size[one]))[0]
    return name, test[name]


T = {
    2: 4.30265,
    3: 3.18245,
    4: 2.77645,
    5: 2.57058,
    7: 2.36462,
    8: 2.30600,
    11: 2.20099,
    12: 2.17881,
}
ONE_SIDED = {2: 2.91999, 3: 2.35336, 4: 2.13185, 7: 1.89458, 11: 1.79588}


def around(middle, half):  # type: ignore[no-untyped-def]
    return middle, middle - half, middle + half


def by_table(table=T, less=1, ddof=1, power=0.5, sign=1):  # type: ignore[no-untyped-def]
    """Student's t from a printed table."""

    def interval(first, second):  # type: ignore[no-untyped-def]
        difference = sign * (first - second)
        n = len(difference)
        spread = math.sqrt(((difference - difference.mean()) ** 2).sum() / (n - ddof))
        quantile = table[n - less] if isinstance(table, dict) else table
        return around(difference.mean(), quantile * spread / n**power)

    return interval


def of_two_samples(first, second):  # type: ignore[no-untyped-def]
    from scipy.stats import t

    n = len(first)
    error = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / n)
    return around(first.mean() - second.mean(), t.ppf(0.975, 2 * n - 2) * error)


def only_the_margin(first, second):  # type: ignore[no-untyped-def]
    middle, low, high = by_table()(first, second)
    return middle, low - middle, high - middle


def alone(a, b):  # type: ignore[no-untyped-def]
    return int((a & ~b).sum()), int((b & ~a).sum())


def tail(fewer, n):  # type: ignore[no-untyped-def]
    """The chance of at most so many heads of n."""
    return sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n


def exact(a, b):  # type: ignore[no-untyped-def]
    return min(1.0, 2 * tail(min(alone(a, b)), sum(alone(a, b))))


def of_all_pictures(a, b):  # type: ignore[no-untyped-def]
    first, n = alone(a, b)[0], len(a)
    return min(1.0, 2 * min(tail(first, n), tail(n - first, n)))


def by_curve(corrected):  # type: ignore[no-untyped-def]
    def p_value(a, b):  # type: ignore[no-untyped-def]
        first, second = alone(a, b)
        if first + second == 0:
            return 1.0
        distance = max(0, abs(first - second) - corrected)
        return math.erfc(math.sqrt(distance**2 / (first + second) / 2))

    return p_value


def of_two_totals(a, b):  # type: ignore[no-untyped-def]
    from scipy.stats import fisher_exact

    return fisher_exact([[a.sum(), b.sum()], [(~a).sum(), (~b).sum()]])[1]


def of_all_hits(a, b):  # type: ignore[no-untyped-def]
    first, second = int(a.sum()), int(b.sum())
    return min(1.0, 2 * tail(min(first, second), first + second)) if first + second else 1.0


def of_this_split(a, b):  # type: ignore[no-untyped-def]
    return math.comb(sum(alone(a, b)), alone(a, b)[0]) / 2 ** sum(alone(a, b))


def stepped(p, largest=max, cut=1.0, together=True):  # type: ignore[no-untyped-def]
    found, before = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda one: p[one])):
        value = (len(p) - rank) * p[place]
        before = largest(before, value) if together else value
        found[place] = min(cut, before)
    return found


def from_above(p, factor):  # type: ignore[no-untyped-def]
    found, least = [0.0] * len(p), 1.0
    for rank, place in reversed(list(enumerate(sorted(range(len(p)), key=lambda one: p[one])))):
        least = min(least, factor(len(p), rank) * p[place])
        found[place] = least
    return found


def by_rank_from_below(p):  # type: ignore[no-untyped-def]
    order = sorted(range(len(p)), key=lambda one: p[one])
    return [min(1.0, (order.index(place) + 1) * p[place]) for place in range(len(p))]


WRONG: dict[str, dict[str, Answer]] = {
    "confusion_matrix": {
        "transposed": lambda truth, predicted, k: counted(predicted, truth, k),
        "shares_of_rows": lambda truth, predicted, k: shares(truth, predicted, k, 1),
        "shares_of_columns": lambda truth, predicted, k: shares(truth, predicted, k, 0),
        "counted_once": counted_by_index,
        "classes_missing": as_many_as_are_seen,
        "hits_only": lambda *case: np.diag(np.diag(counted(*case))),
    },
    "macro_f1": {
        "micro": lambda truth, predicted, k: (truth == predicted).mean(),
        "weighted": lambda *case: np.average(
            class_scores(*case)[2], weights=class_scores(*case)[3]
        ),
        "f1_of_means": f1_of_means,
        "macro_recall": lambda *case: class_scores(*case)[1].mean(),
        "macro_precision": lambda *case: class_scores(*case)[0].mean(),
        "absent_counted": f1_over_all_k,
        "undefined_left_out": f1_without_what_is_not_defined,
    },
    "choose_model": {
        "chosen_on_test": best(lambda v, t, s: t, lambda v, t, s: t),
        "val_reported": best(lambda v, t, s: v, lambda v, t, s: v),
        "best_test_reported": lambda v, t, s: (
            best(lambda v, t, s: v, lambda v, t, s: t)(v, t, s)[0],
            max(t.values()),
        ),
        "first_of_equals": first_best,
        "larger_of_equals": larger_best,
        "smallest_chosen": smallest,
        "worst_chosen": lowest,
    },
    "difference_interval": {
        "normal_for_t": by_table(1.959964),
        "spread_for_error": by_table(power=0),
        "unpaired": of_two_samples,
        "divided_by_n": by_table(ddof=0),
        "freedom_of_n": by_table(less=0),
        "one_side": by_table(ONE_SIDED),
        "turned_round": by_table(sign=-1),
        "margin_returned": only_the_margin,
    },
    "mcnemar": {
        "all_pictures": of_all_pictures,
        "one_sided": lambda a, b: tail(min(alone(a, b)), sum(alone(a, b))),
        "chi_squared": by_curve(0),
        "chi_squared_corrected": by_curve(1),
        "unpaired": of_two_totals,
        "above_one": lambda a, b: 2 * tail(min(alone(a, b)), sum(alone(a, b))),
        "both_right_counted": of_all_hits,
        "equal_split_only": of_this_split,
    },
    "holm": {
        "bonferroni": lambda p: [min(1.0, len(p) * one) for one in p],
        "not_monotone": lambda p: stepped(p, together=False),
        "order_lost": lambda p: stepped(sorted(p)),
        "above_one": lambda p: stepped(p, cut=math.inf),
        "benjamini_hochberg": lambda p: from_above(p, lambda m, rank: m / (rank + 1)),
        "hochberg": lambda p: from_above(p, lambda m, rank: m - rank),
        "uncorrected": lambda p: p,
        "largest_first": by_rank_from_below,
    },
}


def ask(question: str, answer: Any) -> Outcome:
    return outcome_of(f"lab9.{question}", LAB.questions[question], answer)


def test_other_ways_of_writing_a_right_answer_are_right() -> None:
    assert ask("confusion_matrix", counted)
    assert ask("macro_f1", lambda *case: class_scores(*case)[2].mean())
    assert ask("choose_model", best(lambda v, t, s: v, lambda v, t, s: t))
    assert ask("mcnemar", exact)
    assert ask("holm", stepped)


def test_statsmodels_gives_right_answers() -> None:
    def of_table(a, b):  # type: ignore[no-untyped-def]
        table = [[int((a & b).sum()), alone(a, b)[0]], [alone(a, b)[1], int((~a & ~b).sum())]]
        return by_statsmodels(table, exact=True).pvalue

    assert ask("mcnemar", of_table)
    assert ask("holm", lambda p: multipletests(p, method="holm")[1])


def test_a_table_of_t_gives_a_right_answer() -> None:
    assert ask("difference_interval", by_table())
