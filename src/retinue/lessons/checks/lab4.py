"""Lab 4: from a linear model to a CNN, and what measured experiments say."""

from retinue.lessons.checks.lab4_counting import (
    PARAMETER_HINTS,
    RATE_HINTS,
    check_parameters,
    check_rate,
)
from retinue.lessons.checks.lab4_reading import (
    APART_HINTS,
    CHOOSE_HINTS,
    check_apart,
    check_choose,
)
from retinue.lessons.checks.lab4_residual import HINTS as RESIDUAL_HINTS
from retinue.lessons.checks.lab4_residual import check_residual
from retinue.lessons.checks.lab4_shuffling import HINTS as SHUFFLE_HINTS
from retinue.lessons.checks.lab4_shuffling import check_shuffle_pixels
from retinue.lessons.question import Lab, Question, Written

LAB = Lab(
    name="lab4",
    title="Why space matters",
    questions={
        "parameters": Question(
            "Count what a network of linear layers and convolutions learns.",
            "parameters",
            check_parameters,
            PARAMETER_HINTS,
        ),
        "shuffle_pixels": Question(
            "Put the pixels of all pictures into one other order.",
            "shuffle_pixels",
            check_shuffle_pixels,
            SHUFFLE_HINTS,
            points=2,
        ),
        "residual": Question(
            "Build a residual block around given layers.",
            "Residual",
            check_residual,
            RESIDUAL_HINTS,
            points=3,
        ),
        "rate": Question(
            "Scale the learning rate with the batch size, with a warm-up.",
            "rate",
            check_rate,
            RATE_HINTS,
            points=2,
        ),
        "choose": Question(
            "Choose the best setting of a measured experiment.",
            "choose",
            check_choose,
            CHOOSE_HINTS,
        ),
        "apart": Question(
            "Say which differences of a measured experiment are shown.",
            "apart",
            check_apart,
            APART_HINTS,
            points=2,
        ),
    },
    written={
        "bias": Written("For which data the assumptions of a CNN are wrong, and what follows.", 2),
        "depth": Written("What the measured experiment on depth shows, and what it does not.", 2),
        "reflection": Written("Three takeaways, and which help was used."),
    },
)
