"""The options of `retinue train`: the keys of the recipe, and what belongs to the run alone."""

from pathlib import Path
from typing import Annotated

from typer import Option

TRAINING, DATA, RUN = "Training", "Data", "The run"

Preset = Annotated[
    str | None, Option(help="quick, balanced or accurate.", rich_help_panel=TRAINING)
]
Pretrained = Annotated[
    str | None,
    Option(help="Weights to begin with: none, default, FILE or RUN.", rich_help_panel=TRAINING),
]
KeepHead = Annotated[
    bool | None,
    Option("--keep-head", help="Take over their last layer too.", rich_help_panel=TRAINING),
]
Epochs = Annotated[
    float | None, Option(help="Passes over the pictures; 1.5 is allowed.", rich_help_panel=TRAINING)
]
BatchSize = Annotated[int | None, Option(help="Pictures a step.", rich_help_panel=TRAINING)]
SliceSize = Annotated[
    int | None, Option(help="Pictures that go through at once.", rich_help_panel=TRAINING)
]
Hardest = Annotated[
    float | None, Option(help="Share taken after the first epoch.", rich_help_panel=TRAINING)
]
Progressive = Annotated[
    str | None, Option(help="Fewer pixels at first, as 24:0.6.", rich_help_panel=TRAINING)
]
Ema = Annotated[
    float | None, Option(help="Decay of averaged weights; 0 is off.", rich_help_panel=TRAINING)
]
Opt = Annotated[str | None, Option(help="sgd, adam, adamw or muon.", rich_help_panel=TRAINING)]
RestLr = Annotated[
    float | None, Option(help="With muon: lr of all but convolutions.", rich_help_panel=TRAINING)
]
RestMomentum = Annotated[
    float | None, Option(help="With muon: momentum of the same.", rich_help_panel=TRAINING)
]
Lr = Annotated[
    str | None, Option(help="Peak learning rate; auto finds one.", rich_help_panel=TRAINING)
]
Momentum = Annotated[
    float | None, Option(help="Of sgd, or first beta of adam.", rich_help_panel=TRAINING)
]
WeightDecay = Annotated[
    float | None, Option(help="Not on norms and biases.", rich_help_panel=TRAINING)
]
Schedule = Annotated[
    str | None, Option(help="constant, step, cosine, onecycle or linear.", rich_help_panel=TRAINING)
]
Warmup = Annotated[
    float | None, Option(help="Share of training in which lr rises.", rich_help_panel=TRAINING)
]
LabelSmoothing = Annotated[
    float | None, Option(help="Share of a label spread over all.", rich_help_panel=TRAINING)
]
ClassWeights = Annotated[str | None, Option(help="none or balanced.", rich_help_panel=TRAINING)]
Clip = Annotated[
    float | None, Option(help="Largest norm of the gradients.", rich_help_panel=TRAINING)
]
Augment = Annotated[
    str | None, Option(help="none, light, basic or strong.", rich_help_panel=TRAINING)
]
Flip = Annotated[
    bool | None, Option(help="May augmentation mirror pictures.", rich_help_panel=TRAINING)
]
Mixup = Annotated[
    float | None, Option(help="Lay pictures over one another; alpha.", rich_help_panel=TRAINING)
]
Cutmix = Annotated[
    float | None, Option(help="Paste parts of pictures; alpha.", rich_help_panel=TRAINING)
]
Views = Annotated[
    str | None,
    Option(
        help="one, flip, shift or flip-shift: what the finished network averages over.",
        rich_help_panel=TRAINING,
    ),
]
Patience = Annotated[
    int | None, Option(help="Epochs without progress before stopping.", rich_help_panel=TRAINING)
]
Monitor = Annotated[
    str | None, Option(help="val_accuracy or val_loss chooses the epoch.", rich_help_panel=TRAINING)
]
TimeLimit = Annotated[str | None, Option(help="As 90s, 10m or 1h.", rich_help_panel=TRAINING)]
Seed = Annotated[int | None, Option(help="Of every draw.", rich_help_panel=TRAINING)]
Precision = Annotated[str | None, Option(help="auto, fp32 or bf16.", rich_help_panel=TRAINING)]
Size = Annotated[
    str | None, Option(help="Pixels: a number, or HEIGHTxWIDTH.", rich_help_panel=DATA)
]
Fit = Annotated[str | None, Option(help="crop, pad or squash to the size.", rich_help_panel=DATA)]
Channels = Annotated[int | None, Option(help="1 for grey, 3 for colour.", rich_help_panel=DATA)]
Classes = Annotated[str | None, Option(help="Only these, as A,B,C.", rich_help_panel=DATA)]
LimitPerClass = Annotated[
    int | None, Option(help="Most training pictures a class.", rich_help_panel=DATA)
]
GroupBy = Annotated[
    str | None,
    Option(
        help="CSV column, 'parent' or regular expression; a group stays in one split.",
        rich_help_panel=DATA,
    ),
]
ValFraction = Annotated[
    float | None, Option(help="For validation; 0 keeps the last weights.", rich_help_panel=DATA)
]
TestFraction = Annotated[
    float | None, Option(help="For testing where no test split is given.", rich_help_panel=DATA)
]
SplitSeed = Annotated[int | None, Option(help="Of the split.", rich_help_panel=DATA)]
MaxBad = Annotated[
    float | None, Option(help="Share of unreadable pictures allowed.", rich_help_panel=DATA)
]
Output = Annotated[
    Path | None,
    Option(help="Folder of the run; default runs/<data>-<model>-<n>.", rich_help_panel=RUN),
]
Device = Annotated[str, Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=RUN)]
Threads = Annotated[
    int | None, Option(min=1, help="Of the processor; default all.", rich_help_panel=RUN)
]
Tensorboard = Annotated[
    bool, Option("--tensorboard", help="Also write TensorBoard files.", rich_help_panel=RUN)
]
Download = Annotated[
    bool,
    Option("--download", help="Fetch weights that are not here.", rich_help_panel=RUN),
]
CheckpointEvery = Annotated[
    str,
    Option(metavar="STEPS|TIME", help="As 500, 10s or 5m: what a kill costs.", rich_help_panel=RUN),
]
Resume = Annotated[
    Path | None,
    Option(metavar="RUN", help="Go on with a run that was stopped.", rich_help_panel=RUN),
]
