"""environment.json says what a run was made with and on."""

import json
import os
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch

import retinue
from retinue.training.environment import describe_environment

CPU = torch.device("cpu")
REVISION = "0123456789abcdef0123456789abcdef01234567"


def git_that(says: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program named git before all others on the path."""
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_it_names_what_decides_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["retinue", "train", "digits"])
    found = describe_environment(CPU, "fp32")
    assert found["retinue"] == retinue.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["packages"]["torch"] == metadata.version("torch")
    assert found["threads"] == torch.get_num_threads()
    assert (found["device"], found["device_name"], found["precision"]) == ("cpu", "cpu", "fp32")
    assert found["command"] == ["retinue", "train", "digits"]
    assert found["system"]
    assert json.loads(json.dumps(found)) == found


def test_the_revision_is_what_git_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_that(f"echo {REVISION}", tmp_path, monkeypatch)
    assert describe_environment(CPU, "fp32")["git"] == REVISION


def test_outside_of_git_there_is_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_that("exit 128", tmp_path, monkeypatch)
    assert describe_environment(CPU, "fp32")["git"] is None


def test_without_git_there_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_environment(CPU, "fp32")["git"] is None
