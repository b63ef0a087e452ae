"""`retinue train`: options to a recipe, a recipe to a run."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from retinue.cli import train as train_module
from retinue.cli.main import main
from retinue.errors import UsageError
from retinue.recipe import Recipe, make_recipe
from retinue.runs import Run
from retinue.training.listener import Listener

Command = Callable[..., tuple[int, str, str]]

# For every key of the recipe: as written on the command line, and what the recipe then says.
# No value is the default, so that a lost option would show.
KEYS: dict[str, tuple[str, Any]] = {
    "data": ("digits", "digits"),
    "size": ("24x32", (24, 32)),
    "fit": ("pad", "pad"),
    "channels": ("1", 1),
    "classes": ("3,8", ("3", "8")),
    "limit_per_class": ("9", 9),
    "group_by": ("parent", "parent"),
    "val_fraction": ("0.3", 0.3),
    "test_fraction": ("0.4", 0.4),
    "split_seed": ("5", 5),
    "max_bad": ("0.5", 0.5),
    "model": ("mlp", "mlp"),
    "pretrained": ("weights.pth", "weights.pth"),
    "keep_head": ("true", True),
    "preset": ("accurate", "accurate"),
    "augment": ("strong", "strong"),
    "flip": ("false", False),
    "mixup": ("0.2", 0.2),
    "cutmix": ("1", 1.0),
    "views": ("flip-shift", "flip-shift"),
    "opt": ("sgd", "sgd"),
    "lr": ("0.25", 0.25),
    "momentum": ("0.5", 0.5),
    "rest_lr": ("2.5", 2.5),
    "rest_momentum": ("0.4", 0.4),
    "weight_decay": ("0.125", 0.125),
    "batch_size": ("7", 7),
    "slice_size": ("3", 3),
    "epochs": ("1.5", 1.5),
    "hardest": ("0.7", 0.7),
    "progressive": ("24:0.6", ((24, 0.6),)),
    "ema": ("0.99", 0.99),
    "schedule": ("linear", "linear"),
    "warmup": ("0.5", 0.5),
    "label_smoothing": ("0.2", 0.2),
    "class_weights": ("balanced", "balanced"),
    "clip": ("1.5", 1.5),
    "patience": ("4", 4),
    "monitor": ("val_loss", "val_loss"),
    "time_limit": ("2m", 120.0),
    "seed": ("11", 11),
    "precision": ("fp32", "fp32"),
}
# Reached otherwise: DATA is the argument, and options of a data set are told by --set alone.
WITHOUT_AN_OPTION = {"data", "data_options"}
OF_THE_RUN = {
    "output", "resume", "checkpoint_every", "device", "threads", "data_root", "cache_memory",
    "tensorboard", "download",
}  # fmt: skip


class Reached(Exception):
    """What `fit` was called with."""

    def __init__(self, recipe: Recipe, keywords: dict[str, Any]) -> None:
        super().__init__()
        self.recipe, self.keywords = recipe, keywords


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop where the training would begin."""

    def fit(recipe: Recipe, **keywords: Any) -> NoReturn:
        raise Reached(recipe, keywords)

    monkeypatch.setattr("retinue.training.fit.fit", fit)


def reached(*words: str) -> Reached:
    """What `retinue train` with these words would train."""
    with pytest.raises(SystemExit) as left:
        main(["train", *words])
    found = left.value.__context__
    assert isinstance(found, Reached), found
    return found


def value_of(recipe: Recipe, key: str) -> Any:
    return recipe.model.name if key == "model" else getattr(recipe, key)


# From words to a recipe.


def test_the_table_above_has_every_key_of_the_recipe() -> None:
    assert set(KEYS) | {"data_options"} == set(Recipe.model_fields)
    assert all(value_of(Recipe(), key) != value for key, (_, value) in KEYS.items())


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("key", [key for key in KEYS if key not in WITHOUT_AN_OPTION])
def test_every_key_of_the_recipe_has_an_option_of_its_name(key: str) -> None:
    text, value = KEYS[key]
    option = f"--{key.replace('_', '-')}"
    words = {"flip": ["--no-flip"], "keep_head": [option]}.get(key, [option, text])
    found = reached("digits", *words).recipe
    assert value_of(found, key) == value
    assert found.model_fields_set == {"data", key}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_recipe_can_be_set(key: str) -> None:
    text, value = KEYS[key]
    found = reached("--set", f"{key}={text}").recipe
    assert value_of(found, key) == value
    assert found.model_fields_set == {key}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("lr", "auto", "auto"),
        ("epochs", "3", 3),
        ("progressive", "20:0.3,26:0.6", ((20, 0.3), (26, 0.6))),
        ("progressive", "", ()),
    ],
)
def test_other_ways_to_write_a_value(key: str, text: str, value: object) -> None:
    option = reached("digits", f"--{key}", text).recipe
    settings = reached("digits", "--set", f"{key}={text or []}").recipe
    for recipe in (option, settings):
        assert getattr(recipe, key) == value
        assert type(getattr(recipe, key)) is type(value)


@pytest.mark.usefixtures("stopped")
def test_options_of_a_data_set_and_of_a_network_are_set_with_a_dot() -> None:
    found = reached(
        "shapes", "--model", "cnn",
        "--set", "data_options.count=50", "--set", "model.depth=4", "--set", "model.residual=true",
    ).recipe  # fmt: skip
    assert found.data_options == {"count": 50}
    assert found.model.arguments == {"depth": 4, "residual": True}


def test_no_option_stands_for_nothing() -> None:
    """Every option is a key of the recipe, or known to be of the run or of the telling."""
    options = set(inspect.signature(train_module.train).parameters)
    other = {"context", "recipe", "settings", "as_json", "sanity"}
    assert options - set(Recipe.model_fields) == OF_THE_RUN | other


@pytest.mark.usefixtures("stopped")
def test_later_layers_win(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: digits\nepochs: 2\nlr: 0.2\nseed: 2\nmodel: {name: cnn, depth: 2}\n")
    settings = ["--set", "seed=4", "--set", "model.width=5"]
    found = reached("--recipe", str(path), "--lr", "0.3", "--seed", "3", *settings).recipe
    assert found.batch_size == Recipe().batch_size  # default
    assert found.epochs == 2  # default < recipe file
    assert found.lr == 0.3  # recipe file < option
    assert found.seed == 4  # option < --set
    assert found.model.arguments == {"depth": 2, "width": 5}


@pytest.mark.usefixtures("stopped")
def test_what_is_not_said_stays_open() -> None:
    assert reached("digits").recipe.model_fields_set == {"data"}


@pytest.mark.usefixtures("stopped")
def test_options_of_the_run_go_to_the_run(tmp_path: Path) -> None:
    found = reached(
        "digits", "--output", str(tmp_path / "run"), "--device", "cpu", "--threads", "1",
        "--data-root", str(tmp_path), "--cache-memory", "256MB", "--tensorboard",
        "--checkpoint-every", "30s",
    )  # fmt: skip
    assert found.recipe.model_fields_set == {"data"}
    assert {key: found.keywords[key] for key in OF_THE_RUN - {"resume", "download"}} == {
        "output": tmp_path / "run",
        "device": "cpu",
        "threads": 1,
        "data_root": tmp_path,
        "cache_memory": "256MB",
        "tensorboard": True,
        "checkpoint_every": "30s",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "epoch=3"], "epoch: no such setting; did you mean epochs?"),
        (["--lr", "-1"], "lr: "),
        (["--epochs", "inf"], "epochs: "),
        (["--progressive", "24"], "progressive.0"),
        (["--set", "progressive=24"], "progressive: "),
        (["--model", "mlp", "--opt", "muon"], "opt muon trains convolutions"),
        (["--opt", "adamm"], "opt: "),
        (["--set", "model.depht=3"], "did you mean depth?"),
        (["--model", "cnm"], "no model 'cnm'; did you mean cnn?"),
        (["--recipe", "missing.yaml"], "missing.yaml: cannot be read"),
        (["--device", "gpu"], "--device gpu: not on this machine"),
        (["--threads", "0"], "--threads"),
        (["--cache-memory", "much"], "--cache-memory much: write bytes, as 256MB, 2GB or 512MiB"),
        (["--no-such-option", "3"], "--no-such-option"),
        (["--model", "lenet"], "layer features.conv2 (kernel 5x5, stride 1, padding 0) runs out"),
    ],
)
def test_what_cannot_be_trained_is_told_and_leaves_no_run(
    command: Command, tmp_path: Path, words: list[str], told: str
) -> None:
    output = tmp_path / "run"
    code, out, err = command("train", "digits", "--output", str(output), *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_a_recipe_of_another_schema_is_refused(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("schema: 99\ndata: digits\n")
    code, _, err = command("train", "--recipe", str(path))
    assert code == 2
    assert "schema 99" in err


def test_a_folder_that_holds_something_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    code, _, err = command(
        "train", "digits", "--model", "softmax", "--epochs", "1", "--output", str(tmp_path)
    )
    assert code == 2
    assert "is not empty" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


# Whole trainings.

QUICK = ["--limit-per-class", "20", "--epochs", "2", "--device", "cpu"]


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)


@pytest.mark.usefixtures("_undrawn")
def test_a_training_tells_what_it_chose_each_epoch_and_the_result(
    command: Command, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    code, out, err = command(
        "train", "digits", *QUICK, "--model", "softmax", "--output", str(output)
    )
    assert (code, err) == (0, "")
    found = Run.load(output)
    assert found.status["state"] == "finished"
    assert "opt adamw: works without tuning" in out
    assert "epochs" not in [line.split()[0] for line in out.splitlines()]  # it was given
    assert out.index("epoch   1/2") < out.index("epoch   2/2") < out.index("accuracy on test")
    accuracy = 100 * found.metrics()["accuracy"]["value"]
    assert f"accuracy on test: {accuracy:.1f} %" in out
    assert f"retinue predict {output}" in out


@pytest.mark.usefixtures("_undrawn")
def test_json_is_one_document_on_stdout_and_the_telling_goes_to_stderr(
    command: Command, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    code, out, err = command(
        "train", "digits", *QUICK, "--model", "softmax", "--output", str(output), "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert (found["run"], found["state"]) == (str(output), "finished")
    assert found["accuracy"]["test"] == Run.load(output).metrics()["accuracy"]
    assert "epoch   2/2" in err


@pytest.mark.usefixtures("_undrawn")
def test_runs_are_numbered(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        command("train", "digits", *QUICK, "--model", "softmax", "--epochs", "0")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "digits-softmax-1",
        "digits-softmax-2",
    ]


@pytest.mark.usefixtures("_undrawn")
def test_the_recipe_of_a_run_is_a_recipe_for_another(command: Command, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    command("train", "digits", *QUICK, "--model", "softmax", "--output", str(first))
    code, _, _ = command("train", "--recipe", str(first / "recipe.yaml"), "--output", str(second))
    assert code == 0
    for name in ("recipe.yaml", "model.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    values = yaml.safe_load((first / "recipe.yaml").read_text())
    assert make_recipe({key: values[key] for key in values if key != "schema"}).epochs == 2


@pytest.mark.usefixtures("_undrawn")
def test_a_training_stopped_by_hand_is_1_and_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retinue.cli.telling import Teller

    def stop(self: Teller, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Teller, "tell_step", stop)
    output = tmp_path / "run"
    code, out, _ = command("train", "digits", *QUICK, "--model", "softmax", "--output", str(output))
    assert code == 1
    assert "interrupted: stopped by hand in epoch 1" in out
    assert "accuracy on val" in out
    assert "accuracy on test" not in out
    assert f"go on with: retinue train --resume {output}" in out


@pytest.mark.usefixtures("_undrawn")
def test_a_stopped_training_goes_on_to_the_same_end(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retinue.cli.telling import Teller

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    words = ("train", "digits", *QUICK, "--model", "softmax", "--checkpoint-every", "1")
    command(*words, "--output", str(whole))

    def stop(self: Teller, *_: object) -> None:
        if (killed / "checkpoint").exists() and len(Run(killed).steps) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Teller, "tell_step", stop)
        assert command(*words, "--output", str(killed))[0] == 1
    code, out, _ = command("train", "--resume", str(killed))
    assert code == 0
    assert "goes on after step" in out
    assert "accuracy on test" in out
    for name in ("model.safetensors", "evaluation/test/predictions.csv"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes()
    code, _, err = command("train", "--resume", str(killed))
    assert code == 2
    assert "is finished; there is nothing to go on with" in err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("digits",), "DATA"),
        (("--epochs", "3"), "--epochs"),
        (("--output", "x", "--set", "lr=1"), "--set, --output"),
        (("--no-flip",), "--flip"),
    ],
)
def test_what_the_run_settles_is_not_said_again(
    command: Command, words: tuple[str, ...], named: str
) -> None:
    code, _, err = command("train", "--resume", "runs/x", *words)
    assert code == 2
    assert f"{named}: --resume goes on with the run's own recipe; leave it out" in err


def test_going_on_with_what_is_no_run(command: Command, tmp_path: Path) -> None:
    code, _, err = command("train", "--resume", str(tmp_path))
    assert code == 2
    assert "no run folder" in err
    (tmp_path / "status.json").write_text("{}")
    code, _, err = command("train", "--resume", str(tmp_path))
    assert code == 2
    assert "was stopped before it began; remove it and train again" in err


def test_a_loss_that_is_no_number_is_1_and_names_the_remedy(
    command: Command, tmp_path: Path
) -> None:
    code, _, err = command(
        "train", "digits", *QUICK, "--model", "softmax", "--opt", "sgd", "--lr", "1e38",
        "--schedule", "constant", "--output", str(tmp_path / "run"),
    )  # fmt: skip
    assert code == 1
    assert "no longer a number at step" in err
    assert "--lr 1e+37" in err
    assert err.count("\n") == 1
    assert Run.load(tmp_path / "run").status["state"] == "failed"


# What may be wrong, told at the end, and asked before the beginning.


@pytest.mark.usefixtures("_undrawn")
def test_what_may_be_wrong_is_told_with_what_to_try(command: Command, tmp_path: Path) -> None:
    words = ("train", "digits", "--model", "mlp", "--epochs", "4", "--device", "cpu", "--lr", "2")
    code, out, _ = command(*words, "--output", str(tmp_path / "run"))
    assert code == 0
    assert "problem: the loss jumps: the learning rate is too high" in out
    assert "try: --lr 0.2 (it was 2), --lr auto" in out
    assert out.index("accuracy on test") < out.index("problem:") < out.index("next:")
    code, out, err = command(*words, "--output", str(tmp_path / "other"), "--json")
    (told,) = json.loads(out)["diagnoses"]
    assert (code, told["name"], told["severity"]) == (0, "jumping", "problem")
    assert "problem: the loss jumps" in err


@pytest.mark.usefixtures("_undrawn")
def test_of_a_healthy_training_nothing_is_told(command: Command, tmp_path: Path) -> None:
    words = ("train", "digits", "--model", "mlp", "--epochs", "8", "--device", "cpu")
    code, out, err = command(*words, "--output", str(tmp_path / "run"), "--json")
    assert code == 0
    assert json.loads(out)["diagnoses"] == []
    assert "troubleshooting" not in err


def test_sanity_checks_and_trains_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("train", "digits", "--model", "mlp", "--limit-per-class", "30", "--sanity")
    code, out, err = command(*words, "--output", "run")
    assert (code, err) == (0, "")
    lines = out.splitlines()[1:]
    assert len(lines) == 8
    assert all(line.startswith("passed") for line in lines)
    assert list(tmp_path.iterdir()) == []
    code, out, err = command(*words, "--json")
    found = json.loads(out)
    assert (code, found["passed"], len(found["checks"])) == (0, True, 8)
    assert "passed" in err


def test_sanity_that_fails_is_1_and_says_what_to_do(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "detached_net.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.body, self.out = nn.Linear(64, 9), nn.Linear(9, 10)\n"
        "    def forward(self, x):\n"
        "        return self.out(self.body(x.flatten(1)).detach())\n"
    )
    words = ("train", "digits", "--model", "detached_net:Net", "--limit-per-class", "30")
    code, out, _ = command(*words, "--sanity")
    assert code == 1
    assert "FAILED  gradients reach every layer" in out
    assert "none for body" in out
    assert "gradients reach every layer: look for .detach()" in out
    assert command(*words, "--sanity", "--json")[0] == 1


def test_sanity_is_asked_before_a_training(command: Command) -> None:
    code, _, err = command("train", "--resume", "runs/x", "--sanity")
    assert code == 2
    assert "--sanity: checks what a training would begin with; leave --resume out" in err


def test_the_listener_of_the_terminal_is_complete() -> None:
    from retinue.cli.console import make_console
    from retinue.cli.telling import Teller

    listener = Teller(make_console()).listener()
    silent = Listener()
    for name in ("on_plan", "on_step", "on_epoch", "on_judge"):
        assert getattr(listener, name) is not getattr(silent, name)


def test_an_unknown_key_in_a_recipe_file_is_named(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: digits\nlearning_rate: 3\n")
    with pytest.raises(UsageError):  # control: the same from Python
        make_recipe({"learning_rate": 3})
    code, _, err = command("train", "--recipe", str(path))
    assert code == 2
    assert "learning_rate: no such setting" in err
