"""What a frozen network sees in each picture: computed once, and kept.

Features depend on the network's weights, on how pictures are brought, and on the picture; all three
are in the name of what is kept. A part is written every so often, so that a stop costs little.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import nn

from retinue.data.batches import to_tensor
from retinue.data.cache import Progress, cache_folder
from retinue.data.imagedata import Split
from retinue.data.store import key_of
from retinue.images import RULES, Preprocess
from retinue.locks import HeldError, held
from retinue.models.heads import Features
from retinue.prediction.classifier import batch_of
from retinue.seeds import seed_for
from retinue.writing import appearing

Floats = NDArray[np.float32]
PART = 30.0  # seconds between two parts that are written
WAIT = 0.5  # seconds between two looks whether another process is done


@dataclass(frozen=True)
class Extracted:
    """Features (n, D) of a split's pictures at `positions`.

    Where time was up not all positions are there.
    """

    features: Floats
    positions: NDArray[np.int64]


class Extractor:
    """A frozen network up to its head, and what it is known to have seen."""

    def __init__(
        self,
        model: nn.Module,
        layer: nn.Linear,
        preprocess: Preprocess,
        device: torch.device,
        progress: Progress | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`check` is called every few pictures, and may raise what ends the work."""
        self.check = check
        self.network = Features(model, layer)
        self.preprocess, self.device, self.progress = preprocess, device, progress
        self.width = layer.in_features
        made_from = [RULES, torch.__version__, asdict(preprocess), _digest(model, layer)]
        self.folder = cache_folder() / "features" / key_of(made_from)

    def features(
        self, split: Split, mirrored: bool = False, until: float | None = None, seed: int = 0
    ) -> Extracted:
        """The features of every picture, or of those that can be had `until` a monotonic time.

        Pictures that are not known yet are computed in an order drawn by the seed, so that those
        that can be had in time are a fair sample.
        """
        folder = self.folder / ("mirrored" if mirrored else "plain")
        known = _read(folder, self.width, set(split.digests))
        if len(known) < len(set(split.digests)):
            with self._alone(folder, until):
                # Another process may have computed them meanwhile.
                known = _read(folder, self.width, set(split.digests))
                missing = [at for at, digest in enumerate(split.digests) if digest not in known]
                random = np.random.default_rng(seed_for(seed, "features"))
                order = random.permutation(missing).astype(np.int64)
                known |= self._compute(split, order, mirrored, until, folder)
        positions = np.array(
            [at for at, digest in enumerate(split.digests) if digest in known], np.int64
        )
        found = np.empty((len(positions), self.width), np.float32)
        for row, at in zip(found, positions.tolist(), strict=True):
            row[:] = known[split.digests[at]]
        return Extracted(found, positions)

    @contextmanager
    def _alone(self, folder: Path, until: float | None) -> Iterator[None]:
        """Let one process at a time compute what is kept in a folder; the others wait for it."""
        with ExitStack() as stack:
            while True:
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    stack.enter_context(held(folder))
                except HeldError:
                    self.check()
                    if until is None or time.monotonic() < until:
                        time.sleep(WAIT)
                        continue
                except OSError:
                    pass  # a cache that cannot be written is done without
                break
            yield

    def _compute(
        self,
        split: Split,
        positions: NDArray[np.int64],
        mirrored: bool,
        until: float | None,
        folder: Path,
    ) -> dict[str, Floats]:
        """Features by digest, written into the folder in parts."""
        found: dict[str, Floats] = {}
        unwritten: dict[str, Floats] = {}
        last, at_once = time.monotonic(), batch_of(self.preprocess.size)
        try:
            for start in range(0, len(positions), at_once):
                if until is not None and time.monotonic() > until:
                    break
                self.check()
                part = positions[start : start + at_once]
                rows = self._see(split, part, mirrored)
                for at, row in zip(part.tolist(), rows, strict=True):
                    found[split.digests[at]] = unwritten[split.digests[at]] = row
                if self.progress:
                    self.progress("computing features", start + len(part), len(positions))
                if time.monotonic() - last > PART:
                    _write(folder, unwritten)
                    unwritten, last = {}, time.monotonic()
        finally:
            _write(folder, unwritten)
        return found

    @torch.inference_mode()
    def _see(self, split: Split, positions: NDArray[np.int64], mirrored: bool) -> Floats:
        pixels = np.ascontiguousarray(self.preprocess.bring(split.take(positions)))
        pictures = to_tensor(pixels).to(self.device)
        if mirrored:
            pictures = pictures.flip(3)
        network = self.network.eval()
        found: Floats = network(pictures).float().cpu().numpy()
        return found


def _digest(model: nn.Module, layer: nn.Linear) -> str:
    """SHA-256 over all tensors of the network but those of its head."""
    head = {id(tensor) for tensor in layer.state_dict(keep_vars=True).values()}
    digest = hashlib.sha256()
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in head:
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _read(folder: Path, width: int, wanted: set[str]) -> dict[str, Floats]:
    """The features that are kept, by the digest of the picture; damaged parts hold none."""
    found: dict[str, Floats] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            part = load(path.read_bytes())
            digests, rows = part["digests"], part["features"]
        except (OSError, SafetensorError, KeyError):
            continue
        if rows.shape != (len(digests), width) or digests.shape[1:] != (32,):
            continue
        for digest, row in zip(digests, rows, strict=True):
            name = digest.tobytes().hex()
            if name in wanted:
                found[name] = row
    return found


def _write(folder: Path, features: Mapping[str, Floats]) -> None:
    """Keep features; a cache that cannot be written is done without."""
    if not features:
        return
    digests = np.frombuffer(bytes.fromhex("".join(features)), np.uint8).reshape(-1, 32)
    tensors: dict[str, Any] = {"digests": digests, "features": np.stack(list(features.values()))}
    try:
        with appearing(folder / f"{secrets.token_hex(8)}.safetensors") as aside:
            aside.write_bytes(save(tensors))
    except OSError:
        return
