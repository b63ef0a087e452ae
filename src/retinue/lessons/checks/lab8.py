"""Lab 8: a classifier for photos of one's own, judged honestly."""

from retinue.lessons.checks import lab8_duplicates, lab8_measures, lab8_near, lab8_transfer
from retinue.lessons.question import Lab, Question, Written

LAB = Lab(
    "lab8",
    "Your own photos",
    {
        "duplicates": Question(
            "Find the files that are there more than once.",
            "find_duplicates",
            lab8_duplicates.check,
            lab8_duplicates.HINTS,
        ),
        "near": Question(
            "Tell near copies of a photo by a fingerprint.",
            "bits_apart",
            lab8_near.check,
            lab8_near.HINTS,
        ),
        "transfer": Question(
            "Train the head of a network and leave its backbone as it is.",
            "train_head",
            lab8_transfer.check,
            lab8_transfer.HINTS,
            points=2,
        ),
        "interval": Question(
            "Say how far an accuracy can be trusted.",
            "interval",
            lab8_measures.check_interval,
            lab8_measures.INTERVAL_HINTS,
        ),
        "balanced": Question(
            "Let every class count alike.",
            "balanced_accuracy",
            lab8_measures.check_balanced,
            lab8_measures.BALANCED_HINTS,
        ),
        "abstain": Question(
            "Choose on val when to leave an answer to a person.",
            "abstain",
            lab8_measures.check_abstain,
            lab8_measures.ABSTAIN_HINTS,
        ),
    },
    {
        "enough": Written("Is it good enough? A recommendation with reasons."),
        "reflection": Written("Three takeaways, and which help was used for what."),
    },
)
