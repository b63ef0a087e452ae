"""Writing model.onnx: a user's network as a graph, kept only if it gives the network's own logits.

The network is copied first: training, its random draws and the network itself stay as they were.
"""

import copy
import hashlib
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from retinue.models.graph import LARGEST, NAME, GraphNetwork, in_a_line, messages
from retinue.models.weights import ModelCard, save_model
from retinue.writing import appearing

TOLERANCE = 1e-4  # of the largest logit, or of 1: what probabilities agree to everywhere
_EXTRA = "onnx, onnxscript and onnxruntime are not installed: pip install 'retinue[export]'"


@dataclass(frozen=True)
class Graph:
    """What became of model.onnx: its SHA-256, or why there is none."""

    digest: str = ""
    why_not: str = ""


def save_own_model(folder: Path, model: nn.Module, card: ModelCard) -> str:
    """`save_model`, and model.onnx too where the network is a user's own.

    Returns a note for the user where that could not be written, else "".
    """
    if card.of_catalogue:
        save_model(folder, model, card)
        return ""
    graph = write_graph(folder, model, card.preprocess.channels, card.preprocess.size)
    save_model(folder, model, replace(card, graph=graph.digest, no_graph=graph.why_not))
    if not graph.why_not:
        return ""
    return f"this run will need --model package.module:factory to be used, for {graph.why_not}"


def write_graph(folder: Path, model: nn.Module, channels: int, size: tuple[int, int]) -> Graph:
    """Write the whole network, its normalisation included, to model.onnx.

    The graph takes `pictures`, (N, channels, *size) float from 0 to 255 for any N, and gives
    `logits`, (N, K). It is tried on random pictures; where it differs from the network, or there is
    no graph of it, no file is left and the reason is told. Nothing is raised for that.

    Raises:
        OSError: the disk is full or closed to writing.
    """
    (folder / NAME).unlink(missing_ok=True)  # of a stop on the way
    with _quiet(), torch.random.fork_rng(devices=[]), torch.no_grad():
        try:
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import onnxscript  # noqa: F401
        except ImportError:
            return Graph(why_not=_EXTRA)
        try:
            copied = copy.deepcopy(model).cpu().float().eval()
            data = _exported(copied, channels, size)
            _require_alike(copied, GraphNetwork(data), channels, size)
        except Exception as error:  # whatever a user's code or the exporter raises
            return Graph(why_not=f"it has no graph: {in_a_line(error)}")
    with appearing(folder / NAME) as aside:
        aside.write_bytes(data)
    return Graph(hashlib.sha256(data).hexdigest())


def _exported(model: nn.Module, channels: int, size: tuple[int, int]) -> bytes:
    """The network as ONNX, without the paths and lines of source code that the exporter notes."""
    program = torch.onnx.export(
        model,
        (_pictures(2, channels, size).float(),),
        dynamo=True,
        verbose=False,
        input_names=["pictures"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    if program is None:
        raise ValueError("this version of torch gives none")
    proto = program.model_proto
    for message in messages(proto):
        for name in ("metadata_props", "doc_string"):
            if name in message.DESCRIPTOR.fields_by_name:
                message.ClearField(name)
    data: bytes = proto.SerializeToString(deterministic=True)
    if len(data) > LARGEST:
        raise ValueError(f"it would have {len(data):,} bytes")
    return data


def _require_alike(
    model: nn.Module, graph: nn.Module, channels: int, size: tuple[int, int]
) -> None:
    """Hold the graph against the network, in batches of other sizes than it was made with.

    Raises:
        ValueError: they differ.
    """
    for count in (1, 3):
        pictures = _pictures(count, channels, size)
        expected, found = model(pictures), graph(pictures)
        if found.shape != expected.shape:
            raise ValueError(f"it gives {tuple(found.shape)}, not {tuple(expected.shape)}")
        difference = float((found - expected).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
            raise ValueError(f"its logits differ by {difference:.2g} from the network's")


def _pictures(count: int, channels: int, size: tuple[int, int]) -> Tensor:
    """Random pictures, (count, channels, *size) uint8."""
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, channels, *size), generator=generator, dtype=torch.uint8)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing is printed, warned or logged: the exporter talks to those who mend it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
