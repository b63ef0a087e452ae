# %% [markdown]
# # 7. The same network in Keras and in PyTorch
#
# After this lesson you can read a program written in Keras, write the same in PyTorch, and name the
# things that Keras decides without telling you.
#
# Most first lessons on deep learning are written in Keras, and many use the data set of this one:
# Fashion-MNIST, small grey pictures of clothes (Xiao, Rasul and Vollgraf 2017). So here is the
# question: if two people train *the same network on the same pictures*, one in Keras and one in
# PyTorch, do they get the same? And what does "the same network" mean?

# %%
import importlib.util
import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional

import retinue
from retinue.lessons import lesson_data
from retinue.lessons.recorded import recorded

data = lesson_data("fashion-mnist", instead="digits", size=28, limit_per_class=1000)
record = recorded("keras-fashion-mnist")
data

# %% [markdown]
# ## The network, line by line
#
# Keras calls it a *Sequential*: layers one after the other. PyTorch has the same word.
#
# | Keras | PyTorch |
# |---|---|
# | `Input((28, 28, 1))` | nothing: each layer is told what comes in |
# | `Conv2D(32, 3, activation="relu")` | `nn.Conv2d(1, 32, 3)`, `nn.ReLU()` |
# | `MaxPooling2D(2)` | `nn.MaxPool2d(2)` |
# | `Conv2D(32, 3, activation="relu")` | `nn.Conv2d(32, 32, 3)`, `nn.ReLU()` |
# | `MaxPooling2D(2)` | `nn.MaxPool2d(2)` |
# | `Flatten()` | `nn.Flatten()` |
# | `Dense(128, activation="relu")` | `nn.Linear(800, 128)`, `nn.ReLU()` |
# | `Dense(10)` | `nn.Linear(128, 10)` |
#
# A Keras layer finds out by itself how much comes in. In PyTorch you say it: 800 is
# 5 x 5 x 32, what is left after the second pooling. And an activation is a setting in Keras, but a
# layer in PyTorch.
#
# Both programs are below. The one in Keras is only defined; it runs later, if Keras is there.


# %%
def in_keras(shape, classes):
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes),
        ]
    )


def in_pytorch(channels, classes):
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(5 * 5 * 32, 128),
        nn.ReLU(),
        nn.Linear(128, classes),
    )


classes = len(data.classes)
ours = in_pytorch(data.channels, classes)
ours

# %% [markdown]
# ### Are they equal? Count
#
# The next cell sends a picture of zeros through our network and writes down what comes out of each
# layer. Beside it stands what Keras says of its own.

# %%
mine, maps = [], torch.zeros(1, data.channels, *data.size)
for layer in ours:
    maps = layer(maps)
    if not isinstance(layer, nn.ReLU):  # in Keras it belongs to the layer before
        count = sum(one.numel() for one in layer.parameters())
        mine.append((type(layer).__name__, tuple(maps.shape[1:]), count))

head = f"{'gives':16}{'parameters':>10}"
print(f"{'Keras':14}{head}     {'PyTorch':11}{head}")
for theirs, (kind, shape, count) in zip(record["keras"]["layers"], mine, strict=True):
    left = f"{theirs['kind']:14}{tuple(theirs['output'])!s:16}{theirs['parameters']:>10,}"
    print(f"{left}     {kind:11}{shape!s:16}{count:>10,}")
total = sum(count for *_, count in mine)
print(f"together {record['keras']['parameters']:,} and {total:,}")
assert record["keras"]["parameters"] == total

# %% [markdown]
# Every layer has the same number of parameters. But look at the shapes: Keras puts the channels
# **last** (height, width, channels), PyTorch puts them **first**. The short names are NHWC and
# NCHW; N is the number of pictures. The same values, in another order. Remember this, it comes
# back.
#
# ## The training, line by line
#
# | Keras | PyTorch | Retinue |
# |---|---|---|
# | `model.compile(optimizer, loss)` | make an optimiser and a loss | settings of `retinue.train` |
# | `model.fit(x, y, epochs=5)` | the loop with its four steps | `retinue.train(data, epochs=5)` |
# | `model.evaluate(x, y)` | a loop without updates | `retinue.evaluate(run)` |
# | `model.predict(x)` | `model(x).softmax(1)` | `retinue.predict(run, x)` |
#
# `fit` hides the loop of lesson 3. Here it is once more, for one epoch.

# %%
pixels = torch.tensor(data.train.images).permute(0, 3, 1, 2).float() / 255  # NHWC to NCHW
labels = torch.tensor(data.train.labels)

torch.manual_seed(0)
optimiser = torch.optim.Adam(ours.parameters(), lr=1e-3)  # compile
ours.train()
for positions in torch.randperm(len(labels)).split(32):  # fit
    batch, wanted = pixels[positions], labels[positions]  # 1. transform
    loss = functional.cross_entropy(ours(batch), wanted)  # 2. forward
    optimiser.zero_grad()
    loss.backward()  # 3. backward
    optimiser.step()  # 4. update

ours.eval()
test = torch.tensor(data.test.images).permute(0, 3, 1, 2).float() / 255
with torch.no_grad():  # evaluate
    said = torch.cat([ours(part).argmax(1) for part in test.split(500)])
right = (said == torch.tensor(data.test.labels)).float().mean().item()
print(f"after one epoch of {len(labels):,} pictures: {right:.1%} of the test pictures right")

# %% [markdown]
# Retinue has this network as `keras-lesson`, with Keras' initial weights and settings. It also
# normalises the pixels (lesson 1), which the lesson of Keras does not.

# %%
run = retinue.train(data, model="keras-lesson", epochs=3)
print(retinue.evaluate(run))
retinue.predict(run, data.test.images[:5])

# %% [markdown]
# Now Keras, where it is installed (`pip install keras`; it can use the torch that is here). If it
# is not, the cell says so and we go on with a record.

# %%
if importlib.util.find_spec("keras"):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tensorflow = importlib.util.find_spec("tensorflow")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow" if tensorflow else "torch")
    import keras

    keras.utils.set_random_seed(0)
    model = in_keras(data.train.images.shape[1:], classes)
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(data.train.images / np.float32(255), data.train.labels, epochs=3, verbose=0)
    _, accuracy = model.evaluate(data.test.images / np.float32(255), data.test.labels, verbose=0)
    print(f"Keras {keras.__version__} with {keras.backend.backend()}: {accuracy:.1%}")
else:
    print("Keras is not installed here; the record below shows what it gave elsewhere.")

# %% [markdown]
# ## Do they get the same?
#
# This was measured with all of Fashion-MNIST: both networks, pixels divided by 255, the same
# settings, several seeds. Each line is one training.

# %%
shown = {"keras": "Keras", "retinue": "PyTorch, by Retinue"}
figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for name, colour in (("keras", "#D55E00"), ("retinue", "#0072B2")):
    for number, one in enumerate(record[name]["trainings"]):
        epochs = range(1, len(one["accuracy"]) + 1)
        label = None if number else shown[name]
        axes.plot(epochs, one["accuracy"], "o-", color=colour, label=label)
axes.set(xlabel="epoch", ylabel="accuracy on test", xticks=epochs)
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend()
plt.show()

last = {}
for name in ("keras", "retinue"):
    values = last[name] = [one["accuracy"][-1] for one in record[name]["trainings"]]
    ends = f"from {min(values):.1%} to {max(values):.1%}"
    print(f"{shown[name]}: at the end {np.mean(values):.1%}, {ends}")
overlap = min(last["keras"]) <= max(last["retinue"]) and min(last["retinue"]) <= max(last["keras"])
print("the two ranges overlap" if overlap else "the two ranges do not overlap")
versions = {**record["keras"]["versions"], **record["retinue"]["versions"]}
print(", ".join(f"{name} {version}" for name, version in versions.items()) + f"; {record['date']}")
carried = record["carried_over"]
print(
    f"Keras' weights carried over into ours: {carried['same_answers']:,} of "
    f"{carried['pictures']:,} answers alike, "
    f"logits differ by at most {carried['largest_difference']:.0e}"
)

# %% [markdown]
# Two trainings with different seeds never agree exactly: initial weights and the order of the
# pictures are drawn by chance. The fair question is whether the two *clouds* of lines differ more
# than lines of one cloud do. And the last printed line is stronger: with the **same weights** the
# two programs are the same function, up to rounding. The network is equal. What differs lies around
# it.
#
# ## What Keras decides for you
#
# | | Keras 3 | PyTorch |
# |---|---|---|
# | initial weights | Glorot uniform, biases 0 | uniform within 1/√inputs, biases too |
# | Adam | rate 0.001, ε = 10⁻⁷ | rate 0.001, ε = 10⁻⁸ |
# | batch size | 32 | 1, in `DataLoader` |
# | batch norm | keeps 0.99 of its old statistics, ε = 10⁻³ | keeps 0.9, ε = 10⁻⁵ |
# | validation | `validation_split` takes the **last** rows | you say it |
# | pixels | as you give them | as you give them |
# | loss | expects probabilities | expects logits |
# | maps | channels last | channels first |
#
# (Keras 3.15 and PyTorch 2.13, read from their sources.) Some of these can spoil a translation
# without any error. Let us look at them.
#
# ### 1. Initial weights
#
# *Glorot* weights (Glorot and Bengio 2010) are drawn between $-b$ and $b$ with
# $b = \sqrt{6 / (\text{in} + \text{out})}$. PyTorch calls `kaiming_uniform_` (after He and others
# 2015) with a setting that makes it $b = 1/\sqrt{\text{in}}$. Here "in" counts the values that one
# output sees. **Guess first:** which of the two begins with larger weights?

# %%
torch.manual_seed(1)
fresh = in_pytorch(1, 10)
names = ["conv1", "conv2", "dense", "output"]
weights = [layer.weight for layer in fresh if hasattr(layer, "weight")]
figure, panels = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained", sharex=True)
for axes, name, weight in zip(panels, names, weights, strict=True):
    glorot = nn.init.xavier_uniform_(torch.empty_like(weight))
    both = {"Glorot (Keras)": (glorot, "#D55E00"), "PyTorch": (weight, "#0072B2")}
    for label, (drawn, colour) in both.items():
        values = drawn.detach().flatten().numpy()
        axes.hist(values, 30, density=True, alpha=0.6, color=colour, label=label)
    axes.set(title=name, yticks=[], xlabel="weight")
figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
plt.show()

# %% [markdown]
# It depends on the layer: Glorot is narrower in the first one, which has few inputs and many
# outputs, and wider in the others.
#
# ### 2. A softmax too many
#
# Many Keras lessons end in `Dense(10, activation="softmax")`, and their loss expects probabilities
# (`from_logits=False`). PyTorch's `cross_entropy` expects logits and takes the softmax itself. Who
# translates the last layer word by word gets **two** softmaxes. There is no error. What happens to
# the loss of a picture whose right class gets a larger and larger logit?

# %%
sure = torch.linspace(-8, 12, 200)
logits = torch.zeros(200, 10)
logits[:, 0] = sure
wanted = torch.zeros(200, dtype=torch.long)
once = functional.cross_entropy(logits, wanted, reduction="none")
twice = functional.cross_entropy(logits.softmax(1), wanted, reduction="none")
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(sure, once, color="#0072B2", label="one softmax")
axes.plot(sure, twice, color="#D55E00", label="two")
axes.set(xlabel="logit of the right class, the other nine 0", ylabel="loss", ylim=(0, None))
axes.legend()
plt.show()
print(f"with two, the loss of ten classes never falls below {twice.min():.2f}")

# %% [markdown]
# The answers stay the same, for the largest number stays the largest. But the curve is nearly flat:
# little pulls at the weights where the answer is very wrong, and a good answer is hardly rewarded.
#
# ### 3. Validation from the end
#
# `validation_split=0.1` keeps the last tenth of the rows, *before* shuffling. That is fine if the
# rows are mixed. Folders of photos are usually read class by class.

# %%
by_class = np.sort(data.train.labels)
cut = int(len(by_class) * (1 - 0.1))
for name, rows in (("training", by_class[:cut]), ("validation", by_class[cut:])):
    print(f"classes in {name}:", ", ".join(data.classes[label] for label in np.unique(rows)))

# %% [markdown]
# Retinue takes a share of *each* class, by chance.
#
# ### 4. The order of flat values
#
# Below are two maps of 2 x 3 pixels, one orange and one blue. `Flatten` makes a row of them.

# %%
values = np.arange(12).reshape(2, 2, 3)  # channel, row, column
channel = np.repeat([0, 1], 6).reshape(2, 2, 3)
orders = {"PyTorch: channel, row, column": (0, 1, 2), "Keras: row, column, channel": (1, 2, 0)}
figure, panels = plt.subplots(2, 1, figsize=(7, 2.4), layout="constrained")
for axes, (name, order) in zip(panels, orders.items(), strict=True):
    row, colours = values.transpose(order).ravel(), channel.transpose(order).ravel()
    axes.bar(range(12), 1, width=0.95, color=[("#E69F00", "#56B4E9")[one] for one in colours])
    for place, one in enumerate(row):
        axes.text(place, 0.5, one, ha="center", va="center")
    axes.set_title(name, loc="left", fontsize=10)
    axes.axis("off")
plt.show()

# %% [markdown]
# The next layer has a weight for each place. So whoever carries Keras' weights over must bring them
# into the new order. Whoever forgets it gets a network of the right shape that answers nonsense.
#
# ### 5. Small numbers
#
# Adam divides by the size of past slopes, plus a tiny ε (Kingma and Ba 2015). The two libraries add
# it at slightly different places. This is how far the very first step goes, as a share of the
# learning rate:

# %%
print("slope      Keras   PyTorch")
for slope in (1e-2, 1e-4, 1e-6, 1e-8):
    spread = (0.001 * slope**2) ** 0.5  # the root of the running mean of squares
    theirs = slope * 0.001**0.5 / (spread + 1e-7)
    print(f"{slope:.0e}   {theirs:8.4f} {slope / (slope + 1e-8):8.4f}")

# %% [markdown]
# For slopes of the usual size it hardly matters. For tiny ones it does.
#
# ## Try it
#
# 1. Put `nn.Softmax(1)` at the end of `in_pytorch`, and run the loop again. *What do you expect?*
#    No error. The loss stays above the floor of the figure, however well the network answers.
# 2. Train with `batch_size=256`. *More or fewer updates an epoch?* Fewer: an eighth. So one epoch
#    usually brings the network less far, though it takes less time.
#
# ## Summary
#
# - A network in Keras and one in PyTorch can be the same function, parameter by parameter.
# - What differs stands around it: initial weights, order of channels, loss, validation, defaults.
# - The dangerous differences raise no error. Count parameters, compare shapes, look at the first
#   loss.
#
# **Lab 7**, `lab7_keras`: count, translate, and carry weights over.
#
# Sources: F. Chollet, *Deep Learning with Python*, 2nd edition 2021; X. Glorot and Y. Bengio,
# *Understanding the difficulty of training deep feedforward neural networks*, 2010; K. He, X.
# Zhang, S. Ren and J. Sun, *Delving deep into rectifiers*, 2015; D. P. Kingma and J. Ba, *Adam: a
# method for stochastic optimization*, 2015; H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST*,
# 2017.
