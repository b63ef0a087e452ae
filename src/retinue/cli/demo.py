"""`retinue demo`: the whole way in under a minute, without a network."""

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from retinue.cli.console import make_console
from retinue.wording import measured_share, percent

STEPS = "transform → forward → backward → update"


def demo(
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("runs"),
) -> None:
    """Train a CNN and an MLP on handwritten digits, compare them, and predict a picture."""
    started = time.monotonic()
    console = make_console()
    console.print("[bold]Retinue: from pictures to a classifier[/]\n")
    # Shown before the slow imports, so that nobody waits at an empty screen.
    console.print("loading PyTorch ...")
    from retinue.data.load import load_data
    from retinue.data.sheets import sample_sheet
    from retinue.plotting import save

    data = load_data("digits")
    sheet = output / "digits-samples.png"
    save(sample_sheet(data), sheet)
    console.print(f"[bold]1. The pictures[/]  {escape(str(data))}")
    console.print(f"   look at them: {sheet.resolve()}\n", markup=False)
    console.print("[bold]2. Training[/]: for every batch of pictures, four steps")
    console.print("   transform  pictures become a batch of numbers, moved a little at random")
    console.print("   forward    the network turns numbers into a guess, and the guess into a loss")
    console.print("   backward   how would the loss change with each weight?")
    console.print("   update     every weight moves a little downhill\n")
    runs = {name: _train(console, data, name, output) for name in ("cnn", "mlp")}
    _tell_result(console, runs)
    picture = _save_picture(data, output)
    _tell_prediction(console, runs["cnn"], picture)
    console.print("[bold]Try next[/]")
    # In an environment that is not activated the bare name would not be found.
    program = "retinue" if shutil.which("retinue") else sys.argv[0]
    for command in (
        f"predict {runs['cnn'].path} {picture}",
        f"evaluate {runs['cnn'].path}",
        "show shapes --augment basic",
        "train PATH/TO/FOLDERS/OF/PICTURES",
    ):
        console.print(f"   {program} {command}", markup=False)
    console.print(f"\n{time.monotonic() - started:.0f} seconds")


def _train(console: Console, data: Any, name: str, output: Path) -> Any:
    """Train one network, telling the steps as the epochs tick."""
    from retinue.recipe import make_recipe
    from retinue.training.fit import fit
    from retinue.training.listener import Listener

    epochs = {"cnn": 12, "mlp": 20}[name]
    console.print(f"   [bold]{name}[/]")

    def tell(line: dict[str, Any]) -> None:
        if line["epoch"] % (epochs // 4) == 0:
            console.print(
                f"   epoch {line['epoch']:>2}/{epochs}  {STEPS}  loss {line['train_loss']:.2f}  "
                f"right on val {percent(line['val_accuracy'], 0)}"
            )

    recipe = make_recipe(data.loaded_with, {"model": name, "epochs": epochs})
    return fit(recipe, data=data, output=_free(output, name), listener=Listener(on_epoch=tell))


def _free(output: Path, name: str) -> Path:
    """A folder that does not exist yet: the demo may be run again."""
    number = 1
    while (output / f"demo-{name}-{number}").exists():
        number += 1
    return output / f"demo-{name}-{number}"


def _tell_result(console: Console, runs: dict[str, Any]) -> None:
    from retinue.cli.telling import tell_most_confused

    count = runs["cnn"].metrics()["n"]
    console.print(f"\n[bold]3. The result[/]  on {count} test pictures that neither has seen")
    for name, run in runs.items():
        accuracy = measured_share(run.metrics()["accuracy"])
        console.print(f"   {name}  {accuracy}, 95 % interval in brackets")
    console.print("   the CNN's ", end="")
    tell_most_confused(console, runs["cnn"].metrics())


def _save_picture(data: Any, output: Path) -> Path:
    """One test picture as a file, as a user would have it."""
    from PIL import Image

    path = output / "a-digit.png"
    Image.fromarray(data.test.images[0][:, :, 0]).save(path)
    return path


def _tell_prediction(console: Console, run: Any, picture: Path) -> None:
    from retinue.prediction.predict import predict

    said = predict(run, picture)[0]
    chances = ", ".join(f"{name} {percent(value)}" for name, value in said.top(3))
    console.print(f"\n[bold]4. A prediction[/]  {escape(str(picture))}: {chances}\n")
