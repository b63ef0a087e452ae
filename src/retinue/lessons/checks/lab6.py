"""Lab 6, looking inside: its questions, and the hints for what commonly goes wrong."""

from retinue.lessons.checks.lab6_heat import check_alike, check_grad_cam, check_occlusion
from retinue.lessons.checks.lab6_layers import check_as_pictures, check_field_of, check_record
from retinue.lessons.question import Lab, Question, Written

_RECORD = Question(
    asks="What a layer gives, by a hook that is removed again.",
    answer="record",
    check=check_record,
    hints={
        "hook_left": "The layer still has your hook. What does register_forward_hook give you "
        "for this purpose?",
        "others_removed": "Somebody else's hook is gone too. Which one is yours?",
        "not_detached": "What you give still carries gradients, and with them the memory of the "
        "whole pass. How is a tensor cut off from that?",
        "input_for_output": "This is what the layer was *given*. A forward hook gets three "
        "arguments: which is which?",
        "overwritten": "The next layer works in place and has written over what you kept. What "
        "keeps it as it was?",
        "network_output": "This is what the network gives in the end, not the layer.",
        "mode_changed": "The network was in another mode before. It should be as it was.",
        "tuple_for_tensor": "A hook gets the inputs as a tuple, and you give such a thing. A "
        "tensor is asked for.",
    },
    points=2,
)
_PICTURES = Question(
    asks="Filters as colour pictures on one scale.",
    answer="as_pictures",
    check=check_as_pictures,
    hints={
        "each_its_own": "Each filter has its own scale here, so that a weak one looks as strong "
        "as a strong one.",
        "zero_not_grey": "Which grey does a weight of zero get? Think of weights from -1 to 3.",
        "least_is_black": "Each filter goes from black to white by itself. Which grey does a "
        "weight of zero get, and can two filters be compared?",
        "sign_lost": "A weight of -1 and one of 1 look the same here.",
        "reshaped": "The shape is right, the pixels are mixed up: reshape counts through the "
        "numbers in the order in which they lie. Which function moves axes?",
        "sides_exchanged": "Rows and columns have changed places.",
        "channels_first": "A picture has its colours in the last axis.",
        "not_centred": "From -1 to 1: what has to be done for it to be from 0 to 1?",
    },
)
_FIELD = Question(
    asks="The pixels that one place of the last maps depends on, by the gradient.",
    answer="field_of",
    check=check_field_of,
    hints={
        "whole_map": "These are the pixels that *some* place of the map sees. Of what do you take "
        "the gradient?",
        "place_exchanged": "This is the field of another place. In which order do rows and "
        "columns stand in a tensor?",
        "positive_only": "A pixel that lowers the unit counts too.",
        "first_channel_only": "The pixel has several channels, and here one of them reaches "
        "further than the other. Which did you look at?",
        "channels_kept": "A pixel is a place: what is to be done with the axis of channels?",
    },
    points=2,
)
_OCCLUSION = Question(
    asks="How far a probability falls where a square is covered.",
    answer="occlusion",
    check=check_occlusion,
    hints={
        "sign": "Where it falls, is your number above or below 0?",
        "probability_for_fall": "This is the probability that is left. How far did it fall?",
        "adds_up": "The first square is right. When the second one is covered, what lies where "
        "the first one was?",
        "best_class": "You follow the largest probability, whatever class it is of. Which one is "
        "asked for?",
        "answer_for_target": "This is the map of the class that the network answers with. For "
        "which was it asked?",
        "place_exchanged": "The map is turned over: do rows of the map belong to rows of the "
        "picture?",
        "black_for_colour": "With which colour do you cover?",
        "moves_by_one": "Squares lie side by side. By how many pixels does the window move?",
        "picture_changed": "The picture that was given to you has changed.",
    },
    points=2,
)
_GRAD_CAM = Question(
    asks="Grad-CAM of a network in two parts.",
    answer="grad_cam",
    check=check_grad_cam,
    hints={
        "relu_forgotten": "There are values below 0. What does the formula do with them?",
        "not_averaged": "Each place keeps its own gradient here. How many weights does one map "
        "have in the formula?",
        "summed": "The shape of the map is right, its size is not. Is the weight a sum or a mean?",
        "softmax_for_logit": "This is the gradient of the probability, which is also moved by all "
        "other classes. The formula asks for the number before softmax.",
        "best_class": "This is the map of the class that the network answers with. For which was "
        "it asked?",
        "averaged_over_maps": "You average over the maps. Over what should the weight of one map "
        "be a mean?",
        "not_enlarged": "The map still has the size of the last maps.",
        "nearest": "It is enlarged in blocks. Which mode is asked for?",
        "corners_aligned": "Nearly: see align_corners.",
        "relu_after_enlarging": "Nearly. In which order do ReLU and enlarging stand?",
        "gradient_only": "The gradient alone says how the answer would change, not what is there. "
        "With what is it multiplied?",
        "relu_on_gradient": "ReLU comes once, at the end. A map that lowers the answer counts "
        "too, with its negative weight.",
    },
    points=3,
)
_ALIKE = Question(
    asks="The rank correlation of the strengths of two maps.",
    answer="alike",
    check=check_alike,
    hints={
        "values_for_ranks": "A single very strong place decides here. What are the ranks for?",
        "plain_correlation": "This is the correlation of the values as they are. What are the "
        "strengths, and what are their ranks?",
        "sign_kept": "A place that speaks strongly against the class is strong. What is its "
        "rank here?",
        "argsort_for_rank": "argsort tells which place comes first, not which rank a place has. "
        "Sort 30, 10, 20 and look.",
        "kendall": "This is Kendall's. Which one is asked for?",
    },
)

LAB = Lab(
    name="lab6",
    title="Looking inside",
    questions={
        "record": _RECORD,
        "as_pictures": _PICTURES,
        "field_of": _FIELD,
        "occlusion": _OCCLUSION,
        "grad_cam": _GRAD_CAM,
        "alike": _ALIKE,
    },
    written={
        "claims": Written("What a map on an X-ray proves, and how to find out the rest.", 3),
        "reflection": Written("Three takeaways; which help was used, and for what."),
    },
)
