"""What accuracy costs: every setting against its time of training and its multiply-adds."""

from collections.abc import Callable, Sequence

from retinue.experiments.phrases import seconds
from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.findings import Findings, Setting
from retinue.reporting.facts.sweep_words import recipe_name
from retinue.reporting.page.charts.chart import Chart
from retinue.reporting.page.charts.pareto import Dot, pareto_chart, unbeaten

FEW = 10  # settings of which each has its number beside its dot


def cost_charts(findings: Findings, axes: Sequence[Axis]) -> list[Chart | None]:
    """Accuracy against seconds of training, and against multiply-adds of a picture."""
    asked: tuple[
        tuple[str, str, Callable[[Setting], float | None], str, Callable[[float], str]], ...
    ]
    asked = (
        ("time", "Accuracy and training", lambda one: one.seconds, "training", seconds),
        (
            "adds",
            "Accuracy and multiply-adds",
            lambda one: one.multiply_adds,
            "multiply-adds a picture",
            amount,
        ),
    )
    charts = []
    for key, title, cost, name, told in asked:
        dots = _dots(findings, axes, cost)
        differ = len({dot.cost for dot in dots}) > 1
        found = pareto_chart(f"cost-{key}", title, dots, name, told, "setting") if differ else None
        charts.append(found)
    return charts


def amount(number: float) -> str:
    """A large number with a word for its size, as `28 million`."""
    for word, scale in (("billion", 1e9), ("million", 1e6)):
        if number >= scale:
            return f"{number / scale:.3g} {word}"
    return f"{number:,.0f}"


def _dots(
    findings: Findings, axes: Sequence[Axis], cost: Callable[[Setting], float | None]
) -> list[Dot]:
    best = None if findings.best is None else findings.best.setting
    plain = [
        Dot(
            f"{one.number}: {recipe_name(axes, one.values)}",
            float(cost(one) or 0.0),
            one.test,
            one.test if one.test_low is None else one.test_low,
            one.test if one.test_high is None else one.test_high,
            "main" if one.number == best else "side",
            f"{one.number}",
        )
        for one in findings.settings
        if one.test is not None and cost(one)
    ]
    if len(plain) <= FEW:
        return plain
    named = {dot.name for dot in unbeaten(plain)}
    return [
        dot if dot.name in named or dot.kind == "main" else dot.without_label() for dot in plain
    ]
