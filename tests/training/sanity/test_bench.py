"""What the checks work with."""

import copy
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
import torch
from torch import nn

from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.training.fit import train
from retinue.training.sanity.bench import Bench, Pupil

Make = Callable[..., Bench]


def test_pictures_are_of_all_classes_alike_and_no_two_of_them_equal(bench: Make) -> None:
    images = np.zeros((40, 8, 8), np.uint8)
    images[:30] = np.arange(30)[:, None, None]
    images[30:] = 200  # the same picture ten times
    labels = np.r_[np.zeros(30, int), np.ones(10, int)]
    data = load_data((images, labels), test_fraction=0.0, val_fraction=0.0)
    made = bench(model="mlp", data=data)
    rows = made.spread(data.train, 30, "any")
    assert len(rows) == 30
    assert (data.train.labels[rows] == 1).sum() == 1
    assert rows.tolist() == made.spread(data.train, 30, "any").tolist()
    assert rows.tolist() != made.spread(data.train, 30, "other").tolist()


def test_a_batch_has_as_many_of_each_class_as_there_are(bench: Make) -> None:
    made = bench("Net")
    counts = np.bincount(made.data.train.labels[made.batch], minlength=10)
    assert counts.min() >= 6


def test_practice_leaves_the_network_as_it_is(bench: Make) -> None:
    made = bench(model="cnn")
    before = copy.deepcopy(made.model.state_dict())
    pictures, truth = made.pictures(made.data.train, made.batch)
    pupil = Pupil(made)
    losses = pupil.practise(repeat((pictures, truth), 5))
    assert losses[-1] < losses[0]
    after = made.model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    own = pupil.whole.state_dict()
    assert not torch.equal(own["network.head.output.weight"], before["network.head.output.weight"])


def test_dropout_rests_and_batch_norm_learns_while_it_practises(bench: Make) -> None:
    pupil = Pupil(bench(model={"name": "cnn", "dropout": 0.5}))
    with pupil.learning():
        modes = {type(part).__name__: part.training for part in pupil.whole.modules()}
        assert modes["BatchNorm2d"]
        assert not modes["Dropout"]
    assert not any(part.training for part in pupil.whole.modules())


def test_batch_norm_settles_on_what_it_sees(bench: Make) -> None:
    made = bench(model="cnn")
    pictures, _ = made.pictures(made.data.train, made.batch)
    pupil = Pupil(made)
    first = next(part for part in pupil.whole.modules() if isinstance(part, nn.BatchNorm2d))
    assert first.running_mean is not None
    assert first.running_mean.abs().max() == 0
    pupil.settle(pupil.see(pictures))
    conv = pupil.whole.get_submodule("network.features")
    seen = pupil.whole.get_submodule("normalise")(pictures)
    made_of = next(part for part in conv.modules() if isinstance(part, nn.Conv2d))(seen)
    assert torch.allclose(first.running_mean, made_of.mean((0, 2, 3)), atol=1e-4)
    assert first.momentum == 0.1


def test_fine_tuning_keeps_the_statistics(bench: Make, tmp_path: Path) -> None:
    made = bench(model="cnn")
    run = train(made.data, model="cnn", epochs=0, output=tmp_path / "run", device="cpu")
    for way, follows in (("finetune", False), ("full", True)):
        pupil = Pupil(bench(model=f"cnn:{way}", pretrained=str(run.path)))
        with pupil.learning():
            modes = {type(part).__name__: part.training for part in pupil.whole.modules()}
        assert modes["BatchNorm2d"] is follows


def test_practice_ends_where_it_is_enough_or_is_no_number(bench: Make) -> None:
    made = bench("Net")
    pictures, truth = made.pictures(made.data.train, made.batch)
    forever = repeat((pictures, truth))
    enough = Pupil(made).practise(forever, enough=lambda loss: loss < 1.5)
    assert enough[-1] < 1.5 <= enough[-2]
    assert len(Pupil(made).practise(forever, seconds=0.0)) == 1
    nan = repeat((pictures * torch.nan, truth))
    assert len(Pupil(made).practise(nan)) == 1


def test_a_network_that_cannot_be_copied(bench: Make) -> None:
    made = bench("Net")
    made.model.hostile = Lock()  # type: ignore[assignment]
    with pytest.raises(UsageError, match="the network cannot be copied"):
        Pupil(made)
