"""Measure Retinue beside its peers: A B A B on the same machine, in one go.

    python -m benchmarks.versus                              every figure (hours)
    python -m benchmarks.versus cifar10-lesson --seeds 3     one of them
    python -m benchmarks.versus --smoke                      each in its smallest form
    python -m benchmarks.versus --table --write              measure nothing; write what there is

Every single training is a line in a file of results, and is not measured again while its command
is the same: an interrupted call goes on where it was, and the table is made of several calls.
`--results` names another file, to begin anew. Environments, decoded pictures, run folders and
results lie in $RETINUE_BENCH, or in the user's cache folder under retinue-bench.

What the document states is kept beside it in `measured.jsonl`: `--write` puts the figures measured
here in the place of the same ones there, and makes the table of all.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import arrays, document, machine, plot, results, table
from benchmarks.contests import CONTESTS
from benchmarks.measure import How, measure
from benchmarks.peers.environment import PeerError, bench_folder
from benchmarks.results import Measurement

MEASURED = "measured.jsonl"  # beside the document: all that its table is made of
PICTURE = document.DOCUMENT.parent / "pictures" / "front.png"
CLOCK = (
    "Seconds of training go from the first use of decoded pictures to the last update, whitening "
    "included; imports, compilation (one step on throw-away weights) and evaluation are outside, "
    "on both sides. airbench94 ends with six averaged views, as its author has it; what Retinue "
    "averages stands in its command as `--views`. End to end is the whole command in seconds, cold "
    "from files never decoded before, for a peer its script and the decoding; warm with Retinue's "
    "cache. Numbers are means, in brackets every seed."
)


def main() -> int:
    """Measure what is asked for and missing, then show it all."""
    asked = _arguments()
    how = How(asked.smoke, asked.data_root, asked.threads, asked.device)
    name = "results-smoke.jsonl" if asked.smoke else "results.jsonl"
    path = asked.results or bench_folder() / name
    figures = asked.figures or list(CONTESTS)
    failed = False
    if not asked.table:
        went = [_carry_out(figure, range(asked.seeds), how, path) for figure in figures]
        failed = not all(went)
    found = {figure: _found(figure, how, results.read(path)) for figure in figures}
    if asked.write:
        kept = asked.document.with_name(MEASURED)
        results.merge(kept, _every(found))
        found = {figure: _found(figure, how, results.read(kept)) for figure in CONTESTS}
    text = _report(found)
    print(text)
    if asked.write and any(found.values()):
        from retinue.plotting.style import save

        document.replace_part(asked.document, "versus", text)
        save(plot.accuracy_against_seconds(found), asked.picture)
        print(f"wrote {asked.document} and {asked.picture}", file=sys.stderr)
    return int(failed)


def _carry_out(figure: str, seeds: range, how: How, path: Path) -> bool:
    """Measure what is missing of a figure, side by side for every seed; whether all of it went."""
    contest = CONTESTS[figure]
    failed: set[str] = set()
    for seed in seeds:
        for side in contest.sides:
            there = _found(figure, how, results.read(path)).get(side.name, [])
            if side.name in failed or seed in [one.seed for one in there]:
                continue
            print(f"{figure}: {side.name}, seed {seed} ...", file=sys.stderr, flush=True)
            try:
                one = measure(figure, contest, side, seed, how)
            except PeerError as error:
                print(f"{figure}: {side.name} is not measured: {error}", file=sys.stderr)
                failed.add(side.name)
                continue
            results.append(path, one)
            told = f"{100 * one.accuracy:.2f} % in {one.seconds:.1f} s, {one.wall:.1f} s in all"
            print(f"{figure}: {side.name}, seed {seed}: {told}", file=sys.stderr, flush=True)
    found = _found(figure, how, results.read(path))
    for side in contest.ours:
        if side.name in found:
            print(table.ratio_line(figure, contest, side, found), file=sys.stderr, flush=True)
    return not failed


def _found(figure: str, how: How, measured: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    """What there is of a figure's sides, measured by the commands that they have now."""
    contest = CONTESTS[figure]
    found: dict[str, list[Measurement]] = {}
    for side in contest.sides:
        command = " ".join(how.command(contest, side))
        key = (figure, side.name, command)
        seeds = {one.seed: one for one in measured if (one.figure, one.side, one.command) == key}
        if seeds:
            found[side.name] = [seeds[seed] for seed in sorted(seeds)]
    return found


def _every(found: Mapping[str, Mapping[str, Sequence[Measurement]]]) -> list[Measurement]:
    return [one for sides in found.values() for side in sides.values() for one in side]


def _report(found: dict[str, dict[str, list[Measurement]]]) -> str:
    """The table and what belongs to it."""
    every = _every(found)
    if not every:
        return "Nothing is measured yet."
    lines = [table.HEAD]
    for figure, sides in found.items():
        lines += table.lines_of(CONTESTS[figure], sides)
    notes = [f"On {machine.describe()}.", *table.about(every), CLOCK]
    return "\n".join([*lines, "", *notes, "", "What was run:", "", *table.commands(every)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figures", nargs="*", choices=[*CONTESTS, []], default=[])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on")
    parser.add_argument("--smoke", action="store_true", help="seconds each, on generated pictures")
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--results", type=Path, help="the file of results")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--threads", type=int, help="on both sides; by default their own choice")
    parser.add_argument("--device", default="auto", help="on both sides")
    return document.parse(parser, "into the document, with the picture")


if __name__ == "__main__":
    sys.exit(main())
