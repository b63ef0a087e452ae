"""Lab 9: the project."""

from retinue.lessons.checks.lab9_scores import (
    check_choose_model,
    check_confusion_matrix,
    check_macro_f1,
)
from retinue.lessons.checks.lab9_tests import (
    check_difference_interval,
    check_holm,
    check_mcnemar,
)
from retinue.lessons.question import Lab, Question, Written

CONFUSION = Question(
    "What is taken for what?",
    "confusion_matrix",
    check_confusion_matrix,
    {
        "transposed": "Take one picture of class 0 that was called class 2. In which row does it "
        "stand, and in which should it?",
        "shares_of_rows": "Add up your whole matrix. How many pictures were there?",
        "shares_of_columns": "Add up your whole matrix. How many pictures were there? And which "
        "of its sums are 1?",
        "counted_once": "The same mistake can happen twice. What does your code do the second "
        "time it meets the same pair?",
        "classes_missing": "How many rows should there be if no picture of the last class is here?",
        "hits_only": "Where did you put the pictures that were mistaken?",
    },
)
MACRO_F1 = Question(
    "The macro F1",
    "macro_f1",
    check_macro_f1,
    {
        "micro": "Your number is the accuracy, however rare a class is. What does 'macro' give "
        "the same weight to: pictures or classes?",
        "weighted": "Does a class with many pictures count more in your mean?",
        "f1_of_means": "In which order: first a mean and then the F1, or first the F1 of each "
        "class and then the mean?",
        "macro_recall": "Does your number change when a class gets many false alarms more?",
        "macro_precision": "Does your number change when a class is missed more often?",
        "absent_counted": "A class of which there is no picture, and that nobody named: what can "
        "be said of it?",
        "undefined_left_out": "A class that was never recognised: is that no result, or a bad one?",
    },
    points=2,
)
CHOOSE = Question(
    "Which model, and which number?",
    "choose_model",
    check_choose_model,
    {
        "chosen_on_test": "Which pictures may help to choose? What would the reported number be "
        "worth then?",
        "val_reported": "You chose by this number. Is it still an honest guess of what comes?",
        "best_test_reported": "Whose number do you report: that of the model you chose?",
        "first_of_equals": "What should decide between two that are equally good on val?",
        "larger_of_equals": "Of two that are equally good, which one costs less to run?",
        "smallest_chosen": "When do the parameters count: always, or only between equals?",
        "worst_chosen": "Is it the largest or the smallest accuracy that you look for?",
    },
)
INTERVAL = Question(
    "How large is the difference between two recipes?",
    "difference_interval",
    check_difference_interval,
    {
        "normal_for_t": "With 3 seeds, how well is the spread itself known? Which distribution "
        "allows for that?",
        "spread_for_error": "Does your interval become narrower when there are more seeds?",
        "unpaired": "The first number of each list has the same seed. What happens to what both "
        "have in common when you subtract first?",
        "divided_by_n": "The spread is measured around a mean that comes from the same numbers. "
        "By what do you have to divide then?",
        "freedom_of_n": "How many differences are free once their mean is known?",
        "one_side": "Five in a hundred lie outside. On how many sides?",
        "turned_round": "The first less the second, or the other way round?",
        "margin_returned": "Are these two ends, or the distance from the middle to an end?",
    },
    points=2,
)
MCNEMAR = Question(
    "McNemar's exact test",
    "mcnemar",
    check_mcnemar,
    {
        "all_pictures": "Pictures that both have right: what do they say about which is better? "
        "How often is your coin thrown?",
        "one_sided": "Before you looked, did you know which of the two would be better?",
        "chi_squared": "Your p comes from a curve that fits when there are many disagreements. "
        "With five of them, you can count exactly.",
        "chi_squared_corrected": "The correction makes the curve fit better. Can you do without "
        "the curve?",
        "unpaired": "You compare two totals as if they came from different pictures. What do you "
        "know in addition?",
        "above_one": "Give it five pictures that only one has right and five that only the other "
        "has. Can your number be a probability?",
        "both_right_counted": "Which pictures tell the two apart?",
        "equal_split_only": "Is it the chance of exactly this split, or of one at least so uneven?",
    },
    points=2,
)
HOLM = Question(
    "Many pairs: Holm's correction",
    "holm",
    check_holm,
    {
        "bonferroni": "The smallest p is multiplied by the number of all. Does that hold for the "
        "next one too?",
        "not_monotone": "Can a larger p become a smaller one by the correction? Try 0.01, 0.011.",
        "order_lost": "Whose p is the first in your list? Give it 0.5, 0.01.",
        "above_one": "Can a probability be larger than 1?",
        "benjamini_hochberg": "Yours bounds the share of false claims. Holm's bounds the chance "
        "of even one, and starts at the smallest p.",
        "hochberg": "From which end do you begin: from the smallest p or from the largest?",
        "uncorrected": "With twenty pairs of equally good models, how many have p below 0.05 by "
        "luck?",
        "largest_first": "Which p meets the hardest demand: the smallest or the largest?",
    },
    points=2,
)

LAB = Lab(
    "lab9",
    "The project",
    {
        "confusion_matrix": CONFUSION,
        "macro_f1": MACRO_F1,
        "choose_model": CHOOSE,
        "difference_interval": INTERVAL,
        "mcnemar": MCNEMAR,
        "holm": HOLM,
    },
    {
        "abstract": Written("The abstract of a project, in 100 to 150 words", points=3),
        "discussion": Written("What the numbers do not show", points=3),
        "reflection": Written("Three takeaways, and which help was used"),
    },
)
