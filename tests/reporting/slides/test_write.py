"""The file as programs see it: its slides, names from outside, room, alternative texts."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.slide import Slide

from retinue.errors import MissingExtraError, UsageError
from retinue.experiments.comparison import Comparison
from retinue.reporting.slides import write, write_slides
from retinue.reporting.slides.text import height_of, width_of
from retinue.runs import Run

Slides = Callable[[Path], list[Slide]]
Deck = Callable[[Path], Path]
Change = Callable[[Path, Callable[[Any], None]], None]
INCH = 914_400
# CT_BarSer and CT_ScatterSer of ISO/IEC 29500-1, 21.2
SERIES = ["idx", "order", "tx", "spPr", "invertIfNegative", "marker", "dPt", "dLbls", "trendline",
          "errBars", "cat", "val", "xVal", "yVal", "smooth"]  # fmt: skip
KINDS_OF_RUN = ["Data", "Network", "Training", "Results", "Classes", "Confusion", "Mistakes",
                "Comparison", "Trade-offs", "Conclusion"]  # fmt: skip
KINDS_OF_COMPARISON = ["Data", "Networks", "Training", "Results", "Comparison", "Classes",
                       "Confusion", "Mistakes", "Trade-offs", "Conclusion"]  # fmt: skip


def shapes_of(slide: Slide) -> list[Any]:
    """Its shapes, of whatever kind."""
    return list(slide.shapes)


def both(folder: Path) -> list[Path]:
    """The run and the comparison in a folder, where there is one."""
    found = [folder / "runs" / "mlp", folder / "comparisons" / "both"]
    return [one for one in found if one.is_dir()]


def kind_of(slide: Slide) -> str:
    (found,) = [one for one in slide.placeholders if one.placeholder_format.idx == 20]
    return str(found.text_frame.text)


def test_a_talk_has_its_parts_in_order(digits: Path, slides: Slides) -> None:
    for folder, kinds in zip(both(digits), (KINDS_OF_RUN, KINDS_OF_COMPARISON), strict=True):
        assert [kind_of(slide) for slide in slides(folder)] == ["Image classification", *kinds]


def test_the_format_is_16_to_9(digits: Path, deck: Deck) -> None:
    found = Presentation(str(deck(digits / "runs" / "mlp")))
    assert found.slide_width is not None
    assert found.slide_height is not None
    assert found.slide_width / found.slide_height == pytest.approx(16 / 9, rel=1e-3)


def test_the_file_lies_in_the_folder_by_default(copied: Path) -> None:
    run = Run.load(copied / "runs" / "softmax")
    assert write_slides(run) == run.path / "slides.pptx"
    assert list(run.path.glob(".*.part")) == []
    assert len(Presentation(str(run.path / "slides.pptx")).slides) == 11


def test_nothing_of_the_template_is_left(digits: Path, deck: Deck) -> None:
    path = deck(digits / "runs" / "mlp")
    about = Presentation(str(path)).core_properties
    assert about.author == ""
    assert about.title == "Which of 10 classes does a picture of digits show?"
    names = ZipFile(path).namelist()
    assert not [name for name in names if "thumbnail" in name or "printer" in name]
    theme = ZipFile(path).read("ppt/theme/theme1.xml").decode()
    assert "0072B2" in theme
    assert "4F81BD" not in theme  # the blue of Office 2007


def test_every_slide_has_a_title_of_its_own(digits: Path, slides: Slides) -> None:
    for folder in both(digits):
        titles = [slide.shapes.title.text_frame.text for slide in slides(folder)
                  if slide.shapes.title is not None]  # fmt: skip
        assert len(set(titles)) == 11
        assert all(titles)


def test_there_is_room_for_the_presenter_s_own_words(digits: Path, slides: Slides) -> None:
    for folder in both(digits):
        rooms = [one for slide in slides(folder) for one in slide.placeholders
                 if one.placeholder_format.idx == 21]  # fmt: skip
        assert len(rooms) == 8
        assert {one.text_frame.text for one in rooms} == {""}


def test_data_are_shown_with_their_pictures(digits: Path, slides: Slides) -> None:
    for folder in both(digits):
        opening, data, *_ = slides(folder)
        for slide in (opening, data):
            shown = [one for one in shapes_of(slide) if one.shape_type == 13]
            assert len(shown) == 12
            assert all("A picture of class" in alt_of(one) for one in shown)


def alt_of(shape: Any) -> str:
    return str(shape._element.xpath(".//p:cNvPr/@descr")[0])


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("hostiles", "two", "hundred")]


@pytest.mark.parametrize("data", ["digits", "hostile", *SLOW])
class TestOfAnyData:
    """What holds whatever the classes are called, and however many there are."""

    @pytest.fixture
    def folder(self, data: str, request: pytest.FixtureRequest) -> Path:
        found: Path = request.getfixturevalue(data)
        return found

    def test_there_are_eleven_slides(self, folder: Path, slides: Slides) -> None:
        assert {len(slides(one)) for one in both(folder)} == {11}

    def test_all_that_is_no_text_has_an_alternative_text(
        self, folder: Path, slides: Slides
    ) -> None:
        for one in both(folder):
            for slide in slides(one):
                for shape in shapes_of(slide):
                    if shape.shape_type == 13 or shape.has_chart or shape.has_table:
                        assert len(alt_of(shape)) > 5

    def test_nothing_leaves_the_slide(self, folder: Path, slides: Slides) -> None:
        for one in both(folder):
            for slide in slides(one):
                assert [shape.name for shape in shapes_of(slide) if is_outside(shape)] == []

    def test_no_two_things_overlap(self, folder: Path, slides: Slides) -> None:
        for one in both(folder):
            for slide in slides(one):
                boxes = [box_of(shape) for shape in shapes_of(slide)]
                assert [pair for pair in combinations(boxes, 2) if cross(*pair)] == []

    def test_every_text_fits_its_frame(self, folder: Path, slides: Slides) -> None:
        for one in both(folder):
            for slide in slides(one):
                assert list(overflowing(slide)) == []

    def test_every_part_is_xml(self, folder: Path, deck: Deck) -> None:
        for one in both(folder):
            with ZipFile(deck(one)) as package:
                assert package.testzip() is None
                for name in package.namelist():
                    if name.endswith((".xml", ".rels")):
                        etree.fromstring(package.read(name))

    def test_parts_of_charts_stand_in_the_order_of_the_standard(
        self, folder: Path, slides: Slides
    ) -> None:
        for one in both(folder):
            for slide in slides(one):
                for chart in [shape.chart for shape in shapes_of(slide) if shape.has_chart]:
                    for series in chart._chartSpace.xpath(".//c:ser"):
                        places = [SERIES.index(etree.QName(part).localname) for part in series]
                        assert places == sorted(places)

    def test_no_series_stands_before_a_longer_one(self, folder: Path, slides: Slides) -> None:
        # LibreOffice would not draw it.
        seen = 0
        for one in both(folder):
            for slide in slides(one):
                for chart in [shape.chart for shape in shapes_of(slide) if shape.has_chart]:
                    counts = [len(list(series.values)) for series in chart.plots[0].series]
                    assert counts == sorted(counts, reverse=True)
                    seen += len(counts) > 1
        assert seen >= 2

    def test_numbers_of_shapes_are_unique(self, folder: Path, slides: Slides) -> None:
        for one in both(folder):
            for slide in slides(one):
                ids = slide.shapes._spTree.xpath("//p:cNvPr/@id")
                assert len(ids) == len(set(ids))


def is_outside(shape: Any) -> bool:
    right, bottom = shape.left + shape.width, shape.top + shape.height
    across, up = 13.333 * INCH, 7.5 * INCH
    return bool(shape.left < 0 or shape.top < 0 or right > across + 9 or bottom > up + 9)


Edges = tuple[str, float, float, float, float]


def box_of(shape: Any) -> Edges:
    """Its name, left, top, right and bottom, in inches."""
    left, top, width, height = shape.left, shape.top, shape.width, shape.height
    return shape.name, left / INCH, top / INCH, (left + width) / INCH, (top + height) / INCH


def cross(one: Edges, two: Edges) -> bool:
    """Whether two shapes have more in common than an edge."""
    width = min(one[3], two[3]) - max(one[1], two[1])
    height = min(one[4], two[4]) - max(one[2], two[2])
    return width > 0.02 and height > 0.02


def overflowing(slide: Slide) -> Iterator[str]:
    """Texts that are larger than their frame or their cell."""
    for shape in shapes_of(slide):
        if shape.has_text_frame and shape.text_frame.text:
            paragraphs = shape.text_frame.paragraphs
            sizes = [run.font.size.pt for one in paragraphs for run in one.runs if run.font.size]
            size = max(sizes, default=26.0 if shape == slide.shapes.title else 12.0)
            size = 10.0 if shape.name in ("Footer", "Slide Number") else size
            texts = [one.text for one in paragraphs]
            width, height = shape.width / INCH * 72, shape.height / INCH * 72
            if height_of(texts, size, width, 0.5) > height + 1:
                yield f"{shape.name}: {texts[0]!r}"
        if shape.has_table:
            for row in shape.table.rows:
                for cell, column in zip(row.cells, shape.table.columns, strict=True):
                    (run,) = cell.text_frame.paragraphs[0].runs
                    turned = cell._tc.tcPr.get("vert") == "vert270"
                    sides = (row.height, column.width) if turned else (column.width, row.height)
                    room = [side / INCH * 72 for side in sides]
                    wide = width_of(run.text, run.font.size.pt)
                    if wide > room[0] - 10 or run.font.size.pt * 1.15 > room[1]:
                        yield f"cell {run.text!r}"


def test_a_text_that_is_too_long_is_found(digits: Path, deck: Deck) -> None:
    slide = Presentation(str(deck(digits / "runs" / "mlp"))).slides[4]
    assert list(overflowing(slide)) == []
    frame = next(
        one for one in shapes_of(slide) if one.has_text_frame and len(one.text_frame.text) > 40
    )
    frame.text_frame.paragraphs[0].runs[0].text += " and on" * 80
    assert len(list(overflowing(slide))) == 1


HOSTILE = ["hostile", pytest.param("hostiles", marks=pytest.mark.slow)]


@pytest.mark.parametrize("data", HOSTILE)
def test_names_from_outside_are_text_and_nothing_else(
    data: str,
    request: pytest.FixtureRequest,
    slides: Slides,
    texts: Callable[[Slide], list[str]],
) -> None:
    for folder in both(request.getfixturevalue(data)):
        found = [text for slide in slides(folder) for text in texts(slide)]
        assert "<b>bold</b>" in found
        assert not [text for text in found if "\x1b" in text or "\u202e" in text]


@pytest.mark.parametrize("data", HOSTILE)
def test_no_cell_behind_a_chart_is_a_formula_or_a_link(
    data: str, request: pytest.FixtureRequest, deck: Deck
) -> None:
    seen = ""
    for folder in both(request.getfixturevalue(data)):
        with ZipFile(deck(folder)) as package:
            books = [name for name in package.namelist() if name.endswith(".xlsx")]
            assert books
            for name in books:
                with ZipFile(BytesIO(package.read(name))) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml").decode()
                    assert "<f>" not in sheet
                    assert "hyperlink" not in sheet
                    seen += book.read("xl/sharedStrings.xml").decode()
    assert "=HYPERLINK(1)" in seen
    assert "{=1+1}" in seen


def test_slides_without_the_runs_of_a_comparison_say_so(
    copied: Path, slides: Slides, texts: Callable[[Slide], list[str]], change: Change
) -> None:
    def move(values: Any) -> None:
        for one in values["entrants"]:
            one["runs"] = ["elsewhere"]

    change(copied / "comparisons" / "both" / "comparison.json", move)
    found = slides(copied / "comparisons" / "both")
    assert len(found) == 11
    assert "folders of the runs are not here" in " ".join(texts(found[1]))
    assert "not here" in " ".join(texts(found[8]))
    assert [one.has_chart for one in shapes_of(found[4])].count(True) == 1


def test_what_a_comparison_does_not_know_is_a_dash(
    copied: Path, slides: Slides, texts: Callable[[Slide], list[str]], change: Change
) -> None:
    def forget(values: Any) -> None:
        values["winner"] = None
        for one in values["entrants"]:
            one.update(dict.fromkeys(
                ("val_accuracy", "training_seconds", "multiply_adds", "train_accuracy",
                 "prediction")
            ))  # fmt: skip

    change(copied / "comparisons" / "both" / "comparison.json", forget)
    found = slides(copied / "comparisons" / "both")
    assert texts(found[3]).count("–") == 6
    assert "Nobody was chosen: there are no val pictures to choose on" in texts(found[3])
    assert "Not known: seconds of training." in texts(found[9])


def test_damaged_pictures_are_left_out(copied: Path, slides: Slides) -> None:
    folder = copied / "runs" / "mlp"
    for path in (folder / "pictures" / "test").glob("*.png"):
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + path.read_bytes()[8:60])
    assert len(slides(folder)) == 11
    assert not [one for one in shapes_of(slides(folder)[0]) if one.shape_type == 13]


def test_pictures_that_would_fill_the_memory_are_left_out(copied: Path, slides: Slides) -> None:
    folder = copied / "runs" / "mlp"
    for path in (folder / "pictures" / "test").glob("*.png"):
        Image.new("1", (20_000, 5000)).save(path)
        break
    shown = [one for one in shapes_of(slides(folder)[0]) if one.shape_type == 13]
    assert len(shown) in (11, 12)


def test_a_run_that_was_stopped_early_is_shown(copied: Path, slides: Slides) -> None:
    folder = copied / "runs" / "mlp"
    for name in ("history.jsonl", "calibration.json"):
        (folder / name).unlink()
    shutil.rmtree(folder / "pictures")
    shutil.rmtree(folder / "evaluation" / "test")
    assert len(slides(folder)) == 11


def test_a_run_that_was_not_judged_is_refused(copied: Path) -> None:
    run = Run.load(copied / "runs" / "mlp")
    shutil.rmtree(run.path / "evaluation")
    with pytest.raises(UsageError, match="was not judged on any pictures"):
        write_slides(run)
    assert not (run.path / "slides.pptx").exists()


def test_a_folder_is_no_file(digits: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a folder; name a file, as slides\.pptx"):
        write_slides(Comparison.load(digits / "comparisons" / "both"), tmp_path)


def test_without_python_pptx_the_extra_is_named(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retinue\[slides\]'"):
        write_slides(Run.load(digits / "runs" / "mlp"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
@pytest.mark.parametrize("data", ["digits", "hostiles", "two", "hundred"])
def test_libreoffice_turns_every_slide_into_a_page(
    data: str, request: pytest.FixtureRequest, deck: Deck, tmp_path: Path
) -> None:
    for folder in both(request.getfixturevalue(data)):
        path = deck(folder)
        done = subprocess.run(
            ["soffice", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless",
             "--convert-to", "pdf", "--outdir", tmp_path, path],
            check=False, capture_output=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0
        pages = (tmp_path / f"{path.stem}.pdf").read_bytes().count(b"/Type/Page/")
        assert pages == 11


def test_what_may_be_wrong_is_in_the_conclusion(
    copied: Path, slides: Slides, texts: Callable[[Slide], list[str]]
) -> None:
    run = Run.load(copied / "runs" / "mlp")
    run.update_status(state="interrupted", reason="stopped by Ctrl-C in epoch 2")
    found = slides(run.path)
    assert "Training was stopped before its end" in " ".join(texts(found[-1]))
    assert "The training is interrupted, after 3 epochs" in texts(found[3])


def test_settings_of_a_loop_of_its_own_are_not_told(
    copied: Path, slides: Slides, texts: Callable[[Slide], list[str]]
) -> None:
    run = Run.load(copied / "runs" / "mlp")
    assert "learning rate" in " ".join(texts(slides(run.path)[3]))
    other = Path(shutil.copytree(run.path, copied / "runs" / "recorded"))
    Run.load(other).update_status(recorded=["lr"], best_epoch=None)
    said = " ".join(texts(slides(other)[3]))
    assert "learning rate" not in said
    assert "It was trained in a loop of its own" in said
    assert "Trained for 3 epochs" in said
