"""What stands in the folder: plain, short, clean, and harmless whatever the names are."""

import ast
import csv
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from PIL import Image
from torch import nn

from retinue.models.weights import read_card
from retinue.reporting.project import write, write_project
from retinue.reporting.project.pictures import pictures_of
from retinue.runs import Run
from tests.reporting.project.conftest import WEIGHTS, smooth, weights_of

Trained = Callable[..., Run]
Project = Callable[[Run], Path]
NAMES = (
    "=HYPERLINK(1)", "+1", "@a", "'a", "\x1b[31mred", "two\nlines", "\u202egnp", "x\u2028y", "שלום",
    "猫", "😀", "<script>alert(1)</script>", "{{ 7 * 7 }}", "{% endif %}", "$x^2$", "a,b", 'quo"te',
    '"""', "'''", "`code`", "``` x ```", "a|b", "[x](javascript:alert(1))", "# %%", "\\", "%s",
    '"); import os; os.abort()  # ',
)  # fmt: skip
CHOICES: dict[str, list[Any]] = {
    "augment": ["none", "light", "basic", "strong"],
    "flip": [True, False],
    "opt": ["sgd", "adam", "adamw", "muon"],
    "lr": [1e-3, 0.0123456789],
    "momentum": [0.9, 0.0],
    "weight_decay": [0.0, 0.05],
    "slice_size": [None, 100],
    "epochs": [2, 1.5, 0.5],
    "hardest": [1.0, 0.7],
    "progressive": [(), ((16, 0.3), (24, 0.6))],
    "ema": [0.0, 0.99],
    "schedule": ["constant", "step", "cosine", "onecycle", "linear"],
    "warmup": [0.0, 0.25],
    "label_smoothing": [0.0, 0.1],
    "class_weights": ["none", "balanced"],
    "clip": [None, 1.5],
    "patience": [None, 4],
    "monitor": ["val_accuracy", "val_loss"],
}


def ruff(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ruff in a folder, whose own settings count."""
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def lines(folder: Path, pattern: str = "*.py") -> int:
    """How many lines some files have."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob(pattern))


@pytest.fixture(scope="module")
def small_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As CIFAR-10 lies in a folder: 32 x 32, in colour."""
    folder = tmp_path_factory.mktemp("small")
    for label in range(2):
        (folder / f"class-{label}").mkdir()
        for number in range(15):
            picture = Image.fromarray(smooth(100 * label + number, 32, 32))
            picture.save(folder / f"class-{label}" / f"{number}.png")
    return folder


def variant(run: Run, draw: random.Random) -> dict[str, str]:
    """The texts for a run with some of its settings changed, which was not trained with these."""
    other = Run(run.path)
    changes = {key: draw.choice(values) for key, values in CHOICES.items()}
    card = replace(read_card(run.path), views=draw.choice(["one", "flip", "shift", "flip-shift"]))
    network = card.build().get_submodule("network")
    if not any(isinstance(layer, nn.Conv2d) for layer in network.modules()):
        changes["opt"] = "sgd"  # muon is for convolutions
    other.__dict__["recipe"] = run.recipe.model_copy(update=changes)
    return write._texts(other, card, pictures_of(other, card.preprocess), False)


def test_code_of_every_kind_is_clean(
    photos: Path, small_pictures: Path, tmp_path: Path, trained: Trained
) -> None:
    draw, count = random.Random(0), 0
    few = {"epochs": 1, "limit_per_class": 4}
    for run in (
        trained(model={"name": "mlp", "dropout": 0.2}, size=12, **few),
        trained(photos, model="cnn", size=24, fit="pad", channels=1, precision="fp32", **few),
        trained(photos, model="resnet-small", size=66, val_fraction=0, **few),
        trained(small_pictures, model="fast", **few),
        trained(model="fast", size=72, channels=3, precision="fp32", **few),
    ):
        for _ in range(3):
            folder = tmp_path / "code" / str(count)
            folder.mkdir(parents=True)
            for name, text in variant(run, draw).items():
                (folder / name).write_text(text, encoding="utf-8")
            assert sum(lines(folder, f"{one}.py") for one in ("model", "train", "evaluate")) < 400
            count += 1
    for arguments in (("check",), ("format", "--check")):
        done = ruff(*arguments, folder=tmp_path / "code")
        assert done.returncode == 0, done.stdout
    # The control: what is not clean is found.
    (folder / "model.py").write_text("import os\nx = 'a'\n", encoding="utf-8")
    assert ruff("check", folder=tmp_path / "code").returncode == 1
    assert ruff("format", "--check", folder=tmp_path / "code").returncode == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "fast", "hardest": 0.7, "progressive": "16:0.3,24:0.6", "slice_size": 8},
        {"model": "cnn"},
        {"model": "resnet-small"},
        {"model": "efficientnet_lite0", "pretrained": "none", "size": 32},
    ],
)
def test_it_is_short_and_needs_no_retinue(
    settings: dict[str, Any], small_pictures: Path, trained: Trained, project: Project
) -> None:
    folder = project(trained(small_pictures, **{"epochs": 2, **settings}))
    assert lines(folder) < 400
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        }
        assert not [name for name in named if name and name.startswith("retinue")]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[:2] != "__":
                assert ast.get_docstring(node) or node.name == "forward", node.name
    for step in ("# 1. transform", "# 2. forward", "# 3. backward", "# 4. update"):
        assert step in (folder / "train.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Run:
    """A run on pictures of classes with all these names, in a folder with such a name."""
    folder = tmp_path_factory.mktemp("names") / '"); x = 1; (" {{ 7 }} `a` \u202e\n# %%'
    folder.mkdir()
    rows = []
    for number, name in enumerate(NAMES):
        for copy in range(6):
            path = folder / f"=1+{number}-{copy}\u2028'\".png"
            Image.new("RGB", (8, 8), (number * 7, copy * 40, 99)).save(path)
            rows.append([path.name, name])
    with (folder / "labels`.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    return trained(folder / "labels`.csv", model="softmax")


def test_hostile_names_do_no_harm(hostile: Run, project: Project) -> None:
    folder = project(hostile)
    for path in folder.glob("*.py"):
        assert path.read_text(encoding="utf-8").isascii()
    for arguments in (("check",), ("format", "--check")):
        done = ruff(*arguments, folder=folder)
        assert done.returncode == 0, done.stdout
    assert weights_of(folder) == (hostile.path / WEIGHTS).read_bytes()


def test_names_are_read_back_and_steer_no_terminal(hostile: Run, project: Project) -> None:
    folder = project(hostile)
    with (folder / "splits.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["label"]) for row in rows} == set(range(len(NAMES)))
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert not [row for row in rows if re.search("[\x00-\x1f\u2028\u202e]", row["class"])]


def test_names_are_only_text_in_the_readme_and_the_notebook(hostile: Run, project: Project) -> None:
    folder = project(hostile)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    notebook = nbformat.read(folder / "notebook.ipynb", 4)
    nbformat.validate(notebook)
    texts = [readme] + [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    for text in texts:
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
        for name in ("<script", "javascript:", "import os", "x = 1", "{{", "\u202e", "\u2028"):
            assert name not in outside
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert not [source for source in code if "os.abort" in source or "x = 1;" in source]
    for source in code:
        ast.parse(source)


def test_the_notebook_shows_the_whole_way(trained: Trained, project: Project) -> None:
    folder = project(trained(model="cnn", augment="basic", patience=1))
    notebook = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    for part in (
        "## The data", "### Preprocessing", "### Augmentation", "## The network", "## Training",
        "# 1. transform", "# 4. update", "1 epoch without a better one it stops",
        "## How good is it?", "transfer learning", "Precision", "overfits",
    ):  # fmt: skip
        assert part in text
    assert "retinue" not in text.lower()
    assert not [cell for cell in notebook["cells"] if cell.get("outputs")]


def test_the_readme_says_what_was_measured(trained: Trained, project: Project) -> None:
    run = trained(model="softmax")
    folder = project(run)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert run.read_json("model.json")["weights"] in readme
    assert f"{100 * run.metrics()['accuracy']['value']:.1f} %" in readme
    assert f"{run.read_json('environment.json')['threads']} of its threads" in readme
    for path in folder.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in readme
    needed = (folder / "requirements.txt").read_text(encoding="utf-8")
    version = run.read_json("environment.json")["packages"]["numpy"]
    assert f"numpy=={version}\n" in needed
    assert "+cpu\n" not in needed


def test_the_same_run_gives_the_same_folder(trained: Trained, tmp_path: Path) -> None:
    run = trained("shapes", model="softmax", data_options={"count": 60, "size": 8})
    first, second = write_project(run, tmp_path / "a"), write_project(run, tmp_path / "b")
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    for name in names:
        if name != "pictures.npz":  # a zip knows when it was made
            assert (first / name).read_bytes() == (second / name).read_bytes(), name
