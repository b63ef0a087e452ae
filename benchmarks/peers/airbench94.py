"""The recipe of airbench94_muon: CIFAR-10 to 94 % in eight epochs, on any device.

Written after Keller Jordan's cifar10-airbench (https://github.com/KellerJordan/cifar10-airbench,
airbench94_muon.py, MIT licence, Copyright (c) 2024 Keller Jordan) and his paper, arXiv 2404.00498.
Network, initial weights, optimisers, schedules, augmentation and the six views are those of the
source. What differs from it is what a processor asks for:

- bf16 by autocast over fp32 weights where the processor multiplies it natively, fp32 elsewhere;
  the source keeps fp16 weights
- no torch.compile, and so no run to warm it up; one step on throw-away weights instead
- pictures come decoded from a file of arrays
- seconds by the processor's clock; the averaged views are judged outside it, as on the other side
"""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.peers.protocol import Clock, Task, read_task, tell

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
EPOCHS, BATCH_SIZE = 8, 2000
WIDTHS = (64, 256, 256)
BIAS_RATE, HEAD_RATE, FILTER_RATE = 0.053, 0.67, 0.24
DECAY = 2e-6  # a picture of the batch
WHITEN_BIAS_EPOCHS = 3
SHIFT = 2
SMOOTHING = 0.2


class Norm(nn.BatchNorm2d):
    """Batch norm whose averages follow quickly and whose scale stays at one."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-12, momentum=0.4)
        self.weight.requires_grad = False


def convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    """3x3 without a bias; its first filters begin by passing their channel on."""
    layer = nn.Conv2d(channels_in, channels_out, 3, padding="same", bias=False)
    nn.init.dirac_(layer.weight.data[:channels_in])
    return layer


def block(channels_in: int, channels_out: int) -> nn.Sequential:
    """Two convolutions, the first one followed by a pooling."""
    return nn.Sequential(
        convolution(channels_in, channels_out),
        nn.MaxPool2d(2),
        Norm(channels_out),
        nn.GELU(),
        convolution(channels_out, channels_out),
        Norm(channels_out),
        nn.GELU(),
    )


class Network(nn.Module):
    """Whitening of 2x2 patches, three blocks, a linear head."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)
        self.whiten.weight.requires_grad = False
        inputs = (24, *WIDTHS[:-1])
        blocks = [block(a, b) for a, b in zip(inputs, WIDTHS, strict=True)]
        self.body = nn.Sequential(nn.GELU(), *blocks, nn.MaxPool2d(3), nn.Flatten())
        self.head = nn.Linear(WIDTHS[-1], classes, bias=False)
        self.head.weight.data /= self.head.weight.data.std()

    def forward(self, images: Tensor, learn_whiten_bias: bool = True) -> Tensor:
        """Normalised pictures to logits."""
        bias = self.whiten.bias
        assert bias is not None
        bias = bias if learn_whiten_bias else bias.detach()
        whitened = functional.conv2d(images, self.whiten.weight, bias)
        logits: Tensor = self.head(self.body(whitened)) / WIDTHS[-1]
        return logits


def set_whitening(layer: nn.Conv2d, images: Tensor) -> None:
    """Filters that decorrelate 2x2 patches: scaled eigenvectors of their covariance, and minus."""
    patches = functional.unfold(images.float(), 2).transpose(1, 2).reshape(-1, 12)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches), UPLO="U")
    filters = (vectors / (values + 5e-4).sqrt()).T.reshape(12, 3, 2, 2)
    layer.weight.data.copy_(torch.cat([filters, -filters]))


def orthogonalised(matrix: Tensor) -> Tensor:
    """Three steps of Newton and Schulz towards the nearest orthogonal matrix, in bf16."""
    tall = matrix.size(0) > matrix.size(1)
    x: Tensor = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(3):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose step is made orthogonal; every filter bank keeps its norm."""

    def __init__(self, params: list[nn.Parameter], lr: float) -> None:
        super().__init__(params, {"lr": lr, "momentum": 0.6})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every filter bank."""
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state["velocity"] = torch.zeros_like(weight.grad)
                velocity = state["velocity"]
                velocity.mul_(group["momentum"]).add_(weight.grad)
                gradient = weight.grad.add(velocity, alpha=group["momentum"])
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                update = orthogonalised(gradient.reshape(len(gradient), -1)).view_as(weight)
                weight.add_(update, alpha=-group["lr"])


def normalised(images: Tensor) -> Tensor:
    """uint8 to about zero mean and unit deviation."""
    shape = (1, 3, 1, 1)
    mean, std = (torch.tensor(v, device=images.device).view(shape) for v in (MEAN, STD))
    return (images.float() / 255 - mean) / std


def shifted(padded: Tensor, side: int) -> Tensor:
    """Every picture cut out at a random place of its padded self."""
    places = torch.randint(0, 2 * SHIFT + 1, (len(padded), 2), device=padded.device)
    pictures = torch.empty_like(padded[:, :, :side, :side])
    for y in range(2 * SHIFT + 1):
        for x in range(2 * SHIFT + 1):
            chosen = (places[:, 0] == y) & (places[:, 1] == x)
            pictures[chosen] = padded[chosen, :, y : y + side, x : x + side]
    return pictures


class Pictures:
    """The training pictures: mirrored at random once, then all of them every other epoch."""

    def __init__(self, images: Tensor, labels: Tensor, batch_size: int) -> None:
        self.labels, self.batch_size = labels, batch_size
        self.side = images.size(-1)
        mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(mirrored, images.flip(-1), images)
        self.padded = functional.pad(images, (SHIFT,) * 4, "reflect")

    def __len__(self) -> int:
        return len(self.labels) // self.batch_size

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch; what does not fill a batch is left out."""
        images = shifted(self.padded, self.side)
        if number % 2 == 1:
            images = images.flip(-1)
        order = torch.randperm(len(images), device=images.device)
        for step in range(len(self)):
            chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
            yield images[chosen], self.labels[chosen]


class Trainer:
    """Network and optimisers, and what they do with a batch."""

    def __init__(self, task: Task, device: torch.device, steps: int, bias_steps: int) -> None:
        self.steps, self.bias_steps = steps, bias_steps
        network = Network(task.classes).to(device)
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        decay = DECAY * task.batch_size
        biases = [layer.bias for layer in network.modules() if isinstance(layer, Norm)]
        groups = [
            {"params": [network.whiten.bias], "lr": BIAS_RATE, "weight_decay": decay / BIAS_RATE},
            {"params": biases, "lr": BIAS_RATE, "weight_decay": decay / BIAS_RATE},
            {"params": [network.head.weight], "lr": HEAD_RATE, "weight_decay": decay / HEAD_RATE},
        ]
        filters = [w for w in network.parameters() if w.ndim == 4 and w.requires_grad]
        self.vectors = torch.optim.SGD(groups, momentum=0.85, nesterov=True)
        self.filters = Muon(filters, FILTER_RATE)
        self.groups = [*self.vectors.param_groups, *self.filters.param_groups]
        self.rates = [group["lr"] for group in self.groups]

    def train(self, images: Tensor, labels: Tensor, step: int, dtype: torch.dtype) -> None:
        """One step; the bias of the whitening learns only at the beginning."""
        self.network.train()
        with autocast(images.device, dtype):
            logits = self.network(images, step < self.bias_steps)
        loss = functional.cross_entropy(
            logits.float(), labels, label_smoothing=SMOOTHING, reduction="sum"
        )
        loss.backward()
        for number, (group, rate) in enumerate(zip(self.groups, self.rates, strict=True)):
            end = self.bias_steps if number == 0 else self.steps
            group["lr"] = rate * max(0.0, 1 - step / end)
        self.vectors.step()
        self.filters.step()
        self.network.zero_grad()


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """bf16, or nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)


@torch.no_grad()
def accuracy(network: Network, images: Tensor, labels: Tensor, views: bool) -> float:
    """On pictures normalised as in training, by one view or by six."""
    network.eval()
    correct = 0
    for part, truth in zip(images.split(2000), labels.split(2000), strict=True):
        with autocast(part.device, part.dtype):
            logits = _six_views(network, part) if views else network(part)
        correct += int((logits.argmax(1) == truth).sum())
    return correct / len(labels)


def _six_views(network: Network, images: Tensor) -> Tensor:
    """Half from the picture, a quarter from each of two shifts by a pixel; each with its mirror."""
    side = images.size(-1)
    padded = functional.pad(images, (1,) * 4, "reflect")
    shifts = (padded[:, :, :side, :side], padded[:, :, 2:, 2:])
    mirrored = [network(view) + network(view.flip(-1)) for view in (images, *shifts)]
    logits: Tensor = mirrored[0] / 4 + (mirrored[1] + mirrored[2]) / 8
    return logits


def dtype_for(precision: str, device: torch.device) -> torch.dtype:
    """bf16 where the device multiplies it natively, or as asked for."""
    if precision == "auto":
        names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        on_cpu = any(getattr(torch.cpu, name, lambda: False)() for name in names)
        native = on_cpu if device.type == "cpu" else torch.cuda.is_bf16_supported()
        precision = "bf16" if native else "fp32"
    return torch.bfloat16 if precision == "bf16" else torch.float32


def to_tensors(task: Task, device: torch.device) -> list[Tensor]:
    """Training images and labels, test images and labels; images NCHW in channels_last order."""
    images = [
        torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)
        for pixels in (task.train_images, task.test_images)
    ]
    labels = [torch.from_numpy(ys).to(device) for ys in (task.train_labels, task.test_labels)]
    return [images[0], labels[0], images[1], labels[1]]


def warm_up(task: Task, device: torch.device, dtype: torch.dtype) -> None:
    """One step on throw-away weights and zeros: what a device does only once is done then."""
    trainer = Trainer(task, device, 1, 1)
    zeros = torch.zeros(task.batch_size, 3, 32, 32, device=device, dtype=dtype)
    zeros = zeros.to(memory_format=torch.channels_last)
    trainer.train(zeros, torch.zeros(len(zeros), dtype=torch.int64, device=device), 0, dtype)


def main() -> None:
    """Train, judge after every epoch outside the clock, and by six views at the end."""
    task = read_task(__doc__, EPOCHS, BATCH_SIZE)
    if task.threads is not None:
        torch.set_num_threads(task.threads)
    found = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(found if task.device == "auto" else task.device)
    dtype = dtype_for(task.precision, device)
    warm_up(task, device, dtype)
    torch.manual_seed(task.seed)
    images, labels, test_images, test_labels = to_tensors(task, device)
    test_images = normalised(test_images).to(dtype)
    clock = Clock(torch.cuda.synchronize) if device.type == "cuda" else Clock()
    curve: list[tuple[float, float]] = []

    clock.start()
    pixels = normalised(images).to(dtype)
    pictures = Pictures(pixels, labels, task.batch_size)
    steps = task.epochs * len(pictures)
    trainer = Trainer(task, device, steps, WHITEN_BIAS_EPOCHS * len(pictures))
    set_whitening(trainer.network.whiten, pixels[:5000])
    for epoch in range(task.epochs):
        for step, (batch, truth) in enumerate(pictures.epoch(epoch), epoch * len(pictures)):
            trainer.train(batch, truth, step, dtype)
        clock.stop()
        curve.append((clock.seconds, accuracy(trainer.network, test_images, test_labels, False)))
        clock.start()
    clock.stop()
    tell(
        accuracy=accuracy(trainer.network, test_images, test_labels, True),
        one_view=curve[-1][1],
        clock=clock,
        pictures=steps * task.batch_size,
        curve=curve,
        versions={"torch": torch.__version__},
        precision="bf16" if dtype == torch.bfloat16 else "fp32",
    )


if __name__ == "__main__":
    main()
