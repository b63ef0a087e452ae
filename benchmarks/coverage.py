"""How often the intervals of differences.py hold the truth, and how often they claim a difference.

    python -m benchmarks.coverage --write       10,000 simulated studies a line
    python -m benchmarks.coverage --smoke       100, of some lines

A picture is easy or hard for every network; a seed has an accuracy of its own, which varies about
its recipe's, and its own luck with each picture. Two recipes find the same pictures hard, or partly
others. The truth to be held is the recipe's accuracy over new pictures and new seeds.
"""

import argparse
import math
import sys
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from benchmarks import document
from retinue.evaluation.differences import (
    half_width,
    mcnemar,
    mean_estimate,
    share_interval,
    spread_of,
    tango,
)
from retinue.evaluation.statistics import wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COUNTS = (300, 1000, 10_000)
ACCURACIES = (0.5, 0.7, 0.9, 0.95)
ALIKE = (0.3, 0.7)
SPREADS = (0.0, 0.003, 0.01)
GAP = 0.02
PARTLY = 0.7  # of what makes a picture hard, where two recipes find partly other pictures hard
COVERED = (0.93, 0.97)
CLAIMS = (0.03, 0.05)  # below, the difference of two equal recipes is covered in over 97 %
LEVEL, FOUND = 0.05, 0.80
CHUNK = 500  # studies at a time
LEVELS, OWN_LEVELS = 40, 12  # how hard a picture can be: for all, and beyond that for one recipe
THRESHOLDS = np.linspace(-9, 9, 2001)
LOSSES = ((300, 1), (1000, 1), (300, 3))


@dataclass(frozen=True)
class World:
    """What is simulated: one or two recipes, each with some seeds, judged on the same pictures."""

    n: int
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]
    alike: float
    """The correlation of two seeds' answers."""
    spreads: tuple[float, ...]
    """Of the seeds' true accuracies about their recipe's: a standard deviation each."""
    shared: float = 1.0
    """How much of what makes a picture hard is the same for both recipes, 0 to 1."""


@dataclass(frozen=True)
class Studies:
    """What came of studies in one world."""

    world: World
    means: Floats
    """The accuracy of every network, (draws, M)."""
    covariance: Floats
    """Of the networks' answers over the pictures, (draws, M, M)."""


def main() -> int:
    """Simulate the grid, and print its tables; what is not as asked stands in bold."""
    asked = _arguments()
    draws = 100 if asked.smoke else asked.draws
    began = time.monotonic()
    counts = COUNTS[1:2] if asked.smoke else COUNTS
    parts = [_single(counts, draws), _several(counts, draws), _others(counts[-2:], draws)]
    text = "\n\n".join("\n".join(lines) for lines in parts)
    missed = sum(line.count("**") // 2 for lines in parts for line in lines)
    text += (
        f"\n\n{draws:,} studies a line, in {time.monotonic() - began:.0f} s. Asked for: 93 to 97 % "
        "covered; false claims 5 % at most and, of recipes, 3 % at least; and at 10,000 pictures "
        "and a spread of 0.3 points or less, 80 % found. Outside by more than two standard errors "
        f"of the simulation: {missed} numbers, in bold."
    )
    print(text)
    if asked.write:
        document.replace_part(asked.document, "coverage", text)
    return 0


def simulate(world: World, draws: int, random: np.random.Generator) -> Studies:
    """Draw studies: of every pattern of right and wrong answers, how many pictures have it.

    All that the intervals rest on follows from these counts, which are drawn exactly, so that
    10,000 pictures cost no more than 300.
    """
    networks = sum(world.seeds)
    bits = (np.arange(2**networks)[:, None] >> np.arange(networks)) & 1
    pairs = (bits[:, :, None] & bits[:, None, :]).reshape(len(bits), -1).astype(np.float64)
    means, covariance = [], []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        counts = random.multinomial(world.n, _chances(world, size, random), size=size)
        both = (counts @ pairs).reshape(size, networks, networks) / world.n
        mean = np.diagonal(both, axis1=1, axis2=2)
        means.append(mean)
        products = mean[:, :, None] * mean[:, None, :]
        covariance.append((both - products) * world.n / (world.n - 1))
    return Studies(world, np.concatenate(means), np.concatenate(covariance))


def _chances(world: World, size: int, random: np.random.Generator) -> Floats:
    """The chance of each pattern, (size, 2 ** M); the first network is the lowest bit."""
    recipes = []
    for accuracy, seeds, spread in zip(world.accuracies, world.seeds, world.spreads, strict=True):
        hardness, share = _hardness(world.shared), _share(world.alike, accuracy, world.shared)
        levels, reached = _reached(share, world.shared)
        own = accuracy + spread * random.standard_normal((size if spread else 1, seeds))
        threshold = np.interp(own, reached, levels)[..., None, None]
        right = ndtr((threshold - np.sqrt(share) * hardness) / np.sqrt(1 - share))
        pattern = np.ones((len(own), 1, *hardness.shape))
        for seed in range(seeds):
            one = right[:, seed, None]
            pattern = np.concatenate([pattern * (1 - one), pattern * one], axis=1)
        recipes.append(pattern.mean(axis=-1))
    if len(recipes) == 1:
        return np.asarray(recipes[0].mean(axis=-1))
    first, second = recipes
    joint = second @ first.swapaxes(1, 2) / LEVELS
    return np.asarray(joint.reshape(len(joint), -1))


@lru_cache
def _hardness(shared: float) -> Floats:
    """How hard pictures are, (LEVELS, own levels), all equally frequent, variance about 1."""
    common = ndtri((np.arange(LEVELS) + 0.5) / LEVELS)[:, None]
    if shared == 1:
        return np.asarray(common)
    own = ndtri((np.arange(OWN_LEVELS) + 0.5) / OWN_LEVELS)[None]
    return np.asarray(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)


@lru_cache
def _reached(share: float, shared: float) -> tuple[Floats, Floats]:
    """Thresholds, and the accuracy that each gives to a network."""
    hardness = _hardness(shared).ravel()
    right = ndtr((THRESHOLDS[:, None] - np.sqrt(share) * hardness) / np.sqrt(1 - share))
    return THRESHOLDS, right.mean(axis=1)


@lru_cache
def _share(alike: float, accuracy: float, shared: float) -> float:
    """What part of an answer the picture decides, for two seeds to be so alike."""

    def surplus(share: float) -> float:
        levels, reached = _reached(share, shared)
        threshold = np.interp(accuracy, reached, levels)
        right = ndtr((threshold - np.sqrt(share) * _hardness(shared)) / np.sqrt(1 - share))
        return float(right.var() / (accuracy * (1 - accuracy))) - alike

    return float(brentq(surplus, 0.01, 0.999, xtol=1e-6))


def covered_difference(studies: Studies, truth: float) -> tuple[float, float]:
    """How often the interval of a difference holds the truth, and how often it leaves out 0."""
    world = studies.world
    half = half_width(spread_of(studies.means, studies.covariance, world.seeds, world.n))
    first = studies.means[:, : world.seeds[0]].mean(axis=1)
    value = first - studies.means[:, world.seeds[0] :].mean(axis=1)
    return float(np.mean(np.abs(value - truth) <= half)), float(np.mean(np.abs(value) > half))


def covered_accuracy(studies: Studies) -> tuple[float, float]:
    """How often the first recipe's accuracy is held, and how often if all answers were its own."""
    world = studies.world
    size, truth, n = world.seeds[0], world.accuracies[0], world.n
    means, block = studies.means[:, :size], studies.covariance[:, :size, :size]
    values, halves = means.mean(axis=1), half_width(spread_of(means, block, (size,), n))
    ours, naive = 0, 0
    for value, half in zip(values.tolist(), halves.tolist(), strict=True):
        low, high = share_interval(value, half, n)
        ours += low <= truth <= high
        low, high = wilson(round(value * n * size), n * size)
        naive += low <= truth <= high
    return ours / len(values), naive / len(values)


def _naive_claims(studies: Studies) -> float:
    """How often 0 is left out if every seed's answer to every picture counted as one of its own."""
    world = studies.world
    first = studies.means[:, : world.seeds[0]].mean(axis=1)
    second = studies.means[:, world.seeds[0] :].mean(axis=1)
    variance = sum(
        mean * (1 - mean) / (size * world.n)
        for mean, size in zip((first, second), world.seeds, strict=True)
    )
    return float(np.mean(np.abs(first - second) > 1.96 * np.sqrt(variance)))


def _single(counts: tuple[int, ...], draws: int) -> list[str]:
    """One network each, no spread: the truth is of these networks, over new pictures."""
    lines = [
        "One run each, over new pictures:",
        "",
        "| pictures | accuracy | alike | accuracy covered | difference of 0 covered "
        "| McNemar's false claims | difference of 2 points covered | found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for n, p, alike in product(counts, ACCURACIES, ALIKE):
        random = np.random.default_rng([n, round(100 * p), round(100 * alike)])
        equal = World(n, (p, p), (1, 1), alike, (0.0, 0.0))
        studies = simulate(equal, draws, random)
        rights = np.rint(studies.means[:, 0] * n).astype(int).tolist()
        ends = [wilson(right, n) for right in rights]
        accuracy = float(np.mean([low <= p <= high for low, high in ends]))
        zero, false = _paired(studies)
        apart = replace(equal, accuracies=(p, p - GAP), shared=PARTLY)
        gap, found = _paired(simulate(apart, draws, random))
        lines.append(
            f"| {n:,} | {p:.0%} | {alike:g} | {_mark(accuracy, draws, *COVERED)} "
            f"| {_mark(zero, draws, *COVERED)} | {_mark(false, draws, 0, LEVEL)} "
            f"| {_mark(gap, draws, *COVERED)} | {found:.1%} |"
        )
    return lines


def _paired(studies: Studies) -> tuple[float, float]:
    """How often Tango's interval holds the truth, and how often McNemar's test claims a difference.

    Of two networks, one of each recipe.
    """
    n, (first, second) = studies.world.n, studies.world.accuracies
    both = studies.covariance[:, 0, 1] * (n - 1) / n + studies.means.prod(axis=1)
    only = np.rint((studies.means - both[:, None]) * n).astype(int).tolist()
    ends = [tango(b, c, n) for b, c in only]
    held = [low <= first - second <= high for low, high in ends]
    return float(np.mean(held)), float(np.mean([_exact(b, c) <= LEVEL for b, c in only]))


@lru_cache(maxsize=100_000)
def _exact(only_first: int, only_second: int) -> float:
    answers = np.repeat([True, False], [only_first, only_second])
    return mcnemar(answers, ~answers).p


def _several(counts: tuple[int, ...], draws: int) -> list[str]:
    """Three seeds of each recipe: the truth is of the recipes, over new pictures and seeds."""
    lines = [
        "Three seeds of each recipe, over new pictures and new seeds:",
        "",
        "| pictures | accuracy | alike | spread, points | accuracy covered | false claims, "
        "one recipe twice | false claims, two recipes | difference of 2 points covered | found "
        "| control: accuracy covered | control: false claims |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for n, p, alike, spread in product(counts, ACCURACIES, ALIKE, SPREADS):
        random = np.random.default_rng([n, round(100 * p), round(100 * alike), int(1e4 * spread)])
        same = World(n, (p, p), (3, 3), alike, (spread, spread))
        twice = simulate(same, draws, random)
        equal = simulate(replace(same, shared=PARTLY), draws, random)
        apart = simulate(replace(same, shared=PARTLY, accuracies=(p, p - GAP)), draws, random)
        accuracy, naive = covered_accuracy(twice)
        gap, found = covered_difference(apart, GAP)
        must = n == COUNTS[-1] and spread <= SPREADS[1]
        lines.append(
            f"| {n:,} | {p:.0%} | {alike:g} | {100 * spread:g} "
            f"| {_mark(accuracy, draws, *COVERED)} "
            f"| {_mark(covered_difference(twice, 0.0)[1], draws, *CLAIMS)} "
            f"| {_mark(covered_difference(equal, 0.0)[1], draws, *CLAIMS)} "
            f"| {_mark(gap, draws, *COVERED)} "
            f"| {_mark(found, draws, FOUND if must else 0)} | {naive:.1%} "
            f"| {_naive_claims(twice):.1%} |"
        )
    return lines


def _others(counts: tuple[int, ...], draws: int) -> list[str]:
    """Other numbers of seeds, unlike spreads, and log losses."""
    lines = [
        "Other numbers of seeds, and two recipes of which one varies more; accuracy 90 %:",
        "",
        "| pictures | alike | seeds | spreads, points | accuracy of the first covered "
        "| false claims, two recipes |",
        "|---|---|---|---|---|---|",
    ]
    cases = [
        *(((size, size), (spread, spread)) for size in (2, 5) for spread in SPREADS),
        *(((3, 1), (spread, spread)) for spread in SPREADS),
        ((3, 3), (SPREADS[1], SPREADS[2])),
        ((5, 3), (SPREADS[1], SPREADS[2])),
    ]
    for n, alike, (seeds, spreads) in product(counts, ALIKE, cases):
        random = np.random.default_rng([n, round(100 * alike), *seeds, int(1e4 * sum(spreads))])
        studies = simulate(World(n, (0.9, 0.9), seeds, alike, spreads, PARTLY), draws, random)
        lines.append(
            f"| {n:,} | {alike:g} | {seeds[0]} and {seeds[1]} "
            f"| {' and '.join(f'{100 * spread:g}' for spread in spreads)} "
            f"| {_mark(covered_accuracy(studies)[0], draws, *COVERED)} "
            f"| {_mark(covered_difference(studies, 0.0)[1], draws, *CLAIMS)} |"
        )
    few = min(draws, 2000)
    lines += [
        "",
        f"The mean log loss ({few:,} studies a line):",
        "",
        "| pictures | seeds | covered |",
    ]
    lines += ["|---|---|---|", *(_losses(n, seeds, few) for n, seeds in LOSSES)]
    return lines


def _losses(n: int, seeds: int, draws: int) -> str:
    """One line: log losses of a network whose margins are normal, lopsided as they really are."""
    random = np.random.default_rng([n, seeds])
    nodes = ndtri((np.arange(100_000) + 0.5) / 100_000)
    truth = float(np.logaddexp(0, -(2 + 2.5 * nodes)).mean())
    held = 0
    for _ in range(draws):
        margins = 2 + 2 * random.standard_normal(n) + 1.5 * random.standard_normal((seeds, n))
        found = mean_estimate(np.logaddexp(0, -margins), draws=1000)
        held += found.low <= truth <= found.high
    return f"| {n:,} | {seeds} | {_mark(held / draws, draws, *COVERED)} |"


def _mark(share: float, draws: int, low: float, high: float = 1.0) -> str:
    """A share, bold where it lies outside by more than the chance of so many draws explains."""
    chance = 2 * math.sqrt(0.05 * 0.95 / draws)
    inside = low - chance <= share <= high + chance
    return f"{share:.1%}" if inside else f"**{share:.1%}**"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=10_000, help="studies a line")
    parser.add_argument("--smoke", action="store_true", help="100, of some lines")
    return document.parse(parser, "into the document")


if __name__ == "__main__":
    sys.exit(main())
