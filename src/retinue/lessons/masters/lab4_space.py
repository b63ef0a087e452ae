# %% [markdown]
# # Lab 4. Why space matters
#
# You count what networks learn, shuffle pixels, build a residual block, scale a learning rate, and
# read measured experiments. Lesson 4 has all that you need.
#
# Write your code where it says so, and run the cell with `check` below it. It tells what is wrong
# and gives a hint. Check as often as you like. Names and arguments of the functions must stay.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from retinue import plotting
from retinue.experiments.sweeps.shipped import measured
from retinue.lessons import check, lesson_data

# %% [markdown]
# ## 1. How many parameters?
#
# `layers` is a list of tuples. `("linear", inputs, outputs)` is a linear layer, `("conv",
# channels_in, channels_out, kernel)` a convolution with square kernels. Others, as `("relu",)`,
# `("pool", 2)` or `("flatten",)`, learn nothing. Count all weights and biases.


# %% question="parameters"
def parameters(layers):
    """How many numbers a network of such layers learns."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab4.parameters", parameters)

# %% [markdown]
# With it, compare three networks for colour pictures of 32 x 32 pixels and 10 classes. How can the
# last one do with so few?

# %% tags=["shown"]
networks = {
    "softmax regression": [("flatten",), ("linear", 3 * 32 * 32, 10)],
    "MLP, 100 hidden units": [("flatten",), ("linear", 3 * 32 * 32, 100), ("linear", 100, 10)],
    "CNN": [("conv", 3, 16, 3), ("pool", 2), ("conv", 16, 32, 3), ("mean",), ("linear", 32, 10)],
}
for name, layers in networks.items():
    print(f"{name:22} {parameters(layers):8,}")

# %% [markdown]
# ## 2. Shuffled pixels
#
# Put the pixels of pictures (N, C, H, W) into another order: one that `seed` decides, drawn once
# and the same for every picture. A pixel moves as a whole, with all its channels, and may go
# anywhere in the picture. Give a new array of the same shape. `np.random.default_rng(seed)` makes
# a generator with the method `permutation`.


# %% question="shuffle_pixels"
def shuffle_pixels(pictures, seed):
    """Pictures (N, C, H, W) with their pixels in one other order, the same for all of them."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab4.shuffle_pixels", shuffle_pixels)

# %% tags=["shown"]
data = lesson_data("cifar10", limit_per_class=20)
places = np.linspace(0, len(data.test) - 1, 6).astype(int)
some = data.test.images[places]
mixed = shuffle_pixels(some.transpose(0, 3, 1, 2), seed=0).transpose(0, 2, 3, 1)
names = [data.classes[label] for label in data.test.labels[places]]
plotting.picture_grid([*some, *mixed], [*names, *["?"] * 6], columns=6)

# %% [markdown]
# ## 3. A residual block
#
# Write the block of He and others (2015): ReLU(body(x) + shortcut(x)). The body, some layers, is
# given to you; it makes maps of `channels_out` channels out of `channels_in`, and with `stride` 2
# it halves their sides (rounded up). The shortcut hands on what came in, unchanged, where channels
# and size stay. Else it is a 1 x 1 convolution that makes them fit.


# %% question="residual"
class Residual(nn.Module):
    """ReLU(body(x) + shortcut(x)) for maps (N, channels_in, H, W)."""

    def __init__(self, body, channels_in, channels_out, stride):
        super().__init__()
        # Your code here.
        raise NotImplementedError

    def forward(self, maps):
        # Your code here.
        raise NotImplementedError


# %%
check("lab4.residual", Residual)

# %% [markdown]
# What is it good for? Below, a signal goes through 30 blocks whose bodies are random convolutions,
# as before training, and back. How large is the gradient that reaches each block, without
# shortcuts and with them?


# %% tags=["shown"]
def bodies():
    """Thirty random convolutions with small weights, the same each time."""
    torch.manual_seed(0)
    return [nn.Conv2d(8, 8, 3, padding=1) for _ in range(30)]


def gradients(blocks):
    """The norm of the gradient of what goes into each block."""
    flow, seen = torch.randn(4, 8, 16, 16, requires_grad=True), []
    for block in blocks:
        seen.append(flow)
        flow = block(flow)
    return [one.norm().item() for one in torch.autograd.grad(flow.mean(), seen)]


plain = [nn.Sequential(body, nn.ReLU()) for body in bodies()]
residual = [Residual(body, 8, 8, 1) for body in bodies()]
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for blocks, label in ((plain, "plain"), (residual, "with shortcuts")):
    axes.semilogy(range(1, 31), gradients(blocks), "o-", label=label)
axes.set(xlabel="block", ylabel="norm of the gradient that reaches it")
axes.legend()
plt.show()

# %% [markdown]
# ## 4. A rate for a larger batch
#
# `small_rate` was good with batches of `small_batch` pictures. Now there are `batch` pictures a
# step. By the linear scaling rule (Goyal and others, 2017) the rate is multiplied by the same
# factor as the batch. With their warm-up it begins at `small_rate` in step 0, rises along a
# straight line, and is at its full height from step `warm_up` on.


# %% question="rate"
def rate(step, small_rate, small_batch, batch, warm_up):
    """The learning rate at a step, counted from 0."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab4.rate", rate)

# %% [markdown]
# ## 5. Choosing
#
# `settings` is a list of what was measured: each has its `"number"` and the accuracies `"train"`,
# `"val"` and `"test"`. Give the number of the one that you would take. Settings that never
# finished have `None` for accuracies.


# %% question="choose"
def choose(settings):
    """The number of the best setting, chosen as one should."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab4.choose", choose)

# %% [markdown]
# ## 6. What is shown?
#
# `differences` is a list of pairs that were compared. `"better"` and `"worse"` name the two,
# `"value"` is the mean difference, and `"low"` and `"high"` are the ends of its interval. Give the
# list of those pairs, as tuples (better, worse), whose difference is shown: zero is not in the
# interval. Where the interval is not known, `"low"` and `"high"` are `None`.


# %% question="apart"
def apart(differences):
    """The pairs (better, worse) whose difference is shown."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab4.apart", apart)

# %% [markdown]
# Now read a real experiment with your functions: networks of 2 to 16 convolutions, with shortcuts
# and without, with batch normalisation and without.

# %% tags=["shown"]
findings = measured("depth")["findings"]
settings = {one["number"]: one for one in findings["settings"]}
best = settings[choose(list(settings.values()))]
print("chosen:", best["values"])
print(f"val {best['val']:.1%}, test {best['test']:.1%}")
for effect in findings["effects"]:
    total = len(effect["differences"])
    print(f"{effect['key']}: {len(apart(effect['differences']))} of {total} pairs are apart:")
    print("   ", apart(effect["differences"]))

# %% [markdown]
# ## 7. When is a CNN the wrong choice?
#
# A CNN assumes that what belongs together is close together, and that a pattern means the same
# everywhere. Name one kind of data for which one of the two is wrong. What would you expect of a
# CNN there, compared with an MLP?

# %% [markdown] question="bias"
# *Your answer here.*

# %% [markdown]
# ## 8. What does the experiment on depth show?
#
# Look at `findings["settings"]`, or at the figure in lesson 4. Without shortcuts, is the deepest
# network better or worse than the one before? Compare the accuracies on training pictures too: is
# it overfitting? Name one thing that the experiment does *not* show.

# %% [markdown] question="depth"
# *Your answer here.*

# %% [markdown]
# ## Reflection
#
# Write down three things that you take away from this lab. Then say which help you used (people,
# books, AI tools), and for what.

# %% [markdown] question="reflection"
# *Your answer here.*
