# %% [markdown]
# # Lab 8. Your own photos, judged honestly
#
# You build the parts that keep a classifier for photos honest: finding copies and near copies,
# training only the head, and numbers that say how far they can be trusted. You need lesson 8. At
# the end you decide: is it good enough?

# %%
import hashlib

import numpy as np
import torch
from torch.nn import functional

import retinue
from retinue.lessons import check

# %% [markdown]
# ## 1. Find the duplicates
#
# A picture that is in the folder twice may end in training *and* in the test. Find files whose
# content is equal byte for byte, whatever they are called. Comparing every file with every other
# takes long; a *digest* makes one short text of a file (`hashlib.sha256(content).hexdigest()`),
# equal for equal files and practically never otherwise.


# %% question="duplicates"
def find_duplicates(files):
    """The groups of equal files: a list of lists of names, each of two names or more.

    files: {name: content}, as {"glass/1.jpg": b"..."}.
    """
    ### BEGIN SOLUTION
    groups = {}
    for name, content in files.items():
        groups.setdefault(hashlib.sha256(content).hexdigest(), []).append(name)
    return [names for names in groups.values() if len(names) > 1]
    ### END SOLUTION


# %%
check("lab8.duplicates", find_duplicates)

# %% [markdown]
# ## 2. Find near copies
#
# Two photos of one bottle within a second differ in every byte and are still nearly the same.
# A *fingerprint* tells: make the picture grey and tiny, 8 rows of 9 pixels. For each pixel but the
# last of its row, note whether **its right neighbour is brighter** than itself: 64 times yes or no.
# Near copies differ in few of these 64 bits, even if one of them is brighter as a whole; strange
# pictures differ in about half.


# %% question="near"
def bits_apart(one, other):
    """In how many of the 64 bits two fingerprints differ, a whole number.

    one, other: pictures as uint8 arrays (8 rows, 9 columns).
    """
    ### BEGIN SOLUTION
    return int(((one[:, 1:] > one[:, :-1]) != (other[:, 1:] > other[:, :-1])).sum())
    ### END SOLUTION


# %%
check("lab8.near", bits_apart)

# %% tags=["shown"]
from sklearn.datasets import load_sample_image


def tiny(picture):
    """A picture (H, W, 3), grey and as 8 x 9 pixels, each the mean of its part."""
    rows = np.array_split(picture.mean(axis=2), 8, axis=0)
    means = [[part.mean() for part in np.array_split(row, 9, axis=1)] for row in rows]
    return np.array(means).astype(np.uint8)


temple, flower = load_sample_image("china.jpg"), load_sample_image("flower.jpg")
twin = np.clip(temple[4:, 6:] * 1.15, 0, 255)  # moved a little, and brighter
print("a photo and its twin:    ", bits_apart(tiny(temple), tiny(twin)))
print("a photo and a strange one:", bits_apart(tiny(temple), tiny(flower)))

# %% [markdown]
# Pictures that are near copies of one another get the same group, and `group_by` keeps groups on
# one side of the split.

# %% [markdown]
# ## 3. Train the head
#
# In transfer the *backbone*, which has learned from a million other photos, stays as it is. Only
# the new last layer, the *head*, learns. Write the training:
#
# - `network.backbone` and `network.head` are its two parts; `network(pictures)` gives logits;
# - nothing in the backbone changes, its batch norms included, and no gradients are computed for it;
# - take `steps` steps of plain `torch.optim.SGD` with learning rate `lr`, all pictures in each
#   step, and cross entropy as the loss.


# %% question="transfer"
def train_head(network, pictures, labels, steps, lr):
    """Train network.head; it is changed in place, and nothing is returned."""
    ### BEGIN SOLUTION
    network.backbone.requires_grad_(False)
    network.backbone.eval()
    optimiser = torch.optim.SGD(network.head.parameters(), lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        functional.cross_entropy(network(pictures), labels).backward()
        optimiser.step()
    ### END SOLUTION


# %%
check("lab8.transfer", train_head)

# %% [markdown]
# ## 4. How far can an accuracy be trusted?
#
# With $k$ right answers of $n$, the share is $p = k / n$. Wilson's interval (1927) holds all true
# shares that would not make this result surprising. With $z = 1.96$ about 19 of 20 such intervals
# hold the true share:
#
# $$\text{centre} = \frac{p + z^2 / 2n}{1 + z^2 / n} \qquad
# \text{half} = \frac{z}{1 + z^2 / n} \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}}$$


# %% question="interval"
def interval(right, count):
    """(low, high) of the 95 % interval of an accuracy, each from 0 to 1."""
    ### BEGIN SOLUTION
    z = 1.96
    share = right / count
    shrink = 1 + z**2 / count
    centre = (share + z**2 / (2 * count)) / shrink
    half = z / shrink * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    return centre - half, centre + half
    ### END SOLUTION


# %%
check("lab8.interval", interval)

# %% tags=["shown"]
for count in (20, 100, 500, 2500):
    low, high = interval(round(0.85 * count), count)
    print(f"85 % of {count:5,} pictures: {low:.1%} to {high:.1%}")

# %% [markdown]
# ## 5. Every class counts alike
#
# Of 100 pictures 90 are paper. Who always says "paper" has 90 of them right, and finds none else.
# *Balanced accuracy* is the mean of the classes' **recalls**: of the pictures that are that class,
# the share that was found. A class of which there is no test picture has no recall and is left out.


# %% question="balanced"
def balanced_accuracy(true, predicted, count):
    """The mean recall over the classes that occur in `true`, a number from 0 to 1.

    true, predicted: arrays of class numbers from 0 to count - 1.
    """
    ### BEGIN SOLUTION
    recalls = []
    for one in range(count):
        if (true == one).any():
            recalls.append((predicted[true == one] == one).mean())
    return np.mean(recalls)
    ### END SOLUTION


# %%
check("lab8.balanced", balanced_accuracy)

# %% [markdown]
# ## 6. When to ask a person
#
# An answer is **given** if its confidence is at least a threshold; otherwise a person looks.
# Choose the threshold on the validation pictures: the lowest of their confidences with which at
# least `target` of the given answers are right. Then apply it to the test pictures.


# %% question="abstain"
def abstain(val_sure, val_right, test_sure, test_right, target):
    """(threshold, share of test pictures answered, accuracy of the answers that were given).

    val_sure, test_sure: confidences from 0 to 1. val_right, test_right: True where the answer is
    right. target: the accuracy wanted, which some threshold reaches on val.
    """
    ### BEGIN SOLUTION
    for threshold in np.unique(val_sure):
        if val_right[val_sure >= threshold].mean() >= target:
            break
    given = test_sure >= threshold
    return threshold, given.mean(), test_right[given].mean()
    ### END SOLUTION


# %%
check("lab8.abstain", abstain)

# %% [markdown]
# ### Your functions at work
#
# A small network, some generated pictures, and your own numbers. How far from the target does the
# last accuracy lie, and why may it?

# %% tags=["shown"]
data = retinue.load_data("shapes", limit_per_class=120)
run = retinue.train(data, model="cnn", epochs=4)
classes = run.classes


def answers(split):
    found = run.predictions(split)
    true = np.array([classes.index(name) for name in found.true])
    return true, found.probabilities.argmax(axis=1), found.probabilities.max(axis=1)


true, predicted, sure = answers("test")
val_true, val_predicted, val_sure = answers("val")
right = true == predicted
low, high = interval(int(right.sum()), len(right))
print(f"accuracy {right.mean():.1%} (95 % from {low:.1%} to {high:.1%})")
print(f"balanced {balanced_accuracy(true, predicted, len(classes)):.1%}")
threshold, share, among = abstain(val_sure, val_true == val_predicted, sure, right, 0.9)
print(f"answered from {threshold:.2f} on: {share:.1%} of the test pictures")
print(f"of these right: {among:.1%}")

# %% [markdown]
# ## 7. Is it good enough?
#
# A shop wants to sort returned bottles by photo: 1,000 a day. A wrong answer costs 2 euros, a look
# by a person 20 cents. Of 200 test pictures, taken in the shop's own laboratory, the classifier has
# 180 right (the interval goes from 0.851 to 0.934). If it leaves 60 of them, of which it is least
# sure, to people, 136 of the other 140 answers are right. **What do you recommend, and what would
# you measure before the shop relies on it?** Compute the costs of a day for each way, and name at
# least two reasons why the field may be harder than the test. (About 100 words.)

# %% [markdown] question="enough"
# <!-- BEGIN SOLUTION -->
# People alone cost 1,000 x 0.20 = 200 euros a day. The classifier alone makes about 100 mistakes,
# which cost 200 euros (131 to 299 by the interval): no gain that is sure. Together: 300 looks are
# 60 euros, and of 700 answers 4 of 140, that is 20, are wrong: 40 euros. 100 euros a day, the best.
# Even with a share of 0.07 wrong, the upper end for 4 of 140, it is 60 + 100 = 160 euros.
# Before relying on it I would test pictures taken in the shop, by its own camera and light, dirty
# and broken bottles, and things that are no bottles; I would check that photos of one bottle are
# not on both sides, and count mistakes each week.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Looking back
#
# Three things that you take away from this lab, and which help you used: people, books, AI tools,
# and for what.

# %% [markdown] question="reflection"
# <!-- BEGIN SOLUTION -->
# - Near copies belong to one group, or else the test measures memory.
# - A frozen backbone needs eval mode too, for its batch norms learn without gradients.
# - Whoever chooses, chooses on val.
#
# Help: the lesson, and the documentation of torch.optim.
# <!-- END SOLUTION -->
