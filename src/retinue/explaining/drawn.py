"""What is found inside a network shows itself in a notebook as its figure."""

from typing import TYPE_CHECKING

from retinue import notebook
from retinue.plotting.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Drawn:
    """A result with a figure."""

    def figure(self) -> "Figure":
        """The picture of it."""
        raise NotImplementedError

    @styled()  # names in it may need the fonts that the style brings
    def _repr_html_(self) -> str:
        return notebook.figure(self.figure())
