"""Pages in the browser, hosts that outlive them, and the data that several tests train on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from retinue.widgets.panel import Panel
from tests.widgets.host import Host, Serving, Watched

if TYPE_CHECKING:
    from retinue.data.imagedata import ImageData
    from retinue.widgets.training_step import TrainingStepPanel

expect.set_options(timeout=20_000)  # on a busy machine, kernels and pages take their time


@pytest.fixture(scope="module")
def digits() -> "ImageData":
    """Small pictures, few enough to be trained on in a moment."""
    from retinue.data.load import load_data

    return load_data("digits", limit_per_class=20)


@pytest.fixture
def step(digits: "ImageData") -> "TrainingStepPanel":
    """The first step of a training of two epochs."""
    from retinue.recipe import make_recipe
    from retinue.widgets.training_step import TrainingStepPanel

    settings = {"model": {"name": "cnn", "depth": 2, "width": 4}, "opt": "sgd", "lr": 0.1}
    rest = {"momentum": 0.0, "epochs": 2, "batch_size": 64, "precision": "fp32"}
    return TrainingStepPanel(make_recipe(digits.loaded_with, settings, rest), digits)


@pytest.fixture
def serving() -> Iterator[Serving]:
    """`with serving({"a": panel}) as host:`; each server outlives the page, which may call it."""
    hosts: list[Host] = []

    @contextmanager
    def serve(panels: Mapping[str, Panel], **options: Any) -> Iterator[Host]:
        host = Host(panels, **options)
        hosts.append(host)
        yield host

    yield serve
    for host in hosts:
        host.close()


@pytest.fixture
def watched(browser: Browser, serving: Serving) -> Iterator[Watched]:
    """A page of 1280 by 800, light, for mouse, keyboard and touch, and what it said and asked."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", has_touch=True
    )
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def browser_page(watched: Watched) -> Iterator[Page]:
    """The page alone; the test fails where it logged an error or asked another machine."""
    yield watched.page
    faults = watched.faults()
    if faults:
        pytest.fail("\n".join(faults))
