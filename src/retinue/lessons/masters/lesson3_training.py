# %% [markdown]
# # 3. Training: four steps, again and again
#
# After this lesson you can build a network in plain PyTorch, take one training step by hand, and
# write the whole training loop. At the end you see that Retinue's loop does exactly what yours
# does: both give the same weights, to the last bit.

# %%
import copy
import hashlib
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import retinue
from retinue import plotting
from retinue.lessons import lesson_data

data = lesson_data("fashion-mnist", instead="digits", size=28, limit_per_class=600)
data

# %% [markdown]
# ## A machine with thousands of knobs
#
# Here is LeNet-5, as it is commonly written today (after LeCun, Bottou, Bengio and Haffner,
# *Gradient-based learning applied to document recognition*, 1998). Two convolutions look for small
# patterns; three linear layers decide from what they found. A *linear layer* gives weighted sums
# of all its inputs; *ReLU* turns what is negative into zero.
#
# Its *weights* are the numbers in it that can be set (with the *biases*, which are added to the
# sums). At first they are random, so the network guesses. How do you set so many knobs? Nobody can
# by hand. Training does it by four steps, again and again:
#
# 1. **transform**: pictures to a batch of numbers,
# 2. **forward**: numbers to predictions, and to one number that says how wrong they are,
# 3. **backward**: how would that number change with each weight?
# 4. **update**: move each weight a little, so that it falls.


# %%
class LeNet(nn.Module):
    def __init__(self, channels, classes, size):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        rows, columns = ((side // 2 - 4) // 2 for side in size)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(16 * rows * columns, 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
        )  # fmt: skip

    def forward(self, numbers):
        return self.head(self.features(numbers))


# %% [markdown]
# ## Chance that can be repeated
#
# The first weights are drawn at random, and so is the order of the pictures. To get the same
# result twice, all draws must come from one *seed*, a number that we choose. Retinue makes from it
# a seed of its own for each purpose and epoch (an *epoch* is one pass over all training pictures),
# by the formula below. We use it too: that is how two loops can agree.

# %%
SEED, EPOCHS, BATCH_SIZE, LEARNING_RATE = 0, 3, 32, 0.1


def seed_for(seed, purpose, epoch=0):
    """The seed of the draws for one purpose in one epoch."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{epoch}/0".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def new_network(seed):
    """LeNet with random weights; the same ones for the same seed."""
    torch.manual_seed(seed_for(seed, "weights"))
    network = LeNet(data.channels, len(data.classes), data.size)
    return network.to(memory_format=torch.channels_last)  # the order in memory: see the end


def batches_of(count, epoch, seed):
    """The positions of the pictures of each batch, in an order of its own for each epoch."""
    generator = torch.Generator().manual_seed(seed_for(seed, "order", epoch))
    order = torch.randperm(count, generator=generator)
    return order.tensor_split(math.ceil(count / BATCH_SIZE))


print(f"{sum(weight.numel() for weight in new_network(SEED).parameters()):,} weights")

# %% [markdown]
# ## Step 1: transform
#
# A *batch* is a handful of pictures that are used at once. Lesson 1 showed how pixels are
# normalised: minus the mean of the training pictures, divided by their standard deviation. PyTorch
# wants the channel before rows and columns.

# %%
images, labels = torch.from_numpy(data.train.images), torch.from_numpy(data.train.labels)


def statistics(pictures):
    """Mean and standard deviation of each channel, as tensors (1, C, 1, 1)."""
    pixels = pictures.astype(np.float64)
    mean = pixels.mean(axis=(0, 1, 2))
    std = np.sqrt((pixels**2).mean(axis=(0, 1, 2)) - mean**2)
    return (torch.tensor(one, dtype=torch.float32).view(1, -1, 1, 1) for one in (mean, std))


mean, std = statistics(data.train.images)


def transform(pictures):
    """Pictures (N, H, W, C), 0 to 255, to numbers (N, C, H, W) of mean 0 and deviation 1."""
    return (pictures.permute(0, 3, 1, 2).float() - mean) / std


positions = batches_of(len(labels), epoch=0, seed=SEED)[0]
numbers, targets = transform(images[positions]), labels[positions]
print("pictures", tuple(images[positions].shape), "as numbers", tuple(numbers.shape))
plotting.picture_grid(
    list(images[positions[:8]].numpy()), [data.classes[label] for label in targets[:8]], columns=8
)

# %% [markdown]
# ## Step 2: forward
#
# The batch goes through one layer after the other. What comes out are *logits*: a score for each
# class, any number. *Softmax* makes them probabilities, positive and with sum 1: take $e$ to the
# power of each score, and divide by the sum.
#
# The *loss* says how wrong that is. *Cross-entropy* takes the probability $p$ of the true class:
# the loss is $-\ln p$. Certain and right costs 0; certain and wrong costs without limit. The loss
# of a batch is the mean over its pictures.

# %%
network = new_network(SEED)
flow = numbers
for layer in [*network.features, *network.head]:
    flow = layer(flow)
    print(f"after {type(layer).__name__:10} {tuple(flow.shape)}")
logits = flow

probabilities = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
losses = -probabilities[range(len(targets)), targets].log()
print(f"\nloss by hand       {losses.mean().item():.6f}")
print(f"F.cross_entropy    {F.cross_entropy(logits, targets).item():.6f}")
print(f"guessing: ln {len(data.classes)} =   {math.log(len(data.classes)):.6f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
colours = [plotting.style.BLUE] * len(data.classes)
colours[targets[0]] = plotting.style.VERMILION
for panel, values, title in zip(
    axes, (logits[0], probabilities[0]), ("logits: scores", "softmax: probabilities"), strict=True
):
    panel.barh(data.classes, values.detach(), color=colours)
    panel.set(title=f"first picture, {title}")
axes[0].invert_yaxis()
plt.show()

# %% [markdown]
# The true class is orange. Before training no class stands out, so the loss is about that of
# guessing.
#
# **Softmax comes once.** `F.cross_entropy` takes logits and does the softmax itself, in a way that
# stays exact for large numbers. Whoever gives it probabilities does softmax twice. No error tells
# them. Try it with the best answer there can be, certain and right: what should the loss be?

# %%
certain = torch.zeros(1, len(data.classes))
certain[0, 0] = 100
once = F.cross_entropy(certain, torch.tensor([0])).item()
twice = F.cross_entropy(certain.softmax(dim=1), torch.tensor([0])).item()
print(f"certain and right: loss {once:.3f}; with softmax twice {twice:.3f}, and never below")

# %% [markdown]
# ## Step 3: backward
#
# The *gradient* of a weight is a slope: how fast the loss rises when the weight rises.
#
# A network is a chain of simple functions. In the forward pass PyTorch notes each of them.
# `loss.backward()` walks the chain from its end to its beginning and multiplies the slopes (the
# chain rule of calculus). So one walk gives the slopes of all weights. This is *backpropagation*
# (Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*, 1986).
#
# You need not believe it: we turn one single weight by hand and watch the loss.

# %%
loss = F.cross_entropy(network(numbers), targets)
loss.backward()

weight = network.features[0].weight
place = np.unravel_index(int(weight.grad.abs().argmax()), weight.shape)  # the steepest slope
name = f"features.conv1.weight[{', '.join(str(at) for at in place)}]"
before, slope = weight[place].item(), weight.grad[place].item()

turns = np.linspace(-1, 1, 21)
curve = []
with torch.no_grad():
    for turn in turns:
        weight[place] = before + turn
        curve.append(F.cross_entropy(network(numbers), targets).item())
    weight[place] = before

figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
axes.plot(before + turns, curve, "o-", label="loss, one weight turned")
axes.plot(
    before + turns, loss.item() + slope * turns, "--", label=f"slope by backward: {slope:.4f}"
)
axes.axvline(before, color="grey", linewidth=0.8)
axes.set(xlabel=name, ylabel="loss")
axes.legend()
plt.show()

# %% [markdown]
# The dashed line touches the curve where we stand. It is right nearby, not far away: so steps must
# be small.
#
# ## Step 4: update
#
# A rising slope means: go down with the weight. Each weight moves against its gradient, times the
# *learning rate*: new = old − learning rate × gradient. This is *gradient descent*; with batches
# it is called *stochastic* (SGD), for each batch shows only a sample of the pictures.
#
# `torch.no_grad()` tells PyTorch not to note this: the update is no part of the network. And then
# the gradients are cleared, for `backward` **adds** to what is there.

# %%
with torch.no_grad():
    for one in network.parameters():
        one.add_(one.grad, alpha=-LEARNING_RATE)
        one.grad = None
    loss_after = F.cross_entropy(network(numbers), targets).item()

print(f"{name}: {before:.6f} - {LEARNING_RATE} * {slope:.6f} = {weight[place].item():.6f}")
print(f"loss of this batch: {loss.item():.6f} before, {loss_after:.6f} after")

# %% [markdown]
# The widget below watches the same step inside Retinue. Click through its four parts. Do you find
# our numbers? Then take more steps.

# %%
from retinue.widgets import TrainingStep

SETTINGS = {
    "opt": "sgd", "momentum": 0.0, "lr": LEARNING_RATE, "schedule": "constant", "weight_decay": 0.0,
    "batch_size": BATCH_SIZE, "epochs": EPOCHS, "augment": "none", "precision": "fp32",
}  # fmt: skip

TrainingStep(retinue.Recipe(model="lenet", seed=SEED, **SETTINGS), data, weight=name)

# %% [markdown]
# ## The loop
#
# Training is these four steps for every batch, epoch after epoch. An *optimiser* does the update;
# plain `torch.optim.SGD` does just what we did. After each epoch we look at *validation* pictures,
# which are not learnt from, and keep the best weights. Two habits belong to it:
#
# - `network.train()` and `network.eval()` switch layers that act differently in training, as
#   dropout and batch normalisation (lesson 5). LeNet has neither. Switch all the same.
# - `torch.no_grad()` where nothing is learnt: it saves memory and time.


# %%
def train_epoch(network, optimiser, epoch, seed):
    """One pass over the training pictures; gives the loss of every step."""
    network.train()
    losses = []
    for positions in batches_of(len(labels), epoch, seed):
        numbers, targets = transform(images[positions]), labels[positions]  # 1. transform
        optimiser.zero_grad()
        logits = network(numbers)  # 2. forward
        loss = F.cross_entropy(logits, targets)
        loss.backward()  # 3. backward
        optimiser.step()  # 4. update
        losses.append(loss.item())
    return losses


@torch.no_grad()
def evaluate(network, split):
    """Mean loss and accuracy on pictures that are not learnt from."""
    network.eval()
    parts = torch.from_numpy(split.images).split(512)
    logits, truth = torch.cat([network(transform(one)) for one in parts]), split.labels
    loss = F.cross_entropy(logits, torch.from_numpy(truth)).item()
    return loss, float((logits.argmax(dim=1).numpy() == truth).mean())


def fit(seed=SEED, optimiser_class=torch.optim.SGD):
    """Train; the network has the weights of its best epoch on the validation pictures."""
    network = new_network(seed)
    optimiser = optimiser_class(network.parameters(), lr=LEARNING_RATE)
    best, best_score, steps = None, (-1.0, 0.0), []
    for epoch in range(EPOCHS):
        steps += train_epoch(network, optimiser, epoch, seed)
        val_loss, val_accuracy = evaluate(network, data.val)
        print(f"epoch {epoch + 1}: loss {val_loss:.3f}, accuracy {val_accuracy:.1%} on validation")
        if (val_accuracy, -val_loss) >= best_score:
            best, best_score = copy.deepcopy(network.state_dict()), (val_accuracy, -val_loss)
    network.load_state_dict(best)
    return network, steps


ours, steps = fit()

# %% [markdown]
# ## Try it: break the loop
#
# Three changes, each in one place: the learning rate 30 times smaller, 30 times larger, and
# `zero_grad` left out, so that each step uses the sum of all gradients so far. What will the loss
# do? Write down your three guesses first.


# %%
class Forgetful(torch.optim.SGD):
    def zero_grad(self, set_to_none=True):
        """Nothing is cleared: gradients pile up."""


tries = {
    "as it should be": (torch.optim.SGD, LEARNING_RATE),
    "learning rate / 30": (torch.optim.SGD, LEARNING_RATE / 30),
    "learning rate x 30": (torch.optim.SGD, LEARNING_RATE * 30),
    "zero_grad left out": (Forgetful, LEARNING_RATE),
}
guessing = math.log(len(data.classes))
figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
for title, (optimiser_class, rate) in tries.items():
    network = new_network(SEED)
    found = train_epoch(network, optimiser_class(network.parameters(), lr=rate), 0, SEED)
    axes.plot(np.clip(np.nan_to_num(found, nan=9 * guessing), 0, 2 * guessing), label=title)
    print(f"{title:20} loss {evaluate(network, data.val)[0]:8.3f} after one epoch")
axes.axhline(guessing, color="grey", linestyle=":", label="guessing")
axes.set(xlabel="step of the first epoch", ylabel=f"loss of the batch, cut at {2 * guessing:.1f}")
axes.legend(loc="upper right", bbox_to_anchor=(1.35, 1))
plt.show()

# %% [markdown]
# Expected: small steps are safe, but slow. Large ones jump over the valley; a loss that is `nan`
# (no number) or stays at guessing is their usual sign. Old gradients push in directions that were
# right long ago. None of the three gave an error: *look at the loss curve, always.*
#
# ## The same with Retinue, with equal weights
#
# Now one call with the same settings and the same seed. Is it the same training? We compare every
# weight, and demand that all bits be equal, not only nearly all.

# %%
from retinue.prediction.classifier import Classifier

run = retinue.train(data, model="lenet", seed=SEED, **SETTINGS)
theirs = Classifier.load(run).model.network


def same_weights(one, other):
    """Whether all weights of two networks are equal, bit by bit."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


for (name, their), our in zip(theirs.named_parameters(), ours.parameters(), strict=True):
    print(f"{name:22} {tuple(their.shape)!s:15} equal: {torch.equal(their, our)}")
print("\nAll weights equal:", same_weights(ours, theirs))

# %% [markdown]
# Would this comparison notice a difference? A check that always says yes is worth nothing. So we
# train with another seed, and with `zero_grad` left out.

# %%
print("another seed, equal:", same_weights(fit(seed=SEED + 1)[0], theirs))
print("zero_grad left out, equal:", same_weights(fit(optimiser_class=Forgetful)[0], theirs))

# %% [markdown]
# For equal bits more must agree than the seed. A computer rounds every sum, so the order of adding
# shows in the last bits: the number of threads, the kind of numbers (`fp32`) and their order in
# memory (`channels_last`) are the same here too. On another kind of processor, or with another
# version of PyTorch, the last bits may differ.
#
# Here is Retinue's own loop. Look for the four comments. What stands around them serves what we
# left out: a learning rate that changes, batches in slices, a time limit, and an end where the
# loss is no number.

# %%
from IPython.display import Code

from retinue.training import loop

Code(inspect.getsource(loop.train_epoch), language="python")

# %% [markdown]
# For other networks and settings, `retinue report RUN --project DIR` writes such a plain script by
# itself.
#
# Only now, when nothing is left to choose, the test pictures:

# %%
print(f"your loop: {evaluate(ours, data.test)[1]:.4f}")
print(f"Retinue:   {run.metrics('test')['accuracy']['value']:.4f}")

# %% [markdown]
# ## In three lines
#
# - Transform, forward, backward, update: every network learns by these four steps.
# - Logits go into cross-entropy, which does the softmax; gradients are cleared before each
#   backward.
# - With the same seed, settings, versions and kind of machine, a training can be repeated bit by
#   bit.
#
# Now it is your turn: **lab 3**.
