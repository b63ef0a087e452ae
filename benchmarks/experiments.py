"""The ready-made experiments, done here: what the package ships, and docs/experiments.md.

    python -m benchmarks.experiments --write               all of them (an hour and a half)
    python -m benchmarks.experiments depth --write         one
    python -m benchmarks.experiments --document-only       the document anew, from what is shipped

Every experiment is a `retinue sweep --experiment NAME` in a process of its own.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import arrays
from retinue.experiments.sweeps.asking import ready, shipped
from retinue.experiments.sweeps.shipped import is_measured, measured, ship
from retinue.experiments.sweeps.sweep import Sweep
from retinue.wording import count, percent
from retinue.writing import write_text

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "experiments.md"
PICTURES = DOCUMENT.parent / "pictures"
RESULTS = Path(str(ready())) / "results"
HEAD = """# The ready-made experiments, and what they gave

Each is a sweep: `retinue sweep --experiment NAME` does it again, on your data too
(`retinue sweep DATA --experiment NAME`). `python -m benchmarks.experiments --write` wrote this page
and the small files in `src/retinue/experiments/ready/results/`, which lessons and the convolution
explorer show. Accuracies are on test, intervals at 95 % over seeds; what is said to matter has
p < 0.05 after Holm's correction for everything tested in that experiment. The networks are small
and the trainings short, so that a laptop can repeat them: what holds for them need not hold for
large ones.
"""


def main() -> int:
    """Do the experiments that are named, or all."""
    asked = _arguments()
    if not asked.document_only:
        for name in asked.names or shipped():
            _do(name, asked)
    if asked.write or asked.document_only:
        done = [name for name in shipped() if is_measured(name)]
        write_text(DOCUMENT, "\n".join([HEAD, *(section(measured(name)) for name in done)]))
    return 0


def section(values: dict[str, Any]) -> str:
    """An experiment's part of the document."""
    name, findings, machine = values["experiment"], values["findings"], values["machine"]
    pictures = sum(values["data"]["counts"]["train"].values())
    lines = [
        f"## {values['title']} (`{name}`)",
        f"*{values['question']}*",
        f"{count(len(findings['settings']), 'setting')}, "
        f"{count(len(values['trainings']), 'training')} on {values['data']['name']} (the first "
        f"with {pictures:,} training pictures), {values['date']}, {machine['processor']}, "
        f"{machine['precision']}, in {values['total_seconds'] / 60:.0f} minutes.",
        *(f"**{part['title']}.** {' '.join(part['sentences'])}" for part in values["discussion"]),
        _table(findings),
        f"![Accuracy on test by each setting](pictures/experiment-{name}.png)",
    ]
    return "\n\n".join(lines) + "\n"


def _table(findings: dict[str, Any]) -> str:
    """Every level's mean with its interval, and the training pictures' beside it."""
    head = ["", "", "test", "interval", "training pictures", "spread over seeds", "training"]
    rows = [head, ["---"] * len(head)]
    for effect in findings["effects"]:
        rows += [
            [
                effect["key"],
                str(level["value"]),
                _share(level["mean"]),
                _interval(level),
                _share(level["train"]),
                _share(level["spread"]),
                "" if level["seconds"] is None else f"{level['seconds']:.1f} s",
            ]
            for level in effect["levels"]
        ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)


def _interval(level: dict[str, Any]) -> str:
    return "" if level["low"] is None else f"{percent(level['low'])} to {percent(level['high'])}"


def _do(name: str, asked: argparse.Namespace) -> None:
    """Do one, and ship what came out."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(asked.keep or folder) / name
        words = ["sweep", "--experiment", name, "--output", str(output), "--workers", "2"]
        words += ["--data-root", str(asked.data_root)]
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "retinue", *words, "--threads", "1"], check=True)
        seconds = time.monotonic() - started
        print(f"{name}: {seconds / 60:.1f} minutes", flush=True)
        if asked.write:
            date = datetime.now(UTC).date().isoformat()
            ship(Sweep.load(output), date, seconds, RESULTS / f"{name}.json")
            shutil.copyfile(output / "figures/effects.png", PICTURES / f"experiment-{name}.png")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of experiments; by default all")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--keep", help="a folder for the sweeps; by default none is kept")
    parser.add_argument("--write", action="store_true", help="into the package and the document")
    parser.add_argument("--document-only", action="store_true", help="from what is shipped")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
