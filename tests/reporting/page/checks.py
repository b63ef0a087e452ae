"""What is asked of every page; each gives what is wrong with it."""

import re
from base64 import b64encode
from hashlib import sha256

from tests.reporting.page.reader import Reader

WRITTEN = ("href", "src", "srcset", "action", "data", "poster", "xlink:href", "formaction")
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def references(reader: Reader) -> list[str]:
    """Addresses that lie outside of the page, code that an attribute would run, odd elements."""
    found = [
        f"{tag} {key}={value[:60]}"
        for tag, attributes in reader.elements
        for key, value in attributes.items()
        if key in WRITTEN and not value.startswith(("#", "data:image/", "data:,"))
    ]
    found += [
        f"{tag} {key}"
        for tag, attributes in reader.elements
        for key in attributes
        if key.startswith("on") or key == "style"
    ]
    for style in reader.within["style"]:
        found += re.findall(r"url\([^)]*\)|@import", style)
    strange = ("iframe", "object", "embed", "base", "form", "b", "i")
    return found + [tag for tag, _ in reader.elements if tag in strange]


def policy_faults(reader: Reader) -> list[str]:
    """Where the content security policy does not allow just this style and script."""
    policies = [
        meta["content"]
        for meta in reader.named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    if len(policies) != 1:
        return [f"{len(policies)} policies"]
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    faults = [] if rules["default-src"] == "'none'" else ["default-src"]
    faults += [] if "unsafe" not in policies[0] else ["unsafe"]
    style, script = reader.within["style"], reader.within["script"]
    if len(style) != 1 or len(script) != 2:
        return [*faults, f"{len(style)} styles and {len(script)} scripts"]
    for rule, text in (("style-src", style[0]), ("script-src", script[1])):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        if rules[rule] != f"'sha256-{digest}'":
            faults.append(rule)
    return faults


def faults(text: str) -> list[str]:
    """What is wrong with a page as a whole; also that it is no page at all."""
    try:
        reader = Reader(text)
        return [*references(reader), *policy_faults(reader)]
    except (AssertionError, IndexError) as error:
        return [f"not well formed: {error}"]


def pictures_in(text: str) -> list[str]:
    """The data of every picture in the page's text, as often as it is there."""
    return re.findall(r"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)", text)


def steering_in(text: str) -> list[str]:
    """Characters that would turn text around or are no characters at all."""
    return STEERING.findall(text)


def headings(reader: Reader) -> list[int]:
    """The levels of the headings, in order."""
    return [int(tag[1]) for tag, _ in reader.elements if re.fullmatch("h[1-6]", tag)]
