"""`retinue train`: options to a recipe, a recipe to a run, and what is told on the way."""

from pathlib import Path
from typing import Annotated, Any

import typer

from retinue.cli import recipe_options as options
from retinue.cli.console import asking, loading, make_console, print_json
from retinue.cli.options import CacheMemory, DataRoot, Json, Set


def train(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(help="Built-in name, folder, archive or CSV; may stand in the recipe."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:linear|finetune|full]",
            help="Name of `retinue models`, or package.module:factory.",
        ),
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="YAML file of settings.")] = None,
    settings: Set = None,
    preset: options.Preset = None,
    pretrained: options.Pretrained = None,
    keep_head: options.KeepHead = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    slice_size: options.SliceSize = None,
    hardest: options.Hardest = None,
    progressive: options.Progressive = None,
    ema: options.Ema = None,
    opt: options.Opt = None,
    lr: options.Lr = None,
    momentum: options.Momentum = None,
    rest_lr: options.RestLr = None,
    rest_momentum: options.RestMomentum = None,
    weight_decay: options.WeightDecay = None,
    schedule: options.Schedule = None,
    warmup: options.Warmup = None,
    label_smoothing: options.LabelSmoothing = None,
    class_weights: options.ClassWeights = None,
    clip: options.Clip = None,
    augment: options.Augment = None,
    flip: options.Flip = None,
    mixup: options.Mixup = None,
    cutmix: options.Cutmix = None,
    views: options.Views = None,
    patience: options.Patience = None,
    monitor: options.Monitor = None,
    time_limit: options.TimeLimit = None,
    seed: options.Seed = None,
    precision: options.Precision = None,
    size: options.Size = None,
    fit: options.Fit = None,
    channels: options.Channels = None,
    classes: options.Classes = None,
    limit_per_class: options.LimitPerClass = None,
    group_by: options.GroupBy = None,
    val_fraction: options.ValFraction = None,
    test_fraction: options.TestFraction = None,
    split_seed: options.SplitSeed = None,
    max_bad: options.MaxBad = None,
    data_root: DataRoot = None,
    cache_memory: CacheMemory = "1GiB",
    output: options.Output = None,
    resume: options.Resume = None,
    download: options.Download = False,
    checkpoint_every: options.CheckpointEvery = "60s",
    device: options.Device = "auto",
    threads: options.Threads = None,
    tensorboard: options.Tensorboard = False,
    sanity: Annotated[
        bool,
        typer.Option(
            "--sanity",
            help="Train nothing: check network, data and labels in seconds.",
            rich_help_panel=options.RUN,
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a classifier on DATA and write a run folder.

    What is not said is chosen for the data, and told. Later layers win: defaults, --recipe,
    options, --set. A run that was stopped goes on with --resume RUN, as if it never had been.
    """
    from retinue.errors import UsageError
    from retinue.recipe import Recipe, make_recipe, parse_assignments, read_recipe

    said = {
        key: value
        for key, value in context.params.items()
        if key in Recipe.model_fields and value is not None
    }
    if sanity and resume is not None:
        raise UsageError("--sanity: checks what a training would begin with; leave --resume out")
    if resume is not None:
        given = {**said, "recipe": recipe, "set": settings, "output": output}
        named = [key for key, value in given.items() if value is not None]
        if named:
            words = ", ".join("DATA" if key == "data" else _option(key) for key in named)
            raise UsageError(f"{words}: --resume goes on with the run's own recipe; leave it out")
        run, diagnoses = _run(None, context.params, as_json)
    else:
        layers = [read_recipe(recipe)] if recipe else []
        settled = make_recipe(*layers, said, parse_assignments(settings or []))
        if sanity:
            _check(settled, context.params, as_json)
            return
        run, diagnoses = _run(settled, context.params, as_json)
    if as_json:
        print_json(_summary(run, diagnoses))
    if run.status["state"] == "interrupted":
        raise typer.Exit(1)


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _run(recipe: Any, params: dict[str, Any], as_json: bool) -> tuple[Any, list[Any]]:
    """Train with what is told on the way; the run, and what may be wrong with it.

    The heavy imports are here.
    """
    from retinue.cli.telling import Teller
    from retinue.reporting.diagnosis import diagnose
    from retinue.training.fit import fit
    from retinue.training.resume import go_on

    console = make_console(quiet=as_json)
    teller = Teller(console)
    keys = ("device", "threads", "data_root", "cache_memory", "tensorboard", "checkpoint_every")
    shared = {key: params[key] for key in keys}
    with loading(console) as progress:
        listener = teller.listener(progress)
        if recipe is None:
            run = go_on(params["resume"], listener=listener, **shared)
        else:
            permit = asking(console, params["download"])
            run = fit(recipe, output=params["output"], permit=permit, listener=listener, **shared)
    diagnoses = diagnose(run)
    teller.tell_end(run, diagnoses)
    return run, diagnoses


def _check(recipe: Any, params: dict[str, Any], as_json: bool) -> None:
    """Ask what network, data and labels should pass; exit with 1 where they do not."""
    from retinue.cli.telling import tell_checks
    from retinue.training.sanity.checking import check_sanity

    console = make_console(quiet=as_json)
    keys = ("device", "threads", "data_root", "cache_memory")
    with loading(console) as progress:
        checks = check_sanity(
            recipe,
            **{key: params[key] for key in keys},
            permit=asking(console, params["download"]),
            on_load=progress,
        )
    passed = all(one.passed is not False for one in checks)
    if as_json:
        print_json({"passed": passed, "checks": [one.as_dict() for one in checks]})
    tell_checks(console, checks)
    if not passed:
        raise typer.Exit(1)


def _summary(run: Any, diagnoses: list[Any]) -> dict[str, Any]:
    """The run in a few numbers, for --json."""
    status = run.status
    measured = {name: run.metrics(name)["accuracy"] for name in run.evaluations}
    return {
        "run": str(run.path),
        "state": status["state"],
        "reason": status["reason"],
        "best_epoch": status["best_epoch"],
        "accuracy": measured,
        "diagnoses": [one.as_dict() for one in diagnoses],
    }
