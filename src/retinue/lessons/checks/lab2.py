"""Lab 2: convolution."""

from retinue.lessons.checks.lab2_counting import (
    check_count_parameters,
    check_output_size,
    check_receptive_field,
)
from retinue.lessons.checks.lab2_windows import check_conv2d, check_conv_layer, check_max_pool
from retinue.lessons.question import Lab, Question, Written

OUTPUT_SIZE = Question(
    "How large is the output?",
    "output_size",
    check_output_size,
    {
        "ceil_for_floor": "Draw 8 numbers and move a window of 3 by 2. May the last window stick "
        "out of the picture?",
        "not_whole": "Can an output have half a number? What becomes of a step that does not fit?",
        "padding_once": "How many ends does a row have, and at how many is padding added?",
        "padding_forgotten": "Does your result change with the padding?",
        "one_forgotten": "A kernel as large as the picture fits how often? And what do you get?",
        "kernel_forgotten": "Where does the last window begin, and does it fit as a whole?",
        "stride_forgotten": "Does your result change with the stride?",
    },
)
CONV2D = Question(
    "A convolution of one channel",
    "conv2d",
    check_conv2d,
    {
        "flipped_kernel": "Try a kernel with a single 1 in its upper left corner: which pixel does "
        "each output show? Networks differ from mathematics here.",
        "transposed_kernel": "Which axis of the kernel goes with the rows of the picture?",
        "padding_forgotten": "What lies under the window when it begins before the picture?",
        "padding_at_one_end": "How many sides has the picture, and which of them got zeros?",
        "edge_repeated": "Print your padded picture: which numbers stand around it, and which "
        "should?",
        "stride_ignored": "From one number of the output to the next, how far does the window "
        "move on the picture?",
        "settings_ignored": "It works with stride 1 and padding 0. Where does your code use the "
        "two?",
        "mean_for_sum": "What is done with the products, in the end?",
    },
    points=2,
)
CONV_LAYER = Question(
    "A convolution of many channels",
    "conv_layer",
    check_conv_layer,
    {
        "channels_not_summed": "How many numbers should one kernel give at one place, however many "
        "channels there are?",
        "channels_averaged": "Does a kernel add up over its channels, or does it share out?",
        "first_channel_only": "Set all channels but the first to 0. Should your output stay the "
        "same?",
        "bias_forgotten": "What does the layer give for a picture that is all zeros?",
        "bias_too_often": "What does the layer give for a picture that is all zeros? How often was "
        "the bias added?",
        "flipped_kernel": "Compare a single channel with your answer to question 2.",
    },
    points=2,
)
MAX_POOL = Question(
    "Max pooling",
    "max_pool",
    check_max_pool,
    {
        "mean_for_max": "What is kept of a window: its largest number or its average?",
        "stride_one": "Do your windows overlap? Where does the second one begin?",
        "leftover_kept": "What should become of rows that do not fill a window?",
        "zeros_padded": "Zeros at the edge: what if all numbers of the picture are below 0?",
        "across_channels": "How many channels go in, and how many come out?",
        "smallest_for_largest": "Is it the largest number that you keep?",
    },
)
RECEPTIVE_FIELD = Question(
    "How far does a unit see?",
    "receptive_field",
    check_receptive_field,
    {
        "kernels_added": "Two layers with a kernel of 3, stride 1: draw the pixels that one unit "
        "sees. How many does the second layer add?",
        "strides_ignored": "After a layer with stride 2, how many pixels apart are two neighbours?",
        "stride_too_early": "A single layer: does its own stride change how much one unit sees?",
        "stride_not_kept": "A layer with stride 2 comes first, and two others follow. What does "
        "the third layer know of that stride?",
        "one_forgotten": "How many pixels does a unit see if there is no layer at all?",
    },
    points=2,
)
COUNT_PARAMETERS = Question(
    "How many parameters?",
    "count_parameters",
    check_count_parameters,
    {
        "bias_forgotten": "Does your number change when the layer has biases?",
        "bias_always": "Does your number change when the layer has no biases?",
        "single_bias": "Is one bias enough for all channels of the output?",
        "bias_for_each_slice": "A kernel has a slice for each channel that goes in. When is the "
        "bias added, before or after the sum over them?",
        "channels_in_forgotten": "Has a kernel for a colour picture as many weights as one for a "
        "grey picture?",
        "channels_out_forgotten": "How many kernels does it take to make so many channels?",
        "kernel_not_squared": "How many numbers are in a kernel with 3 rows?",
    },
)

LAB = Lab(
    "lab2",
    "Convolution",
    {
        "output_size": OUTPUT_SIZE,
        "conv2d": CONV2D,
        "conv_layer": CONV_LAYER,
        "max_pool": MAX_POOL,
        "receptive_field": RECEPTIVE_FIELD,
        "count_parameters": COUNT_PARAMETERS,
    },
    {
        "sharing": Written("What a convolution takes for granted about pictures", points=2),
        "reflection": Written("Three takeaways, and which help was used"),
    },
)
