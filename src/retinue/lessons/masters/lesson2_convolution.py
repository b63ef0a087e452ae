# %% [markdown]
# # 2. Convolution
#
# How can a network find an edge wherever it is, without learning it anew for each place? After this
# lesson you can compute a convolution by hand, say how large its output is, how many weights it
# has, and how much of the picture a deep unit sees.

# %%
import time

import numpy as np
import torch
from matplotlib import pyplot as plt
from scipy.signal import convolve2d
from sklearn.datasets import load_sample_image
from torch.nn import functional as F

from retinue import images
from retinue.widgets import ConvolutionExplorer

# %% [markdown]
# ## A small window that moves
#
# A *kernel* is a small array of weights. It is laid on a part of the picture, its *window*. Each
# weight is multiplied by the number below it, and all products are added up: that is one number of
# the output. Then the window moves on.
#
# **Try it** in the explorer, by mouse or with the arrow keys:
#
# 1. Move the window. Where is the output large, where negative, where 0?
# 2. Choose *Blur* and then *Laplacian*. What does each make of the 7?
# 3. Set the stride to 2, then the padding to 1. What happens to the size of the output?

# %%
ConvolutionExplorer()

# %% [markdown]
# What you should have seen: *Sobel x* answers where the picture changes from left to right. From
# dark to bright is positive, from bright to dark negative, and an even area gives 0, however bright
# it is. *Blur* mixes neighbours. *Laplacian* answers to edges of all directions. A larger stride
# makes the output smaller, padding makes it larger.
#
# ## By hand
#
# Two loops over the places, and a sum: that is all.


# %%
def slide(picture, kernel):
    """Lay the kernel on each place of a picture (H, W) where it fits, and add up the products."""
    height, width = kernel.shape
    output = np.zeros((picture.shape[0] - height + 1, picture.shape[1] - width + 1))
    for row in range(output.shape[0]):
        for column in range(output.shape[1]):
            window = picture[row : row + height, column : column + width]
            output[row, column] = (window * kernel).sum()
    return output


photo = images.fit(np.array(load_sample_image("china.jpg")), (256, 256), "crop")
grey = images.with_channels(photo, 1)[:, :, 0].astype(float)
kernels = {
    "blur": np.full((5, 5), 1 / 25),
    "sobel x": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel y": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
}

start = time.perf_counter()
ours = {name: slide(grey, kernel) for name, kernel in kernels.items()}
loops = time.perf_counter() - start

figure, panels = plt.subplots(1, 4, figsize=(13, 3.5), layout="constrained")
panels[0].imshow(grey, cmap="gray")
panels[0].set_title("picture")
for axes, (name, output) in zip(panels[1:], ours.items(), strict=True):
    most = np.abs(output).max()
    low, colours = (0, "gray") if output.min() >= 0 else (-most, "RdBu_r")
    axes.imshow(output, cmap=colours, vmin=low, vmax=most)
    axes.set_title(name)
for axes in panels:
    axes.axis("off")
plt.show()

# %% [markdown]
# Red is positive, blue negative. Does PyTorch get the same? It wants (pictures, channels, rows,
# columns), so both arrays get two axes of length 1 in front.

# %%
start = time.perf_counter()
theirs = {
    name: F.conv2d(torch.tensor(grey)[None, None], torch.tensor(kernel)[None, None])[0, 0].numpy()
    for name, kernel in kernels.items()
}
torchs = time.perf_counter() - start
for name in kernels:
    print(f"{name}: largest difference {np.abs(ours[name] - theirs[name]).max():.1e}")
print(f"The same sums took our loops {loops / torchs:.0f} times as long.")

# %% [markdown]
# ## A confusion of names
#
# In mathematics a convolution turns the kernel by 180 degrees before it slides. What networks do is
# called *cross-correlation* there (Goodfellow, Bengio and Courville, *Deep learning*, 2016, chapter
# 9). SciPy's `convolve2d` keeps to mathematics, torch's `conv2d` does not. Does it matter? Let a
# layer of torch learn, from noise and the answers of SciPy, what the kernel is. It begins with
# random weights.

# %%
from retinue.plotting.inside.cells import draw_cells, scale_of

rng = np.random.default_rng(0)
noise = rng.normal(size=(64, 64))
secret = np.array([[1.0, 2, 0], [0, -1, 3], [0, 0, -2]])
wanted = torch.tensor(convolve2d(noise, secret, mode="valid"))

torch.manual_seed(0)
layer = torch.nn.Conv2d(1, 1, kernel_size=3, bias=False, dtype=torch.float64)
for _ in range(100):
    loss = F.mse_loss(layer(torch.tensor(noise)[None, None])[0, 0], wanted)
    layer.weight.grad = None
    loss.backward()
    with torch.no_grad():
        layer.weight -= 0.2 * layer.weight.grad

learnt = layer.weight.detach()[0, 0].numpy()
figure, panels = plt.subplots(1, 2, figsize=(6, 2.8), layout="constrained")
both = {"the secret kernel": secret, "what was learnt": learnt}
for axes, (title, values) in zip(panels, both.items(), strict=True):
    draw_cells(axes, values.round(3) + 0.0, scale_of(secret, signed=True), 2.3)
    axes.set_title(title)
plt.show()

# %% [markdown]
# The layer found the secret, turned by 180 degrees. So for a network it does not matter: it learns
# the weights anyhow, and would learn them turned. It matters when you compare two programs, or copy
# a kernel from a book. And you have seen the great idea of this field: nobody chooses the weights.
# They are learnt.
#
# ## Stride, padding, and the size of the output
#
# The *stride* `s` says how far the window moves at each step. The *padding* `p` says how many rows
# or columns, mostly of zeros, are put around the picture at *each* side. With `n` numbers in a row
# and a kernel of `k`:
#
# $$\text{output} = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# The brackets round down (*floor*). Read it so: the first window covers `k` numbers; the rest,
# divided by the stride, is how many further steps fit; and 1 for the first window. Many cases are
# drawn in Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.

# %%
from retinue.explaining.convolution.convolve import arithmetic
from retinue.explaining.convolution.settings import Settings

arithmetic(size=8, kernel=3, settings=Settings(stride=2)).figure()

# %% [markdown]
# The hatched border is seen by no window. Nobody warns you: floor means that the last numbers are
# dropped.
#
# **Try it.** Which padding keeps the size with a kernel of 5 and stride 1? Work it out, then change
# the 0 below.

# %%
padding = 0
arithmetic(size=8, kernel=5, settings=Settings(padding=padding)).figure()

# %% [markdown]
# It is 2: half of an odd kernel without its middle, (k - 1) / 2. This is called *same* padding. No
# padding at all is called *valid*. Padding has a second use: without it the pixels in a corner lie
# under one window only, those in the middle under many.
#
# ## Several channels
#
# A colour picture has three channels. So the kernel has three slices, one for each, and the
# products of *all* slices are added up, with one more number, the *bias*. One kernel makes one
# channel of the output. A layer has many kernels.

# %%
from retinue.explaining.convolution.maps import maps_of
from retinue.explaining.convolution.trace import trace

torch.manual_seed(0)
layer = torch.nn.Conv2d(3, 8, kernel_size=3)
corner = maps_of(photo[64:72, 88:96]) / 255
weights = layer.weight.detach().round(decimals=1)
trace(corner, weights, layer.bias.detach().round(decimals=1), cell=(5, 4, 3),
      names=["red", "green", "blue"]).figure()  # fmt: skip

# %%
linear = torch.nn.Linear(3 * 32 * 32, 8 * 30 * 30, device="meta")
for name, one in (("convolution", layer), ("linear layer", linear)):
    count = sum(parameter.numel() for parameter in one.parameters())
    print(f"{name:>12}: weights {tuple(one.weight.shape)}, {count:,} parameters")

# %% [markdown]
# The kernels have 8 x 3 x 3 x 3 weights and there are 8 biases, whatever the size of the picture. A
# linear layer from a picture of 32 x 32 to the 8 x 30 x 30 numbers that the convolution makes of it
# has a weight for each pair of numbers. The convolution is that linear layer with two promises: a
# unit looks only at its neighbourhood, and all places *share* their weights.
#
# ## What sharing brings
#
# If the picture moves, the output moves with it. This is called *translation equivariance*. We put
# a digit on a black ground, move it by six columns, and compare.

# %%
from sklearn.datasets import load_digits

ground = np.zeros((20, 28))
ground[6:14, 4:12] = load_digits().images[3]
moved = np.roll(ground, 6, axis=1)


def edges(picture, stride=1):
    """What the kernel sobel x makes of a picture, with padding 1."""
    kernel = torch.tensor(kernels["sobel x"])[None, None]
    return F.conv2d(torch.tensor(picture)[None, None], kernel, stride=stride, padding=1)[0, 0]


figure, panels = plt.subplots(2, 2, figsize=(8, 4.6), layout="constrained")
for row, (picture, name) in enumerate(((ground, "picture"), (moved, "moved"))):
    panels[row, 0].imshow(picture, cmap="gray")
    panels[row, 0].set_title(name)
    panels[row, 1].imshow(edges(picture), cmap="RdBu_r", vmin=-60, vmax=60)
    panels[row, 1].set_title("its output")
for axes in panels.flat:
    axes.axis("off")
plt.show()

same = torch.equal(edges(moved), edges(ground).roll(6, dims=1))
print("Is the output of the moved picture the moved output?", same)
for by in (1, 2):
    shifted = edges(np.roll(ground, by, axis=1), stride=2)
    found = any(torch.equal(shifted, edges(ground, stride=2).roll(step, 1)) for step in range(14))
    print(f"stride 2, picture moved by {by}: is it the old output, moved?", found)

# %% [markdown]
# So what is learnt at one place is known at all places. With stride 2 this holds only for moves by
# a multiple of 2 (Zhang, *Making convolutional networks shift-invariant again*, 2019). And where an
# edge of the picture comes into it, padding makes a difference.
#
# ## Pooling
#
# *Max pooling* keeps the largest number of each window and has no weights. Its stride is usually as
# large as its window, so a 2 x 2 pooling halves both sides. *Average pooling* takes the mean.

# %%
from retinue.explaining.convolution.pooling import Pooling
from retinue.explaining.convolution.pooling_trace import trace_pool

numbers = rng.integers(-9, 10, size=(7, 7)).astype(float)
trace_pool(numbers, Pooling(2, "max"), cell=(0, 1, 0)).figure()

# %% [markdown]
# It tells whether something is there and forgets where exactly. The seventh row and column do not
# fill a window and are dropped: floor again.
#
# ## How far does a unit see?
#
# The pixels that can change a unit's number are its *receptive field*. A layer with kernel `k`
# widens it by `(k - 1)` times the product of all strides *before* it, poolings included. So strides
# and poolings make later layers see far.
#
# **Try it.** How many layers with kernel 3 and stride 1 does it take to see 32 pixels in a row? And
# if a 2 x 2 pooling follows each of them? Guess, then compare.

# %%
from retinue.models.describe import describe


def stack(layers, pool):
    """A network of some convolutions, with or without a pooling after each."""
    parts = []
    for _ in range(layers):
        parts.append(torch.nn.Conv2d(1, 1, 3, padding=1))
        parts += [torch.nn.MaxPool2d(2)] if pool else []
    return torch.nn.Sequential(*parts)


for pool in (False, True):
    for layers in range(1, 20):
        field = describe(stack(layers, pool), 1, (2**10, 2**10) if pool else (64, 64))
        if field.rows[-1].receptive_field[0] >= 32:
            break
    name = "with poolings" if pool else "without"
    print(f"{name}: {layers} layers see {field.rows[-1].receptive_field[0]} pixels in a row")

# %% [markdown]
# *Can* change is not *does* change. The middle of the field is on many more ways from the picture
# to the unit than its rim. So most of the influence lies in a smaller spot, the *effective*
# receptive field (Luo, Li, Urtasun and Zemel, *Understanding the effective receptive field in deep
# convolutional neural networks*, 2016). Here it is measured, on an untrained network of twelve
# layers without pooling.

# %%
from retinue.explaining.fields.receptive_field import receptive_field
from retinue.explaining.picture import as_picture_of
from retinue.images import Preprocess
from retinue.models.catalogue import build
from retinue.prediction.classifier import Classifier

torch.manual_seed(0)
deep = {"depth": 12, "width": 16, "pooling": "none"}
network = build("cnn", classes=10, channels=3, size=(64, 64), arguments=deep,
                mean=[127.0] * 3, std=[64.0] * 3)  # fmt: skip
preprocess = Preprocess((64, 64), (64, 64), "crop", 3)
classifier = Classifier(network, [str(number) for number in range(10)], preprocess)
seen = receptive_field(classifier, as_picture_of(classifier, photo, "the photo"))
seen.figure()

# %% [markdown]
# ## What does it cost, what does it bring?
#
# The work of a layer is counted in *multiply-adds*: numbers of the output, times the weights that
# each of them needs. Kernel, stride and padding were varied, with all other settings the same. The
# cell draws the shipped result.

# %%
from retinue.experiments.sweeps.shipped import kernel_source, measured

found = measured("kernel-stride-padding")
levels = {axis["key"]: axis["values"] for axis in found["axes"]}
marks = dict(zip(levels["model.kernel_size"], "osD", strict=True))
colours = dict(zip(levels["model.stride"], ["#0072B2", "#E69F00", "#D55E00"], strict=True))

figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
for one in found["findings"]["settings"]:
    if one["test"] is None:
        continue
    kernel, stride = one["values"]["model.kernel_size"], one["values"]["model.stride"]
    axes.errorbar(one["multiply_adds"], one["test"], marker=marks[kernel], color=colours[stride],
                  yerr=[[one["test"] - one["test_low"]], [one["test_high"] - one["test"]]],
                  alpha=0.75, linestyle="")  # fmt: skip
for stride, colour in colours.items():
    axes.plot([], [], color=colour, linewidth=6, label=f"stride {stride}")
for kernel, mark in marks.items():
    axes.plot([], [], mark, color="#8A8A8A", label=f"kernel {kernel}")
axes.set(xscale="log", xlabel="multiply-adds for one picture", ylabel="accuracy on test")
axes.legend(ncols=2)
plt.show()
print(kernel_source())
for topic in found["discussion"]:
    if topic["title"] in ("What mattered", "What depends on what"):
        print(*topic["sentences"], sep="\n")

# %% [markdown]
# Read it with care. It is one collection of pictures, and small networks. A larger output also
# feeds a larger linear layer after it, so more than one thing changes at a time. Two small kernels
# one after the other see as far as a larger one, with fewer weights for as many channels: that is
# one reason why kernels of 3 are so common (Simonyan and Zisserman, *Very deep convolutional
# networks for large-scale image recognition*, 2014). Networks of convolution and pooling are older:
# LeCun, Bottou, Bengio and Haffner read digits with them (*Gradient-based learning applied to
# document recognition*, 1998).
#
# ## In three lines
#
# - A convolution adds up window times kernel at each place, over all channels; its weights are few,
#   shared and learnt.
# - The size is floor((n + 2p - k) / s) + 1, and what is left over is dropped.
# - Depth, strides and poolings widen the receptive field; its middle counts most.
#
# Now do it yourself: **lab 2, `lab2_convolution`**.
