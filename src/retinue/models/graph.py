"""model.onnx: a network as a graph that is only data, so that it runs without its source code.

All it may hold are ONNX's own operators and their numbers: no user's code, no other file, no
library of operators. onnxruntime runs it on the processor.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import MissingExtraError, RetinueError
from retinue.wording import printable

NAME = "model.onnx"
LARGEST = 2**30  # bytes; protobuf itself ends at 2 GiB
_OWN_OPERATORS = ("", "ai.onnx")  # two names of one set


class GraphNetwork(nn.Module):
    """A graph as a network: (N, C, H, W) uint8 or float, both 0 to 255 -> logits (N, K) float32.

    It computes in fp32 on the processor, whatever device the pictures are on; the logits come back
    to that. It has no weights that could be trained or moved.
    """

    def __init__(self, graph: bytes) -> None:
        """`graph` is what model.onnx holds.

        Raises:
            ValueError: it is no graph, or needs more than itself; the text is one line.
        """
        super().__init__()
        require_plain(graph)
        try:
            self._session = _session(graph)
            self._input = self._session.get_inputs()[0].name
        except Exception as error:  # onnxruntime's errors have no base of their own
            raise ValueError(f"cannot be run: {in_a_line(error)}") from None

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, C, H, W) uint8 or float 0 to 255 -> (N, K) float32."""
        values = pictures.detach().to("cpu", torch.float32).contiguous().numpy()
        logits = self._session.run(None, {self._input: values})[0]
        return torch.from_numpy(logits).to(pictures.device)


def load_graph(
    folder: Path, digest: str, shape: tuple[int, int, int], classes: int
) -> GraphNetwork:
    """Load model.onnx of a run, which must be the graph that model.json names.

    Args:
        folder: of the run.
        digest: SHA-256 of the file, as model.json has it.
        shape: (channels, height, width) of the pictures.
        classes: how many logits a picture has.

    Raises:
        MissingExtraError: onnx or onnxruntime is not installed.
        RetinueError: the file is missing, too large, damaged, another, or no graph for `shape`.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError:
        what = f"{folder}: using its network without --model package.module:factory"
        raise MissingExtraError(what, "export") from None
    path = folder / NAME
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != digest:
        raise RetinueError(f"{path}: damaged, or not the graph that model.json names")
    try:
        network = GraphNetwork(data)
        found = tuple(network(torch.zeros(1, *shape)).shape)
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise RetinueError(f"{path}: {in_a_line(error)}") from None
    if found != (1, classes):
        raise RetinueError(f"{path}: gives {found} for a picture, not (1, {classes})")
    return network


def require_plain(graph: bytes) -> None:
    """Refuse a graph that needs anything beside itself.

    Raises:
        ValueError: it is no graph, keeps numbers in other files, or has operators that are not
            ONNX's own.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(graph)
    except Exception:  # which one depends on the version of protobuf
        raise ValueError("is no ONNX graph") from None
    tensors = (part for part in messages(model) if isinstance(part, onnx.TensorProto))
    if any(one.external_data or one.data_location == one.EXTERNAL for one in tensors):
        raise ValueError("keeps numbers in other files, which no run's graph may")
    sets = {part.domain for part in messages(model) if isinstance(part, onnx.OperatorSetIdProto)}
    nodes = {part.domain for part in messages(model) if isinstance(part, onnx.NodeProto)}
    if foreign := (sets | nodes).difference(_OWN_OPERATORS):
        raise ValueError(f"has operators that are not ONNX's own: {', '.join(sorted(foreign))}")


def messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all those in it, however deep: subgraphs and functions too."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if hasattr(value, "ListFields") else value:
                yield from messages(part)


def in_a_line(error: BaseException) -> str:
    """The innermost cause of an error, in one line that steers no terminal."""
    while error.__cause__ is not None:
        error = error.__cause__
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return printable(" ".join(first.split()))[:200]


def _read(path: Path) -> bytes:
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise RetinueError(f"{path}: {size:,} bytes; no run's graph is that large")
        return path.read_bytes()
    except OSError as error:
        raise RetinueError(f"{path}: cannot be read: {error.strerror}") from None


def _session(graph: bytes) -> Any:
    """Onnxruntime's session, which registers no library of operators."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what it has to say comes as exceptions too
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
