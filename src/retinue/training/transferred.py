"""What a training took over from another one: the weights, and the new head in place of theirs."""

from dataclasses import asdict, dataclass
from typing import Any

from retinue.models.heads import Head
from retinue.models.pretrained import Loaded


@dataclass(frozen=True)
class Transfer:
    """The way of transfer, the head that is new, and what became of the weights.

    `loaded` is None in a training that goes on: its weights are in the checkpoint.
    """

    way: str
    head: Head
    loaded: Loaded | None = None

    def as_dict(self) -> dict[str, Any]:
        """What transfer.json holds as the training begins."""
        found = {"way": self.way, "head": self.head.layer}
        return found if self.loaded is None else {**found, **asdict(self.loaded)}
