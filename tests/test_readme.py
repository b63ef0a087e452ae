"""What the README says of the tree and of the command line is so."""

import re
from pathlib import Path

from retinue.cli.main import COMMANDS, GROUPS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


# Folders with a file for each lesson or lab, which the tree has as one line.
ALIKE = ("src/retinue/lessons/masters/", "src/retinue/lessons/checks/")


def tree() -> dict[str, str]:
    """Paths of the README's annotated tree, with their remarks."""
    block = README.split("## The tree")[1].split("```")[1]
    found: dict[str, str] = {}
    folders: list[str] = []
    for line in block.strip().splitlines():
        indent, name, remark = re.fullmatch(r"( *)(\S+) *(.*)", line).groups()  # type: ignore[union-attr]
        folders = [*folders[: len(indent) // 2], name]
        found["".join(folders)] = remark
    return found


def test_everything_in_the_tree_exists_and_is_explained() -> None:
    for path, remark in tree().items():
        assert (ROOT / path).exists(), path
        assert remark, f"{path} has no remark"


def test_every_source_file_is_in_the_tree() -> None:
    source = ROOT / "src" / "retinue"
    files = {
        path.relative_to(ROOT).as_posix()
        for path in source.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {path for path in files if not path.startswith(ALIKE)} - set(tree()) == set()
    assert set(ALIKE) <= set(tree())


def test_every_command_that_is_shown_exists() -> None:
    shown = set(re.findall(r"^    retinue ([\w-]+)", README, flags=re.MULTILINE))
    assert shown
    assert shown <= {*COMMANDS, *GROUPS}


def test_links_point_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
