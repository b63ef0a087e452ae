import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retinue.data import builtin
from retinue.errors import RetinueError
from retinue.lessons import lesson_data, start

CLASSES = {f"{split}/{name}": 10 for split in ("train", "test") for name in ("cat", "dog")}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded, whatever this machine can reach."""

    def refuse(name: str, *_: object, **__: object) -> None:
        raise RetinueError(f"cannot download {name} ({'https://example.org ' * 40})")

    monkeypatch.setattr(builtin, "load_official", refuse)
    monkeypatch.delenv("RETINUE_DATA_ROOT", raising=False)


def test_another_data_set_stands_in_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    data = lesson_data("cifar10", limit_per_class=5)
    assert data.name == "shapes"
    assert len(data.train) <= 5 * len(data.classes)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("cifar10 is not at hand: cannot download cifar10")
    assert len(first) < 200
    assert second == "This notebook goes on with shapes; its numbers differ from the text's."


def test_digits_may_stand_in_at_another_size() -> None:
    data = lesson_data("fashion-mnist", instead="digits", size=28)
    assert (data.name, data.size, data.channels) == ("digits", (28, 28), 1)


@pytest.mark.parametrize("by", ["environment", "argument"])
def test_what_lies_in_the_named_folder_is_taken(
    by: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    class_folders: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    class_folders(tmp_path / "pictures", CLASSES)
    shutil.make_archive(str(tmp_path / "cifar10"), "zip", tmp_path / "pictures")
    if by == "environment":
        monkeypatch.setenv("RETINUE_DATA_ROOT", str(tmp_path))
        data = lesson_data("cifar10")
    else:
        data = lesson_data("cifar10", data_root=tmp_path)
    assert data.name == "cifar10"
    assert tuple(data.classes) == ("cat", "dog")
    assert "not at hand" not in capsys.readouterr().out


def test_the_machine_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    import retinue

    start()
    versions, device = capsys.readouterr().out.splitlines()
    assert versions == f"Retinue {retinue.__version__}, PyTorch {torch.__version__}"
    assert ("GPU: " in device) == (torch.cuda.is_available() or torch.backends.mps.is_available())


def test_a_gpu_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    start()
    assert capsys.readouterr().out.splitlines()[1] == "GPU: Some GPU"
