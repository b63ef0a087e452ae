"""Writing the slides."""

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from retinue.errors import MissingExtraError, UsageError
from retinue.experiments.comparison import Comparison
from retinue.runs import Run
from retinue.writing import appearing

FILE = "slides.pptx"


def write_slides(folder: Run | Comparison, output: Path | None = None) -> Path:
    """Write a run or a comparison as slides for a talk, from 8 to 12.

    Tables and most charts are native, so that they can be changed; the notes say where each figure
    stands; there is room for the presenter's own words.

    Args:
        folder: what the slides are about.
        output: the file to write; by default slides.pptx in the folder.

    Returns:
        The file that was written.

    Raises:
        MissingExtraError: python-pptx is not installed.
        UsageError: the run was not judged on any pictures, or `output` is a folder.
        RetinueError: files of the folder are damaged.
    """
    if find_spec("pptx") is None:
        raise MissingExtraError("writing slides", "slides")
    path = Path(output) if output is not None else folder.path / FILE
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file, as slides.pptx")
    from retinue.reporting.slides.deck import pages_of
    from retinue.reporting.slides.draw import draw_page
    from retinue.reporting.slides.template import new_deck

    pages = pages_of(folder)
    deck = new_deck()
    about = deck.core_properties
    about.title, about.subject = pages[0].title[:250], pages[0].subtitle[:250]
    about.author = about.last_modified_by = about.keywords = about.comments = ""
    about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)
    about.revision = 1
    for page in pages:
        draw_page(deck, page)
    with appearing(path) as aside:
        deck.save(str(aside))
    return path
