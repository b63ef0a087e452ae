"""What a training took over from another one: the weights, and the new head in place of theirs."""

from dataclasses import dataclass, field
from typing import Any

from retinue.models.heads import Head
from retinue.models.pretrained import Loaded
from retinue.training.linear import Regression


@dataclass
class Transfer:
    """The way of transfer, the head that is new, and what became of the weights.

    `loaded` is None in a training that goes on: its weights are in the checkpoint.
    """

    way: str
    head: Head
    loaded: Loaded | None = None
    regression: Regression | None = field(default=None, init=False)

    def as_dict(self) -> dict[str, Any]:
        """What transfer.json holds."""
        found: dict[str, Any] = {"way": self.way, "head": self.head.layer}
        if self.loaded is not None:
            found |= {
                "source": self.loaded.source,
                "digest": self.loaded.digest,
                "loaded": list(self.loaded.loaded),
                "left_out": dict(self.loaded.left_out),
                "new": list(self.loaded.new),
            }
        if self.regression is not None:
            found["regression"] = {
                "chosen": self.regression.chosen,
                "tried": self.regression.tried,
            }
        return found
