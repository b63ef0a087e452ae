# %% [markdown]
# # 1. Pictures as numbers
#
# A network cannot see. It gets numbers, and nothing else. After this lesson you can say which
# numbers those are, bring pictures into a form that a network learns well from, and do so without
# spoiling the test that comes at the end.

# %%
import numpy as np
import torch
from matplotlib import pyplot as plt

import retinue
from retinue import images, plotting
from retinue.lessons import lesson_data

data = lesson_data("cifar10", limit_per_class=200)
data

# %% [markdown]
# ## A picture is an array
#
# An *array* is a block of numbers. A picture has one number for each row, each column and each
# *channel*: red, green and blue, or only grey. Here each number is a `uint8`, a whole number from 0
# (dark) to 255 (bright).

# %%
by_contrast = data.train.images.std(axis=(1, 2, 3)).argsort()
picture = data.train.images[by_contrast[-1]]  # the one with the most contrast
label = data.train.labels[by_contrast[-1]]
print("rows, columns, channels:", picture.shape)
print("type:", picture.dtype, "- smallest:", picture.min(), "- largest:", picture.max())

# %%
from retinue.plotting.inside.cells import Scale, draw_cells

top, left = data.size[0] // 2 - 3, data.size[1] // 2 - 3
part = picture[top : top + 6, left : left + 6].astype(float)
names = ["red", "green", "blue"] if data.channels == 3 else ["grey"]

figure, panels = plt.subplots(1, 1 + len(names), figsize=(11, 3), layout="constrained")
panels[0].imshow(picture, cmap="gray", vmin=0, vmax=255)
panels[0].add_patch(
    plt.Rectangle((left - 0.5, top - 0.5), 6, 6, fill=False, edgecolor="red", linewidth=2)
)
panels[0].set_title(data.classes[label])
panels[0].axis("off")
for channel, name in enumerate(names):
    draw_cells(panels[channel + 1], part[:, :, channel], Scale(0, 255, signed=False), 2.6)
    panels[channel + 1].set_title(f"{name}, in the red frame")
plt.show()

# %% [markdown]
# **Try it.** We make the picture brighter by adding 60 to every number. What do you expect to see?
# Think first, then run the cell.

# %%
added = picture + 60
careful = (picture.astype(int) + 60).clip(0, 255).astype(np.uint8)
titles = ["as it is", "picture + 60", "with room, then cut"]
plotting.picture_grid([picture, added, careful], titles, columns=3)

# %% [markdown]
# A `uint8` has no room above 255. After 255 it starts again at 0, like a clock after twelve: 250 +
# 60 = 310 becomes 310 - 256 = 54. NumPy gives no warning. So: change the type to one with room
# *before* you calculate, and cut the result back afterwards.
#
# ## The order matters
#
# Programs that read files into NumPy give (rows, columns, channels). With the number of pictures in
# front this is called NHWC. PyTorch wants the channels first: NCHW. `transpose` moves the axes.
# `reshape` can make the same shape. Is it the same?

# %%
height, width, channels = picture.shape
moved = picture.transpose(2, 0, 1)
reshaped = picture.reshape(channels, height, width)
print(moved.shape, reshaped.shape)
plotting.picture_grid(
    [picture, moved[0][:, :, None], reshaped[0][:, :, None]],
    ["the picture", "transpose: channel 0", "reshape: channel 0"],
    columns=3,
)

# %% [markdown]
# The shapes agree and the pictures do not. `reshape` only reads the numbers in their old order and
# breaks the lines elsewhere. No error tells you, and the network would get torn pictures. A look at
# the picture tells you at once.
#
# ## Labels are names, not amounts
#
# The *label* of a picture is the number of its class. Class 4 is not twice class 2. So a network
# does not guess one number: it gives one number for each class. The right answer in the same form
# is *one-hot*: a 1 at the place of the class, and 0 everywhere else.

# %%
some = torch.from_numpy(np.random.default_rng(0).choice(data.train.labels, 4))
print(data.classes)
print(some.tolist(), "becomes")
print(torch.nn.functional.one_hot(some, len(data.classes)).numpy())

# %% [markdown]
# Count the classes before anything else. Somebody who always says the commonest class is right as
# often as that class occurs. A network has to beat that.

# %%
counts = {name: split.counts(data.classes) for name, split in data.splits.items()}
commonest = max(counts["train"], key=counts["train"].get)
share = counts["test"][commonest] / len(data.test)
print(f"Always saying {commonest}: right for {share:.1%} of the test pictures.")
plotting.class_counts(counts)

# %% [markdown]
# ## Three splits, and why not two
#
# Pictures are dealt into three heaps. **Train** is for learning. **Val** (validation) is for
# choosing: which network, how long, which settings. **Test** is for telling, once, how good the
# chosen one is. Why not choose on test as well? Here are 200 "networks" that only guess. We choose
# the one that does best on val.

# %%
rng = np.random.default_rng(0)


def guess(split):
    """The share of right guesses of 200 guessers."""
    guesses = rng.integers(len(data.classes), size=(200, len(split)))
    return (guesses == split.labels).mean(axis=1)


on_val, on_test = guess(data.val), guess(data.test)
best = on_val.argmax()

figure, axes = plt.subplots(figsize=(8, 2.8), layout="constrained")
seen = np.arange(on_val.min() * len(data.val), on_val.max() * len(data.val) + 2)
axes.hist(on_val, bins=(seen - 0.5) / len(data.val), color="#56B4E9", label="200 guessers on val")
axes.axvline(on_val[best], color="#D55E00", label="the chosen one on val")
axes.axvline(on_test[best], color="#222222", linestyle="--", label="the same one on test")
axes.set(xlabel="share of right guesses", ylabel="guessers")
axes.legend()
plt.show()
print(f"By chance alone {1 / len(data.classes):.1%} are right.")
print(f"The chosen guesser: {on_val[best]:.1%} on val, {on_test[best]:.1%} on test.")

# %% [markdown]
# The winner did not see anything. It was lucky, and we chose it *for* its luck. A number that was
# used to choose is, on average, too good. Only pictures that took no part in any choice tell the
# truth: that is what test is for.
#
# ## Look at the data
#
# Data is collected by people in a hurry. We planted two kinds of mistake in drawn pictures: wrong
# labels and copies. When Retinue loads data, it names copies that lie in two splits.

# %%
from retinue.data.shapes import lay_out

planted = {"count": 900, "label_errors": 0.2, "duplicates": 0.1}
messy = retinue.load_data("shapes", **planted)
for note in messy.notes:
    print("-", note)

# %% [markdown]
# **Try it.** All of these carry the label *star*. Which ones are no stars?

# %%
stars = np.flatnonzero(messy.train.labels == messy.classes.index("star"))[:24]
plotting.picture_grid(
    list(messy.train.take(stars)), [f"number {number}" for number in range(24)], columns=8
)

# %%
shown = lay_out(**planted).true_labels[messy.train.rows[stars]]
for number, what in enumerate(shown):
    if messy.classes[what] != "star":
        print(f"number {number} shows a {messy.classes[what]}")

# %% [markdown]
# Do this with any data that you get: wrong labels were found in the test sets of ten well-known
# collections of pictures, texts and sounds (Northcutt, Athalye and Mueller, *Pervasive label errors
# in test sets destabilize machine learning benchmarks*, 2021).
#
# Copies do another harm. If a copy of a test picture lies in train, the network may know it by
# heart, and test praises memory. CIFAR-10 has such near-copies (Barz and Denzler, *Do we train on
# test data?*, 2020). Information about the test that gets into the training is called *leakage*.
# Pictures that belong together, such as photos of one object or frames of one film, must stay in
# one split.
#
# ## Normalise
#
# We subtract from each channel its *mean* (the average) and divide by its *standard deviation* (how
# far numbers typically lie from the mean). What comes out lies around 0, with a spread of 1.

# %%
from retinue.models.normalise import Normalise
from retinue.training.normalisation import channel_statistics

mean, std = channel_statistics(data.train)
pixels = torch.from_numpy(data.train.images.transpose(0, 3, 1, 2))
normalised = Normalise(mean, std)(pixels)

figure, panels = plt.subplots(1, 2, figsize=(10, 2.8), layout="constrained")
edges = np.linspace(-0.5, 255.5, 33)
for channel, name in enumerate(names):
    bins = {"pixels": edges, "normalised": (edges - mean[channel]) / std[channel]}
    for axes, values, (title, ends) in zip(panels, (pixels, normalised), bins.items(), strict=True):
        numbers = values[:, channel].flatten().numpy()
        axes.hist(numbers, bins=ends, histtype="step", color=name, label=name)
        axes.set(title=title, yticks=[], xlabel="value", ylabel="how often")
panels[1].legend()
plt.show()
for name, one, other in zip(names, mean, std, strict=True):
    print(f"{name}: mean {one:.1f}, standard deviation {other:.1f}")

# %% [markdown]
# Nothing is lost: every picture can be won back. So does it matter? This was measured, with three
# forms of the same pixels: raw from 0 to 255, divided so that they go from 0 to 1, and
# standardised, which is another word for what we just did. The cell draws the shipped result.

# %%
from retinue.experiments.sweeps.shipped import measured

found = measured("normalisation")
settings = {one["number"]: one["values"] for one in found["findings"]["settings"]}
colours = dict(zip(found["axes"][0]["values"], ["#D55E00", "#E69F00", "#0072B2"], strict=True))
opts = found["axes"][1]["values"]

figure, panels = plt.subplots(1, len(opts), figsize=(10, 3.2), sharey=True, layout="constrained")
for training in found["trainings"]:
    values, curve = settings[training["setting"]], training["val_curve"] or []
    axes = panels[opts.index(values["opt"])]
    axes.plot(range(1, len(curve) + 1), curve, color=colours[values["pixels"]])
for axes, opt in zip(panels, opts, strict=True):
    axes.set(title=f"trained with {opt}", xlabel="epoch")
panels[0].set_ylabel("accuracy on val")
figure.legend([plt.Line2D([], [], color=colour) for colour in colours.values()], colours,
              loc="outside right center")  # fmt: skip
plt.show()
print(f"{found['data']['name']}, a line for each training; measured on {found['date']}.")
for topic in found["discussion"]:
    if topic["title"] in ("What mattered", "How steady it is"):
        print(*topic["sentences"], sep="\n")

# %% [markdown]
# Why? The *gradient* of a weight is the number that says how to change it. It has the input of that
# weight as a factor, so with plain gradient descent large inputs make large, jerky steps. And
# inputs that are all positive push all weights of a unit in the same direction at once (LeCun,
# Bottou, Orr and Müller, *Efficient BackProp*, 1998).
#
# **From which pictures do mean and standard deviation come?** From train alone. Those of test would
# be knowledge about the test. And a network in use has no test set: it must treat each new picture
# with the numbers that it learnt with.

# %%
for name, split in data.splits.items():
    print(f"{name:>5}: mean of each channel", np.round(channel_statistics(split)[0], 1))

# %% [markdown]
# You may find the splits much alike. The rule stands all the same: with few pictures or more
# powerful preparation the harm is real, and leakage of all kinds is a common fault of published
# work (Kapoor and Narayanan, *Leakage and the reproducibility crisis in machine-learning-based
# science*, 2023). In Retinue the numbers are a part of the network, so they travel with its
# weights.
#
# ## Bring pictures to one size
#
# A batch is one array, so all its pictures need one size. There are three ways. What does each of
# them lose?

# %%
from sklearn.datasets import load_sample_image

photo = np.array(load_sample_image("china.jpg"))
ways = ["crop", "pad", "squash"]
plotting.picture_grid(
    [photo, *(images.fit(photo, (128, 128), way) for way in ways)],
    [f"photo, {photo.shape[0]} x {photo.shape[1]}", *ways],
    columns=4,
)

# %% [markdown]
# *Crop* loses the edges, *pad* spends pixels on black, *squash* changes the proportions. All can be
# right. It has to be the same way in training and in use.
#
# **Try it.** Here is a pattern of rings. We make it four times smaller: once we keep every fourth
# pixel, and once we average neighbours first. Will the two differ?

# %%
y, x = np.mgrid[-256:256, -256:256]
rings = (127.5 + 127.5 * np.cos(np.pi / 724 * (x**2 + y**2))).astype(np.uint8)[:, :, None]
small = images.resize(rings, (128, 128))

figure, panels = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
forms = {"the rings": rings, "every fourth pixel": rings[::4, ::4], "averaged first": small}
for axes, (title, shown) in zip(panels, forms.items(), strict=True):
    axes.imshow(shown[:, :, 0], cmap="gray", vmin=0, vmax=255)
    axes.set_title(title)
    axes.axis("off")
plt.show()

# %% [markdown]
# Every fourth pixel shows rings that do not exist. That is *aliasing*: a dark and a bright stripe
# need two pixels at least, and finer ones turn into false, coarse ones. Averaging first
# (*antialiasing*) makes them grey instead. Some libraries do not average by themselves (Parmar,
# Zhang and Zhu, *On aliased resizing and surprising subtleties in GAN evaluation*, 2022). Retinue's
# `images.resize` does.
#
# ## More pictures out of few
#
# A frog stays a frog if it moves a little. *Augmentation* changes training pictures at random, a
# little differently each time, so that the network learns what does not matter.

# %%
from retinue.data.sheets import augmented_sheet

augmented_sheet(data, "strong", flip=True, pictures=4, versions=6)

# %% [markdown]
# It is for train only: val and test are to show the pictures as they come in use. And the label
# must stay true. Is it always harmless to mirror?

# %%
digits = retinue.load_data("digits").train
chosen = [np.flatnonzero(digits.labels == number)[0] for number in (2, 3, 4, 7)]
shown = digits.images[chosen]
pairs = [one for picture in shown for one in (picture, picture[:, ::-1])]
plotting.picture_grid(pairs, [t for n in (2, 3, 4, 7) for t in (f"a {n}", f"still a {n}?")], 8)

# %% [markdown]
# A mirrored ship is a ship. A mirrored 2 is no 2. Which changes are harmless is something that you
# know and the network does not (Shorten and Khoshgoftaar, *A survey on image data augmentation for
# deep learning*, 2019).
#
# ## In three lines
#
# - A picture is a `uint8` array (rows, columns, channels): mind its range, and the order of axes.
# - Learn on train, choose on val, tell on test; nothing of test may leak into the training, neither
#   copies nor a mean.
# - Normalise, resize with antialiasing, augment only train, and *look* after each step.
#
# Now do it yourself: **lab 1, `lab1_pictures`**.
