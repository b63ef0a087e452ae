"""What a network is asked about its answers: do they follow from the picture, and all of it?"""

from itertools import repeat

import torch
from torch import Tensor

from retinue.training.sanity.bench import RATE, Bench, Pupil
from retinue.training.sanity.check import Check
from retinue.wording import percent

SOME_STEPS = 3  # of practice, so that not all answers are those of initial weights
FEW = 8  # pictures
SAME = 1e-3  # of the largest logit, and two answers are the same
GRID = 4  # parts a side of a picture
COVERED = 0.2  # of them should matter


def alone(bench: Bench) -> Check:
    """Is a picture judged by itself, whatever else is in its batch?"""
    pictures, _ = bench.pictures(bench.data.train, bench.batch[:FEW])
    pupil = _practised(bench)
    together = pupil.logits(pictures)
    apart = torch.cat([pupil.logits(one[None]) for one in pictures])
    differs = _difference(together, apart)
    return Check(
        "alone",
        "a prediction does not depend on other pictures",
        differs <= SAME,
        f"alone and among {len(pictures)} logits differ by {_tiny(differs)}",
        "in eval mode nothing may be taken from the batch: batch norm with running statistics, no "
        "mean over dimension 0, no view that mixes pictures",
    )


def repeatable(bench: Bench) -> Check:
    """Does the same picture get the same answer twice?"""
    pictures, _ = bench.pictures(bench.data.train, bench.batch[:FEW])
    pupil = _practised(bench)
    differs = _difference(pupil.logits(pictures), pupil.logits(pictures))
    return Check(
        "repeatable",
        "the same picture gets the same answer",
        differs <= SAME,
        f"asked twice, logits differ by {_tiny(differs)}",
        "in eval mode nothing may be random: nn.Dropout, or F.dropout(x, training=self.training)",
    )


def pixels(bench: Bench) -> Check:
    """Does the answer depend on the picture, on all of it?"""
    pictures, _ = bench.pictures(bench.data.train, bench.batch[:FEW])
    pupil = _practised(bench)
    logits = pupil.logits(pictures)
    between = _difference(logits, logits.roll(1, 0))
    seen = _parts_that_matter(pupil, pictures[:2])
    return Check(
        "pixels",
        "the pixels matter",
        between > SAME and seen >= COVERED,
        f"{percent(seen, 0)} of the parts of a picture change its logits; between pictures these "
        f"differ by {_tiny(between)}",
        "is the picture used, and not only a part of it? are activations dead, or pixels "
        "normalised to nothing?",
    )


def _practised(bench: Bench) -> Pupil:
    """A pupil that had some steps, so that not all its answers are those of its initial weights."""
    pupil = Pupil(bench)
    pictures, truth = bench.pictures(bench.data.train, bench.batch)
    seen = pupil.see(pictures)
    pupil.practise(repeat((seen, truth), SOME_STEPS), RATE / 10)
    pupil.settle(seen)
    return pupil


def _difference(one: Tensor, other: Tensor) -> float:
    """The largest difference, as a share of the largest logit."""
    return float((one - other).abs().max() / one.abs().max().clamp(min=1e-12))


def _parts_that_matter(pupil: Pupil, pictures: Tensor) -> float:
    """The share of the parts of a picture whose replacement by noise changes its logits."""
    height, width = pictures.shape[2:]
    rows = torch.arange(height).tensor_split(min(GRID, height))
    columns = torch.arange(width).tensor_split(min(GRID, width))
    changed = []
    for picture in pictures.float():
        noise = torch.randint(0, 256, tuple(picture.shape)).to(picture)
        variants = [picture]
        for row in rows:
            for column in columns:
                one = picture.clone()
                block = (slice(None), slice(row[0], row[-1] + 1), slice(column[0], column[-1] + 1))
                one[block] = noise[block]
                variants.append(one)
        logits = pupil.logits(torch.stack(variants))
        moved = (logits[1:] - logits[:1]).abs().amax(1) / logits.abs().max().clamp(min=1e-12)
        changed.append(moved > 1e-2 * SAME)
    return float(torch.stack(changed).any(0).float().mean())


def _tiny(share: float) -> str:
    return "nothing" if share == 0 else f"{share:.1g} of the largest"
