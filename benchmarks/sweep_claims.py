"""How often a sweep claims an effect where there is none, and how often it finds one that is there.

    python -m benchmarks.sweep_claims --write       2,000 simulated sweeps without effects a line
    python -m benchmarks.sweep_claims --smoke       20 a line

Every sweep goes through `retinue.experiments.sweeps.find`. Accuracies are about 70 %, seeds differ
by half a point (a standard deviation). Where something is there to be found, the first key moves
the mean by 2 points from its first to its last level, evenly; the second and third key by 3 points;
and what the second does depends on the third, or on the first where there are but two.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks import document
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.findings import Findings
from retinue.experiments.sweeps.result import FINISHED, IMPOSSIBLE, Result, Values

SWEEPS, FEW = 2000, 20
FEWER = 4  # of those with effects: that most are found shows with fewer sweeps
ACCURACY, SPREAD = 0.7, 0.005
PLANTED, BESIDES, TOGETHER = 0.02, 0.03, 0.02
LEVEL, FOUND = 0.05, 0.80
UNEQUAL = 3.0  # times the spread


@dataclass(frozen=True)
class World:
    """A sweep to be simulated: the numbers of levels of its keys, and what is not as it should be.

    A number of levels of 0 is a range, which only a random search (`drawn` settings) can have.
    """

    name: str
    sizes: tuple[int, ...]
    seeds: int = 3
    impossible: int = 0
    drawn: int = 0
    same: bool = False
    """Whether all keys but the first do nothing at all, so that trainings are repeated by them."""
    unequal: str = ""
    """Which settings have the greater spread: "half" of them, or those of the first key's "level"
    that comes last."""

    @property
    def axes(self) -> list[Axis]:
        """The keys."""
        return [
            Axis(f"key{place}", tuple(range(size)), None if size else Range(0, 1))
            for place, size in enumerate(self.sizes)
        ]


WORLDS = (
    World("1 key x 2", (2,)),
    World("1 key x 5", (5,)),
    World("2 x 2", (2, 2)),
    World("3 x 3 x 3", (3, 3, 3)),
    World("3 x 3 x 3, 5 settings impossible", (3, 3, 3), impossible=5),
    World("5 x 4 x 4", (5, 4, 4)),
    World("9 x 2 x 2", (9, 2, 2)),
    World("9 x 2 x 2, the twos do nothing at all", (9, 2, 2), same=True),
    World("4 x 4, one seed", (4, 4), seeds=1),
    World("random search of 30: 3 levels, two ranges; one seed", (3, 0, 0), seeds=1, drawn=30),
)
UNLIKE = tuple(
    World(f"{name}: 3 times the spread in {told}", sizes, unequal=which)
    for name, sizes in (("2 x 2", (2, 2)), ("3 x 3 x 3", (3, 3, 3)), ("5 x 4 x 4", (5, 4, 4)))
    for told, which in (("half of the settings", "half"), ("one level", "level"))
)


def main() -> int:
    """Simulate, and print the table; what is not as asked stands in bold."""
    asked = _arguments()
    sweeps = FEW if asked.smoke else asked.sweeps
    began = time.monotonic()
    lines = []
    for line in table(sweeps):
        print(line, flush=True)
        lines.append(line)
    lines += ["", _told(sweeps, time.monotonic() - began)]
    print(lines[-1])
    if asked.write:
        document.replace_part(asked.document, "sweep-claims", "\n".join(lines))
    return 0


def table(sweeps: int) -> Iterator[str]:
    """The lines of the table."""
    yield (
        "| sweep, 3 seeds | nothing is there: something claimed | the 2 points are found "
        "| and what is not there is claimed |"
    )
    yield "|---|---|---|---|"
    for world in (*WORLDS, *UNLIKE):
        claims = share(world, sweeps, False)[0]
        false = _bold(claims, claims > LEVEL + 2 * _error(sweeps) and not world.unequal)
        if world.same:
            yield f"| {world.name} | {false} | | |"
            continue
        found, besides = share(world, max(FEW, sweeps // FEWER), True)[1:]
        cells = (false, _bold(found, found < FOUND and not world.unequal), _bold(besides, False))
        yield f"| {world.name} | {' | '.join(cells)} |"


def share(world: World, sweeps: int, effects: bool) -> tuple[float, float, float]:
    """In what share of sweeps anything is claimed, the first key is, and what is not there is."""
    random = np.random.default_rng([len(world.name), *world.sizes, effects])
    counts = np.zeros(3)
    for _ in range(sweeps):
        findings = find(world.axes, simulate(world, random, effects))
        counts += _claims(findings, effects)
    anything, first, false = counts / sweeps
    return float(anything), float(first), float(false)


def simulate(world: World, random: np.random.Generator, effects: bool) -> list[Result]:
    """The trainings of one sweep, with or without effects."""
    settings = list(_settings(world, random))
    impossible = set(random.permutation(len(settings))[: world.impossible].tolist())
    wide = set(random.permutation(len(settings))[: len(settings) // 2].tolist())
    repeated = random.standard_normal((max(*world.sizes, 1), world.seeds))
    results = []
    for number, values in enumerate(settings):
        if number in impossible:
            results.append(Result(number + 1, 0, values, IMPOSSIBLE))
            continue
        level = int(values["key0"])
        unlike = number in wide if world.unequal == "half" else level == world.sizes[0] - 1
        spread = SPREAD * (UNEQUAL if world.unequal and unlike else 1)
        noise = repeated[level] if world.same else random.standard_normal(world.seeds)
        middle = ACCURACY + (_effect(world, values) if effects else 0.0)
        results += [
            Result(number + 1, seed, values, FINISHED, test=middle + spread * one, train_loss=one)
            for seed, one in enumerate(noise.tolist())
        ]
    return results


def _settings(world: World, random: np.random.Generator) -> Iterator[Values]:
    keys = [axis.key for axis in world.axes]
    if not world.drawn:
        for levels in product(*(range(size) for size in world.sizes)):
            yield dict(zip(keys, levels, strict=True))
        return
    for _ in range(world.drawn):
        drawn = [
            int(random.integers(size)) if size else float(random.random()) for size in world.sizes
        ]
        yield dict(zip(keys, drawn, strict=True))


def _effect(world: World, values: Values) -> float:
    """By how much a setting is better or worse than the middle."""
    along = [
        float(value) / ((size or 2) - 1) - 0.5
        for value, size in zip(values.values(), world.sizes, strict=True)
    ]
    sizes = (PLANTED, BESIDES, BESIDES)
    singly = sum(size * one for size, one in zip(sizes, along, strict=False))
    together = TOGETHER * along[-1] * along[-2] if len(along) > 1 else 0.0
    return singly + together


def _claims(findings: Findings, effects: bool) -> tuple[bool, bool, bool]:
    shown = [one.keys for one in findings.interactions if one.shown]
    anything = bool(shown) or any(one.shown for one in findings.effects)
    there = findings.interactions[-1].keys if findings.interactions else ()
    false = any(keys != there for keys in shown) if effects else anything
    return anything, findings.effects[0].shown, false


def _error(sweeps: int) -> float:
    """The standard error of a share of 5 % among so many."""
    return float((LEVEL * (1 - LEVEL) / sweeps) ** 0.5)


def _told(sweeps: int, seconds: float) -> str:
    return (
        f"{sweeps:,} sweeps a line without effects and {max(FEW, sweeps // FEWER):,} with them, in "
        f"{seconds:.0f} s. Asked for where spreads are alike: something claimed in 5 % at most, "
        "and 80 % found. Outside by more than two standard errors of the simulation: in bold."
    )


def _bold(share: float, bold: bool) -> str:
    text = f"{100 * share:.1f} %"
    return f"**{text}**" if bold else text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sweeps", type=int, default=SWEEPS, help="simulated a line, without effects"
    )
    parser.add_argument("--smoke", action="store_true", help=f"{FEW} a line")
    return document.parse(parser)


if __name__ == "__main__":
    sys.exit(main())
