# %% [markdown]
# # 6. Looking inside, and being misled by it
#
# After this lesson you can look at filters, feature maps and receptive fields, ask with Grad-CAM
# which places of a picture spoke for an answer, and say what such a picture proves and what it
# does not.

# %% [markdown]
# ## Right, but for which reason?
#
# A story that is told in many versions: a network told tanks from empty landscapes, and nearly
# always rightly, until somebody saw that all tanks had been photographed on cloudy days. Whether
# it ever happened is doubtful. But you will build such a network today, and find it out by looking
# inside.
#
# First an honest one, trained in seconds:

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

import retinue
from retinue.lessons import lesson_data
from retinue.plotting import picture_grid

data = lesson_data("cifar10", limit_per_class=400)
some = np.random.default_rng(0).permutation(len(data.test))[:2000]
data = replace(data, test=data.test.at(some))
network = {"name": "cnn", "depth": 3, "width": 16}
honest = retinue.train(data, model=network, epochs=8)
print("Right on the test pictures:", f"{honest.metrics('test')['accuracy']['value']:.0%}")

# %%
said = honest.predictions("test")
right = np.array(said.true) == np.array(said.predicted)
best = int(np.argmax(right * said.probabilities.max(axis=1)))
photo = data.test.take(np.array([best]))[0]
picture_grid([photo], [f"{said.true[best]}, {said.probabilities[best].max():.0%} sure"], columns=1)

# %% [markdown]
# ## Filters: what the first layer looks for
#
# Each filter of the first convolution is a tiny picture of its own. Where the photo resembles it
# the answer is large. Mid-grey is a weight of zero. Brighter is above, darker below, and the
# colour says in which channels.

# %%
from retinue.explaining.maps.filters import filters
from retinue.prediction.classifier import Classifier

classifier = Classifier.load(honest)
filters(classifier.model)

# %% [markdown]
# Large networks that trained for days have filters in which everybody sees edges and blobs of
# colour (Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014). With 3
# × 3 weights and seconds of training some look like nothing. They may still be useful. That *we*
# see nothing in a picture is not a fact about the network.
#
# ## Feature maps: what a layer makes of the photo
#
# Behind the first layer weights are hard to read, for they work on other maps. So we look at the
# maps themselves. Choose another layer and another channel:

# %%
from retinue.widgets import Attribution, FeatureMaps, ReceptiveField

FeatureMaps(classifier, photo)

# %% [markdown]
# **Try it:** go from the first layer to the last. What happens to the size, and what to your
# chance to say what a map means? (The maps shrink, and their meaning becomes vague: late channels
# answer to mixtures of things.) Then set "scale" so that each channel has its own. Suddenly every
# map looks busy. A map that is nearly zero everywhere glows when its own small maximum is painted
# in the brightest colour. **First trap: look at the scale before you believe the colours.**
#
# ## Receptive field: what a unit can see
#
# One number in a late map depends on a part of the photo only, its *receptive field*. Its size
# follows by arithmetic from kernels and strides. What counts in fact can be measured: by the
# gradient of this number with respect to each pixel.

# %%
ReceptiveField(classifier, photo)

# %% [markdown]
# Not all of these pixels count alike: those in the middle of the field reach the unit by more ways
# (Luo and others, "Understanding the effective receptive field", 2016).
#
# ## Which places spoke for the answer?
#
# **Grad-CAM** (Selvaraju and others, 2017) takes the last maps $A_k$ of the convolutions, which
# still know *where*. For the score of one class, before softmax, it asks:
#
# 1. How much does the score rise when map $k$ rises? The mean of the gradient over all places
#    gives one weight $\alpha_k$ a map.
# 2. Add the maps up with these weights, and cut off what is negative:
#
# $$\text{heat} = \text{ReLU}\Big(\sum_k \alpha_k A_k\Big)$$
#
# 3. Enlarge the result to the size of the photo.

# %%
Attribution(classifier, photo)

# %% [markdown]
# On the right is the same with all weights drawn at random, from a network that knows nothing.
# This check comes from Adebayo and others ("Sanity checks for saliency maps", 2018). They found
# methods, guided backpropagation among them, whose maps hardly changed: those showed the edges of
# the photo, and people took them for what the network had learnt.
#
# Is one picture enough to judge? Let us take twenty, and two methods. A rank correlation of 1
# means that both maps have the same order of places, 0 that they have nothing in common.

# %%
from retinue.explaining.attribution.attribution import attribution
from retinue.explaining.picture import as_picture_of


def look(classifier, pixels, method="grad-cam", **options):
    """The map of one picture, as an array with a figure."""
    return attribution(classifier, as_picture_of(classifier, pixels), method, **options)


for method in ("grad-cam", "integrated-gradients"):
    checks = [look(classifier, one, method).check.similarity for one in data.test.images[:20]]
    values = [one for one in checks if one is not None]
    print(f"{method}: median {np.median(values):.2f}, from {min(values):.2f} to {max(values):.2f}")

# %% [markdown]
# Single values spread widely. Now and then a network that knows nothing gives much the same map as
# one that does. **Second trap: a map that looks plausible may tell of the photo alone.**
#
# ## The planted shortcut
#
# Now the tank story. We stick a small square into the corner of each training and val picture. Its
# colour tells the class. The test pictures stay clean.

# %%
SIDE = 6  # pixels of the square
wheel = plt.get_cmap("hsv")(np.linspace(0, 1, len(data.classes), endpoint=False))
colours = (255 * wheel[:, : data.channels]).astype(np.uint8)


def stuck(split, labels):
    """The split with a square in each picture, of the colour that belongs to the label."""
    pictures = split.images
    pictures[:, 1 : 1 + SIDE, 1 : 1 + SIDE] = colours[labels][:, None, None]
    return replace(split, store=pictures, rows=np.arange(len(pictures)))


planted = replace(
    data,
    name="planted",
    train=stuck(data.train, data.train.labels),
    val=stuck(data.val, data.val.labels),
)
one_of_each = planted.val.images[np.unique(planted.val.labels, return_index=True)[1]][:6]
picture_grid(list(one_of_each), list(data.classes[:6]), columns=6)

# %%
cheat = retinue.train(planted, model=network, epochs=6)
for split in ("val", "test"):
    print(f"{split}: {cheat.metrics(split)['accuracy']['value']:.0%} right")

# %% [markdown]
# If you had only val, made like the training pictures, you would be delighted. The clean test
# pictures tell another story. Where does the network look?

# %%
cheating = Classifier.load(cheat)
Attribution(cheating, one_of_each[0])

# %% [markdown]
# One picture may be an accident. Here are more, and a number for fifty:

# %%


def show_heat(classifier, pictures):
    """Pictures, and below each what Grad-CAM says of its answer: the brighter the more."""
    _, axes = plt.subplots(2, len(pictures), figsize=(9, 3.2), layout="constrained")
    for (above, below), pixels in zip(axes.T, pictures, strict=True):
        above.imshow(pixels)
        above.set_title(classifier.classes[look(classifier, pixels, check=False).predicted], size=8)
        below.imshow(look(classifier, pixels, check=False).heat, cmap="viridis")
        above.axis("off")
        below.axis("off")
    plt.show()


show_heat(cheating, one_of_each)
corner = np.zeros(data.size, bool)
corner[: 2 * SIDE, : 2 * SIDE] = True
shares = [look(cheating, one, check=False).heat for one in planted.val.images[::4][:50]]
shares = [heat[corner].sum() / heat.sum() for heat in shares if heat.sum() > 0]
print(f"The corner is {corner.mean():.0%} of the picture.")
print(f"It has {np.median(shares):.0%} of the heat (median of {len(shares)} pictures).")

# %% [markdown]
# This is what such pictures are good for: they gave us a **suspicion**. To prove it we have to
# *do* something. We stick the square of a wrong class on clean test pictures. If the answer
# follows the square, the square is the reason.

# %%
true = data.test.labels[:500]
wrong = (true + 1) % len(data.classes)
swapped = stuck(data.test.at(np.arange(len(true))), wrong)
for name, model in (("cheating network", cheating), ("honest network", classifier)):
    answers = model.predict(swapped.images).argmax(axis=1)
    by_square, by_object = np.mean(answers == wrong), np.mean(answers == true)
    print(f"{name}: {by_square:.0%} follow the square, {by_object:.0%} the object")

# %% [markdown]
# ## A right place, a wrong reason
#
# One more network. It learns to tell drawn shapes apart: circle, square, triangle and so on. In
# training, colour gives the class away as well: each shape has its own colour. In the test
# pictures the colours are mixed. Here is its map of a training picture:

# %%
trap = retinue.load_data("shapes", shortcut=True, count=1500)
tricked = retinue.train(trap, model=network, epochs=8)
show_heat(Classifier.load(tricked), trap.val.images[:6])

# %% [markdown]
# **Would you trust this network?** The heat lies on the shape, just where it should. Decide before
# you run the next cell.

# %%
for split in ("val", "test"):
    print(f"{split}: {tricked.metrics(split)['accuracy']['value']:.0%} right")
grey = np.repeat(trap.val.images.mean(axis=3, keepdims=True).astype(np.uint8), 3, axis=3)
answers = Classifier.load(tricked).predict(grey).argmax(axis=1)
print(f"val without colour: {np.mean(answers == trap.val.labels):.0%} right")

# %% [markdown]
# It looked at the right place, and saw the colour only. **Third trap: a map says *where*, not
# *what*.** A plausible map does not prove a right reason. It can raise a suspicion, as with the
# square; it cannot clear the network of one.
#
# What can? Pictures on which the right reason and the wrong one disagree: other colours, another
# camera, another hospital. Geirhos and others collect many such cases ("Shortcut learning in deep
# neural networks", 2020).
#
# ## Other methods, other answers
#
# Occlusion (Zeiler and Fergus, 2014) covers one part of the photo after the other and notes how
# far the score falls. It needs no gradient. Compare it with Grad-CAM on your photo:

# %%
look(classifier, photo, "occlusion")

# %% [markdown]
# **Try it:** in the widget further up choose another method, and then a class that is *not* in the
# photo. Is the map empty? (Seldom. For nearly every class *some* places raise its score. A map for
# the wrong answer often looks as convincing as one for the right answer.)
#
# ## In three lines
#
# - Filters, maps and receptive fields show how a network works; look at the scale before you
#   believe the colours.
# - A map of places raises a suspicion. Only a change to the picture, or other test pictures, can
#   prove it.
# - Check a map against a network with random weights, for another class and by another method
#   before you show it to somebody.
#
# Now do it yourself: **lab 6**.
