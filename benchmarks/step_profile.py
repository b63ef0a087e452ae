"""Where the time of a training step goes, and how near its convolutions are to the limit here.

    python -m benchmarks.step_profile cifar10 --set model=fast --set batch_size=512
    python -m benchmarks.step_profile cifar10-94 --write     the recipe of a figure of versus
    python -m benchmarks.step_profile --smoke                a few steps on generated pictures

The loop is Retinue's own: hooks tell when the forward pass begins and ends, and when the update
does; what comes before the forward pass is waiting for the batch and resizing it.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import arrays, document, machine
from benchmarks.contests import CONTESTS
from benchmarks.limits import convolution_limit, product_limit, wait_for
from retinue.data.load import load_for
from retinue.recipe import Recipe, make_recipe, parse_assignments
from retinue.training.defaults import choose
from retinue.training.loop import StepReport, Training, train_epoch
from retinue.training.prepare import make_training, resolve_device

STEPS = ("transform", "forward", "backward", "update")
WARM_UP = 3
SHOWN = 12  # operators
CONVOLUTIONS = ("aten::convolution", "aten::convolution_backward")


class Stopwatch:
    """The seconds of each part of a step; one part ends where the next begins."""

    def __init__(self, device: torch.device) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._device = device
        self._part, self._since = "", 0.0

    def begin(self, part: str) -> None:
        """The time from now on is this part's."""
        wait_for(self._device)
        now = time.perf_counter()
        if self._part:
            self.spent[self._part] += now - self._since
        self._part, self._since = part, now


class _EnoughError(Exception):
    """As many steps as were wanted are done."""


def run_steps(
    training: Training, epoch: int, count: int, after: Callable[[], None] = lambda: None
) -> int:
    """Train some steps from the beginning of an epoch, `after` each one; how many there were."""
    done = 0

    def report(_: StepReport) -> None:
        nonlocal done
        done += 1
        after()
        if done == count:
            raise _EnoughError

    try:
        while training.progress(epoch, 0) < 1:
            train_epoch(training, epoch, report)
            epoch += 1
    except _EnoughError:
        pass
    return done


def parts_of_a_step(training: Training, epoch: int, count: int) -> dict[str, float]:
    """Seconds of each of the four steps, and of what is between them, in one step."""
    watch = Stopwatch(training.device)
    handles = [
        training.model.register_forward_pre_hook(lambda *_: watch.begin("forward")),
        # The loss is worked out after the network, and is no more than a trifle.
        training.model.register_forward_hook(lambda *_: watch.begin("backward")),
        training.optimiser.register_step_pre_hook(lambda *_: watch.begin("update")),
        training.optimiser.register_step_post_hook(lambda *_: watch.begin("rest")),
    ]
    try:
        watch.begin("transform")
        done = run_steps(training, epoch, count, lambda: watch.begin("transform"))
    finally:
        for handle in handles:
            handle.remove()
    return {part: watch.spent[part] / done for part in (*STEPS, "rest")}


def operators(training: Training, epoch: int, count: int) -> tuple[dict[str, float], float]:
    """Seconds in a step of each operator without those that it calls, and of all convolutions."""
    on_gpu = training.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiler:
        done = run_steps(training, epoch, count)
    own = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    whole = "device_time_total" if on_gpu else "cpu_time_total"
    events = profiler.key_averages()
    alone = {event.key: getattr(event, own) / 1e6 / done for event in events}
    convolving = sum(getattr(event, whole) for event in events if event.key in CONVOLUTIONS)
    return alone, convolving / 1e6 / done


def operations(training: Training, epoch: int) -> tuple[int, int]:
    """Floating-point operations of one step, of its convolutions and of all that is counted."""
    with FlopCounterMode(display=False) as counter:
        run_steps(training, epoch, 1)
    counts = counter.get_flop_counts()["Global"]
    convolving = sum(count for name, count in counts.items() if "convolution" in str(name))
    return convolving, sum(counts.values())


def report(recipe: Recipe, training: Training, epoch: int, count: int) -> str:
    """Everything that is measured, as Markdown."""
    run_steps(training, epoch, WARM_UP)
    parts = parts_of_a_step(training, epoch, count)
    alone, convolving = operators(training, epoch, max(1, count // 3))
    of_convolutions, of_all = operations(training, epoch)
    dtype = torch.bfloat16 if training.precision == "bf16" else torch.float32
    limits = (product_limit(training.device, dtype), convolution_limit(training.device, dtype))
    step, rate = sum(parts.values()), of_convolutions / max(convolving, 1e-9)
    lines = [
        f"One step of `{recipe.model.name}` on {recipe.batch_size} pictures in "
        f"{training.precision}, on {machine.describe()}, {torch.get_num_threads()} threads: "
        f"{1000 * step:.1f} ms, {recipe.batch_size / step:,.0f} pictures a second.",
        "",
        *_table("part", parts, step),
        "",
        *_table("operator", _longest(alone), sum(alone.values())),
        "",
        f"Operations of a step: {of_all / 1e9:,.1f} GFLOP, {of_convolutions / 1e9:,.1f} of them in "
        f"convolutions, which take {1000 * convolving:.1f} ms: {rate / 1e9:,.0f} GFLOP a second. "
        f"The limit measured here is {limits[0] / 1e9:,.0f} in a large product of matrices and "
        f"{limits[1] / 1e9:,.0f} in a large convolution: the convolutions reach "
        f"{100 * rate / limits[0]:.0f} % and {100 * rate / limits[1]:.0f} % of it, the whole step "
        f"{100 * of_all / step / limits[0]:.0f} % and {100 * of_all / step / limits[1]:.0f} %.",
    ]
    return "\n".join(lines)


def _longest(alone: dict[str, float]) -> dict[str, float]:
    ordered = sorted(alone.items(), key=lambda pair: -pair[1])
    shown = dict(ordered[:SHOWN])
    return {**shown, "all others": sum(seconds for _, seconds in ordered[SHOWN:])}


def _table(what: str, seconds: dict[str, float], whole: float) -> list[str]:
    head = [f"| {what} | milliseconds a step | share |", "|---|---|---|"]
    return head + [
        f"| {name} | {1000 * value:.2f} | {100 * value / whole:.1f} % |"
        for name, value in seconds.items()
    ]


def settings_of(words: Sequence[str]) -> dict[str, Any]:
    """Options of `retinue train` as settings of a recipe; values are read as `--set` reads them."""
    pairs, rest = [], list(words)
    while rest:
        key = rest.pop(0).removeprefix("--").replace("-", "_")
        if key.startswith("no_"):
            pairs.append(f"{key.removeprefix('no_')}=false")
        elif not rest or rest[0].startswith("--"):
            pairs.append(f"{key}=true")
        else:
            value = rest.pop(0)
            pairs.append(value if key == "set" else f"{key}={value}")
    return parse_assignments(pairs)


def main() -> None:
    """Profile what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", default="cifar10", help="data, or a figure of versus")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--epoch", type=int, default=0, help="whose steps; the first is 0")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = document.parse(parser)
    layers: list[dict[str, Any]] = [{"data": asked.what}]
    if asked.what in CONTESTS:
        contest = CONTESTS[asked.what]
        layers = [{"data": contest.data}, settings_of(contest.ours[0].options)]
    layers.append(parse_assignments(asked.set))
    if asked.smoke:
        small = {"data_options": arrays.SMOKE_OPTIONS, "batch_size": 40, "epochs": 9}
        layers.append({"data": arrays.SMOKE, **small})
    if asked.threads is not None:
        torch.set_num_threads(asked.threads)
    wanted = make_recipe(*layers)
    data = load_for(wanted, data_root=asked.data_root)
    recipe, _ = choose(wanted, data)
    training = make_training(recipe, data, resolve_device(asked.device)).training
    text = report(recipe, training, asked.epoch, asked.steps)
    print(text)
    if asked.write:
        document.replace_part(asked.document, "profile", text)


if __name__ == "__main__":
    main()
