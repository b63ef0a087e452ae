# %% [markdown]
# # Lab 7. From Keras to PyTorch
#
# A friend sends you a network written in Keras, and its weights. You bring both over to PyTorch,
# so that the two give the same answers. You need lesson 7.
#
# Write your answers into the cells that say so. `check` then tells whether an answer is right, or
# shows a case in which it is not, with a hint.

# %%
import numpy as np
import torch
from torch import nn

from retinue.lessons import check

# %% [markdown]
# ## The network
#
# Your friend's network comes as a list of layers, with Keras' names and settings. Convolutions have
# stride 1. Pooling windows do not overlap. `shape` is (height, width, channels) of a picture, in
# the order that Keras uses.

# %%
layers = [
    {"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"},
    {"layer": "MaxPooling2D", "pool_size": 2},
    {"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "valid", "activation": "relu"},
    {"layer": "MaxPooling2D", "pool_size": 2},
    {"layer": "Flatten"},
    {"layer": "Dropout", "rate": 0.2},
    {"layer": "Dense", "units": 128, "activation": "relu"},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
]
shape = (28, 28, 1)


def output_shapes(layers, shape):
    """What comes out of every layer: (height, width, channels), or (values,) once it is flat."""
    shapes = []
    for layer in layers:
        if layer["layer"] == "Conv2D":
            lost = 0 if layer["padding"] == "same" else layer["kernel_size"] - 1
            shape = (shape[0] - lost, shape[1] - lost, layer["filters"])
        elif layer["layer"] == "MaxPooling2D":
            shape = (shape[0] // layer["pool_size"], shape[1] // layer["pool_size"], shape[2])
        elif layer["layer"] == "Flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        elif layer["layer"] == "Dense":
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


for layer, after in zip(layers, output_shapes(layers, shape), strict=True):
    print(f"{layer['layer']:13} {after}")

# %% [markdown]
# ## 1. Count the parameters
#
# Keras' `summary()` says how many parameters each layer has. Do it by hand: give a list with one
# number for each layer. Layers without weights have 0. `output_shapes` above may help.


# %% question="parameters"
def count_parameters(layers, shape):
    """How many weights and biases each layer has: a list of whole numbers.

    layers: as above. shape: (height, width, channels) of a picture.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.parameters", count_parameters)

# %% tags=["shown"]
print(count_parameters(layers, shape), "together", f"{sum(count_parameters(layers, shape)):,}")

# %% [markdown]
# ## 2. Padding "same"
#
# With padding "same" a layer of stride $s$ gives as many values as there are steps of $s$ pixels
# in the row, and a step that is begun counts: the size divided by $s$, rounded up. Keras puts just
# as many zeros around the row as that needs. If their number is odd, the one more comes **after**
# the row. (Rows and columns are treated alike, so one direction is enough.)


# %% question="same_padding"
def same_padding(size, kernel, stride):
    """How many zeros stand (before, after) a row of `size` pixels."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.same_padding", same_padding)

# %% tags=["shown"]
for size, kernel, stride in ((28, 3, 1), (28, 3, 2), (28, 4, 1)):
    print(f"size {size}, kernel {kernel}, stride {stride}: {same_padding(size, kernel, stride)}")

# %% [markdown]
# ## 3. Translate
#
# Make a network of PyTorch of such a list. It takes pictures (N, channels, height, width) and gives
# **logits** (N, classes), so that it can be trained with `nn.CrossEntropyLoss`. Kernels are odd,
# and the stride is 1.


# %% question="translate"
def translate(layers, shape):
    """The same network as a torch.nn.Module.

    layers: as above. shape: (height, width, channels) of a picture.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.translate", translate)

# %% tags=["shown"]
translate(layers, shape)

# %% [markdown]
# ## 4. The kernels of a convolution
#
# Keras keeps the kernels of a convolution in one array of shape (height, width, channels in,
# filters). In PyTorch `conv.weight` has shape (filters, channels in, height, width).


# %% question="conv_weights"
def conv_weights(kernel):
    """Keras' kernel, a NumPy array, in the order of PyTorch."""
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.conv_weights", conv_weights)

# %% [markdown]
# ## 5. The dense layer after Flatten
#
# Keras flattens maps (height, width, channels) in that order: the channels change quickest. PyTorch
# flattens (channels, height, width): the columns change quickest. So the first dense layer after
# `Flatten` meets the same values in another order, and its weights must be put in order too.
#
# Keras' kernel has shape (height * width * channels, units), `linear.weight` has shape
# (units, channels * height * width).


# %% question="dense_weights"
def dense_weights(kernel, height, width, channels):
    """Keras' kernel of the first dense layer, as the weight of an nn.Linear after nn.Flatten.

    height, width, channels: of the maps before they are flattened.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.dense_weights", dense_weights)

# %% [markdown]
# ### Does it all fit together?
#
# Here is Keras' way of computing, in a few lines: channels last, kernels as Keras keeps them. With
# your two functions a network of PyTorch should answer alike.

# %% tags=["shown"]
draw = np.random.default_rng(0)
kernel = draw.normal(size=(3, 3, 1, 4))
dense = draw.normal(size=(6 * 6 * 4, 5))
pictures = draw.normal(size=(2, 8, 8, 1))

windows = np.lib.stride_tricks.sliding_window_view(pictures, (3, 3), axis=(1, 2))
maps = np.einsum("nhwcij,ijco->nhwo", windows, kernel)
theirs = maps.reshape(2, -1) @ dense

conv = nn.Conv2d(1, 4, 3, bias=False, dtype=torch.float64)
linear = nn.Linear(4 * 6 * 6, 5, bias=False, dtype=torch.float64)
with torch.no_grad():
    conv.weight.copy_(torch.as_tensor(conv_weights(kernel)))
    linear.weight.copy_(torch.as_tensor(dense_weights(dense, 6, 6, 4)))
    ours = linear(conv(torch.tensor(pictures).permute(0, 3, 1, 2)).flatten(1))
print("the largest difference:", abs(ours.numpy() - theirs).max())

# %% [markdown]
# ## 6. Keras' loss
#
# Keras' losses for classes are `sparse_categorical_crossentropy`, whose targets are numbers of
# classes (N,), and `categorical_crossentropy`, whose targets are rows (N, classes) with a single 1:
# *one-hot*. Both take probabilities, unless `from_logits=True` is said. Write one function for all
# of it. It gives the mean over the pictures, as one number.


# %% question="loss"
def keras_loss(targets, outputs, from_logits):
    """The mean cross entropy, a number.

    targets: (N,) numbers of classes, or (N, K) one-hot. outputs: (N, K). All are NumPy arrays.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab7.loss", keras_loss)

# %% tags=["shown"]
logits = np.array([[0.0, 8.0, 0.0]])
probabilities = np.exp(logits) / np.exp(logits).sum()
label = np.array([1])
print(f"right:                      {keras_loss(label, logits, True):.4f}")
print(f"with one softmax too many:  {keras_loss(label, probabilities, True):.4f}")

# %% [markdown]
# ## 7. Where would you look?
#
# A friend has translated a network. It trains, but after five epochs it is clearly worse than the
# original. **Name three differences between the two libraries that you would check, in the order in
# which you would check them, and say for each how you would find out.** (About 80 words.)

# %% [markdown] question="suspects"
# *Your answer here.*

# %% [markdown]
# ## Looking back
#
# Three things that you take away from this lab, and which help you used: people, books, AI tools,
# and for what.

# %% [markdown] question="reflection"
# *Your answer here.*
