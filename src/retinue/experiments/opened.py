"""The data of recipes, loaded once for all that take it alike."""

from dataclasses import dataclass, field
from pathlib import Path

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.data.memory import CACHE_MEMORY
from retinue.recipe import DATA_KEYS, Recipe
from retinue.training.start import open_data, photos_of, start_of


@dataclass
class Opened:
    """Gives the data of a recipe, and keeps the last `most` that it loaded; None keeps all."""

    data_root: str | Path | None = None
    cache_memory: int | str = CACHE_MEMORY
    progress: Progress | None = None
    most: int | None = None
    loaded: dict[str, ImageData] = field(default_factory=dict)

    def of(self, recipe: Recipe) -> ImageData:
        """The data, as the recipe's network takes it.

        Raises:
            UsageError: no such data, or a setting that cannot be used.
            RetinueError: pictures cannot be read.
        """
        key = _key(recipe)
        if key not in self.loaded:
            while self.most is not None and len(self.loaded) >= self.most:
                self.loaded.pop(next(iter(self.loaded)))
            found = open_data(recipe, None, self.data_root, self.progress, self.cache_memory)
            self.loaded[key] = found
        return self.loaded[key]


def _key(recipe: Recipe) -> str:
    """Equal for recipes whose data is the same in every respect."""
    start = start_of(recipe)
    wanted = recipe.model_dump(mode="json", include={"data", "data_options", *DATA_KEYS})
    return str([wanted, start.size, start.channels, start.fit, photos_of(recipe)])
