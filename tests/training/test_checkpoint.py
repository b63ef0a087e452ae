"""Checkpoints on the disk: whole or not there, and damage is found."""

import json
from pathlib import Path

import pytest
import torch

from retinue.errors import RetinueError
from retinue.training.checkpoint import (
    Checkpoint,
    read_newest,
    remove_checkpoints,
    write_checkpoint,
)


def at(step: int) -> Checkpoint:
    generator = torch.Generator().manual_seed(step)
    tensors = {
        "weights": torch.rand((3, 4), generator=generator),
        "half": torch.rand(5, generator=generator).bfloat16(),
        "count": torch.tensor(step),
    }
    return Checkpoint(step, {"loss": 1 / 3, "best": None, "score": [0.1]}, tensors)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def one_of(folder: Path, stem: str, ending: str) -> Path:
    """The only file of a checkpoint with that ending."""
    (path,) = folder.glob(f"{stem}*.{ending}")
    return path


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, at(7))
    found, wrong = read_newest(tmp_path)
    assert wrong == []
    assert found.step == 7
    assert found.values["loss"] == 1 / 3
    assert found.values["score"] == [0.1]
    assert found.tensors.keys() == at(7).tensors.keys()
    for name, tensor in at(7).tensors.items():
        assert found.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.tensors[name], tensor)


def test_the_newest_two_stay(tmp_path: Path) -> None:
    for step in (5, 40, 300):
        write_checkpoint(tmp_path, at(step))
    assert len(names(tmp_path)) == 4
    for stem in ("step-000000040", "step-000000300"):
        for ending in ("json", "safetensors"):
            assert one_of(tmp_path, stem, ending).is_file()
    assert read_newest(tmp_path)[0].step == 300


def test_after_going_back_the_later_ones_are_gone(tmp_path: Path) -> None:
    for step in (10, 20, 15):
        write_checkpoint(tmp_path, at(step))
    assert [path.stem[-2:] for path in sorted(tmp_path.glob("*.json"))] == ["10", "15"]
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_every_flipped_byte_is_found(tmp_path: Path, ending: str) -> None:
    write_checkpoint(tmp_path, at(10))
    write_checkpoint(tmp_path, at(20))
    path = one_of(tmp_path, "step-000000020", ending)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            same = json.loads(path.read_bytes()) == json.loads(whole)
        except ValueError:
            same = False
        found, wrong = read_newest(tmp_path)
        if same:  # a blank that became another kind of blank
            assert (found.step, wrong) == (20, [])
        else:
            assert found.step == 10
            assert len(wrong) == 1
            assert "step-000000020.json is damaged" in wrong[0]


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_a_truncated_or_missing_file_means_the_one_before(tmp_path: Path, ending: str) -> None:
    write_checkpoint(tmp_path, at(10))
    write_checkpoint(tmp_path, at(20))
    path = one_of(tmp_path, "step-000000020", ending)
    path.write_bytes(path.read_bytes()[:-40])
    assert read_newest(tmp_path)[0].step == 10
    path.unlink()
    assert read_newest(tmp_path)[0].step == 10


def test_tensors_without_their_json_do_not_count(tmp_path: Path) -> None:
    """What a kill between the two files leaves."""
    write_checkpoint(tmp_path, at(10))
    write_checkpoint(tmp_path, at(20))
    (tmp_path / "step-000000020.json").unlink()
    found, wrong = read_newest(tmp_path)
    assert (found.step, wrong) == (10, [])


def test_no_whole_checkpoint_is_told_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match="holds no checkpoint"):
        read_newest(tmp_path / "absent")
    write_checkpoint(tmp_path, at(10))
    one_of(tmp_path, "step-000000010", "safetensors").write_bytes(b"")
    with pytest.raises(RetinueError, match=r"step-000000010.json is damaged \(the digest of its"):
        read_newest(tmp_path)


def test_a_failing_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, at(10))
    before = names(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, at(20))
    assert names(tmp_path) == before


def test_all_are_removed_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    for step in (10, 20):
        write_checkpoint(folder, at(step))
    remove_checkpoints(folder)
    assert not folder.exists()
    remove_checkpoints(folder)


def test_a_step_that_is_saved_again_is_whole_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = Checkpoint(20, at(20).values, {"weights": torch.zeros(3)})
    for room in range(2):  # files that still reach the disk: the tensors, and their JSON
        folder, left = tmp_path / str(room), [room]
        write_checkpoint(folder, at(10))
        write_checkpoint(folder, at(20))

        def full(_: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", full)
            with pytest.raises(OSError, match="No space left"):
                write_checkpoint(folder, again)
        found, wrong = read_newest(folder)
        assert (found.step, wrong) == (20, [])
        assert found.tensors.keys() == at(20).tensors.keys()
        write_checkpoint(folder, again)
        assert read_newest(folder)[0].tensors.keys() == {"weights"}
        assert len(names(folder)) == 4


def test_those_of_later_steps_go_and_the_others_stay(tmp_path: Path) -> None:
    for step in (10, 20):
        write_checkpoint(tmp_path, at(step))
    remove_checkpoints(tmp_path, after=10)
    assert read_newest(tmp_path)[0].step == 10
    assert len(names(tmp_path)) == 2
