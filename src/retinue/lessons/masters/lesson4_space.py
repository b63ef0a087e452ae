# %% [markdown]
# # 4. From a linear model to a CNN: why space matters
#
# After this lesson you can say what a convolutional network assumes about pictures, show by an
# experiment that this is what makes it better, and read what depth, learning rate and batch size
# do from measured trainings.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

import retinue
from retinue import plotting
from retinue.experiments.sweeps.shipped import measured
from retinue.lessons import lesson_data
from retinue.prediction.classifier import Classifier

data = lesson_data("cifar10", limit_per_class=300)
data

# %% [markdown]
# ## A strange picture
#
# Below, pictures stand above themselves with their pixels shuffled: every pixel is still there,
# but in another place. The order is drawn once and is the same for all. Can you tell the classes
# in the lower row? And which network will care? Make a guess for each of the three that follow.

# %%
from retinue.models.shuffle import ShufflePixels


def spread(split, count):
    """So many pictures of a split, from its beginning to its end, and their labels."""
    some = split.at(np.linspace(0, len(split) - 1, min(count, len(split))).astype(np.int64))
    return some.images, some.labels


some, labels = spread(data.test, 7)
shuffle = ShufflePixels(seed=0, size=data.size)
shuffled = shuffle(torch.from_numpy(some).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
names = [data.classes[label] for label in labels]
plotting.picture_grid([*some, *shuffled], [*names, *["?"] * 7], columns=7)

# %% [markdown]
# ## One: softmax regression
#
# The simplest network has a single linear layer. Each class has one weight for each number in the
# picture. Its score is the sum of number × weight; softmax makes the scores probabilities. So the
# weights of a class have the shape of a picture, and we can look at them: bright where brightness
# speaks for the class, dark where it speaks against it. Single weights are still full of their
# random beginning, so we draw the mean of each block of 4 x 4.

# %%
EPOCHS = 5
runs = {}


def train(name, settings, pixels="in place"):
    """Train a network; "shuffled" puts the pixels of all pictures into one other order."""
    order = 0 if pixels == "shuffled" else None
    model = {**settings, "shuffle_pixels": order}
    runs[name, pixels] = retinue.train(data, model=model, epochs=EPOCHS, augment="none")


train("softmax", {"name": "softmax"})
network = Classifier.load(runs["softmax", "in place"]).model.network
weights = network.head.output.weight.detach().view(-1, data.channels, *data.size)
blocks = torch.nn.functional.avg_pool2d(weights, 4)
pictures = (127.5 * (1 + blocks / blocks.abs().quantile(0.98))).clamp(0, 255).permute(0, 2, 3, 1)
plotting.picture_grid(list(pictures.numpy().astype(np.uint8)), data.classes, columns=5)

# %% [markdown]
# One such *template* per class is all it has. A thing that stands elsewhere, or looks the other
# way, does not fit its template.
#
# ## Two: a perceptron
#
# An *MLP* (multilayer perceptron) puts a *hidden layer* in between: some templates, then ReLU,
# then a linear layer that combines what they found. Without ReLU it would be no gain: two linear
# layers in a row are again a linear one. It is still *fully connected*: each hidden unit sees all
# numbers of the picture, and nothing tells it which pixels are neighbours.
#
# ## Three: a CNN
#
# A convolution makes two assumptions (lesson 2):
#
# - **Locality**: what belongs together is close together. A unit sees a small window only.
# - **Weight sharing**: what is worth seeing here is worth seeing there. All windows use the same
#   weights.
#
# Such assumptions, made before any picture was seen, are called an *inductive bias*. If they are
# true, the network has less to learn. How much less? Count the weights of one layer that makes
# maps as large as the picture:

# %%
height, width = data.size
inputs, maps = data.channels * height * width, 11
print(f"fully connected:     {inputs * maps * height * width:>12,}")
print(f"local, not shared:   {9 * data.channels * maps * height * width:>12,}  (windows of 3x3)")
print(f"convolution:         {9 * data.channels * maps:>12,}")

# %% [markdown]
# ## A fair race
#
# A larger network often wins because it is larger. So all three get the same budget: about as many
# parameters (weights and biases) as softmax regression has.

# %%
from retinue.models.catalogue import build_network


def parameters(settings):
    """How many numbers a network learns."""
    name, arguments = settings["name"], {k: v for k, v in settings.items() if k != "name"}
    network = build_network(name, len(data.classes), data.channels, data.size, arguments)
    return sum(weight.numel() for weight in network.parameters())


def nearest(variants):
    """The variant whose parameters are nearest to those of softmax regression."""
    budget = parameters({"name": "softmax"})
    return min(variants, key=lambda one: abs(parameters(one) - budget))


networks = {
    "softmax": {"name": "softmax"},
    "mlp": nearest([{"name": "mlp", "hidden": [units]} for units in range(2, 30)]),
    "cnn": nearest([{"name": "cnn", "depth": 4, "width": width} for width in range(4, 30)]),
}
for name, settings in networks.items():
    print(f"{name:8} {parameters(settings):7,} parameters  {settings}")

# %%
for name, settings in networks.items():
    for pixels in ("in place", "shuffled"):
        if (name, pixels) not in runs:
            train(name, settings, pixels)


def intervals(values, title):
    """Draw accuracies with their intervals: {(network, pixels): (value, low, high)}."""
    _, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for pixels, shift, colour in (("in place", -0.1, "C0"), ("shuffled", 0.1, "C1")):
        found = np.array([values[name, pixels] for name in networks])
        places = np.arange(len(networks)) + shift
        errors = np.abs(found[:, 1:] - found[:, :1]).T
        axes.errorbar(places, found[:, 0], errors, fmt="o", color=colour, capsize=4, label=pixels)
    axes.set_xticks(range(len(networks)), networks)
    axes.set(title=title, ylabel="accuracy on test")
    axes.yaxis.set_major_formatter(plotting.style.percent)
    axes.grid(axis="y", alpha=0.4)
    axes.legend(title="pixels")
    plt.show()


live = {}
for key, run in runs.items():
    found = run.metrics("test")["accuracy"]
    live[key] = found["value"], found["low"], found["high"]
intervals(live, f"{data.name}, {len(data.train):,} training pictures, {EPOCHS} epochs")
for name in networks:
    whole, mixed = live[name, "in place"][0], live[name, "shuffled"][0]
    print(
        f"{name:8} {whole:.1%} in place, {mixed:.1%} shuffled: {100 * (mixed - whole):+.1f} points"
    )

# %% [markdown]
# A linear layer does not know which pixel lies beside which: its sum is the same in any order. As
# long as all pictures have the same order, a shuffled picture is as good as any other to softmax
# regression and to the MLP, up to chance in their first weights. Was that your guess? For the CNN
# the shuffle breaks the promise that neighbours belong together. (Zhang et al., *Understanding
# deep learning requires rethinking generalization*, 2017, also trained on shuffled pixels.)
#
# Are the three really apart on pictures in place, or is it the luck of these test pictures?
# `retinue.compare` looks at which pictures only one of two networks recognised.

# %%
comparison = retinue.compare([runs[name, "in place"] for name in networks])
for pair in comparison.values["pairs"]:
    value, low, high = (100 * pair[key] for key in ("value", "low", "high"))
    shown = "shown" if pair["shown"] else "not shown"
    print(f"{pair['first']:8} - {pair['second']:8} {value:+5.1f} points", end="")
    print(f" ({low:+.1f} to {high:+.1f}): {shown}")

# %% [markdown]
# That was one small training of each; with another seed each could come out otherwise. Retinue
# ships the same experiment with three seeds and more pictures. There, how far is the CNN above
# softmax regression with its pixels in place, and how far when they are shuffled?

# %%
experiment = measured("softmax-vs-mlp-vs-cnn")
settings = [
    one for one in experiment["findings"]["settings"] if one["values"]["budget"] == "10 epochs"
]
shipped = {
    (one["values"]["network"], one["values"]["pixels"]): tuple(
        one[key] for key in ("test", "test_low", "test_high")
    )
    for one in settings
}
count = sum(experiment["data"]["counts"]["train"].values())
intervals(shipped, f"{experiment['data']['name']}, {count:,} training pictures, 10 epochs, 3 seeds")
gain = shipped["cnn", "in place"][0] - shipped["softmax", "in place"][0]
kept = shipped["cnn", "shuffled"][0] - shipped["softmax", "shuffled"][0]
print(f"cnn above softmax: {100 * gain:.1f} points in place, {100 * kept:.1f} points shuffled")

# %% [markdown]
# ## Move the picture
#
# If the same weights look everywhere, it should matter little where a thing stands. We move the
# test pictures to the right, by some pixels. Nobody has trained on moved ones. Which network gives
# the same answer as before?


# %%
def moved(pictures, pixels):
    """Pictures (N, H, W, C) moved to the right; their left edge is repeated."""
    width = pictures.shape[2]
    return np.pad(pictures, ((0, 0), (0, 0), (pixels, 0), (0, 0)), mode="edge")[:, :, :width]


pictures, labels = spread(data.test, 1000)
steps = range(0, 9, 2)
_, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name in networks:
    classifier = Classifier.load(runs[name, "in place"])
    answers = [classifier.logits(moved(pictures, by)).argmax(axis=1) for by in steps]
    kept = [(answer == answers[0]).mean() for answer in answers]
    axes.plot(steps, kept, "o-", label=name)
    print(f"{name:8} gives the same answer for {kept[2]:.0%} of the pictures moved by {steps[2]}")
axes.set(xlabel="pixels to the right", ylabel="pictures with the same answer", ylim=(0, 1.05))
axes.yaxis.set_major_formatter(plotting.style.percent)
axes.legend()
plt.show()

# %% [markdown]
# A convolution moves its answer along with the picture (*equivariance*). The mean over each map at
# the end of our CNN forgets where the answer stood (*invariance*). Edges and pooling keep both
# from being perfect. (The same answer need not be the right one.)
#
# ## Deeper?
#
# If one layer of patterns is good, are patterns of patterns better? The shipped experiment `depth`
# trained networks of 2 to 16 convolutions, plain and with *shortcuts*. A shortcut adds what went
# into a block to what comes out, so that the block need only learn the difference (a *residual
# block*; He, Zhang, Ren and Sun, *Deep residual learning for image recognition*, 2015).

# %%
found = measured("depth")["findings"]["settings"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained", sharey=True)
for residual, colour in ((False, "C1"), (True, "C0")):
    for norm, line in ((False, ":"), (True, "-")):
        kind = {"model.residual": residual, "model.batch_norm": norm}
        rows = [one for one in found if kind.items() <= one["values"].items()]
        depths = [one["values"]["model.depth"] for one in rows]
        label = f"{'shortcuts' if residual else 'plain'}{', batch norm' if norm else ''}"
        axes[0].plot(depths, [one["train"] for one in rows], f"o{line}", color=colour, label=label)
        axes[1].plot(depths, [one["test"] for one in rows], f"o{line}", color=colour)
        train_change, test_change = (
            100 * (rows[-1][key] - rows[-2][key]) for key in ("train", "test")
        )
        print(
            f"{label:22} from {depths[-2]} to {depths[-1]} convolutions: "
            f"training pictures {train_change:+5.1f} points, test {test_change:+5.1f}"
        )
for panel, title in zip(axes, ("training pictures", "test pictures"), strict=True):
    panel.set_xscale("log", base=2)
    panel.set_xticks(depths, depths)
    panel.set(xlabel="convolutions", title=title)
    panel.grid(alpha=0.4)
axes[0].set_ylabel("accuracy")
axes[0].yaxis.set_major_formatter(plotting.style.percent)
figure.legend(loc="outside right upper")
plt.show()

# %% [markdown]
# Look at the plain networks first. Where the deeper one is worse on test, is it better on the
# pictures that it was trained on? Then it learnt them by heart: *overfitting* (lesson 5). If it is
# worse there too, it could not even be trained well. He and others called that *degradation*: the
# deeper network could copy the shallower one and do nothing in the layers that are left, but
# gradient descent does not find that. A shortcut makes "do nothing" easy: the block only has to
# give zeros.
#
# ## Learning rate and batch size
#
# Two numbers must be chosen for every training. The *learning rate* is the length of a step; the
# *batch size* is how many pictures a step looks at. In the right chart, where is the best rate of
# each row?

# %%
from retinue.plotting.sweeps.interactions import Pair, interactions


def chart(name):
    """The mean accuracy for each pair of values of a shipped experiment."""
    found = measured(name)["findings"]["interactions"][0]
    rows, columns = (tuple(str(value) for value in found[key]) for key in ("rows", "columns"))
    cells = tuple(tuple(row) for row in found["cells"])
    return Pair(*found["keys"], rows, columns, cells, name)


interactions([chart("learning-rate"), chart("batch-size")])

# %%
for row in measured("batch-size")["axes"][0]["values"]:
    tried = [
        one for one in measured("batch-size")["findings"]["settings"]
        if one["values"]["batch_size"] == row
    ]  # fmt: skip
    best = max(tried, key=lambda one: one["val"])
    print(f"batches of {row:3}: best learning rate on validation {best['values']['lr']}")

# %% [markdown]
# Too small a rate gets nowhere in the time there is, too large a one jumps about; and what is
# right for one optimiser is wrong for another. Batch size and rate are *coupled*. With larger
# batches an epoch has fewer steps, so each must go further. And the mean over more pictures is
# less noisy, so it may.
#
# Goyal and others (*Accurate, large minibatch SGD: training ImageNet in 1 hour*, 2017) made a rule
# of it for SGD: a batch k times as large, a rate k times as large. In the first epochs the rate
# rises slowly (*warm-up*), for the network changes fastest then. It is a rule of thumb: they saw
# it hold up to batches of about 8,000 pictures, and fail beyond.
#
# **Try it**: you can repeat these experiments. With the name of a folder after `sweep` they take
# your own pictures.

# %%
for name in ("depth", "learning-rate", "batch-size"):
    found = measured(name)
    minutes, cores = found["total_seconds"] / 60, found["machine"]["cores"]
    print(f"{found['command']:45} {minutes:3.0f} minutes on {cores} cores")

# %% [markdown]
# ## How to read such an experiment
#
# - **Choose on validation, tell by test.** Whoever picks the best of many on test pictures tells a
#   number that is partly luck.
# - **Look at intervals, not only at means.** A difference whose interval contains zero is not
#   shown, however nice it looks. Other seeds might turn it round.
# - **It holds for what was measured**: these pictures, this length of training, this network.

# %%
for name in ("depth", "batch-size"):
    findings = measured(name)["findings"]
    best, luck = findings["best"], findings["luck"]
    print(f"{name}: best on validation {best['values']}")
    print(f"  test {best['test']:.1%} ({best['test_low']:.1%} to {best['test_high']:.1%})")
    print(f"  not shown to be worse: {len(best['ties'])} of the other {luck['tried'] - 1} settings")

# %% [markdown]
# ## In three lines
#
# - A CNN assumes that neighbours belong together and that patterns may be anywhere. Shuffle the
#   pixels, and its advantage is gone.
# - Deep networks are hard to train; shortcuts and batch normalisation help.
# - Learning rate and batch size belong together; what is best is chosen on validation.
#
# Now it is your turn: **lab 4**.
