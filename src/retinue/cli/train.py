"""`retinue train`: options to a recipe, a recipe to a run, and what is told on the way."""

from pathlib import Path
from typing import Annotated, Any

import typer

from retinue.cli.console import loading, make_console, print_json
from retinue.cli.options import DataRoot, Json, Set

Option = typer.Option
DATA, TRAINING, RUN = "Data", "Training", "The run"


def train(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(help="Built-in name, folder, archive or CSV; may stand in the recipe."),
    ] = None,
    model: Annotated[
        str | None, Option(help="Name of `retinue models`, or package.module:factory.")
    ] = None,
    recipe: Annotated[Path | None, Option(help="YAML file of settings.")] = None,
    settings: Set = None,
    epochs: Annotated[
        int | None, Option(help="Passes over the pictures.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, Option(help="Pictures a step.", rich_help_panel=TRAINING)
    ] = None,
    opt: Annotated[str | None, Option(help="sgd, adam or adamw.", rich_help_panel=TRAINING)] = None,
    lr: Annotated[
        float | None, Option(help="Peak learning rate.", rich_help_panel=TRAINING)
    ] = None,
    momentum: Annotated[
        float | None, Option(help="Of sgd, or first beta of adam.", rich_help_panel=TRAINING)
    ] = None,
    weight_decay: Annotated[
        float | None, Option(help="Not on norms and biases.", rich_help_panel=TRAINING)
    ] = None,
    schedule: Annotated[
        str | None, Option(help="constant, step, cosine or onecycle.", rich_help_panel=TRAINING)
    ] = None,
    warmup: Annotated[
        float | None, Option(help="Share of training in which lr rises.", rich_help_panel=TRAINING)
    ] = None,
    label_smoothing: Annotated[
        float | None, Option(help="Share of a label spread over all.", rich_help_panel=TRAINING)
    ] = None,
    class_weights: Annotated[
        str | None, Option(help="none or balanced.", rich_help_panel=TRAINING)
    ] = None,
    clip: Annotated[
        float | None, Option(help="Largest norm of the gradients.", rich_help_panel=TRAINING)
    ] = None,
    augment: Annotated[
        str | None, Option(help="none, basic or strong.", rich_help_panel=TRAINING)
    ] = None,
    flip: Annotated[
        bool | None, Option(help="May augmentation mirror pictures.", rich_help_panel=TRAINING)
    ] = None,
    patience: Annotated[
        int | None,
        Option(help="Epochs without progress before stopping.", rich_help_panel=TRAINING),
    ] = None,
    monitor: Annotated[
        str | None,
        Option(help="val_accuracy or val_loss chooses the epoch.", rich_help_panel=TRAINING),
    ] = None,
    time_limit: Annotated[
        str | None, Option(help="As 90s, 10m or 1h.", rich_help_panel=TRAINING)
    ] = None,
    seed: Annotated[int | None, Option(help="Of every draw.", rich_help_panel=TRAINING)] = None,
    precision: Annotated[
        str | None, Option(help="auto, fp32 or bf16.", rich_help_panel=TRAINING)
    ] = None,
    size: Annotated[
        str | None, Option(help="Pixels: a number, or HEIGHTxWIDTH.", rich_help_panel=DATA)
    ] = None,
    fit: Annotated[
        str | None, Option(help="crop, pad or squash to the size.", rich_help_panel=DATA)
    ] = None,
    channels: Annotated[
        int | None, Option(help="1 for grey, 3 for colour.", rich_help_panel=DATA)
    ] = None,
    classes: Annotated[
        str | None, Option(help="Only these, as A,B,C.", rich_help_panel=DATA)
    ] = None,
    limit_per_class: Annotated[
        int | None, Option(help="Most training pictures a class.", rich_help_panel=DATA)
    ] = None,
    group_by: Annotated[
        str | None,
        Option(
            help="CSV column, 'parent' or regular expression; a group stays in one split.",
            rich_help_panel=DATA,
        ),
    ] = None,
    val_fraction: Annotated[
        float | None, Option(help="For validation; 0 keeps the last weights.", rich_help_panel=DATA)
    ] = None,
    test_fraction: Annotated[
        float | None, Option(help="For testing where no test split is given.", rich_help_panel=DATA)
    ] = None,
    split_seed: Annotated[int | None, Option(help="Of the split.", rich_help_panel=DATA)] = None,
    max_bad: Annotated[
        float | None, Option(help="Share of unreadable pictures allowed.", rich_help_panel=DATA)
    ] = None,
    data_root: DataRoot = None,
    output: Annotated[
        Path | None,
        Option(help="Folder of the run; default runs/<data>-<model>-<n>.", rich_help_panel=RUN),
    ] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=RUN)] = "auto",
    threads: Annotated[
        int | None, Option(min=1, help="Of the processor; default all.", rich_help_panel=RUN)
    ] = None,
    tensorboard: Annotated[
        bool, Option("--tensorboard", help="Also write TensorBoard files.", rich_help_panel=RUN)
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a classifier on DATA and write a run folder.

    What is not said is chosen for the data, and told. Later layers win: defaults, --recipe,
    options, --set.
    """
    from retinue.recipe import Recipe, make_recipe, parse_assignments, read_recipe

    options = {
        key: value
        for key, value in context.params.items()
        if key in Recipe.model_fields and value is not None
    }
    layers = [read_recipe(recipe)] if recipe else []
    settled = make_recipe(*layers, options, parse_assignments(settings or []))
    run = _run(settled, context.params, as_json)
    if as_json:
        print_json(_summary(run))
    if run.status["state"] == "interrupted":
        raise typer.Exit(1)


def _run(recipe: Any, params: dict[str, Any], as_json: bool) -> Any:
    """Train with what is told on the way; the heavy imports are here."""
    from retinue.cli.telling import Teller
    from retinue.training.fit import fit

    console = make_console(quiet=as_json)
    teller = Teller(console)
    with loading(console) as progress:
        run = fit(
            recipe,
            output=params["output"],
            device=params["device"],
            threads=params["threads"],
            data_root=params["data_root"],
            tensorboard=params["tensorboard"],
            listener=teller.listener(progress),
        )
    teller.tell_end(run)
    return run


def _summary(run: Any) -> dict[str, Any]:
    """The run in a few numbers, for --json."""
    status = run.status
    measured = {name: run.metrics(name)["accuracy"] for name in run.evaluations}
    return {
        "run": str(run.path),
        "state": status["state"],
        "reason": status["reason"],
        "best_epoch": status["best_epoch"],
        "accuracy": measured,
    }
