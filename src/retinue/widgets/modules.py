"""The code and the style of a widget's page, as one ES module and one style sheet."""

from functools import cache
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")
MODULES = (
    "attribution",
    "explorer",
    "feature_maps",
    "receptive_field",
    "training_monitor",
    "training_step",
)


@cache
def source(module: str) -> str:
    """The ES module of a widget: `export default { render }` by the AFM contract, no imports.

    It is `shared.js`, then the parts of the module, `<module>_*.js` in the order of their names,
    then `<module>.js`. A file that begins with the names of two modules is a part of the longer.
    """
    files = [ASSETS / "shared.js", *_parts(module), ASSETS / f"{module}.js"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@cache
def style() -> str:
    """The style sheet of all widgets: `widgets.css`, then the others in the order of their names.

    Every rule is about what lies inside an element of the class `retinue`.
    """
    first = ASSETS / "widgets.css"
    others = [file for file in sorted(ASSETS.glob("*.css")) if file != first]
    return "\n".join(file.read_text(encoding="utf-8") for file in [first, *others])


def _parts(module: str) -> list[Path]:
    longer = [one for one in MODULES if one.startswith(f"{module}_")]
    return [
        file
        for file in sorted(ASSETS.glob(f"{module}_*.js"))
        if not any(file.stem == one or file.stem.startswith(f"{one}_") for one in longer)
    ]
