# %% [markdown]
# # Lab 9. The project
#
# You write the numbers of a project: the confusion matrix, the macro F1, the choice of a model,
# the difference of two recipes with its interval, and two tests that tell a real difference from
# luck. Use NumPy, and SciPy's distributions (`scipy.stats`) where a question says so. Read lesson
# 9 first.
#
# Each question has a cell for your answer and a cell that checks it. Where an answer is not
# right, the check shows a case in which it fails. You can ask as often as you like.

# %%
import numpy as np
from scipy import stats

from retinue.lessons import check

# %% [markdown]
# To have something to measure, here are the answers of three small networks to the same test
# pictures.

# %% tags=["shown"]
import retinue
from retinue.lessons import lesson_data

data = lesson_data("fashion-mnist", instead="digits", limit_per_class=60)
SHOWN = 300  # test pictures
truth, said = None, {}
for model in ("softmax", "mlp", "cnn"):
    run = retinue.train(data, model=model, epochs=3)
    answers = run.predictions("test")
    numbers = {name: number for number, name in enumerate(run.classes)}
    truth = np.array([numbers[name] for name in answers.true[:SHOWN]])
    said[model] = np.array([numbers[name] for name in answers.predicted[:SHOWN]])
print(f"{len(truth):,} test pictures, {len(data.classes)} classes, answers of {', '.join(said)}")

# %% [markdown]
# ## 1. The confusion matrix
#
# Count how often each class was taken for each. Rows are the *true* classes, columns the
# *predicted* ones. There are `k` classes, whether or not each of them occurs.


# %% question="confusion_matrix"
def confusion_matrix(truth, predicted, k):
    """How often each class was taken for each.

    Args:
        truth: the true classes, whole numbers from 0 to k - 1, (N,).
        predicted: the predicted classes, (N,).
        k: how many classes there are.

    Returns:
        whole numbers (k, k); row: true, column: predicted.
    """
    ### BEGIN SOLUTION
    matrix = np.zeros((k, k), int)
    for true, guess in zip(truth, predicted, strict=True):
        matrix[true, guess] += 1
    return matrix
    ### END SOLUTION


# %%
check("lab9.confusion_matrix", confusion_matrix)

# %% tags=["shown"]
from retinue.plotting import confusion_matrix as draw_matrix

counts = confusion_matrix(truth, said["cnn"], len(data.classes))
draw_matrix(counts, data.classes, normalise=False)

# %% [markdown]
# ## 2. Macro F1
#
# The F1 of a class is $2 h / (t + p)$: $h$ hits, $t$ pictures that are of the class, $p$ pictures
# that were called so. The *macro* F1 is the plain mean over the classes. A class with no hit has
# an F1 of 0. A class that neither occurs nor was ever predicted is left out of the mean.


# %% question="macro_f1"
def macro_f1(truth, predicted, k):
    """The mean over the classes of their F1.

    Args:
        truth: the true classes, whole numbers from 0 to k - 1, (N,).
        predicted: the predicted classes, (N,).
        k: how many classes there are.

    Returns:
        a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    matrix = confusion_matrix(truth, predicted, k)
    both = matrix.sum(axis=0) + matrix.sum(axis=1)
    occurs = both > 0
    return float((2 * np.diag(matrix)[occurs] / both[occurs]).mean())
    ### END SOLUTION


# %%
check("lab9.macro_f1", macro_f1)

# %% tags=["shown"]
for model, answers in said.items():
    accuracy = (answers == truth).mean()
    score = macro_f1(truth, answers, len(data.classes))
    print(f"{model:>8}: accuracy {accuracy:.3f}, macro F1 {score:.3f}")

# %% [markdown]
# ## 3. Which model, and which number?
#
# You have trained some models and know the accuracy of each on val and on test. Choose one and
# say which accuracy you report. Of models that are equally good, take the one with fewer
# parameters.


# %% question="choose_model"
def choose_model(val, test, parameters):
    """The model that is chosen, and the accuracy that is reported of it.

    Args:
        val: accuracy on val by the model's name.
        test: accuracy on test by the model's name.
        parameters: number of parameters by the model's name.

    Returns:
        a pair: the name, and the accuracy to report.
    """
    ### BEGIN SOLUTION
    chosen = max(val, key=lambda name: (val[name], -parameters[name]))
    return chosen, test[chosen]
    ### END SOLUTION


# %%
check("lab9.choose_model", choose_model)

# %% [markdown]
# ## 4. Two recipes, several seeds
#
# Two recipes were trained with the same seeds, on the same pictures. Trainings of the same seed
# belong together: subtract them first. Then find the mean of the differences and its 95 %
# interval by Student's t (`stats.t.ppf`), as for any mean of few numbers.


# %% question="difference_interval"
def difference_interval(first, second):
    """The mean difference of two recipes over their seeds, with its 95 % interval.

    Args:
        first: accuracies of the first recipe, one for each seed, (n,).
        second: accuracies of the second recipe, with the same seeds in the same order, (n,).

    Returns:
        three numbers: the mean of first less second, and the two ends of the interval.
    """
    ### BEGIN SOLUTION
    differences = np.asarray(first) - np.asarray(second)
    n, middle = len(differences), differences.mean()
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    return middle, middle - half, middle + half
    ### END SOLUTION


# %%
check("lab9.difference_interval", difference_interval)

# %% [markdown]
# This interval speaks of other seeds and the *same* test pictures. `retinue.compare` allows for
# other pictures too, and is wider.
#
# ## 5. Two networks, the same pictures
#
# Two networks answered the same pictures. Where both are right, or both wrong, nothing is learnt
# about which is better. There are left the pictures that just one of them has right. Were both
# equally good, each of these would fall to either side like a fair coin.
#
# McNemar's exact test asks: how probable is a split at least as uneven as this one, to *either*
# side? (`stats.binom` or `stats.binomtest`.) Without any such picture the answer is 1.


# %% question="mcnemar"
def mcnemar(correct_a, correct_b):
    """The exact two-sided p-value of McNemar's test.

    Args:
        correct_a: whether the first network has each picture right, (N,) of True and False.
        correct_b: the same of the second.

    Returns:
        a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    only_a = int(np.sum(correct_a & ~correct_b))
    only_b = int(np.sum(correct_b & ~correct_a))
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)
    ### END SOLUTION


# %%
check("lab9.mcnemar", mcnemar)

# %% tags=["shown"]
from itertools import combinations

right = {model: answers == truth for model, answers in said.items()}
pairs = list(combinations(right, 2))
p_values = [mcnemar(right[one], right[other]) for one, other in pairs]
for (one, other), p in zip(pairs, p_values, strict=True):
    print(f"{one:>8} and {other:<8} p = {p:.3g}")

# %% [markdown]
# ## 6. Many pairs
#
# With 10 models there are 45 pairs. Some p-values will be small by luck alone. Holm's correction:
# sort the p-values; multiply the smallest by their number m, the next by m - 1, and so on; a
# corrected value may never be smaller than the one before it, nor larger than 1. Give them back
# in the order in which they came.


# %% question="holm"
def holm(p_values):
    """P-values corrected for their number.

    Args:
        p_values: a list of m numbers from 0 to 1.

    Returns:
        m numbers, each the corrected value of the p at the same place.
    """
    ### BEGIN SOLUTION
    p_values = np.asarray(p_values, float)
    corrected, largest = np.empty(len(p_values)), 0.0
    for rank, place in enumerate(np.argsort(p_values)):
        largest = max(largest, (len(p_values) - rank) * p_values[place])
        corrected[place] = min(1.0, largest)
    return corrected
    ### END SOLUTION


# %%
check("lab9.holm", holm)

# %% tags=["shown"]
for (one, other), p in zip(pairs, holm(p_values), strict=True):
    print(f"{one:>8} and {other:<8} corrected p = {p:.3g}: {'shown' if p <= 0.05 else 'not shown'}")

# %% [markdown]
# ## 7. In words: the abstract
#
# Write the abstract of your project, or of the comparison in lesson 9, in 100 to 150 words: the
# question; the data with its numbers; what was compared, and how it was chosen; the result with
# its interval; one limit. Every number must be one that you measured.

# %% [markdown] question="abstract"
# <!-- BEGIN SOLUTION -->
# Small photos are hard to learn from when there are few of them. We ask whether a pretrained
# network helps with 32 x 32 pixels. From a data set of ten classes we took [n] training pictures
# a class, and kept [m] test pictures that no choice saw. We compared a small convolutional
# network, trained from scratch, with a new linear head on EfficientNet-Lite0, each with three
# seeds. Which one to use was chosen on validation pictures. On test, transfer was better by [d]
# points (95 % interval [low] to [high], over seeds and pictures). It needs [k] times as long to
# predict a picture. Both mix up the same pairs of animals most. We tried a single backbone and
# one size of picture, and tuned neither recipe; with more training pictures the difference may
# shrink or turn round.
#
# (Where brackets stand, your own numbers belong.)
# <!-- END SOLUTION -->

# %% [markdown]
# ## 8. In words: what the numbers do not show
#
# Write a discussion of about ten sentences. What do your numbers show, and what not? Name two
# other explanations of your result, and for each an experiment that would tell it apart from
# yours. Who might use this network, and what could go wrong then?

# %% [markdown] question="discussion"
# <!-- BEGIN SOLUTION -->
# Shown is that with this number of pictures the one recipe recognises more of these test
# pictures, and that neither seeds nor the choice of test pictures explain it. Not shown is *why*.
#
# A first other explanation: the pretrained network may have seen pictures like these, for
# ImageNet has the same kinds of animals. A backbone trained on something else, such as satellite
# photos, would tell. A second one: the network from scratch may just have been trained too short
# or with a poor learning rate. A sweep over both, chosen on val, would tell.
#
# The pictures were taken from one source. Photos from another camera, or of other breeds, may be
# much harder, and the interval does not speak of them. Who sorts holiday photos can live with
# some mistakes. Who lets it decide about anything that matters to people cannot: it always
# answers, even to a picture that shows none of its classes.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Looking back
#
# Write down three things that you take away from this lab. Then say which help you used: people,
# books, web pages, AI tools, and for what.

# %% [markdown] question="reflection"
# <!-- BEGIN SOLUTION -->
# 1. Val chooses, test reports. The number by which I chose is too good.
# 2. Only the pictures on which two networks disagree tell which is better.
# 3. Where many pairs are asked, some p-values are small by luck.
#
# Help: lesson 9, and SciPy's documentation of `binomtest` and `t.ppf`.
# <!-- END SOLUTION -->
