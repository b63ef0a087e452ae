"""Parts of a document that a program writes, between two comments that a reader does not see."""

import argparse
from pathlib import Path

from retinue.writing import write_text

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def parse(
    parser: argparse.ArgumentParser, written: str = "into the document"
) -> argparse.Namespace:
    """The arguments of a program that has `--smoke`, with `--write` and `--document` added.

    What a smoke run measures is kept out of the document that states the figures.
    """
    parser.add_argument("--write", action="store_true", help=written)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    asked = parser.parse_args()
    if asked.smoke and asked.write and asked.document == DOCUMENT:
        parser.error("--smoke measures nothing worth writing; name another --document")
    return asked


def replace_part(path: Path, name: str, part: str) -> None:
    """Put `part` between the comments `name:begin` and `name:end`; at the end if there are none."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if begin not in text or end not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n".lstrip()
    inner = part.strip("\n")  # spaces at the beginning of a line are code in Markdown
    before, after = text[: text.index(begin)], text[text.index(end) :]
    write_text(path, f"{before}{begin}\n{inner}\n{after}")
