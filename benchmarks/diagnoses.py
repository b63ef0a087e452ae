"""How often a diagnosis is made of a run with which nothing is wrong.

python -m benchmarks.diagnoses             all thirty (a quarter of an hour on two cores)
python -m benchmarks.diagnoses --write     and their table into docs/troubleshooting.md
python -m benchmarks.diagnoses --shift 10 --write     the same with seeds that nobody has seen

The runs stood here before they were counted. Each is a training as people do it: the network suits
the pictures, there are enough of them, and settings are Retinue's own or a lesson's; some are short
on purpose.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import arrays, document, machine
from retinue.reporting.diagnosis import RULES, diagnose
from retinue.runs import Run
from retinue.training.fit import train

DOCUMENT = document.DOCUMENT.with_name("troubleshooting.md")
TARGET = 1  # runs of which something is said, at most


@dataclass(frozen=True)
class Healthy:
    """A training with which nothing is wrong; what is not said is chosen for the data."""

    data: str
    model: str
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """Its settings, as options."""
        return " ".join(f"--{key.replace('_', '-')} {one}" for key, one in self.settings.items())

    def shifted(self, by: int) -> "Healthy":
        """The same with other seeds, of the training and where one is said of the split."""
        settings = dict(self.settings)
        if "split_seed" in settings:
            settings["split_seed"] += by
        return replace(self, seed=self.seed + by, settings=settings)


FASHION, CIFAR = {"limit_per_class": 1000}, {"limit_per_class": 2000}
LINEAR = "efficientnet_lite0:linear"

RUNS = (
    Healthy("digits", "softmax", 0),
    Healthy("digits", "softmax", 1),
    Healthy("digits", "mlp", 0),
    Healthy("digits", "mlp", 1),
    Healthy("digits", "cnn", 0),
    Healthy("digits", "cnn", 1),
    Healthy("digits", "fast", 0),
    Healthy("digits", "resnet-small", 0, {"epochs": 12}),
    Healthy("shapes", "cnn", 0),
    Healthy("shapes", "cnn", 1, {"epochs": 8}),
    Healthy("shapes", "fast", 0),
    Healthy("shapes", "fast", 1, {"preset": "quick"}),
    Healthy("shapes", "resnet-small", 0, {"epochs": 8}),
    Healthy("shapes", "keras-lesson", 0),
    Healthy("fashion-mnist", "softmax", 0, FASHION),
    Healthy("fashion-mnist", "mlp", 0, FASHION),
    Healthy("fashion-mnist", "cnn", 0, {**FASHION, "epochs": 4}),
    Healthy("fashion-mnist", "fast", 0, {**FASHION, "preset": "quick"}),
    Healthy("fashion-mnist", "fast", 1, {**FASHION, "preset": "quick"}),
    Healthy("fashion-mnist", "keras-lesson", 0, FASHION),
    Healthy("cifar10", "cnn", 0, {**CIFAR, "epochs": 3}),
    Healthy("cifar10", "fast", 0, {**CIFAR, "preset": "quick"}),
    Healthy("cifar10", "fast", 1, {**CIFAR, "preset": "quick"}),
    Healthy("cifar10", "resnet-small", 0, {**CIFAR, "epochs": 2}),
    Healthy("cifar10", "keras-lesson", 0, CIFAR),
    Healthy("trash6", LINEAR, 0),
    Healthy("trash6", LINEAR, 0, {"split_seed": 1}),
    Healthy("trash6", LINEAR, 0, {"split_seed": 2}),
    Healthy("trash6", LINEAR, 0, {"split_seed": 3, "augment": "light"}),
    Healthy("trash6", LINEAR, 0, {"split_seed": 4}),
)


def main() -> None:
    """Train them, count what is said of them, and with --write put the table into the document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="two of them, one epoch each")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument(
        "--keep", type=Path, help="folder of the runs; those there are not repeated"
    )
    parser.add_argument("--shift", type=int, default=0, help="added to all seeds, for other runs")
    asked = document.parse(parser)
    lines = [f"On {machine.describe()}.", ""]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as folder:
        for line in count(asked, asked.keep or Path(folder)):
            print(line, flush=True)
            lines.append(line)
    if asked.write:
        where = DOCUMENT if asked.document == document.DOCUMENT else asked.document
        if asked.shift:  # the same table again would tell no more
            lines = [line for line in lines if not line.endswith("| nothing |")]
        name = "diagnoses-again" if asked.shift else "diagnoses"
        document.replace_part(where, name, "\n".join(lines))


def count(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """The table: what each run reached, and what was said of it."""
    yield "| data | network | options | seed | test accuracy | s of training | said |"
    yield "|---|---|---|---|---|---|---|"
    runs = [one.shifted(asked.shift) for one in (RUNS[2:4] if asked.smoke else RUNS)]
    alarms = 0
    for number, healthy in enumerate(runs):
        run = trained(healthy, asked, folder / f"{number:02}")
        said = [one.name for one in diagnose(run)]
        alarms += bool(said)
        cells = [
            healthy.data,
            f"`{healthy.model}`",
            f"`{healthy.told}`" if healthy.told else "",
            str(healthy.seed),
            f"{100 * run.metrics()['accuracy']['value']:.1f} %",
            f"{run.status['training_seconds']:.0f}",
            ", ".join(said) or "nothing",
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        f"Of {alarms} of {len(runs)} runs something is said (target: at most {TARGET}), by "
        f"{len(RULES)} rules."
    )


def trained(healthy: Healthy, asked: argparse.Namespace, path: Path) -> Run:
    """The finished run, trained if it is not there."""
    if (path / "status.json").is_file() and Run(path).state == "finished":
        return Run.load(path)
    data = asked.data_root / healthy.data if healthy.data == "trash6" else healthy.data
    settings = {**healthy.settings, **({"epochs": 1} if asked.smoke else {})}
    return train(
        data, model=healthy.model, seed=healthy.seed, data_root=asked.data_root, output=path,
        **settings,
    )  # fmt: skip


if __name__ == "__main__":
    main()
