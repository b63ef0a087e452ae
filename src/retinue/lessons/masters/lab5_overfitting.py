# %% [markdown]
# # Lab 5. Overfitting and its cures
#
# You write the cures of lesson 5 yourself: dropout, batch norm, weight decay and early stopping,
# and an epoch that augments only what it may. At the end you choose a cure from measured results,
# without fooling yourself.
#
# Write below each `# Your code here.`, run the cell, then the `check` under it. A check shows a
# case that fails and a hint. You may run it as often as you like.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from retinue.lessons import check

# %% [markdown]
# ## 1. Dropout (2 points)
#
# In train mode each number is set to 0 with probability `p`, independently of all others, and what
# is kept is scaled so that the *expected* value of each number stays what it was. In eval mode
# nothing happens.


# %% question="dropout"
def dropout(x, p, training):
    """Inverted dropout.

    x: tensor of any shape, which stays as it is. p: the probability to drop, 0 <= p < 1.
    training: True in train mode. Gives a tensor of the shape of x.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.dropout", dropout)

# %% [markdown]
# What does it do to a row of ones? Run the cell a few times.

# %% tags=["shown"]
row = torch.ones(1, 10)
print(dropout(row, 0.4, training=True))
print("mean of 10,000 numbers:", dropout(torch.ones(10_000), 0.4, training=True).mean())

# %% [markdown]
# ## 2. Batch norm (2 points)
#
# `x` holds a batch of maps. Each channel is normalised by itself: in train mode with the mean and
# variance of *all its values in the batch*, in eval mode with the running ones. No scale and shift
# here.
#
# In train mode the memory moves a little: `new = (1 - momentum) * old + momentum * of_this_batch`.
# One detail of torch: for the output the variance divides by the number of values `n`; what goes
# into memory divides by `n - 1` (see `unbiased` or `correction` of `torch.var`).


# %% question="batch_norm"
def batch_norm(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    """Batch norm of maps, without scale and shift.

    x: (N, C, H, W). running_mean, running_var: (C,).
    Gives (y, running_mean, running_var): the output (N, C, H, W), and the memory after this batch.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.batch_norm", batch_norm)

# %% [markdown]
# ## 3. Weight decay the right way (2 points)
#
# Adam keeps two running means for each weight $w$ with gradient $g$. In step $t = 1, 2, \dots$
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2$$
#
# Both begin at zero and are too small at first, which is corrected: $\hat m = m / (1 - \beta_1^t)$
# and $\hat v = v / (1 - \beta_2^t)$. The change is $\hat m / (\sqrt{\hat v} + \varepsilon)$ times
# the learning rate. AdamW also lets the weight *itself* shrink by the share `lr * decay`, apart
# from gradients and means.


# %% question="adamw_step"
def adamw_step(w, g, m, v, t, lr, decay, betas=(0.9, 0.999), eps=1e-8):
    """One step of AdamW.

    w, g, m, v: tensors of one shape. t: the number of this step, 1 in the first.
    Gives (w, m, v) after the step.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.adamw_step", adamw_step)

# %% [markdown]
# ## 4. Early stopping (2 points)
#
# Read a history epoch by epoch, as if the training were still going on. Remember the best epoch so
# far. Stop after the epoch in which the best one is `patience` epochs ago. Epochs count from 0, as
# lists do. A value that is only as good as the best so far is no progress.


# %% question="early_stopping"
def early_stopping(history, patience):
    """When a training ends, and which weights are kept.

    history: {"train_loss": [...], "val_loss": [...], "test_loss": [...]}, a number an epoch.
    Gives (kept, stopped): the epoch whose weights are kept, and the last one that is trained.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.early_stopping", early_stopping)

# %% [markdown]
# ## 5. One epoch, augmented where it may be (3 points)
#
# Train on every batch of `train` once, each augmented first. Then measure on `val`. The network
# may come to you in any mode.


# %% question="one_epoch"
def one_epoch(model, optimiser, train, val, augment):
    """Train for an epoch, and measure.

    train, val: lists of batches (pictures (N, C, H, W), labels (N,)), the last may be smaller.
    augment: a function from pictures to changed pictures. The loss is the cross-entropy of the
    logits that the model gives. Gives the share of all val pictures that are right, from 0 to 1.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.one_epoch", one_epoch)

# %% [markdown]
# Your own epoch at work, on a few pictures: first as they are, then moved by up to a pixel. Which
# curve ends higher? All these digits stand in the middle, in val too: augmentation helps where it
# imitates how new pictures differ. And is one training enough to say so?

# %% tags=["shown"]
import matplotlib.pyplot as plt

import retinue
from retinue.data.augment import shift

digits = retinue.load_data("digits", limit_per_class=60, val_fraction=0.7)


def batches(split, size=32):
    pictures = torch.from_numpy(split.images).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(split.labels)
    return list(zip(pictures.split(size), labels.split(size), strict=True))


draws = torch.Generator().manual_seed(0)


def moved(pictures):
    return shift(pictures, 1, draws)


figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for name, augment in (("as they are", lambda pictures: pictures), ("moved", moved)):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(10)
    )
    model(torch.zeros(1, 1, *digits.size))
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    train, val = batches(digits.train), batches(digits.val)
    axes.plot([one_epoch(model, optimiser, train, val, augment) for _ in range(40)], label=name)
axes.set(xlabel="epoch", ylabel="val accuracy")
axes.legend()
plt.show()

# %% [markdown]
# ## 6. Choose a cure honestly (1 point)
#
# From the results of several recipes one is to be chosen and then reported, with the gap between
# training and test pictures.


# %% question="choose_cure"
def choose_cure(results):
    """The recipe that you would take, and what you tell of it.

    results: [{"name": "dropout", "train": 0.9, "val": 0.6, "test": 0.55}, ...], accuracies.
    Gives (name, test, gap): the recipe, its accuracy on test, and how far train lies above it.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab5.choose_cure", choose_cure)

# %% tags=["shown"]
from retinue.experiments.sweeps.shipped import measured

found = measured("regularisation")["findings"]["settings"]
keys = ("train", "val", "test")
choose_cure([{"name": one["values"]["cure"], **{key: one[key] for key in keys}} for one in found])

# %% [markdown] question="advice"
# ## 7. In your own words (2 points)
#
# A friend has 40 photos of each of five mushrooms. The network is right on 100 % of the training
# photos and on 58 % of the val photos. The friend wants to train for longer. What do you advise,
# in which order, and how will you both know whether it helped? (5 to 8 sentences.)
#
# *Your answer here.*

# %% [markdown] question="labels"
# ## 8. Labels that mean nothing (1 point)
#
# In the lesson a network learnt mixed labels by heart. What does that prove about the training
# accuracy of a network, and what does it *not* prove about networks with true labels? (2 to 4
# sentences.)
#
# *Your answer here.*

# %% [markdown] question="reflection"
# ## Looking back (1 point)
#
# Three things that you take away from this lab, and which help you used: people, books, AI tools,
# and for what.
#
# *Your answer here.*
