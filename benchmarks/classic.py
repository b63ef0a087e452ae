"""The classic assignment: networks from scratch and a pretrained one on CIFAR-10, in one command.

python -m benchmarks.classic --write    docs/classic.md and its pictures; at most an hour

The caches are empty at the start, so features of the pretrained network are in the time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import arrays, document, machine
from retinue.experiments.comparison import Comparison
from retinue.runs import Run
from retinue.wording import percent

MODELS = ("softmax", "mlp", "fast", "efficientnet_lite0:linear")
RECIPES = ("examples/classic/cnn.yaml", "examples/classic/resnet-small.yaml")
ROOT = document.DOCUMENT.parents[1]
SEEDS = 3
DOCUMENT = document.DOCUMENT.with_name("classic.md")
FIGURES = ("accuracy", "pareto-training", "pareto-prediction", "confusion")
STATED = ("preset", "epochs", "opt", "lr", "schedule", "weight_decay", "batch_size", "augment")


def main() -> None:
    """Compare, print what came out as Markdown, and with --write put it into the document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="two small networks on digits")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--folder", type=Path, help="where runs and comparison stay")
    asked = document.parse(parser, f"into {DOCUMENT.name}, which is the default --document")
    if asked.document == document.DOCUMENT:
        asked.document = DOCUMENT
    if asked.folder and (asked.folder / "runs").exists():
        parser.error(f"--folder {asked.folder}: holds runs, which would not be trained anew")
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as aside:
        text = "\n".join(measure(asked, asked.folder or Path(aside), Path(aside)))
    print(text)
    if asked.write:
        document.replace_part(asked.document, "classic", text)


def measure(asked: argparse.Namespace, folder: Path, aside: Path) -> Iterator[str]:
    """Run the command in a process of its own; the lines of the document."""
    words = ["cifar10", "--models", ",".join(MODELS), "--seeds", str(SEEDS)]
    words += [word for recipe in RECIPES for word in ("--recipes", recipe)]
    if asked.smoke:
        words = ["digits", "--models", "softmax,mlp", "--set", "epochs=1"]
    folder.mkdir(parents=True, exist_ok=True)
    yield f"    retinue compare {' '.join(words)}"
    yield ""
    words = [str(ROOT / word) if word in RECIPES else word for word in words]
    command = [sys.executable, "-m", "retinue", "compare", *words, "--output", "comparison"]
    noise = machine.load()
    started = time.perf_counter()
    subprocess.run(
        [*command, "--data-root", str(asked.data_root)],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "RETINUE_CACHE": str(aside / "cache")},
    )
    minutes = (time.perf_counter() - started) / 60
    yield f"{minutes:.1f} minutes in all, on {machine.describe()}, load {noise:.1f} at the start."
    found = Comparison.load(folder / "comparison")
    yield from ("", *table(found), "", *shared_features(found, folder), *recipes(found, folder), "")
    if asked.write:
        yield from pictures(found, asked.document.parent)
    for section in found.values["discussion"]:
        yield from (f"### {section['title']}", "")
        yield from (f"- {sentence}" for sentence in section["sentences"])
        yield ""


def table(found: Comparison) -> Iterator[str]:
    """A row an entrant: the measures of the assignment, and what it costs."""
    yield (
        "| network | accuracy | 95 % interval | precision | recall | F1 | log loss | ECE | "
        "parameters | multiply-adds | training, s | pictures/s | one picture, ms |"
    )
    yield "|---" * 13 + "|"
    for one in found.values["entrants"]:
        accuracy = one["accuracy"]
        scores = [f"{one[key]['value']:.3f}" for key in ("precision", "recall", "f1", "log_loss")]
        cells = [
            f"`{one['name']}`",
            percent(accuracy["value"]),
            f"{percent(accuracy['low'])} to {percent(accuracy['high'])}",
            *scores,
            f"{one['ece']['value']:.3f}",
            f"{one['parameters']:,}",
            f"{one['multiply_adds']:,}",
            f"{one['training_seconds']:.0f}",
            f"{one['prediction']['batch']:,.0f}",
            f"{1000 * one['prediction']['single']:.2f}",
        ]
        yield f"| {' | '.join(cells)} |"


def shared_features(found: Comparison, folder: Path) -> Iterator[str]:
    """Where the first seed computed features that the others found in the cache: its seconds."""
    for one in found.values["entrants"]:
        runs = [Run.load(folder / path) for path in one["runs"]]
        seconds = [float(run.status["training_seconds"]) for run in runs]
        if len(seconds) > 1 and seconds[0] > 2 * max(seconds[1:]):
            each = ", ".join(f"{value:.0f}" for value in seconds)
            yield (
                f"Training `{one['name']}` took {each} s: the features of all pictures are "
                "computed with the first seed, and kept."
            )
            yield ""


def recipes(found: Comparison, folder: Path) -> Iterator[str]:
    """The recipes, as Retinue chose them."""
    yield f"| network | {' | '.join(STATED)} |"
    yield "|---" * (1 + len(STATED)) + "|"
    for one in found.values["entrants"]:
        recipe: dict[str, Any] = Run.load(folder / one["runs"][0]).recipe.model_dump()
        yield f"| `{one['name']}` | {' | '.join(str(recipe[key]) for key in STATED)} |"


def pictures(found: Comparison, docs: Path) -> Iterator[str]:
    """Keep the figures beside the document."""
    for name in FIGURES:
        kept = Path("pictures") / f"classic-{name}.png"
        (docs / kept.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found.path / "figures" / f"{name}.png", docs / kept)
        yield from (f"![{name.replace('-', ', ')}]({kept.as_posix()})", "")


if __name__ == "__main__":
    main()
