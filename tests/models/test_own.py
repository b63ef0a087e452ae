import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from retinue.errors import UsageError
from retinue.models.own import build_own

SOURCE = """
from torch import nn

NUMBER = 3

class Everything(nn.Module):
    def __init__(self, classes, channels, size, width=8):
        super().__init__()
        self.given = (classes, channels, size, width)

def some(classes, *, width: int = 4):
    return nn.Linear(width, classes)

def open_ended(**settings):
    module = nn.Identity()
    module.given = settings
    return module

def nothing():
    return nn.Identity()

def needs(classes, words):
    return nn.Identity()

def fails(classes):
    raise ValueError("no such width")

def returns_none(classes):
    return None
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "own_project"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text(SOURCE)
    (package / "broken.py").write_text("import no_such_library\n")
    (package / "worse.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.startswith("own_project")]:
        monkeypatch.delitem(sys.modules, name)


def made(factory: str, **arguments: Any) -> nn.Module:
    return build_own(factory, classes=5, channels=3, size=(8, 9), arguments=arguments)


def test_a_factory_gets_what_it_asks_for() -> None:
    assert made("own_project.nets:Everything", width=2).given == (5, 3, (8, 9), 2)
    assert str(made("own_project.nets:some")) == str(nn.Linear(4, 5))
    assert isinstance(made("own_project.nets:nothing"), nn.Identity)
    offered = {"classes": 5, "channels": 3, "size": (8, 9)}
    assert made("own_project.nets:open_ended", a="b").given == offered | {"a": "b"}


def test_settings_win_over_what_is_offered() -> None:
    assert made("own_project.nets:Everything", classes=2).given == (2, 3, (8, 9), 8)


def test_the_search_path_is_left_as_it_was() -> None:
    before = list(sys.path)
    made("own_project.nets:nothing")
    assert sys.path == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no_such_project.nets:tiny", "there is no module 'no_such_project', neither installed"),
        ("own_project.net:tiny", "there is no module 'own_project.net'"),
        ("own_project.broken:tiny", "importing it raised ModuleNotFoundError: No module named"),
        ("own_project.worse:tiny", "importing it raised ZeroDivisionError: division by zero"),
        ("own_project.nets:som", "has no 'som'; did you mean some?"),
        ("own_project.nets:NUMBER", "NUMBER is an object of type int, which cannot be called"),
        ("own_project.nets:fails", "model own_project.nets:fails raised ValueError: no such width"),
        ("own_project.nets:returns_none", "returned None, not a torch.nn.Module"),
        ("own_project.nets:needs", "missing a required argument: 'words'"),
        ("builtins:dict", "model builtins:dict does not tell its parameters"),
        (":tiny", "model ':tiny' should be package.module:factory"),
        ("own_project:", "should be package.module:factory"),
        ("..:tiny", "importing it raised"),
    ],
)
def test_what_is_said_when_it_cannot_be_made(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(name)
    assert text in str(caught.value)


def test_a_setting_that_the_factory_has_not() -> None:
    with pytest.raises(UsageError) as caught:
        made("own_project.nets:some", widht=2)
    assert str(caught.value) == (
        "model own_project.nets:some has no setting 'widht'; did you mean width? It has: width"
    )
