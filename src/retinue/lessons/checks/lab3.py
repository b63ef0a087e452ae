"""Lab 3: training."""

from retinue.lessons.checks.lab3_judging import (
    EVALUATE_HINTS,
    FIT_HINTS,
    check_evaluate,
    check_fit,
)
from retinue.lessons.checks.lab3_loss import HINTS, check_cross_entropy
from retinue.lessons.checks.lab3_steps import (
    EPOCH_HINTS,
    STEP_HINTS,
    check_sgd_step,
    check_train_epoch,
)
from retinue.lessons.question import Lab, Question, Written

LAB = Lab(
    name="lab3",
    title="Training",
    questions={
        "cross_entropy": Question(
            "Compute the cross-entropy of a batch from its logits, also where they are large.",
            "cross_entropy",
            check_cross_entropy,
            HINTS,
            points=2,
        ),
        "sgd_step": Question(
            "Take one step of gradient descent, without an optimiser.",
            "sgd_step",
            check_sgd_step,
            STEP_HINTS,
            points=2,
        ),
        "train_epoch": Question(
            "Train one epoch by the four steps, and give the mean loss over its pictures.",
            "train_epoch",
            check_train_epoch,
            EPOCH_HINTS,
            points=2,
        ),
        "evaluate": Question(
            "Give the share of pictures that a network recognises.",
            "evaluate",
            check_evaluate,
            EVALUATE_HINTS,
            points=2,
        ),
        "fit": Question(
            "Train with early stopping, and keep the weights of the best epoch.",
            "fit",
            check_fit,
            FIT_HINTS,
            points=3,
        ),
    },
    written={
        "curves": Written("What the loss curves of three learning rates show, and why.", points=2),
        "honest": Written("Which accuracy is honest: on validation, or on test?", points=2),
        "reflection": Written("Three takeaways, and which help was used."),
    },
)
