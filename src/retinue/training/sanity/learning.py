"""What a network and its data are asked about learning: can it, and only from the labels?"""

import math
from collections.abc import Iterator
from itertools import repeat

import numpy as np
import torch
from torch import Tensor, nn

from retinue.data.imagedata import Split
from retinue.seeds import seed_for
from retinue.training.sanity.bench import RATE, Bench, Pupil, Rows
from retinue.training.sanity.check import Check
from retinue.training.sanity.guessing import agreement, entropy, plausible_first_loss
from retinue.wording import count, percent, printable

FEW = 16  # pictures that are learned by heart
LEARNED = 0.1  # of the loss of guessing is left of theirs
RATES = (RATE, RATE / 10, RATE * 10)  # tried one after the other
STEPS, SECONDS = 300, 8.0  # at each of them, at most
SOME_STEPS = 3  # after which every gradient should have shown itself
VANISHED = 1e-8  # of the largest gradient of any layer
SHUFFLED = 8  # times what goes through at once are learned under shuffled labels, and judged
PASSES = 4  # over them
KNOWS = 0.9  # of the loss of guessing; below, something is known
DEVIATIONS = 3.1  # that chance exceeds once in a thousand times
NAMED = 3


def labels(bench: Bench) -> Check:
    """Are there pictures of every class to learn from?"""
    counts = bench.data.train.counts(bench.data.classes)
    absent = [name for name, number in counts.items() if not number]
    most = max(counts, key=lambda name: counts[name])
    share = counts[most] / len(bench.data.train)
    figures = (
        f"{len(counts) - len(absent)} of {len(counts)} classes in train; the largest, "
        f"{printable(most, 40)}, has {percent(share)}"
    )
    if absent:
        figures += f"; none of {_some(absent)}"
    return Check(
        "labels",
        "every class has training pictures",
        not absent,
        figures,
        "give every class training pictures, or name those that have some with --classes",
    )


def first_loss(bench: Bench) -> Check:
    """Is the loss before the first step that of guessing?"""
    title = "the first loss is that of guessing"
    if bench.keeps_head:
        return Check("first-loss", title, None, "the last layer is taken over, and knows already")
    pupil = Pupil(bench)
    pictures, truth = bench.pictures(bench.data.train, bench.batch)
    with torch.no_grad(), pupil.learning():
        found = float(pupil.loss(pupil.see(pictures), truth))
    classes = len(bench.data.classes)
    low, high = plausible_first_loss(classes, _guessing(bench, truth))
    above = "smaller initial weights in the last layer; pixels normalised as usual; with a softmax "
    below = "it knows the labels already: was it trained, or can they be read off the pictures?"
    return Check(
        "first-loss",
        title,
        low <= found <= high,
        f"{found:.3g}; ln({classes}) is {math.log(classes):.2f}, and {low:.2f} to {high:.2f} would "
        "do",
        below if found < low else f"{above}in the network, leave that out",
    )


def gradients(bench: Bench) -> Check:
    """Do gradients reach every layer that is to learn, and are they numbers?"""
    pupil, title = Pupil(bench), "gradients reach every layer"
    layers = _layers_that_learn(pupil)
    largest = dict.fromkeys(layers, 0.0)

    def look() -> None:
        for name, weights in layers.items():
            found = [float(one.grad.abs().max()) for one in weights if one.grad is not None]
            # What is once no number stays so.
            largest[name] = max([largest[name], *found], key=lambda x: (not math.isfinite(x), x))

    pictures, truth = bench.pictures(bench.data.train, bench.batch)
    losses = pupil.practise(repeat((pupil.see(pictures), truth), SOME_STEPS), look=look)
    broken = [name for name, value in largest.items() if not math.isfinite(value)]
    top = max((value for value in largest.values() if math.isfinite(value)), default=0.0)
    without = [name for name, value in largest.items() if value <= VANISHED * top]
    figures = f"{len(layers) - len(without) - len(broken)} of {count(len(layers), 'layer')}"
    figures += f"; none for {_some(without)}" if without else ""
    figures += f"; NaN or infinite for {_some(broken)}" if broken else ""
    figures += "" if math.isfinite(losses[-1]) else "; the loss is no number"
    frozen = sum(not one.requires_grad for one in bench.model.parameters())
    if frozen and not pupil.prefix:
        figures += f"; {count(frozen, 'tensor')} held still on purpose"
    return Check(
        "gradients",
        title,
        not without and not broken and math.isfinite(losses[-1]),
        figures,
        "look for .detach(), torch.no_grad(), .data, argmax or an unused layer on the way; for "
        "saturated activations",
    )


def _layers_that_learn(pupil: Pupil) -> dict[str, list[nn.Parameter]]:
    """The weights of all layers that have such of their own, and learn; biases only of others."""
    found: dict[str, list[nn.Parameter]] = {}
    for name, part in pupil.module.named_modules():
        weights = [one for one in part.parameters(recurse=False) if one.requires_grad]
        if weights:
            matrices = [one for one in weights if one.ndim > 1]
            found[_full(pupil.prefix, name)] = matrices or weights
    return found


def one_batch(bench: Bench) -> Check:
    """Can a few pictures be learned by heart?"""
    title, rows = "one batch can be learned by heart", bench.batch[:FEW]
    pictures, truth = bench.pictures(bench.data.train, rows)
    goal = LEARNED * _guessing(bench, truth)
    if not goal:
        return Check("one-batch", title, None, "all pictures are of one class")
    best: list[float] = [math.inf]
    for rate in RATES:
        losses = _by_heart(bench, pictures, truth, goal, rate)
        if math.isfinite(losses[-1]) and losses[-1] < best[-1]:
            best = losses
        if best[-1] <= goal:
            break
    return Check(
        "one-batch",
        title,
        best[-1] <= goal,
        f"{count(len(rows), 'picture')}: loss {best[0]:.3g} to {best[-1]:.3g} in "
        f"{count(len(best) - 1, 'step')}",
        "does the network end in logits, without softmax? do gradients reach every layer? then a "
        "larger network, or other initial weights",
    )


def _by_heart(
    bench: Bench, pictures: Tensor, truth: Tensor, goal: float, rate: float
) -> list[float]:
    """The losses of a pupil that learns some pictures until the loss is `goal`."""
    pupil = Pupil(bench)
    same = repeat((pupil.see(pictures), truth), STEPS)
    return pupil.practise(same, rate, SECONDS, enough=lambda loss: loss <= goal)


def shuffled_labels(bench: Bench) -> Check:
    """Do val pictures stay unknown where training labels mean nothing?"""
    title = "shuffled labels give chance on val"
    name, data = "shuffled-labels", bench.data
    if bench.keeps_head:
        return Check(name, title, None, "the last layer is taken over, and knows already")
    rows, judged, others = _apart(bench)
    if len(np.unique(data.train.labels[rows])) < 2 or len(others) < len(data.classes):
        return Check(name, title, None, "there are too few pictures for it")
    pupil = Pupil(bench)
    pupil.practise(_nonsense(bench, pupil, rows), seconds=2 * SECONDS)
    pupil.settle(pupil.see(bench.pictures(data.train, rows[: bench.at_once])[0]))
    logits, truth = _answers(bench, pupil, judged, others)
    losses = nn.functional.cross_entropy(logits, truth, reduction="none")
    guessing = _guessing(bench, truth)
    right = float((logits.argmax(1) == truth).float().mean())
    table = np.zeros((len(data.classes), len(data.classes)), np.int64)
    np.add.at(table, (truth.cpu().numpy(), logits.argmax(1).cpu().numpy()), 1)
    sure = float(losses.mean()) + 2 * float(losses.std()) / math.sqrt(len(losses))
    knows = sure < KNOWS * guessing and agreement(table.tolist())[1] > DEVIATIONS
    return Check(
        name,
        title,
        not knows,
        f"{percent(right)} of {count(len(truth), 'picture')}, loss {float(losses.mean()):.3g}; who "
        f"guesses has a loss of {guessing:.2f}",
        "the labels come in by another way: weights that know these pictures, or a label that can "
        "be read off them",
    )


def _apart(bench: Bench) -> tuple[Rows, Split, Rows]:
    """Training pictures to learn, and others to judge: of val, else held out from training."""
    train, val = bench.data.train, bench.data.val
    learned = bench.spread(train, SHUFFLED * bench.at_once, "shuffled")
    if len(val):
        return learned, val, bench.spread(val, SHUFFLED * bench.at_once, "judged")
    half = len(learned) // 2
    return learned[:half], train, learned[half:]


def _nonsense(bench: Bench, pupil: Pupil, rows: Rows) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches under labels that mean nothing: each class has pictures of all classes alike."""
    random = np.random.default_rng(seed_for(bench.seed, "sanity-nonsense"))
    labels, classes = bench.data.train.labels[rows], len(bench.data.classes)
    shuffled = np.empty_like(labels)
    for label in np.unique(labels):
        here = np.flatnonzero(labels == label)
        shuffled[here] = random.permutation(np.resize(random.permutation(classes), len(here)))
    parts = np.array_split(np.arange(len(rows)), max(1, -(-len(rows) // bench.at_once)))
    seen = [pupil.see(bench.pictures(bench.data.train, rows[part])[0]) for part in parts]
    for _ in range(PASSES):
        for part, pictures in zip(parts, seen, strict=True):
            yield pictures, torch.from_numpy(shuffled[part]).to(bench.device)


def _answers(bench: Bench, pupil: Pupil, split: Split, rows: Rows) -> tuple[Tensor, Tensor]:
    """Logits (N, K) and labels (N,) of some pictures of a split."""
    parts = np.array_split(rows, max(1, -(-len(rows) // bench.at_once)))
    pairs = [bench.pictures(split, part) for part in parts]
    return torch.cat([pupil.logits(one) for one, _ in pairs]), torch.cat([two for _, two in pairs])


def _guessing(bench: Bench, truth: Tensor) -> float:
    return entropy(torch.bincount(truth.cpu(), minlength=len(bench.data.classes)).tolist())


def _full(prefix: str, name: str) -> str:
    name = ".".join(part for part in (prefix, name) if part)
    return name.removeprefix("network.") or "the network"


def _some(names: list[str]) -> str:
    shown = ", ".join(printable(name, 60) for name in names[:NAMED])
    return shown + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
