from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import RetinueError, UsageError
from retinue.models.catalogue import MODELS, build
from retinue.models.weights import plain_state
from retinue.recipe import make_recipe, write_recipe
from retinue.runs import Run
from retinue.training.checkpoint import Checkpoint, write_checkpoint
from retinue.training.folder import write_beginning
from retinue.training.saving import FOLDER
from retinue.widgets.samples import Samples, Sampling, answers, judged, network_of, thumbnails

DROPOUT: dict[str, Any] = {"depth": 2, "width": 4, "dropout": 0.3}


@pytest.fixture
def begun(tmp_path: Path, digits: ImageData) -> Callable[..., Run]:
    """`begun(model)`: the folder of a run that has just begun."""

    def make(model: object = "cnn") -> Run:
        run = Run.create("digits", "cnn", tmp_path / "run")
        recipe = make_recipe(digits.loaded_with, {"data": digits.source, "model": model})
        write_beginning(run, recipe, digits, {})
        return run

    return make


def network(name: str = "cnn", seed: int = 0, **arguments: Any) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(
            name, classes=10, channels=1, size=(8, 8), arguments=arguments, mean=[70.0], std=[90.0]
        )


def saved(
    run: Run, step: int, model: nn.Module, others: Mapping[str, torch.Tensor] | None = None
) -> None:
    tensors = {f"model.{name}": one for name, one in plain_state(model).items()}
    write_checkpoint(run.path / FOLDER, Checkpoint(step, {}, {**tensors, **(others or {})}))


def test_samples_are_of_the_validation_split_and_of_all_its_classes(digits: ImageData) -> None:
    samples = Samples.of(digits, 12)
    assert samples.pixels.shape == (12, 8, 8, 1)
    assert set(samples.ids) <= set(digits.val.ids)
    assert len(set(samples.ids)) == 12
    assert len(set(samples.labels.tolist())) == 10
    first = list(digits.val.ids).index(samples.ids[0])
    assert np.array_equal(samples.pixels[0], digits.val.images[first])
    assert len(Samples.of(digits, 10_000).ids) == len(digits.val)


def test_without_a_validation_split_there_are_none() -> None:
    data = load_data("digits", limit_per_class=20, val_fraction=0)
    with pytest.raises(UsageError, match="no validation pictures"):
        Samples.of(data, 12)


def test_a_network_that_learns_is_asked_and_stays_as_it_is(digits: ImageData) -> None:
    samples, model = Samples.of(digits, 12), network(dropout=0.5).train()
    list(model.modules())[-1].eval()
    modes = [part.training for part in model.modules()]
    before, random = plain_state(model), torch.get_rng_state()
    found = samples.ask(model)
    assert [part.training for part in model.modules()] == modes
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    pixels = torch.from_numpy(samples.pixels).permute(0, 3, 1, 2)
    with torch.no_grad():
        wanted = model.eval()(pixels).softmax(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    with torch.no_grad(), torch.random.fork_rng():
        assert not np.allclose(model.train()(pixels).softmax(1).numpy(), found, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_network_is_made_from_its_weights_and_nothing_is_drawn(name: str, tmp_path: Path) -> None:
    size, channels = ((64, 64), 3) if name == "efficientnet_lite0" else ((32, 32), 3)
    settings = {"classes": 4, "channels": channels, "size": size, "arguments": {}}
    with torch.random.fork_rng():
        model = build(name, **settings, mean=[120.0] * 3, std=[60.0] * 3).eval()  # type: ignore[arg-type]
    run = Run.create("photos", name, tmp_path / "run")
    write_recipe(run.path / "recipe.yaml", make_recipe({"data": "x", "model": name}))
    shape = {"size": size, "stored": size, "fit": "crop", "channels": channels}
    run.__dict__["data"] = {"preprocess": shape, "classes": ["a", "b", "c", "d"]}
    random = torch.get_rng_state()
    made = network_of(run, plain_state(model))
    assert torch.equal(random, torch.get_rng_state())
    pictures = torch.randint(0, 256, (2, channels, *size), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(made(pictures), model(pictures))


def test_a_network_that_is_built_as_usual_draws() -> None:
    random = torch.get_rng_state()
    with torch.random.fork_rng():
        build("mlp", classes=2, channels=1, size=(8, 8), arguments={}, mean=[0.0], std=[1.0])
        assert not torch.equal(random, torch.get_rng_state())


def test_an_own_network_and_one_with_numbers_beside_its_weights_are_refused(
    begun: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun({"name": "mine:Net"})
    with pytest.raises(UsageError, match="is not Retinue's; its answers come at the end"):
        network_of(run, {})
    other = Run(run.path)
    write_recipe(run.path / "recipe.yaml", make_recipe({"data": "digits", "model": "softmax"}))
    model = network("softmax")

    def with_numbers(*_: Any, **__: Any) -> nn.Module:
        copy = build(
            "softmax", classes=10, channels=1, size=(8, 8), arguments={}, mean=[0.0], std=[1.0]
        )
        copy.register_buffer("beside", torch.ones(2), persistent=False)
        return copy

    monkeypatch.setattr("retinue.widgets.samples.build", with_numbers)
    with pytest.raises(UsageError, match="numbers beside its weights"):
        network_of(other, plain_state(model))


def test_each_new_checkpoint_is_asked_once(begun: Callable[..., Run], digits: ImageData) -> None:
    run, samples = begun({"name": "cnn", **DROPOUT}), Samples.of(digits, 6)
    sampling = Sampling(run.path, None, 6, None)
    assert sampling.look(False) == {}
    for step, seed in ((0, 1), (40, 2)):
        model = network(seed=seed, **DROPOUT)
        saved(run, step, model, {"optimiser.0.momentum_buffer": torch.ones(3)})
        told = sampling.look(False)
        assert told["predictions"]["when"] == f"after step {step}"
        wanted = answers(samples.ask(model), samples.labels.tolist(), samples.classes)
        assert told["predictions"]["rows"] == wanted
        assert told["pictures"] == samples.pixels.tobytes()
        assert told["shape"] == [6, 8, 8, 1]
        assert sampling.look(False) == {}


def test_of_averaged_weights_the_average_is_asked(
    begun: Callable[..., Run], digits: ImageData
) -> None:
    run, samples = begun("softmax"), Samples.of(digits, 6)
    learning, averaged = network("softmax", 1), network("softmax", 2)
    both = {f"average.module.{name}": one for name, one in plain_state(averaged).items()}
    saved(run, 3, learning, {**both, "average.n_averaged": torch.tensor(3)})
    rows = Sampling(run.path, None, 6, None).look(False)["predictions"]["rows"]
    assert rows == answers(samples.ask(averaged), samples.labels.tolist(), samples.classes)
    assert rows != answers(samples.ask(learning), samples.labels.tolist(), samples.classes)


def test_a_checkpoint_that_is_damaged_or_has_no_recipe_yet_is_waited_out(
    begun: Callable[..., Run],
) -> None:
    run = begun("softmax")
    saved(run, 5, network("softmax"))
    sampling = Sampling(run.path, None, 6, None)
    recipe = (run.path / "recipe.yaml").read_bytes()
    (run.path / "recipe.yaml").unlink()
    assert sampling.look(False) == {}
    (run.path / "recipe.yaml").write_bytes(recipe)
    tensors = next((run.path / FOLDER).glob("*.safetensors"))
    whole = tensors.read_bytes()
    tensors.write_bytes(whole[:-1])
    assert sampling.look(False) == {}
    tensors.write_bytes(whole)
    assert sampling.look(False)["predictions"]["when"] == "after step 5"


def test_pictures_that_are_gone_are_said_once(begun: Callable[..., Run]) -> None:
    run = begun("softmax")
    saved(run, 5, network("softmax"))
    write_recipe(run.path / "recipe.yaml", make_recipe({"data": "", "model": "softmax"}))
    sampling = Sampling(run.path, None, 6, None)
    assert "no sample predictions: " in sampling.look(False)["note"]
    assert sampling.look(False) == {}
    assert "was not judged" in sampling.look(True)["note"]
    assert sampling.look(True) == {}


def test_files_of_a_run_that_are_not_what_they_should_be_are_said(
    begun: Callable[..., Run],
) -> None:
    run = begun("softmax")
    saved(run, 5, network("softmax"))
    (run.path / "data.json").write_text('{"classes": 7}')
    assert "cannot be read" in Sampling(run.path, None, 6, None).look(False)["note"]


def test_rows_of_predictions_are_found_by_their_ids(tmp_path: Path) -> None:
    run = Run.create("a", "b", tmp_path / "run")
    rows = [["one", "", "x", "x", "0.75", "0.25"], ["=two", "", "x", "=y", "0.125", "0.875"]]
    run.write_rows("predictions.csv", ["id", "path", "true", "predicted", "x", "=y"], rows)
    path = run.path / "predictions.csv"
    found = judged(path, ["=two", "one"], ["x", "=y"])
    assert found.tolist() == [[0.125, 0.875], [0.75, 0.25]]
    for ids, classes in ((["three"], ["x", "=y"]), (["one"], ["x", "y"]), (["one"], ["x"])):
        with pytest.raises(RetinueError, match="does not have these pictures"):
            judged(path, ids, classes)
    path.write_bytes(b"\xff\n")
    with pytest.raises(RetinueError, match="does not have these pictures"):
        judged(path, ["one"], ["x", "=y"])


def test_answers_name_the_likeliest_classes_and_whether_they_are_right() -> None:
    shares = np.array([[0.5, 0.125, 0.0, 0.375], [0.25, 0.25, 0.25, 0.25]])
    first, second = answers(shares, [3, 0], ["a", "b\u202e", "c", "<i>"])
    assert first == {
        "true": "<i>",
        "right": False,
        "top": [["a", 0.5], ["<i>", 0.375], ["b\ufffd", 0.125]],
    }
    assert second["right"]


def test_large_pictures_are_shown_small_and_small_ones_as_they_are() -> None:
    assert thumbnails(np.zeros((2, 300, 150, 3), np.uint8)).shape == (2, 96, 48, 3)
    small = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    assert thumbnails(small) is small
