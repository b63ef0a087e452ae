"""`retinue models` and `retinue describe`."""

from typing import Annotated, Any

import typer

from retinue.cli.console import make_console, print_json, print_table
from retinue.cli.options import Json, Set


def models(as_json: Json = False) -> None:
    """List the networks, and the settings of each."""
    from retinue.models.backbones import CERTIFIED
    from retinue.models.catalogue import MODELS, resolved_arguments

    found = [
        {"name": name, "about": entry.summary, "settings": resolved_arguments(name, {})}
        for name, entry in MODELS.items()
    ]
    if as_json:
        print_json(found)
        return
    console = make_console()
    for one in found:
        settings: dict[str, Any] = one["settings"]  # type: ignore[assignment]
        console.print(f"[bold]{one['name']}[/]  {one['about']}")
        text = "  ".join(f"{key}={_word(value)}" for key, value in settings.items())
        console.print(f"    {text or 'no settings'}", markup=False)
    console.print(f"[bold]torchvision's[/]  {', '.join(CERTIFIED)}, and the others by their names")
    console.print("[bold]timm/NAME[/]  the networks of timm")
    console.print(
        "\nWeights are put into one with --pretrained; NAME:linear trains the last layer only, "
        "NAME:finetune gradually all, NAME:full all at once."
    )
    console.print(
        "Set one with --set model.KEY=VALUE; your own with --model package.module:factory."
    )


def describe(
    model: Annotated[str, typer.Argument(help="Name of a network, or package.module:factory.")],
    input: Annotated[  # noqa: A002
        str, typer.Option(metavar="CxHxW", help="Channels, height and width of the pictures.")
    ] = "3x32x32",
    classes: Annotated[int, typer.Option(min=2, help="How many classes.")] = 10,
    settings: Set = None,
    as_json: Json = False,
) -> None:
    """Print a network layer by layer: shape, parameters, multiply-adds, receptive field."""
    from retinue.models.catalogue import build, split_way
    from retinue.models.describe import describe as describe_network
    from retinue.recipe import make_recipe, parse_assignments

    channels, height, width = _shape(input)
    recipe = make_recipe({"model": model}, parse_assignments(settings or []))
    network = build(
        split_way(recipe.model.name)[0],
        classes=classes,
        channels=channels,
        size=(height, width),
        arguments=recipe.model.arguments,
        mean=[0.0] * channels,
        std=[1.0] * channels,
        shuffle_pixels=recipe.model.shuffle_pixels,
    )
    found = describe_network(network, channels, (height, width))
    if as_json:
        print_json(found.as_dict())
        return
    rows = [
        [
            row.name.removeprefix("network."),
            row.kind,
            "x".join(map(str, row.output)),
            row.parameters,
            row.multiply_adds,
            "" if row.receptive_field is None else "x".join(map(str, row.receptive_field)),
        ]
        for row in found.rows
    ]
    console = make_console()
    head = ["layer", "kind", "output", "parameters", "multiply-adds", "receptive field"]
    print_table(console, head, rows, f"{model} on {input}, {classes} classes")
    console.print(
        f"\n{found.parameters:,} parameters ({found.trainable_parameters:,} trained, "
        f"{found.bytes / 1e6:.2f} MB), {found.multiply_adds:,} multiply-adds a picture"
    )


def _shape(text: str) -> tuple[int, int, int]:
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(f"--input {text}: write channels x height x width, as 3x32x32")
    channels, height, width = map(int, parts)
    return channels, height, width


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
