"""`diagnose`: what may be wrong with a training, and what to try."""

from collections.abc import Callable
from pathlib import Path

from retinue.experiments.answers import naming_damage
from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.reading import read_facts
from retinue.reporting.diagnosis.rules import ending, fitting, loss, pictures, trust
from retinue.runs import Run

Rule = Callable[[Facts], Diagnosis | None]

# In the order in which they are told; each is a heading of docs/troubleshooting.md.
RULES: dict[str, Rule] = {
    "diverged": loss.diverged,
    "interrupted": ending.interrupted,
    "leakage": trust.leakage,
    "modes-disagree": trust.modes_disagree,
    "jumping": loss.jumping,
    "flat": loss.flat,
    "first-loss": loss.first_loss,
    "chance": trust.chance,
    "overfitting": fitting.overfitting,
    "underfitting": fitting.underfitting,
    "too-few-pictures": pictures.too_few_pictures,
    "test-below-val": trust.test_below_val,
    "never-predicted": pictures.never_predicted,
    "imbalance": pictures.imbalance,
    "tiny-batches": trust.tiny_batches,
    "still-improving": fitting.still_improving,
    "stopped-early": ending.impatient,
    "out-of-time": ending.out_of_time,
    "too-few-judged": pictures.too_few_judged,
}
# What is explained by another diagnosis is not told beside it.
EXPLAINS: dict[str, tuple[str, ...]] = {
    "diverged": tuple(name for name in RULES if name not in ("diverged", "leakage", "first-loss")),
    "jumping": ("flat", "chance", "underfitting", "never-predicted", "imbalance", "modes-disagree"),
    "flat": ("chance", "underfitting", "never-predicted", "imbalance", "still-improving"),
    "chance": ("underfitting", "never-predicted", "imbalance"),
    "modes-disagree": ("underfitting", "overfitting", "never-predicted", "imbalance"),
    "underfitting": ("never-predicted", "imbalance"),
    "never-predicted": ("imbalance",),
}
UNTRAINED = ("leakage",)  # all that can be wrong where no step was asked for


def diagnose(run: Run | str | Path) -> list[Diagnosis]:
    """Look at a run's files, and at nothing else, for what may be wrong with it.

    It may be finished, stopped, failed, still training, or recorded from a loop of its own.

    Raises:
        UsageError: there is no run.
        RetinueError: its files are damaged.
    """
    run = Run.load(run)
    with naming_damage(run):
        facts = read_facts(run)
        names = UNTRAINED if facts.untrained else tuple(RULES)
        found = {name: said for name in names if (said := RULES[name](facts)) is not None}
    explained = {other for name in found for other in EXPLAINS.get(name, ())}
    return [said for name, said in found.items() if name not in explained]
