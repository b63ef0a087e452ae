# %% [markdown]
# # Lab 6. Looking inside
#
# You build the tools of lesson 6 yourself: a look at what a layer gives, filters as pictures, the
# pixels that a unit sees, occlusion, Grad-CAM, and the check that tells a map of the network from
# a map of the photo.
#
# Write below each `# Your code here.`, run the cell, then the `check` under it. You may run it as
# often as you like.

# %%
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from retinue.lessons import check

# %% [markdown]
# ## 1. Listen to a layer (2 points)
#
# `handle = layer.register_forward_hook(function)` makes torch call `function(layer, inputs,
# output)` whenever the layer runs; `handle.remove()` ends it. Two traps: a hook that stays makes
# every later pass slower, and a layer such as `nn.ReLU(inplace=True)` writes over the very tensor
# that it is given.


# %% question="record"
def record(network, layer, pictures):
    """What a layer of a network gives for some pictures.

    network: a module; layer: one of the modules in it. The network is afterwards as before.
    Gives the layer's output, without gradients and as the layer made it.
    """
    ### BEGIN SOLUTION
    kept = []

    def keep(layer, inputs, output):
        kept.append(output.detach().clone())

    handle = layer.register_forward_hook(keep)
    try:
        network(pictures)
    finally:
        handle.remove()
    return kept[0]
    ### END SOLUTION


# %%
check("lab6.record", record)

# %% [markdown]
# ## 2. Filters as pictures (1 point)
#
# Filters have weights below and above zero. As a picture 0 shall be mid-grey (0.5), and the weight
# that is largest *in magnitude, over all filters together,* shall be 0 or 1. So two filters can be
# compared, and weak ones look weak.


# %% question="as_pictures"
def as_pictures(weights):
    """Filters as colour pictures on one scale.

    weights: (F, 3, H, W) NumPy array. Gives (F, H, W, 3) from 0 to 1.
    """
    ### BEGIN SOLUTION
    limit = np.abs(weights).max()
    return 0.5 + 0.5 * weights.transpose(0, 2, 3, 1) / limit
    ### END SOLUTION


# %%
check("lab6.as_pictures", as_pictures)

# %% [markdown]
# ## 3. The pixels that a unit sees (2 points)
#
# A unit depends on a pixel if its gradient with respect to that pixel is not zero. Ask for the
# unit at one place of the last map, all channels of that place together.


# %% question="field_of"
def field_of(body, picture, row, column):
    """The pixels on which one place of a network's last maps depends.

    body: a module from (1, C, H, W) to maps (1, K, h, w). picture: (1, C, H, W).
    row, column: the place in the maps. Gives a bool tensor (H, W).
    """
    ### BEGIN SOLUTION
    picture = picture.clone().requires_grad_()
    body(picture)[0, :, row, column].sum().backward()
    return (picture.grad[0] != 0).any(0)
    ### END SOLUTION


# %%
check("lab6.field_of", field_of)

# %% [markdown]
# Three convolutions of 3 x 3 see 7 x 7 pixels, as lesson 2 said:

# %% tags=["shown"]
three = nn.Sequential(*[nn.Conv2d(3 if n == 0 else 4, 4, 3, padding=1) for n in range(3)])
field_of(three, torch.randn(1, 3, 15, 15), 7, 7).int()

# %% [markdown]
# ## 4. Occlusion (2 points)
#
# Cover one square of the picture after the other and note *how far the probability of one class
# falls*. Where it falls far, the network needed what was there.


# %% question="occlusion"
def occlusion(predict, picture, side, colour, target):
    """How far the probability of a class falls where a square is covered.

    predict: from pictures (N, H, W, C) uint8 to probabilities (N, K).
    picture: (H, W, C) uint8, which stays as it is; H and W are multiples of side.
    side: pixels of the square. Squares lie side by side, the first in the upper left corner.
    colour: (C,) with which a square is covered. target: the number of the class.
    Gives (H // side, W // side); above 0 where the probability falls.
    """
    ### BEGIN SOLUTION
    before = predict(picture[None])[0, target]
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    heat = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            covered = picture.copy()
            covered[row * side : (row + 1) * side, column * side : (column + 1) * side] = colour
            heat[row, column] = before - predict(covered[None])[0, target]
    return heat
    ### END SOLUTION


# %%
check("lab6.occlusion", occlusion)

# %% [markdown]
# ## 5. Grad-CAM (3 points)
#
# The network is given in two parts: `body` makes the last maps $A_k$, `head` makes the logits of
# them. In the words of the lesson: the weight $\alpha_k$ is the mean over all places of the
# gradient of the class's logit with respect to map $k$; the heat is $\text{ReLU}(\sum_k \alpha_k
# A_k)$, enlarged to the picture with `F.interpolate(..., mode="bilinear", align_corners=False)`.


# %% question="grad_cam"
def grad_cam(body, head, picture, target):
    """Grad-CAM of a class.

    body: from (1, C, H, W) to maps (1, K, h, w). head: from these to logits (1, classes).
    picture: (1, C, H, W). target: the number of the class. Gives (H, W), nowhere below 0.
    """
    ### BEGIN SOLUTION
    maps = body(picture)
    logit = head(maps)[0, target]
    (gradient,) = torch.autograd.grad(logit, maps)
    weights = gradient.mean((2, 3), keepdim=True)
    heat = F.relu((weights * maps).sum(1, keepdim=True))
    size = picture.shape[2:]
    return F.interpolate(heat, size, mode="bilinear", align_corners=False)[0, 0].detach()
    ### END SOLUTION


# %%
check("lab6.grad_cam", grad_cam)

# %% [markdown]
# ## 6. How alike are two maps? (1 point)
#
# For the check with random weights two maps are compared by the *ranks* of their strengths
# (Spearman): the weakest place has rank 1, the next one 2, and so on; then the usual correlation
# of the ranks. Strength is the absolute value. In the check no two places are equally strong. You
# may use NumPy and SciPy.


# %% question="alike"
def alike(one, other):
    """Spearman's rank correlation of how strong the places of two maps are.

    one, other: (H, W) arrays, which may have negative values. Gives a number from -1 to 1.
    """
    ### BEGIN SOLUTION
    from scipy.stats import spearmanr

    return float(spearmanr(np.abs(one).ravel(), np.abs(other).ravel()).statistic)
    ### END SOLUTION


# %%
check("lab6.alike", alike)

# %% [markdown]
# ## Your tools at work
# A network learns to tell drawn shapes apart, and in each training picture a small square in the
# corner tells by its colour which shape it is.

# %% tags=["shown"]
import matplotlib.pyplot as plt

import retinue

shapes = retinue.load_data("shapes", count=900)
classes = len(shapes.classes)


colours = 255 * plt.get_cmap("hsv")(np.linspace(0, 1, classes, endpoint=False))[:, :3]


def with_square(split):
    pictures = split.images
    pictures[:, 25:31, 25:31] = colours[split.labels][:, None, None]
    return pictures


def as_input(pictures):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - 0.5


def new_network():
    body = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
    )
    return body, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, classes))


torch.manual_seed(0)
body, head = new_network()
pictures, labels = as_input(with_square(shapes.train)), torch.from_numpy(shapes.train.labels)
optimiser = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=2e-3)
for _ in range(8):
    for rows in torch.randperm(len(labels)).split(32):
        loss = F.cross_entropy(head(body(pictures[rows])), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@torch.no_grad()
def accuracy(pictures):
    answers = head(body(as_input(pictures))).argmax(1).numpy()
    return (answers == shapes.test.labels).mean()


print(f"test, with the square: {accuracy(with_square(shapes.test)):.0%}")
print(f"test, without:         {accuracy(shapes.test.images):.0%}")


# %% tags=["shown"]
@torch.no_grad()
def predict(pictures):
    return head(body(as_input(pictures))).softmax(1).numpy()


photo, label = with_square(shapes.test)[0], int(shapes.test.labels[0])
untrained = new_network()
maps = {
    "Grad-CAM": grad_cam(body, head, as_input(photo[None]), label),
    "Grad-CAM, random weights": grad_cam(*untrained, as_input(photo[None]), label),
    "occlusion": occlusion(predict, photo, 4, photo.mean((0, 1)), label),
}
figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
axes[0].imshow(photo)
axes[0].set_title(shapes.classes[label])
for axis, (name, heat) in zip(axes[1:], maps.items(), strict=True):
    axis.imshow(heat, cmap="viridis")
    axis.set_title(name, fontsize=9)
for axis in axes:
    axis.axis("off")
plt.show()
print("trained and random:", round(alike(*[one.numpy() for one in list(maps.values())[:2]]), 2))

# %% [markdown] question="claims"
# ## 7. What does it prove? (3 points)
#
# A colleague shows you a Grad-CAM map of an X-ray. The heat lies on the lung, and the network
# found the pneumonia. For each of the three claims say whether the map proves it, and if not, what
# you would do to find out:
#
# a. "The network looks at the lung." b. "The network recognises pneumonia by what doctors
# recognise it by." c. "It will work in another hospital."
#
# <!-- BEGIN SOLUTION -->
# a. It supports this for one X-ray and one class, no more. I would look at many, at the map with
# random weights, at another method, and cover the lung to see whether the answer changes.
#
# b. No. The map says where, not what: a tube, the brightness or the grain of one machine lie on
# the lung too. I would change just these (remove, add, exchange them) and see whether the answer
# follows.
#
# c. No. Only X-rays of other hospitals can show it, judged with intervals, none of which were used
# for a choice.
# <!-- END SOLUTION -->

# %% [markdown] question="reflection"
# ## Looking back (1 point)
#
# Three things that you take away from this lab, and which help you used: people, books, AI tools,
# and for what.
#
# <!-- BEGIN SOLUTION -->
# 1. A hook has to be removed, and what it keeps has to be copied.
# 2. Grad-CAM is a weighted sum of maps: coarse, and only about one class.
# 3. A map gives a suspicion; a changed picture gives a proof.
#
# Help: SciPy's documentation, for `spearmanr`.
# <!-- END SOLUTION -->
