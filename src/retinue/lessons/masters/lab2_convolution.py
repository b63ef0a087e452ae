# %% [markdown]
# # Lab 2. Convolution
#
# You write what a convolutional network does: the size of an output, a convolution of one channel
# and of many, max pooling, the receptive field, the number of parameters. Use NumPy and plain
# Python. Read lesson 2 first.
#
# Each question has a cell for your answer and a cell that checks it. Where an answer is not right,
# the check shows a case in which it fails. You can ask as often as you like.

# %%
import numpy as np

from retinue.lessons import check

# %% tags=["shown"]
from matplotlib import pyplot as plt
from sklearn.datasets import load_sample_image

from retinue import images

photo = images.fit(np.array(load_sample_image("flower.jpg")), (96, 96), "crop")
plt.figure(figsize=(2.5, 2.5))
plt.imshow(photo)
plt.axis("off")
plt.show()

# %% [markdown]
# ## 1. How large is the output?
#
# Along one side of a picture: `size` numbers, a kernel of `kernel`, and `padding` numbers added at
# *each* end. Write down the formula of lesson 2.


# %% question="output_size"
def output_size(size, kernel, stride, padding):
    """How many numbers a convolution makes along one side.

    Args:
        size: numbers along that side of the picture.
        kernel: of the kernel.
        stride: how far the window moves at each step.
        padding: numbers that are added at each end.

    Returns:
        a whole number.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.output_size", output_size)

# %% [markdown]
# ## 2. A convolution of one channel
#
# As networks have it: the kernel is not turned. The padding is zeros, at all four sides. Pictures
# and kernels need not be square.


# %% question="conv2d"
def conv2d(image, kernel, stride, padding):
    """A convolution of one channel to one channel, without a bias.

    Args:
        image: (H, W).
        kernel: (h, w).
        stride: of rows and of columns, one whole number.
        padding: rows and columns of zeros at each side, one whole number.

    Returns:
        (H', W').
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.conv2d", conv2d)

# %% [markdown]
# Your convolution on the photo, made grey:

# %% tags=["shown"]
grey = photo.mean(axis=2)
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
figure, panels = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axes, values, title in zip(
    panels,
    (grey, conv2d(grey, sobel, 1, 1), conv2d(grey, sobel.T, 1, 1)),
    ("the photo", "upright edges", "level edges"),
    strict=True,
):
    most = np.abs(values).max()
    signed = values.min() < 0
    axes.imshow(values, cmap="RdBu_r" if signed else "gray", vmin=-most if signed else 0, vmax=most)
    axes.set_title(title)
    axes.axis("off")
plt.show()

# %% [markdown]
# ## 3. Many channels
#
# Now a whole layer, with stride 1 and no padding. It has `O` kernels, each with a slice for every
# channel of the picture, and a bias for each kernel. You may use your own functions.


# %% question="conv_layer"
def conv_layer(maps, kernels, bias):
    """A layer of convolutions, with stride 1 and without padding.

    Args:
        maps: (C, H, W), the channels of the picture.
        kernels: (O, C, h, w).
        bias: (O,).

    Returns:
        (O, H', W').
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.conv_layer", conv_layer)

# %% [markdown]
# ## 4. Max pooling
#
# The largest number of each window. The windows lie side by side: the stride is as large as the
# window. Rows and columns that do not fill a window are dropped.


# %% question="max_pool"
def max_pool(maps, size):
    """The largest of each window of size x size.

    Args:
        maps: (C, H, W).
        size: rows and columns of the window, and the stride.

    Returns:
        (C, H', W').
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.max_pool", max_pool)

# %% tags=["shown"]
smaller = [photo, *(max_pool(photo.transpose(2, 0, 1), n).transpose(1, 2, 0) for n in (2, 4, 8))]
figure, panels = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
for axes, values in zip(panels, smaller, strict=True):
    axes.imshow(values)
    axes.set_title("{} x {}".format(*values.shape))
    axes.axis("off")
plt.show()

# %% [markdown]
# ## 5. The receptive field
#
# Layers follow one another, each with its kernel and its stride; a pooling is one of them. How many
# pixels in a row, from the first to the last, can a unit of the last layer depend on?


# %% question="receptive_field"
def receptive_field(layers):
    """How many pixels along one side a unit of the last layer can see.

    Args:
        layers: pairs (kernel, stride), in the order of the network.

    Returns:
        a whole number.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.receptive_field", receptive_field)

# %% [markdown]
# Ten layers of your choice: what makes the field grow quickest?

# %% tags=["shown"]
for layers in ([(3, 1)] * 10, [(5, 1)] * 10, [(3, 1), (2, 2)] * 5, [(3, 2)] * 10):
    print(f"{receptive_field(layers):>5} pixels with (kernel, stride) {layers[:3]} ...")

# %% [markdown]
# ## 6. Parameters
#
# How many numbers does a layer like that of question 3 learn?


# %% question="count_parameters"
def count_parameters(channels_in, channels_out, kernel, bias):
    """The number of weights and biases of a convolution with a square kernel.

    Args:
        channels_in: of the picture.
        channels_out: that the layer makes.
        kernel: rows, and columns, of the kernel.
        bias: whether the layer has biases, true or false.

    Returns:
        a whole number.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab2.count_parameters", count_parameters)

# %% [markdown]
# ## 7. In words: what is the price of so few weights?
#
# A convolution has far fewer parameters than a linear layer of the same input and output. Which two
# things does it take for granted about pictures? Name a kind of data for which one of the two is
# wrong, and say what would go wrong then. (About six sentences.)

# %% [markdown] question="sharing"
# *Your answer here.*

# %% [markdown]
# ## Looking back
#
# Write down three things that you take away from this lab. Then say which help you used: people,
# books, web pages, AI tools, and for what.

# %% [markdown] question="reflection"
# *Your answer here.*
