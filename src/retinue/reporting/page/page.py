"""Everything that the page of a run, a comparison or a sweep shows, ready for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from retinue.experiments.discussion import Section
from retinue.reporting.diagnosis import Diagnosis
from retinue.reporting.page.about import Data, Network, Training
from retinue.reporting.page.charts.chart import Chart
from retinue.reporting.page.inside import Inside
from retinue.reporting.page.matrix import Matrix
from retinue.reporting.page.results import ClassRow
from retinue.reporting.page.sweeps.views import Swept
from retinue.reporting.page.views import Collected, Entry, First, Picture, Table, Trust


@dataclass(frozen=True)
class Diagnosed:
    """What was found wrong, each with the words for in which trainings.

    `name` is whose they are; it is empty where there is but one training.
    """

    name: str
    found: tuple[tuple[Diagnosis, str], ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures under a title."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Compared:
    """What only a comparison has."""

    charts: tuple[Chart, ...]
    quality: Table
    cost: Table
    pairs: Table | None
    recalls: Table
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A page; parts that are empty are not shown."""

    title: str
    first: First
    collected: Collected
    compared: Compared | None = None
    swept: Swept | None = None
    discussed: tuple[Section, ...] = ()
    data: Data | None = None
    networks: tuple[Network, ...] = ()
    curves: tuple[Chart, ...] = ()
    trainings: tuple[Training, ...] = ()
    diagnosed: tuple[Diagnosed, ...] = ()
    measures: Table | None = None
    classes: Sequence[ClassRow] = ()
    matrices: tuple[Matrix, ...] = ()
    quota: int = 0
    pairs: Table | None = None
    mistakes: Gallery | None = None
    inside: tuple[Inside, ...] = ()
    trusts: tuple[Trust, ...] = ()
    looks: tuple[str, ...] = ()
    recipes: tuple[Table, ...] = ()
    environments: tuple[Table, ...] = ()
    commands: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    card: tuple[Section, ...] = ()
    card_of: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def entries(self) -> list[Entry]:
        """The sections that the page has, in order."""
        several = "s" if len(self.networks) > 1 else ""
        swept = self.swept
        sections: list[tuple[object, str, str, str]] = [
            (swept, "effects", "What each value did", "Effects"),
            (swept and swept.grids, "interactions", "What two do together", "Two together"),
            (swept, "stability", "How steady it is", "Stability"),
            (swept and swept.fit, "fit", "Training against test", "Train and test"),
            (swept and swept.costs, "costs", "What accuracy costs", "Costs"),
            (swept and swept.luck, "luck", "What luck can do", "Luck"),
            (swept, "settings", "All settings", "Settings"),
            (self.compared, "comparison", "Comparison", "Comparison"),
            (self.discussed, "discussion", "Discussion", "Discussion"),
            (self.data, "data", "Data", "Data"),
            (self.networks, "network", f"Network{several}", f"Network{several}"),
            (self.trainings or self.curves, "training", "Training", "Training"),
            (self.diagnosed, "diagnoses", "What to look at", "Diagnoses"),
            (self.measures, "measures", "Measures", "Measures"),
            (self.classes or self.compared, "classes", "Class by class", "Classes"),
            (self.matrices, "confusion", "What is taken for what", "Confusion"),
            (self.mistakes, "mistakes", "Most confident mistakes", "Mistakes"),
            (self.inside, "inside", "Inside the network", "Inside"),
            (self.trusts, "trust", "How sure it may be", "Confidence"),
            (self.commands or self.recipes, "repeat", "How to repeat it", "Repeat it"),
            (self.card, "card", "Model card", "Model card"),
        ]
        return [Entry(id_, title, short) for part, id_, title, short in sections if part]
