"""Lab 5, overfitting and its cures: its questions, and the hints for what commonly goes wrong."""

from retinue.lessons.checks.lab5_choices import check_choose_cure, check_early_stopping
from retinue.lessons.checks.lab5_epoch import check_one_epoch
from retinue.lessons.checks.lab5_layers import check_batch_norm, check_dropout
from retinue.lessons.checks.lab5_steps import check_adamw_step
from retinue.lessons.question import Lab, Question, Written

_DROPOUT = Question(
    asks="Inverted dropout, in train and in eval mode.",
    answer="dropout",
    check=check_dropout,
    hints={
        "nothing_dropped": "Look at what comes out in train mode: is there any 0?",
        "not_scaled": "If a share of the numbers is 0, what is the mean of the rest worth? What "
        "makes up for those that are missing?",
        "scaled_at_test": "This is how the paper of 2014 did it. Inverted dropout makes up for "
        "what is missing at once, so that eval mode has nothing to do.",
        "keeps_with_p": "Try p = 0.9 on a hundred ones and count. Is p the share that goes, or "
        "the share that stays?",
        "scaled_wrongly": "Take p = 0.75 and ones. One in four is kept. How large must it be for "
        "the mean to be 1?",
        "one_mask_for_all_rows": "All rows of the batch lose the same columns. Each number is "
        "drawn by itself: what shape do the random numbers need?",
        "whole_rows": "Whole rows are gone, which are whole pictures. What shape do the random "
        "numbers need?",
        "same_mask_each_time": "Two calls drop the very same numbers. What fixes the draw?",
        "drops_in_eval": "A prediction should not depend on luck. What does `training` say?",
        "scaled_in_eval": "In eval mode nothing is missing, so there is nothing to make up for.",
        "modes_exchanged": "Which of the two modes is meant by training=True?",
        "input_changed": "The tensor that was given to you has changed. Does your code write into "
        "it?",
    },
    points=2,
)
_BATCH_NORM = Question(
    asks="Batch norm of maps, with its running statistics.",
    answer="batch_norm",
    check=check_batch_norm,
    hints={
        "over_pictures_only": "Your mean still depends on the place in the map. How many numbers "
        "should be left for C channels?",
        "over_everything": "One mean for all channels together: a strong channel then drowns a "
        "weak one. Which axis has to stay?",
        "each_picture_by_itself": "Each picture is normalised by itself here. Where do the others "
        "of the batch come in?",
        "unbiased_in_output": "Nearly. By how many values does the variance divide in the output? "
        "What does torch do if you say nothing?",
        "eps_outside": "For a channel that hardly varies the result is off. Where exactly in the "
        "formula does eps stand?",
        "eps_forgotten": "For a channel that hardly varies the result is off. What keeps the "
        "division safe?",
        "variance_for_deviation": "After normalising, is the deviation of each channel 1? What "
        "has the unit of x: the variance, or its root?",
        "mean_not_taken_away": "After normalising, is the mean of each channel 0?",
        "eval_uses_batch": "In eval mode one picture's answer must not depend on the others. "
        "Which statistics are left?",
        "train_uses_memory": "In train mode the memory is only written. From what are mean and "
        "variance taken?",
        "momentum_reversed": "After one batch the memory should have moved by a tenth of the "
        "way. Which of the two parts has the weight `momentum`?",
        "memory_not_written": "In train mode the memory should move. Do you give back the new one?",
        "memory_written_in_eval": "Eval mode should leave no trace: the same batch twice, the "
        "same answer twice.",
        "biased_in_memory": "The output is right. What goes into memory divides by n - 1: see the "
        "last sentence above the question.",
        "deviation_in_memory": "Is it the variance that is remembered, or its root?",
    },
    points=2,
)
_ADAMW = Question(
    asks="One step of AdamW.",
    answer="adamw_step",
    check=check_adamw_step,
    hints={
        "decay_in_gradient": "Here the decay goes through Adam's means, which divide it by the "
        "size of the gradients: weights with large gradients hardly shrink. AdamW keeps the two "
        "apart.",
        "decay_without_rate": "How much should a weight shrink if the learning rate is 0?",
        "decay_grows": "With a gradient of zero, does the weight come nearer to 0?",
        "decay_forgotten": "Without a decay this is right. What happens to the weight itself?",
        "no_bias_correction": "In the first step the means are nearly 0. Which two lines of the "
        "formula make up for that?",
        "counts_from_zero": "In the first step t is 1. Do you use t as it is given?",
        "uphill": "The loss should fall. In which direction does the gradient point?",
        "means_not_given_back": "The weight is right, and the two means should be those *after* "
        "this step, without the correction.",
        "corrected_given_back": "What is kept for the next step: m and v, or those with a hat?",
    },
    points=2,
)
_STOPPING = Question(
    asks="Early stopping with patience, read epoch by epoch.",
    answer="early_stopping",
    check=check_early_stopping,
    hints={
        "chosen_by_test": "Who chooses when to stop? If test does, its number is no longer an "
        "honest report.",
        "chosen_by_train": "The training loss nearly always falls. Which loss knows of pictures "
        "that are new to the network?",
        "last_for_best": "Training goes on for some epochs after the best one. Whose weights "
        "would you like to keep?",
        "too_late": "Take patience 1 and losses 3, 2, 4: the best is one epoch ago after the "
        "third. When does your training end?",
        "too_early": "Take patience 2 and losses 3, 2, 4, 1: after the third the best is one "
        "epoch ago. May the fourth be trained?",
        "looks_ahead": "You keep an epoch that comes after the end of the training. At the time "
        "of stopping nobody can know it.",
        "never_reset": "Bad epochs are counted over the whole training. What should a new best "
        "epoch do to the count?",
        "against_previous": "Losses 5, 1, 4, 3, 2: each of the last ones is better than the one "
        "before. Is any of them better than the best?",
        "equal_is_progress": "Is a loss that is just as large as the best one progress?",
        "largest_for_least": "Is a large loss good or bad?",
    },
    points=2,
)
_EPOCH = Question(
    asks="One epoch: augmented training, then an honest measurement.",
    answer="one_epoch",
    check=check_one_epoch,
    hints={
        "val_augmented": "Val pictures reached the network changed. What would the number then "
        "measure?",
        "train_not_augmented": "The training pictures came to the network as they are.",
        "train_mode_forgotten": "The network was in eval mode as it trained. It may come from "
        "somebody who has just measured it: who puts it back?",
        "eval_forgotten": "The network was in train mode as it was measured. What would dropout "
        "do to the number?",
        "gradients_not_zeroed": "The first step is right and later ones are not: `backward` adds "
        "to what is there already.",
        "zeroed_before_step": "The optimiser found no gradients. In which order do zero_grad, "
        "backward and step stand?",
        "softmax_twice": "The cross-entropy takes logits and does the softmax itself.",
        "val_learnt": "The weights moved while val was being looked at. What is val for?",
        "no_step": "The weights have not moved. Which call moves them?",
        "mean_of_batches": "The last batch is smaller, and its pictures count for more here. "
        "What do you divide by in the end?",
        "train_accuracy": "This is the share of the training pictures.",
        "count_for_share": "This is a number of pictures. A share lies between 0 and 1.",
    },
    points=3,
)
_CHOICE = Question(
    asks="Choose a recipe, and report it honestly.",
    answer="choose_cure",
    check=check_choose_cure,
    hints={
        "chosen_by_test": "This is the best one on test. Who has chosen it, and what is its "
        "number on test worth then?",
        "chosen_by_train": "This is the best one on pictures that it has seen.",
        "chosen_by_gap": "This has the smallest gap. A network that guesses has none at all.",
        "gap_reversed": "Recipe and accuracy are right. Which of the two is usually larger, and "
        "should the gap then be positive?",
        "gap_to_val": "Recipe and accuracy are right. Between which two is the gap asked for?",
        "val_reported": "The recipe is right. Its val accuracy was the reason for choosing it, "
        "which makes it too good to be told.",
    },
)

LAB = Lab(
    name="lab5",
    title="Overfitting and its cures",
    questions={
        "dropout": _DROPOUT,
        "batch_norm": _BATCH_NORM,
        "adamw_step": _ADAMW,
        "early_stopping": _STOPPING,
        "one_epoch": _EPOCH,
        "choose_cure": _CHOICE,
    },
    written={
        "advice": Written("What to advise where a network overfits, and how to see it help.", 2),
        "labels": Written("What the experiment with mixed labels proves, and what not."),
        "reflection": Written("Three takeaways; which help was used, and for what."),
    },
)
