import re
from pathlib import Path

import pytest

from retinue.widgets import modules
from retinue.widgets.modules import ASSETS, MODULES, source, style

DECLARED = re.compile(
    r"^(?:async )?(?:function\*?|class|const|let) +(\w+|\{[^}]*\}|\[[^\]]*\])", re.M
)
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bfetch\(|"
    r"XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|\bimport\b|localStorage|"
    r"https?://(?!www\.w3\.org/2000/svg\")"
)
HARMFUL = (
    "el.innerHTML = name;", 'import x from "y";', 'const t = await import("y");', "eval(text);",
    'fetch("/x");', 'img.src = "https://example.org/x.png";', "localStorage.setItem(1, 2);",
)  # fmt: skip


def without_comments(code: str) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//[^\n]*", "", code, flags=re.S | re.M)


def declared(code: str) -> list[str]:
    return [name for found in DECLARED.findall(code) for name in re.findall(r"\w+", found)]


def doubled(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_stands_alone_and_touches_neither_the_web_nor_html(module: str) -> None:
    code = source(module)
    assert FORBIDDEN.findall(without_comments(code)) == []
    assert code.rstrip().endswith("export default { render };")
    assert len(re.findall(r"^export\b", code, re.M)) == 1
    assert doubled(declared(code)) == set()


@pytest.mark.parametrize("line", HARMFUL)
def test_what_a_module_must_not_do_is_noticed(line: str) -> None:
    assert FORBIDDEN.search(without_comments(f"function f() {{\n  {line}\n}}"))


def test_a_name_that_stands_twice_is_noticed() -> None:
    assert doubled(declared("function f() {}\nconst { a, f } = b;\n  const a = 1;")) == {"f"}


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(modules, "ASSETS", tmp_path)
    monkeypatch.setattr(modules, "MODULES", ("step", "step_by"))
    for name in ("shared", "step", "step_z", "step_a", "step_by", "step_by_c", "stepping"):
        (tmp_path / f"{name}.js").write_text(f"// {name}", encoding="utf-8")
    for name in ("b", "widgets", "a"):
        (tmp_path / f"{name}.css").write_text(f"/* {name} */", encoding="utf-8")
    return tmp_path


def test_the_parts_of_a_module_come_in_order_and_those_of_another_do_not(assets: Path) -> None:
    assert source.__wrapped__("step").split("\n") == [
        "// shared", "// step_a", "// step_z", "// step"
    ]  # fmt: skip
    assert source.__wrapped__("step_by").split("\n") == ["// shared", "// step_by_c", "// step_by"]


def test_the_style_of_all_comes_first(assets: Path) -> None:
    assert style.__wrapped__().split("\n") == ["/* widgets */", "/* a */", "/* b */"]


def test_every_file_belongs_to_a_module() -> None:
    used = "".join(source(module) for module in MODULES)
    for file in ASSETS.glob("*.js"):
        assert file.read_text(encoding="utf-8") in used, file.name


def selectors(css: str) -> list[str]:
    """All selectors of a style sheet, those of a list apart from one another."""
    css = re.sub(r"@keyframes\s+\S+\s*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", without_comments(css))
    found = [one.strip() for one in re.findall(r"([^{};]+)\{", css)]
    listed = [re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", lambda m: m[0].replace(",", ";"), one)
              for one in found if not one.startswith("@")]  # fmt: skip
    return [one.strip() for text in listed for one in text.split(",")]


def test_every_rule_is_about_widgets_alone() -> None:
    assert [one for one in selectors(style()) if ".retinue" not in one] == []
    assert len(selectors(style())) > 30
    planted = "button { color: red; } @media print { .retinue a, body { margin: 0; } }"
    assert [one for one in selectors(planted) if ".retinue" not in one] == ["button", "body"]


def test_the_style_asks_for_nothing() -> None:
    assert re.findall(r"url\(|@import|@font-face|https?:", without_comments(style())) == []


COLOUR = re.compile(
    r"--retinue-([\w-]+): var\(--retinue-light, (#[0-9a-f]{6})\) "
    r"var\(--retinue-dark, (#[0-9a-f]{6})\);"
)


def themes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the light theme, and those of the dark one."""
    found = COLOUR.findall(style())
    return {name: light for name, light, _ in found}, {name: dark for name, _, dark in found}


def luminance(colour: str) -> float:
    values = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2: 1 to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_texts_are_readable_in_light_and_dark() -> None:
    light, dark = themes()
    used = set(re.findall(r"var\(--retinue-([\w-]+)\)", style()))
    assert used <= light.keys()
    assert all(light[name] != dark[name] for name in light)
    for theme in (light, dark):
        for ground in ("paper", "sheet"):
            for text in ("ink", "soft", "warm-ink", "accent", "good"):
                assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
            assert contrast(theme["warm"], theme[ground]) >= 3
        assert contrast(theme["on-accent"], theme["accent"]) >= 4.5
    assert contrast("#777777", "#888888") < 1.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
