"""Names of files as their authors wrote them, where an archive or a system has mangled them."""

import unicodedata

from retinue.wording import STEERING

LONGEST = 300  # letters of a path
# What cp437 makes of the letters of western Europe in cp1252, and what no name holds beside them.
_ODD = set("αΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀")


def unmangled(path: str) -> str:
    """A path of an archive or a disk, in composed letters, without what steers a terminal.

    A zip's names without a mark are read as cp437, while most systems write UTF-8 or cp1252.
    """
    text = _decoded(path.replace("\\", "/"))
    text = unicodedata.normalize("NFC", text)
    parts = [STEERING.sub("\ufffd", part).strip() for part in text.split("/")]
    return "/".join(parts)


def shortened(path: str) -> str:
    """A path of a bearable length, its last name whole if that can be."""
    if len(path) <= LONGEST:
        return path
    half = LONGEST // 2
    return f"{path[: half - 1]}…{path[-half:]}"


def _decoded(path: str) -> str:
    if path.isascii():
        return path
    try:
        raw = path.encode("cp437")
    except UnicodeEncodeError:
        return path
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _as_cp1252(path, raw)


def _as_cp1252(path: str, raw: bytes) -> str:
    """The other reading, where this one has signs among Latin letters and that one letters only."""
    if _ODD.isdisjoint(path) or not any("a" <= letter.lower() <= "z" for letter in path):
        return path
    try:
        other = raw.decode("cp1252")
    except UnicodeDecodeError:
        return path
    high = [letter for letter in other if not letter.isascii()]
    return other if all(letter.isalpha() for letter in high) else path
