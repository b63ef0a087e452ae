"""`retinue demo`: the whole way, in the order of a first lesson."""

from pathlib import Path

import pytest

from retinue.cli.main import main
from retinue.runs import Run

IN_ORDER = (
    "loading PyTorch",
    "1. The pictures",
    "2. Training",
    "transform ",
    "forward ",
    "backward ",
    "update ",
    "cnn",
    "transform → forward → backward → update",
    "mlp",
    "3. The result",
    "most confused",
    "4. A prediction",
    "Try next",
    "seconds",
)


@pytest.mark.slow
def test_the_demo_shows_everything_in_order_and_can_be_run_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for number in (1, 2):
        with pytest.raises(SystemExit) as left:
            main(["demo", "--output", str(tmp_path)])
        out, err = capsys.readouterr()
        assert (left.value.code, err) == (0, "")
        place = 0
        for text in IN_ORDER:
            assert text in out[place:], text
            place = out.index(text, place)
        found = {name: Run.load(tmp_path / f"demo-{name}-{number}") for name in ("cnn", "mlp")}
        accuracies = {name: run.metrics()["accuracy"]["value"] for name, run in found.items()}
        assert accuracies["cnn"] > 0.95  # chance is 0.1
        for name, value in accuracies.items():
            assert f"{name}  {100 * value:.1f} %" in out
    assert (tmp_path / "digits-samples.png").is_file()
    assert (tmp_path / "a-digit.png").is_file()
