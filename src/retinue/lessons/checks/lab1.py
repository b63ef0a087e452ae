"""Lab 1: pictures as numbers."""

from retinue.lessons.checks.lab1_pixels import check_channels_first, check_distance, check_mirror
from retinue.lessons.checks.lab1_preparing import check_normalise, check_one_hot
from retinue.lessons.checks.lab1_split import check_split
from retinue.lessons.question import Lab, Question, Written

DISTANCE = Question(
    "How far apart are two pictures?",
    "distance",
    check_distance,
    {
        "wraps_around": "Of what type is the difference of two uint8 arrays, and what becomes of "
        "10 - 20 in it? Print it for two small arrays.",
        "signs_cancel": "One picture is brighter on the left, the other on the right. What does "
        "your number say of them?",
        "abs_too_late": "Which differences may still cancel one another in your sum?",
        "squared": "Your number grows four times as large when each distance doubles. Is that what "
        "an absolute difference does?",
        "root_of_squares": "You measure a distance as one does in space, by squares and a root. "
        "What does the question take in place of the square?",
        "sum_for_mean": "Should pictures of twice the size be further apart?",
    },
)
CHANNELS_FIRST = Question(
    "Bring the channels to the front",
    "channels_first",
    check_channels_first,
    {
        "reshaped": "The shape is right. Look at a channel as a picture: are its rows still rows?",
        "rows_and_columns_swapped": "Channels are in their place. Try a picture that is wider than "
        "it is tall: what is the shape then?",
        "channels_not_first": "Counted from 0, which axis should be that of the channels?",
        "all_axes_turned": "The axis of the pictures moved too. Which axes are to move, and which "
        "one stays?",
    },
)
ONE_HOT = Question(
    "Labels as one-hot rows",
    "one_hot",
    check_one_hot,
    {
        "classes_from_data": "How many columns does a batch get in which the last class does not "
        "occur?",
        "renumbered": "Take labels 0 and 2 alone. In which column belongs the 1 of label 2?",
        "counted_from_one": "Which column belongs to label 0?",
        "transposed": "Is a label a row or a column of what you give?",
    },
)
MIRROR = Question(
    "Mirror some of the pictures",
    "mirror",
    check_mirror,
    {
        "upside_down": "Which axis has the rows and which the columns? Left and right differ in "
        "one of them.",
        "channels_reversed": "What is on the last axis of (N, H, W, C)? Your sky may have become "
        "orange.",
        "turned": "Read a word in your mirrored picture: does it stand on its head as well?",
        "all_mirrored": "What does your function do with the pictures that are not chosen?",
        "others_mirrored": "Is it the chosen ones that are mirrored?",
        "others_left_out": "How many pictures go in, and how many come out?",
        "order_reversed": "The pictures change places. Which axis counts the pictures?",
        "original_changed": "Look at the pictures that you were given, after the call. An array "
        "that is a view shares its numbers with another.",
    },
    points=2,
)
NORMALISE = Question(
    "Normalise by what train tells",
    "normalise",
    check_normalise,
    {
        "own_statistics": "From which pictures do your mean and deviation come? A single new "
        "picture, all black, should not come out as an average one.",
        "statistics_of_both": "Would your numbers change if the second pictures were others? "
        "Then something leaked.",
        "one_number": "How many means should a colour picture have?",
        "each_pixel": "How many means do you have? Over which axes should be averaged so that one "
        "for each channel is left?",
        "each_picture": "Should a dark and a bright picture look alike afterwards?",
        "std_forgotten": "The mean is 0 now. How wide do the numbers spread?",
        "mean_forgotten": "The spread is right. Around which number do yours lie?",
        "variance_for_std": "Your spread is far too small. Which of variance and standard "
        "deviation is in units of pixels?",
        "scales_mixed": "Are pixels and statistics on the same scale, 0 to 255 or 0 to 1?",
        "wraps_around": "What is a dark pixel minus a larger mean, in uint8?",
    },
    points=2,
)
SPLIT = Question(
    "Split whole groups, class by class",
    "split",
    check_split,
    {
        "groups_straddle": "Take one group and look where its photos went. What do you deal out, "
        "photos or groups?",
        "overlap": "Is there a photo that is in both? What does the network know of it already?",
        "photos_lost": "Count the photos of both together.",
        "swapped": "Which of the two is to have the share that was asked for, and which stands "
        "first?",
        "not_stratified": "Count the photos of each class in val. What decides how many a class "
        "gives?",
        "not_shuffled": "Try two different seeds. What should differ, and does it?",
        "seed_ignored": "Call it twice with the same seed. Where does the chance in your function "
        "come from?",
    },
    points=2,
)

LAB = Lab(
    "lab1",
    "Pictures as numbers",
    {
        "distance": DISTANCE,
        "channels_first": CHANNELS_FIRST,
        "one_hot": ONE_HOT,
        "mirror": MIRROR,
        "normalise": NORMALISE,
        "split": SPLIT,
    },
    {
        "leaks": Written("Two leaks in a split of dogs, and which is worse", points=2),
        "reflection": Written("Three takeaways, and which help was used"),
    },
)
