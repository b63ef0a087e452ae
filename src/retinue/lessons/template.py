"""The master that a teacher's own lab begins with."""

_TEXT = '''\
# %% [markdown]
# # A lab of your own: @NAME@
#
# This is the master of a lab: its text, its solution and its checks in one file. Change it, then
# run `retinue lessons new @FILE@` again. What stands between the markers is taken out of the
# students' copy.

# %%
import numpy as np

from retinue.lessons import check

# %% [markdown]
# ## 1. A function
#
# Write a function that brings the values of an image to 0 to 1: the smallest becomes 0, the
# largest 1, and all others lie between them as before.

# %% question="stretch"
def stretch(image):
    """Values from 0 to 1 of an image of numbers (height, width); the shape stays."""
    ### BEGIN SOLUTION
    low, high = image.min(), image.max()
    return (image - low) / (high - low)
    ### END SOLUTION


# %%
check("@NAME@.stretch", stretch)

# %% [markdown]
# ## 2. A value
#
# How many parameters has a convolution of 3 x 3 from 3 to 16 channels, its biases counted too?

# %% question="parameters"
parameters = 3 * 3 * 3 * 16 + 16  # SOLUTION

# %%
check("@NAME@.parameters", parameters)

# %% [markdown] question="why"
# ## 3. In words
#
# Why do we bring the values of images into a small range before a network sees them?
#
# <!-- BEGIN SOLUTION -->
# Weights begin small, of a size that fits inputs of about 1. Large inputs make large gradients,
# and then one learning rate does not suit all weights.
# <!-- END SOLUTION -->

# %% [markdown] question="reflection"
# ## Looking back
#
# Three things that you take with you, and which help you used (people, books, AI tools), for what.
#
# <!-- BEGIN SOLUTION -->
# (Whatever is true.)
# <!-- END SOLUTION -->

# %% tags=["checks"]
"""What the lab @NAME@ asks, and how its answers are checked.

Cells with the tag "checks" are in no notebook. They become @NAME@_checks.py beside it.
"""

import numpy as np
from torch import nn

from retinue.lessons.comparing import compare, shown
from retinue.lessons.question import Lab, Question, WrongError, Written


def check_stretch(answer):
    """Ask a function on random images, and see whether it makes a mistake that we know."""
    draw = np.random.default_rng(0)
    shapes = [(3, 4), (5, 2), (1, 6), (7, 7)]
    compare(
        answer,
        [(draw.uniform(20, 200, shape),) for shape in shapes],
        # Another way to the same result, so that this file does not give the answer away.
        lambda image: np.interp(image, [np.min(image), np.max(image)], [0, 1]),
        {
            "minimum_forgotten": lambda image: image / image.max(),
            "always_255": lambda image: image / 255,
            "minimum_kept_in_the_range": lambda image: (image - image.min()) / image.max(),
        },
    )


def check_parameters(answer):
    """Hold a number against what PyTorch makes."""
    layer = nn.Conv2d(3, 16, 3)
    mistakes = {
        layer.weight.numel(): "biases_forgotten",
        nn.Conv2d(1, 16, 3).weight.numel() + 16: "channels_forgotten",
        layer.weight.numel() + 3: "a_bias_for_each_input",
    }
    if answer != layer.weight.numel() + layer.bias.numel():
        known = mistakes.get(answer) if isinstance(answer, int) else None
        raise WrongError(f"this says {shown(answer)}", known)


LAB = Lab(
    name="@NAME@",
    title="A lab of your own",
    questions={
        "stretch": Question(
            asks="Bring the values of an image to 0 to 1.",
            answer="stretch",
            check=check_stretch,
            hints={
                "minimum_forgotten": "The largest is 1. What becomes of the smallest?",
                "always_255": "What if the brightest pixel of an image is not 255?",
                "minimum_kept_in_the_range": "Once the smallest is taken off, what is the largest?",
            },
        ),
        "parameters": Question(
            asks="Count the parameters of a convolution.",
            answer="parameters",
            check=check_parameters,
            hints={
                "biases_forgotten": "The weights are right. Has the layer nothing else to learn?",
                "channels_forgotten": "Each kernel looks at all channels of its input.",
                "a_bias_for_each_input": "To what is a bias added: to inputs or to outputs?",
            },
        ),
    },
    written={
        "why": Written("Why values are brought into a small range."),
        "reflection": Written("Takeaways, and which help was used."),
    },
)
'''


def template(name: str, file: str) -> str:
    """The text of a first master.

    Args:
        name: the lab's, of ASCII letters, digits and underscores.
        file: the master's own.
    """
    return _TEXT.replace("@NAME@", name).replace("@FILE@", file)
