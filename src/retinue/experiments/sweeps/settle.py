"""From the values of a setting to a recipe with nothing open, or the reason why there is none."""

from dataclasses import dataclass, field

import torch

from retinue.data.imagedata import ImageData
from retinue.errors import ImpossibleNetworkError, UsageError
from retinue.experiments.candidates import obtain
from retinue.experiments.listener import Listener
from retinue.experiments.opened import Opened
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import Values
from retinue.models.catalogue import build_network, is_known, split_way
from retinue.models.describe import describe
from retinue.models.published import Permit
from retinue.recipe import Recipe
from retinue.training.defaults import choose


@dataclass(frozen=True)
class Settled:
    """A setting with its recipe in full, for the first seed; or with why it is impossible.

    `multiply_adds` are for one picture; None where the network is its user's own.
    """

    values: Values
    recipe: Recipe | None = None
    impossible: str = ""
    parameters: int | None = None
    multiply_adds: int | None = None


@dataclass
class Settler:
    """Settles one setting after another; all have to be judged on the same test pictures."""

    plan: Plan
    opened: Opened
    listener: Listener
    permit: Permit
    data: ImageData | None = None  # that of the first
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def settle(self, values: Values) -> Settled:
        """Choose for the data what the recipe leaves open, and try whether the network exists.

        Raises:
            UsageError: a value that cannot be used, no such data, or other test pictures.
            RetinueError: pictures cannot be read.
        """
        recipe = self.plan.recipe(values)
        obtain(recipe, self.permit, self.listener)
        data = self.opened.of(recipe)
        self._require_same_test(data)
        if not len(data.val) and (self.plan.search == "tpe" or self.plan.prune):
            asked = "--search tpe" if self.plan.search == "tpe" else "--prune"
            raise UsageError(f"{asked}: goes by val pictures; let val_fraction be above 0")
        try:
            full, _ = choose(recipe.model_copy(update={"data": data.source}), data)
            parameters, multiply_adds = self._size(full, data)
        except ImpossibleNetworkError as error:
            return Settled(values, impossible=str(error))
        return Settled(values, full, "", parameters, multiply_adds)

    def _require_same_test(self, data: ImageData) -> None:
        if not len(data.test):
            raise UsageError(f"{data.name}: has no test pictures to be judged on")
        self.data = self.data or data
        if data is not self.data and (
            data.test.content_digest(data.classes)
            != self.data.test.content_digest(self.data.classes)
        ):
            raise UsageError(
                "settings would be judged on different test pictures; vary nothing that changes "
                "which pictures are for testing"
            )

    def _size(self, recipe: Recipe, data: ImageData) -> tuple[int | None, int | None]:
        """Parameters and multiply-adds of a network that Retinue can build."""
        name, _ = split_way(recipe.model.name)
        if not is_known(name):
            return None, None
        key = str([name, recipe.model.arguments, data.size, data.channels])
        if key not in self.sizes:
            with torch.random.fork_rng(devices=[]):
                network = build_network(
                    name, len(data.classes), data.channels, data.size, recipe.model.arguments
                )
            found = describe(network, data.channels, data.size)
            self.sizes[key] = found.parameters, found.multiply_adds
        return self.sizes[key]
