# %% [markdown]
# # Lab 3. Training
#
# You write the parts of a training loop, one by one, and have each checked: the loss, one update,
# one epoch, the judging, and the choice of the best epoch. At the end they train a network
# together. Lesson 3 has all that you need.
#
# Write your code where it says so, and run the cell with `check` below it. It tells what is wrong
# and gives a hint. Check as often as you like. Names and arguments of the functions must stay.

# %%
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from retinue.lessons import check, lesson_data

# %% [markdown]
# ## 1. The loss
#
# Write cross-entropy in NumPy. `logits` (N, K) holds the scores of N pictures for K classes,
# `labels` (N,) the numbers of their true classes. Give one number, the mean over the pictures.
#
# With $z$ for the scores of one picture and $y$ for its class, its loss is $-\ln
# \dfrac{e^{z_y}}{\sum_k e^{z_k}}$. Mind scores such as 1000, where $e^{1000}$ is too large for a
# computer: the fraction stays the same if you take one number away from all scores of a picture.


# %% question="cross_entropy"
def cross_entropy(logits, labels):
    """Mean cross-entropy of logits (N, K) and labels (N,), one number; exact for large logits."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probabilities[np.arange(len(labels)), labels].mean()
    ### END SOLUTION


# %%
check("lab3.cross_entropy", cross_entropy)

# %% [markdown]
# ## 2. One update
#
# `weights` is a list of tensors, and `loss` was computed from them. Do what an optimiser does:
# clear what old gradients there may be in each weight's `.grad`, let the loss go backward, and
# move each weight by `rate` times its gradient, downhill. Change the numbers in the tensors that
# you were given. Nothing is returned.


# %% question="sgd_step"
def sgd_step(weights, loss, rate):
    """Move each tensor of the list one step of gradient descent down the loss."""
    ### BEGIN SOLUTION
    for weight in weights:
        weight.grad = None
    loss.backward()
    with torch.no_grad():
        for weight in weights:
            weight.sub_(rate * weight.grad)
    ### END SOLUTION


# %%
check("lab3.sgd_step", sgd_step)

# %% [markdown]
# ## 3. One epoch
#
# Train over all batches, by the four steps. `batches` is a list of pairs: pictures, already
# transformed, and labels. Use `F.cross_entropy`. Give the mean loss over all *pictures*, as a
# plain number; batches may be of different sizes. The network may come in any mode.


# %% question="train_epoch"
def train_epoch(model, batches, optimiser):
    """Train on every batch (pictures, labels) once; gives the mean loss over the pictures."""
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for pictures, labels in batches:
        optimiser.zero_grad()
        loss = F.cross_entropy(model(pictures), labels)
        loss.backward()
        optimiser.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count
    ### END SOLUTION


# %%
check("lab3.train_epoch", train_epoch)

# %% [markdown]
# ## 4. Judging
#
# Give the share (0 to 1) of the pictures in all batches that the network recognises: those for
# whose true class it has the highest score. Nothing is learnt here. The network may come in any
# mode.


# %% question="evaluate"
def evaluate(model, batches):
    """The share of pictures, 0 to 1, whose highest score is that of their own class."""
    ### BEGIN SOLUTION
    model.eval()
    right, count = 0, 0
    with torch.no_grad():
        for pictures, labels in batches:
            right += (model(pictures).argmax(dim=1) == labels).sum().item()
            count += len(labels)
    return right / count
    ### END SOLUTION


# %%
check("lab3.evaluate", evaluate)

# %% [markdown]
# ## 5. Early stopping
#
# Train for at most `epochs` epochs. `data` has the pictures of three splits: `data["train"]`,
# `data["val"]` and `data["test"]`. `train_epoch(model, pictures)` trains one epoch, and
# `evaluate(model, pictures)` gives an accuracy.
#
# After every epoch look at how good the network is, on the split that is there for choosing. Stop
# when `patience` epochs in a row were not better than the best so far. At the end the network must
# have the weights of its best epoch. Give the list of the accuracies, one for each epoch trained.


# %% question="fit"
def fit(model, data, train_epoch, evaluate, epochs, patience):
    """Train with early stopping; the model ends with its best weights. Gives the accuracies."""
    ### BEGIN SOLUTION
    accuracies, best, best_weights, waited = [], -1.0, None, 0
    for _ in range(epochs):
        train_epoch(model, data["train"])
        accuracies.append(evaluate(model, data["val"]))
        if accuracies[-1] > best:
            best, best_weights, waited = accuracies[-1], copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
        if waited >= patience:
            break
    model.load_state_dict(best_weights)
    return accuracies
    ### END SOLUTION


# %%
check("lab3.fit", fit)

# %% [markdown]
# ## All together
#
# The next two cells use your functions, once they are right: a small network learns at three
# learning rates.

# %% tags=["shown"]
data = lesson_data("fashion-mnist", instead="digits", limit_per_class=150)


def batches_of(split, size=50):
    """The pictures of a split in batches, as numbers from -1 to 1, and their labels."""
    pictures = torch.from_numpy(split.images).permute(0, 3, 1, 2) / 127.5 - 1
    labels = torch.from_numpy(split.labels)
    return list(zip(pictures.split(size), labels.split(size), strict=True))


def new_network():
    """A small CNN, with the same first weights each time."""
    torch.manual_seed(0)
    height, width = (side // 2 for side in data.size)
    return nn.Sequential(
        nn.Conv2d(data.channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(16 * height * width, len(data.classes)),
    )  # fmt: skip


# %% tags=["shown"]
splits = {name: batches_of(split) for name, split in data.splits.items()}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for rate in (0.001, 0.05, 5.0):
    model, losses = new_network(), []
    optimiser = torch.optim.SGD(model.parameters(), lr=rate)
    accuracies = fit(
        model, splits,
        lambda model, batches, optimiser=optimiser, losses=losses: losses.append(
            train_epoch(model, batches, optimiser)
        ),
        evaluate, epochs=12, patience=3,
    )  # fmt: skip
    drawn = np.clip(np.nan_to_num(losses, nan=np.inf), 0, 4)
    panels[0].plot(range(1, len(losses) + 1), drawn, "o-", label=f"learning rate {rate}")
    panels[1].plot(range(1, len(losses) + 1), accuracies, "o-")
    print(f"rate {rate:5}: val {max(accuracies):.1%}, test {evaluate(model, splits['test']):.1%}")
panels[0].set(xlabel="epoch", ylabel="training loss, cut at 4", ylim=(0, 4.2))
panels[1].set(xlabel="epoch", ylabel="accuracy on validation")
panels[0].legend()
plt.show()

# %% [markdown]
# ## 6. Three curves
#
# Describe the three curves of the loss. Explain each with what a step does: how far it goes, and
# where it lands. Two or three sentences for each curve.

# %% [markdown] question="curves"
# <!-- BEGIN SOLUTION -->
# With the smallest rate the loss falls smoothly, but slowly: every step is short, and after all
# epochs the network is still on its way. With the middle one it falls fast at first and then ever
# more slowly, as the network comes near to a valley. With the largest one the steps are longer
# than the valley is wide: the network lands on its other side, higher up, where slopes are steep,
# so the next step is longer still. The loss jumps to large values or is no number any more, and
# the network may never recover, for instance because its ReLUs give zeros only.
# <!-- END SOLUTION -->

# %% [markdown]
# ## 7. Which number is honest?
#
# Somebody trains with your `fit` and twenty learning rates, takes the network with the best
# accuracy on validation, and reports that accuracy. Is it what they may expect on new pictures?
# Which number should they report, and what must they not do with it?

# %% [markdown] question="honest"
# <!-- BEGIN SOLUTION -->
# No. The best of twenty (and the best of many epochs) was chosen for being high on just these
# pictures, so it is partly luck: it is too high on average. They should report the accuracy on
# test pictures, which had no part in any choice, with its interval, and look at it once. They must
# not go back and choose another rate because of it: then the test would choose too, and there
# would be nothing left to judge by.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Reflection
#
# Write down three things that you take away from this lab. Then say which help you used (people,
# books, AI tools), and for what.

# %% [markdown] question="reflection"
# <!-- BEGIN SOLUTION -->
# 1. Gradients add up until they are cleared.
# 2. `state_dict()` is no copy: what is to be kept must be copied.
# 3. Training, validation and test pictures each have one task.
#
# Help: the documentation of `torch.nn.functional.cross_entropy`, for the shape of its arguments.
# <!-- END SOLUTION -->
