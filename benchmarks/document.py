"""Parts of a document that a program writes, between two comments that a reader does not see."""

from pathlib import Path

from retinue.writing import write_text

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def replace_part(path: Path, name: str, part: str) -> None:
    """Put `part` between the comments `name:begin` and `name:end`; at the end if there are none."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if begin not in text or end not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n".lstrip()
    before, after = text[: text.index(begin)], text[text.index(end) :]
    write_text(path, f"{before}{begin}\n{part.strip()}\n{after}")
