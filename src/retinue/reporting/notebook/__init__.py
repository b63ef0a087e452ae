"""A notebook that loads a run or a comparison and draws everything again."""

from retinue.reporting.notebook.show import sentences, table
from retinue.reporting.notebook.write import write_notebook

__all__ = ["sentences", "table", "write_notebook"]
