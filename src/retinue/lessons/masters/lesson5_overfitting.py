# %% [markdown]
# # 5. Overfitting and its cures
#
# After this lesson you can see in two curves that a network *overfits*. You know what dropout,
# batch norm, augmentation, weight decay, early stopping and more data each do about it, and you
# can choose among them without fooling yourself.

# %% [markdown]
# ## Learnt, or only remembered?
#
# Somebody who learns last year's exam answers by heart gets full marks on last year's exam. What
# do they get on the next one?
#
# A network can do the same. To see it quickly we give it very few pictures to learn from. They are
# called the **training** pictures. Two more sets stay out of the training: **validation** pictures
# ("val"), by which we make choices, and **test** pictures, which only report how good the chosen
# network is.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from retinue.lessons import lesson_data
from retinue.plotting import learning_curves, side_by_side
from retinue.recipe import make_recipe
from retinue.training.fit import fit

FEW = 30  # training pictures a class
many = lesson_data("cifar10", limit_per_class=250, val_fraction=0.16)


def first_of_each_class(split, count):
    """The first `count` pictures of each class."""
    places = [np.flatnonzero(split.labels == label)[:count] for label in np.unique(split.labels)]
    return split.at(np.sort(np.concatenate(places)))


few = replace(
    many, train=first_of_each_class(many.train, FEW), test=first_of_each_class(many.test, 200)
)
many = replace(many, test=few.test)
few

# %% [markdown]
# Now a small network without any cure. Only `learn` below is used from here on, so that two runs
# differ in nothing but what we say. (It does what `retinue.train` does, without drawing figures
# into each run's folder, to save time.)

# %%
EPOCHS = 30
runs = {}


def learn(name, data=few, network=None, **settings):
    """Train the same small network; only what is said is changed."""
    model = {"name": "cnn", "depth": 4, "width": 16, "batch_norm": False, **(network or {})}
    usual = {"epochs": EPOCHS, "batch_size": 32, "lr": 2e-3, "schedule": "constant"}
    usual |= {"augment": "none", "weight_decay": 0.0}
    recipe = make_recipe(data.loaded_with, usual, {"model": model}, settings)
    runs[name] = fit(recipe, data=data, draw=False)
    return runs[name]


plain = learn("no cure")
learning_curves(plain.history, plain.status["best_epoch"])

# %%
last = plain.history[-1]
known, new = last["subset_accuracy"], last["val_accuracy"]
print(f"After the last epoch: {known:.0%} of training pictures right, {new:.0%} of val pictures.")
print(f"The gap between them is {100 * (known - new):.0f} points.")

# %% [markdown]
# Both curves start together. Then "training" goes on improving, and "validation" does not keep up.
# The network **overfits**: it uses what is true of these few pictures only, such as a certain
# cloud in a certain corner. The distance between the two curves is the **generalisation gap**.
#
# Look at the loss too. It can rise on val while the accuracy stays the same: the network becomes
# surer of its wrong answers (Guo and others, "On calibration of modern neural networks", 2017).
#
# ## How far can remembering go?
#
# Here is a test after Zhang and others ("Understanding deep learning requires rethinking
# generalization", 2017). We mix the labels of the training pictures: a ship may be called "cat", a
# cat "truck". There is nothing left to understand.
#
# **Guess first:** how many of these labels can the network learn?

# %%
mixed = np.random.default_rng(0).permutation(few.train.labels)
nonsense = replace(few, name="nonsense", train=replace(few.train, labels=mixed))
forced = learn("mixed labels", nonsense, network={"batch_norm": True}, epochs=50, schedule="cosine")
end = forced.history[-1]
print(f"Training pictures with the label that they were given: {end['subset_accuracy']:.0%}")
print(f"Val pictures right: {end['val_accuracy']:.0%}; guessing gives {1 / len(few.classes):.0%}.")

# %% [markdown]
# So a high training accuracy proves nothing. A network with enough weights can remember labels
# that mean nothing. Yet with true labels the same kind of network does learn something that holds
# for new pictures. Why it does is still being researched. What we can do is help it.
#
# ## Cure 1: more pictures
#
# The best cure, where it can be had. What is true of many pictures is less often an accident. We
# show each picture less often, so that the training is as long as before.

# %%
share = len(few.train) / len(many.train)
learn("more pictures", many, epochs=max(2, round(EPOCHS * share)))
print(f"{len(many.train):,} pictures in place of {len(few.train):,}")

# %% [markdown]
# ## Cure 2: augmentation
#
# More pictures for free: each time a training picture is used it is moved a little, and perhaps
# mirrored. The class must survive the change. A mirrored ship is a ship, a mirrored "3" is no
# digit at all. Only training pictures are changed; val and test have to stay as they are, or they
# measure something else.

# %%
from retinue.data.augment import basic

originals = first_of_each_class(few.train, 1).images[:4]
some = torch.from_numpy(originals).permute(0, 3, 1, 2)
draws = torch.Generator().manual_seed(0)
changed = [basic(some, few.size, torch.rand(4, generator=draws) < 0.5, draws) for _ in range(5)]
rows = torch.stack(changed, 1).permute(0, 1, 3, 4, 2).numpy()
learn("augmentation", augment="basic")
side_by_side(list(originals), [list(row) for row in rows])

# %% [markdown]
# ## Cure 3: dropout
#
# In each training step every unit of a layer is switched off with probability $p$ (Srivastava and
# others, "Dropout", 2014). No unit can rely on one certain other unit being there, so each has to
# be useful by itself.
#
# With some units gone, the sum that reaches the next layer would be smaller. So the units that
# stay are multiplied by $1 / (1 - p)$, and on average the sum is what it was. This is called
# *inverted* dropout. After training nothing is dropped. (The paper scales at test time instead,
# and its $p$ is the probability to *keep* a unit.)
#
# `train()` and `eval()` tell a network in which of the two modes it is:

# %%
layer = nn.Dropout(p=0.5)
ones = torch.ones(1, 12)
torch.manual_seed(0)
print("train mode:", layer.train()(ones).tolist()[0])
print("once more: ", layer.train()(ones).tolist()[0])
print("eval mode: ", layer.eval()(ones).tolist()[0])

# %% [markdown]
# And in a trained network, with a hundred different masks on one picture:

# %%
from retinue import explain

learn("dropout", network={"dropout": 0.5})
explain(runs["dropout"], few.test.images[0], views=["dropout"])

# %% [markdown]
# **Try it:** train with `network={"dropout": 0.95}`. What do you expect of the *training* curve?
# (With so few units left even the training pictures are hardly learnt. That is the opposite
# illness, **underfitting**: the gap is small, and both numbers are bad.)
#
# ## Cure 4: weight decay
#
# In each step all weights also shrink by a small share: a weight stays large only if the pictures
# keep asking for it. With plain gradient descent that is the same as adding the squared weights,
# times a factor, to the loss. With Adam it is not, and Loshchilov and Hutter ("Decoupled weight
# decay regularization", 2019) found that shrinking directly works better. That is AdamW.
#
# ## Batch norm: not made as a cure
#
# Batch norm (Ioffe and Szegedy, "Batch normalization", 2015) was made to let networks train
# faster. For each channel it takes the mean and the variance of all values in the batch, and makes
# them 0 and 1. A learnt scale and shift follow:
#
# $$\hat x = \frac{x - \text{mean}}{\sqrt{\text{variance} + \varepsilon}}, \qquad
# y = \text{scale} \cdot \hat x + \text{shift}$$
#
# In train mode the statistics are those of the batch, so a picture's answer depends on its
# neighbours. In eval mode that must not be. There the layer uses *running* statistics: means that
# it updated in every training step.

# %%
norm = nn.BatchNorm2d(2)  # 2 channels; begins with running mean 0 and running variance 1
batch = 3 * torch.randn(16, 2, 5, 5, generator=torch.Generator().manual_seed(0)) + 10
by_hand = (batch - batch.mean((0, 2, 3), keepdim=True)) / torch.sqrt(
    batch.var((0, 2, 3), unbiased=False, keepdim=True) + norm.eps
)
print(
    "largest difference to torch, train mode:", f"{(norm.train()(batch) - by_hand).abs().max():.1g}"
)
print("running mean after one step:  ", [round(one, 2) for one in norm.running_mean.tolist()])
print(
    "mean of the output, train mode:",
    [round(one, 2) for one in norm.train()(batch).mean((0, 2, 3)).tolist()],
)
print(
    "mean of the output, eval mode: ",
    [round(one, 2) for one in norm.eval()(batch).mean((0, 2, 3)).tolist()],
)

# %% [markdown]
# After two steps the memory is still far from the batch, and eval mode gives something quite
# different. It takes some dozens of steps. This is why a network that forgets to switch to
# `eval()`, or is judged too early, gives odd answers. In a trained network:

# %%
from retinue.explaining.modes.batch_norm import batch_norm
from retinue.prediction.classifier import Classifier

learn("weight decay", weight_decay=0.5)
learn("batch norm", network={"batch_norm": True})
batch_norm(Classifier.load(runs["batch norm"]), few.train)

# %% [markdown]
# *Why* it helps is disputed. Its inventors meant that it keeps the inputs of each layer from
# drifting. Santurkar and others ("How does batch normalization help optimization?", 2018) found
# that this explains little, and that the loss becomes smoother. Who is in the batch is chance,
# too. That is a little noise, and noise can regularise.
#
# ## Cure 5: stop in time
#
# The network was best on val somewhere before the end. **Early stopping** keeps the weights of
# that epoch, and ends the training when nothing better came for some epochs, the *patience*
# (Prechelt, "Early stopping, but when?", 1998). Retinue always keeps the best epoch. With patience
# it also saves the time:

# %%
early = learn("early stopping", patience=6, monitor="val_loss")
best = early.status["best_epoch"]
print(f"It ended after {len(early.history)} of {EPOCHS} epochs and kept epoch {best}.")
for name, line in (
    ("kept", early.history[best - 1]),
    ("end of no cure", last),
):
    print(f"{name}: val loss {line['val_loss']:.2f}, val accuracy {line['val_accuracy']:.0%}")

# %% [markdown]
# Compare the two lines. The loss also counts how *sure* the wrong answers are, so loss and
# accuracy need not agree on the best epoch. Which of them you watch is a choice as well.
#
# Stopping is a choice, so val makes it. Had we stopped where *test* is best, test would have
# helped to choose, and its number would be too good: the exam answers would have leaked.
#
# ## Side by side

# %%


def bars(rows, title):
    """Train and test side by side: rows of (name, train, test, low, high)."""
    names, train, test, low, high = zip(*rows, strict=True)
    places = np.arange(len(rows))
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(rows) + 1.2), layout="constrained")
    axes.barh(places - 0.2, train, 0.36, color="#0072B2", label="training pictures")
    axes.barh(places + 0.2, test, 0.36, color="#D55E00", label="test pictures")
    axes.hlines(places + 0.2, low, high, color="black")
    axes.set(
        yticks=places,
        yticklabels=names,
        xlim=(0, 1),
        xlabel="accuracy; lines: 95 % intervals",
        title=title,
    )
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower right", ncols=2, frameon=False)
    plt.show()


rows, on_val = [], {}
for name, run in runs.items():
    if name != "mixed labels":
        kept = run.history[run.status["best_epoch"] - 1]
        test = run.metrics("test")["accuracy"]
        rows.append((name, kept["subset_accuracy"], test["value"], test["low"], test["high"]))
        on_val[name] = kept["val_accuracy"]
bars(rows, f"One training each, {few.name}")
gaps = {name: train - test for name, train, test, *_ in rows}
print("smallest gap:", min(gaps, key=gaps.get))
print("best on val, and so our choice:", max(on_val, key=on_val.get))

# %% [markdown]
# Be careful with this picture. Each bar is *one* training, and another seed would give other bars.
# The lines only say what other test pictures might have changed. To tell cures apart, each has to
# be trained several times. That was done once, with more pictures and three seeds; the results
# come with Retinue:

# %%
from retinue.experiments.sweeps.shipped import measured


def tell(found, part):
    """What the experiment's discussion says under a heading."""
    print(
        *[text for one in found["discussion"] if one["title"] == part for text in one["sentences"]],
        sep="\n",
    )


found = measured("regularisation")
settings = found["findings"]["settings"]
bars(
    [
        (one["values"]["cure"], one["train"], one["test"], one["test_low"], one["test_high"])
        for one in settings
    ],
    f"{found['title']}: {found['data']['name']}, means of {found['seeds']} seeds",
)
tell(found, "What mattered")
tell(found, "The best recipe")

# %%
base = next(one for one in settings if one["values"]["cure"] == "none")
widest = max(settings, key=lambda one: one["train"] - one["test"])
gap = widest["train"] - widest["test"]
print(f"The widest gap has {widest['values']['cure']}: {100 * gap:.0f} points.")
print(f"On test it differs from no cure by {100 * (widest['test'] - base['test']):+.1f} points.")

# %% [markdown]
# A surprise: the network with the widest gap is not the worst one. **A small gap is not the aim.**
# A network that guesses has no gap at all. The gap tells what kind of trouble you have; what you
# want is a good result on new pictures.
#
# And more data? Here with and without augmentation:

# %%
found = measured("data-size")
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for augment, style in (("none", "--"), ("basic", "-")):
    chosen = [one for one in found["findings"]["settings"] if one["values"]["augment"] == augment]
    counts = [one["values"]["limit_per_class"] for one in chosen]
    for key, colour in (("train", "#0072B2"), ("test", "#D55E00")):
        axes.plot(
            counts,
            [one[key] for one in chosen],
            style,
            color=colour,
            marker="o",
            label=f"{key}, augmentation {augment}",
        )
axes.set(
    xscale="log",
    xticks=counts,
    xticklabels=counts,
    xlabel="training pictures a class",
    ylabel="accuracy",
    title=found["title"],
)
axes.minorticks_off()
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False, fontsize=8)
plt.show()
tell(found, "What mattered")
tell(found, "Training and test pictures")

# %% [markdown]
# The two curves come together as pictures are added. Augmentation helps most where pictures are
# few.
#
# **Try it:** what should happen if you take all cures of this lesson at once on the few pictures,
# and train as long as before? Write it down, then run `learn("all", network={"batch_norm": True,
# "dropout": 0.5}, augment="basic", weight_decay=0.5)`. (Cures make learning harder, so the
# training curve rises more slowly. Give it `epochs=90` as well and compare.)
#
# ## In three lines
#
# - Overfitting shows as a gap between training and validation; training accuracy alone proves
#   nothing.
# - More data, augmentation, dropout, weight decay and stopping in time work against it; dropout
#   and batch norm act differently in train and in eval mode.
# - Val chooses, test reports, and one training is not yet a measurement.
#
# Now do it yourself: **lab 5**.
