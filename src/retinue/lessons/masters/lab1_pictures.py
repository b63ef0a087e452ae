# %% [markdown]
# # Lab 1. Pictures as numbers
#
# You write the small functions that stand before every training: how far two pictures are apart,
# the order of axes, labels, mirroring, normalising, and a split that does not leak. Read lesson 1
# first.
#
# Each question has a cell for your answer and a cell that checks it. Where an answer is not right,
# the check shows a case in which it fails. You can ask as often as you like.

# %%
import numpy as np

from retinue import plotting
from retinue.lessons import check, lesson_data

# %% tags=["shown"]
data = lesson_data("cifar10", limit_per_class=50)
splits = {"train": data.train, "test": data.test}
plotting.sample_sheet(
    {name: list(split.images[:: len(split) // 10][:10]) for name, split in splits.items()}
)

# %% [markdown]
# ## 1. How far apart are two pictures?
#
# To find copies we need a number that says how different two pictures are. Take the *mean absolute
# difference*: for each number the distance to the other picture's number at the same place, never
# negative, and the mean of all these. Both pictures are `uint8`.


# %% question="distance"
def distance(one, other):
    """The mean absolute difference of two pictures.

    Args:
        one: (H, W, C) uint8.
        other: of the same shape.

    Returns:
        one number, from 0 to 255.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.distance", distance)

# %% [markdown]
# With your function: the pictures of train that are nearest to each of four test pictures. Near by
# this number is not always alike to the eye.

# %% tags=["shown"]
some = data.train.images[:400]
asked = data.test.images[:: len(data.test) // 4][:4]
nearest = [min(some, key=lambda other: distance(one, other)) for one in asked]
plotting.picture_grid([*asked, *nearest], ["of test"] * 4 + ["nearest of train"] * 4, columns=4)

# %% [markdown]
# ## 2. Channels first
#
# NumPy has pictures as (N, rows, columns, channels). PyTorch wants (N, channels, rows, columns).


# %% question="channels_first"
def channels_first(pictures):
    """The same pictures with their channels before rows and columns.

    Args:
        pictures: (N, H, W, C).

    Returns:
        (N, C, H, W).
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.channels_first", channels_first)

# %% [markdown]
# ## 3. Labels as one-hot rows
#
# A row for each label: 1 at the place of its class, 0 elsewhere. Not every batch contains every
# class.


# %% question="one_hot"
def one_hot(labels, classes):
    """Labels as rows of zeros with a single 1.

    Args:
        labels: (N,) whole numbers from 0 to classes - 1.
        classes: how many classes there are.

    Returns:
        (N, classes).
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.one_hot", one_hot)

# %% [markdown]
# ## 4. Mirror some of the pictures
#
# The simplest augmentation: some pictures of a batch are mirrored, left becomes right. `chosen`
# says which. The pictures that you are given are the only copy of the data: leave them as they are.


# %% question="mirror"
def mirror(pictures, chosen):
    """The pictures, those that are chosen mirrored left to right.

    Args:
        pictures: (N, H, W, C); they stay as they are.
        chosen: (N,) true or false for each picture.

    Returns:
        new pictures (N, H, W, C).
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.mirror", mirror)

# %% tags=["shown"]
few = data.train.images[:6]
mirrored = mirror(few, np.array([False, True] * 3))
plotting.picture_grid([*few, *mirrored], ["as it is"] * 6 + ["as it is", "mirrored"] * 3, columns=6)

# %% [markdown]
# ## 5. Normalise
#
# Bring pictures to mean 0 and standard deviation 1, each channel for itself. The function gets the
# training pictures and those that are to be normalised, which may be others. Nothing may leak.
#
# (The standard deviation may be the one of NumPy or that of torch, which divides by n - 1: with so
# many pixels they are all but the same.)


# %% question="normalise"
def normalise(train, pictures):
    """Pictures with mean 0 and standard deviation 1, as far as that can be known from train.

    Args:
        train: (N, H, W, C) uint8, the training pictures.
        pictures: (M, H, W, C) uint8, those to be normalised.

    Returns:
        (M, H, W, C) numbers.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.normalise", normalise)

# %% [markdown]
# What your function makes of the three splits. Which line must be all zeros and ones, and why are
# the others not?

# %% tags=["shown"]
for name, part in data.splits.items():
    numbers = normalise(data.train.images, part.images)
    mean, std = numbers.mean(axis=(0, 1, 2)), numbers.std(axis=(0, 1, 2))
    print(f"{name:>5}: mean {mean.round(3)}, standard deviation {std.round(3)}")

# %% [markdown]
# ## 6. A split that does not leak
#
# Several photos were taken of each object. Photos of one object form a *group* and have the same
# label. Deal the photos into train and val so that
#
# - a group is never in both;
# - the share of val is the same in every class, as nearly as whole groups allow;
# - chance decides which groups go to val, and the same seed always gives the same split;
# - each photo is in exactly one of the two.
#
# `np.random.default_rng(seed)` gives a generator of random numbers, and its `permutation(values)`
# the values in random order. `np.isin(values, some)` says which values are among some.


# %% question="split"
def split(labels, groups, share, seed):
    """Deal photos into train and val, whole groups at a time, class by class.

    Args:
        labels: (N,) the class of each photo.
        groups: (N,) the number of each photo's group.
        share: of each class for val, such as 0.25.
        seed: a whole number.

    Returns:
        train, val: the places of the photos of each, as two arrays of whole numbers.
    """
    # Your code here.
    raise NotImplementedError


# %%
check("lab1.split", split)

# %% [markdown]
# ## 7. In words: what leaks here?
#
# A friend has 400 photos of 40 dogs, ten of each dog. He mixes all photos well, takes the first 320
# for training and the rest for the test, and normalises with the mean of all 400. His network is
# nearly perfect on the test. Name two leaks. Which of them makes his number more wrong, and how
# would you find out how wrong it is? (About six sentences.)

# %% [markdown] question="leaks"
# *Your answer here.*

# %% [markdown]
# ## Looking back
#
# Write down three things that you take away from this lab. Then say which help you used: people,
# books, web pages, AI tools, and for what.

# %% [markdown] question="reflection"
# *Your answer here.*
