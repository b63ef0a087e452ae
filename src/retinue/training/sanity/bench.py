"""What the checks work with: the network as training begins with it, pictures, short practice."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.data.batches import in_order
from retinue.data.imagedata import ImageData, Split
from retinue.errors import UsageError
from retinue.images import Fit
from retinue.models.graph import in_a_line
from retinue.models.heads import Features, linear_head
from retinue.seeds import seed_for
from retinue.training.transferred import Transfer

Rows = NDArray[np.int64]
BatchNorm = nn.modules.batchnorm._BatchNorm
BUDGET = 2**18  # pixels of the pictures that go through a network at once
BATCH = 64  # pictures at most
RATE = 1e-3  # of Adam


@dataclass(frozen=True)
class Bench:
    """A network with its normalisation, which stays as it is, the data, and what it took over."""

    model: nn.Module
    data: ImageData
    device: torch.device
    fit: Fit
    seed: int
    keeps_head: bool
    transfer: Transfer | None

    @property
    def way(self) -> str:
        """Of transfer; empty from scratch."""
        return "" if self.transfer is None else self.transfer.way

    @property
    def at_once(self) -> int:
        """How many pictures take no longer than a moment."""
        height, width = self.data.size
        return max(8, min(256, BUDGET // (height * width)))

    @cached_property
    def batch(self) -> Rows:
        """Positions of the training pictures of a first batch."""
        return self.spread(self.data.train, min(self.at_once, BATCH), "batch")

    def pictures(self, split: Split, positions: Rows) -> tuple[Tensor, Tensor]:
        """Pictures (N, C, H, W) from 0 to 255, as they are, and labels (N,)."""
        some = split.at(positions)
        parts = list(in_order(some, self.data.size, max(1, len(some)), self.device, self.fit))
        return parts[0]

    def spread(self, split: Split, count: int, purpose: str) -> Rows:
        """Positions of at most `count` pictures, no two alike, as many of each class as there are.

        The order is drawn by the seed and the purpose.
        """
        random = np.random.default_rng(seed_for(self.seed, f"sanity-{purpose}"))
        order = random.permutation(len(split))
        _, first = np.unique(np.array(split.digests)[order], return_index=True)
        order = order[np.sort(first)]
        rank = np.zeros(len(order), np.int64)
        for label in np.unique(split.labels[order]):
            here = split.labels[order] == label
            rank[here] = np.arange(here.sum())
        return np.asarray(order[np.argsort(rank, kind="stable")][:count])


class Pupil:
    """A copy of the network that may learn; of a frozen body only the head."""

    def __init__(self, bench: Bench) -> None:
        """Copy.

        Raises:
            UsageError: the network cannot be copied, or none of its weights learns.
        """
        try:
            self.whole = copy.deepcopy(bench.model)
        except Exception as error:
            raise UsageError(f"the network cannot be copied: {in_a_line(error)}") from error
        self.module, self.prefix, self.body = self.whole, "", None
        if bench.way == "linear" and bench.transfer is not None:
            layer = linear_head(self.whole.get_submodule("network"), bench.transfer.head)
            self.body = Features(self.whole, layer).eval()
            self.module, self.prefix = layer, bench.transfer.head.layer
        # Fine-tuning keeps the statistics of the pretrained network.
        follows = [] if bench.way == "finetune" else self.module.modules()
        self.norms = [part for part in follows if isinstance(part, BatchNorm)]
        self.weights = [weight for weight in self.module.parameters() if weight.requires_grad]
        if not self.weights:
            raise UsageError("no weight of the network learns: none has requires_grad")

    def see(self, pictures: Tensor) -> Tensor:
        """What goes into `module`: pictures, or what a frozen body sees in them."""
        if self.body is None:
            return pictures
        with torch.no_grad():
            return self.body(pictures)  # type: ignore[no-any-return]

    @contextmanager
    def learning(self) -> Iterator[None]:
        """While it lasts batch norm works as in training, and nothing is random."""
        self.module.eval()
        for part in self.norms:
            part.train()
        try:
            yield
        finally:
            self.whole.eval()

    def loss(self, seen: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of what was seen."""
        logits: Tensor = self.module(seen)
        return nn.functional.cross_entropy(logits.float(), labels)

    def practise(
        self,
        batches: Iterator[tuple[Tensor, Tensor]],
        rate: float = RATE,
        seconds: float = math.inf,
        enough: Callable[[float], bool] = lambda _: False,
        look: Callable[[], None] = lambda: None,
    ) -> list[float]:
        """Learn from batches of what was seen, until time is up or the loss is enough.

        Gives the loss before each step; `look` is called when gradients are there. Where the loss
        is no number it ends.
        """
        optimiser = torch.optim.Adam(self.weights, lr=rate)
        losses: list[float] = []
        until = time.monotonic() + seconds
        with self.learning():
            for seen, labels in batches:
                loss = self.loss(seen, labels)
                losses.append(float(loss.detach()))
                if not math.isfinite(losses[-1]) or enough(losses[-1]) or time.monotonic() > until:
                    break
                optimiser.zero_grad()
                loss.backward()
                look()
                optimiser.step()
        return losses

    @torch.no_grad()
    def settle(self, seen: Tensor) -> None:
        """Let batch norm take its running statistics from what was seen, all at once.

        After a few steps they are still mostly those of the beginning, with which a deep network
        gives everybody the same answer.
        """
        usual = [part.momentum for part in self.norms]
        for part in self.norms:
            part.momentum = 1.0
        with self.learning():
            self.module(seen)
        for part, momentum in zip(self.norms, usual, strict=True):
            part.momentum = momentum

    @torch.inference_mode()
    def logits(self, pictures: Tensor) -> Tensor:
        """What the whole network says of pictures, in eval mode."""
        found: Tensor = self.whole.eval()(pictures)
        return found.float()
