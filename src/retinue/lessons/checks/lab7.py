"""Lab 7: from Keras to PyTorch."""

from retinue.lessons.checks import lab7_loss, lab7_padding, lab7_translation, lab7_weights
from retinue.lessons.question import Lab, Question, Written

LAB = Lab(
    "lab7",
    "From Keras to PyTorch",
    {
        "parameters": Question(
            "Count the parameters of every layer of a Keras network.",
            "count_parameters",
            lab7_translation.check_counts,
            lab7_translation.COUNT_HINTS,
        ),
        "same_padding": Question(
            'Say how many zeros padding "same" puts before and after a row of pixels.',
            "same_padding",
            lab7_padding.check,
            lab7_padding.HINTS,
        ),
        "translate": Question(
            "Make a network of PyTorch of a list of Keras' layers.",
            "translate",
            lab7_translation.check_translation,
            lab7_translation.TRANSLATE_HINTS,
            points=2,
        ),
        "conv_weights": Question(
            "Bring the kernel of a Conv2D into PyTorch's order.",
            "conv_weights",
            lab7_weights.check_conv,
            lab7_weights.CONV_HINTS,
        ),
        "dense_weights": Question(
            "Bring the kernel of the Dense layer after Flatten into PyTorch's order.",
            "dense_weights",
            lab7_weights.check_dense,
            lab7_weights.DENSE_HINTS,
        ),
        "loss": Question(
            "Compute Keras' cross entropy, of logits and of probabilities.",
            "keras_loss",
            lab7_loss.check,
            lab7_loss.HINTS,
        ),
    },
    {
        "suspects": Written("Where to look when a translated network is worse than the original."),
        "reflection": Written("Three takeaways, and which help was used for what."),
    },
)
