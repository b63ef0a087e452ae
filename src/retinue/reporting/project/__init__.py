"""The folder to hand in: a run as code in plain PyTorch that gives the same weights again."""

from retinue.reporting.project.write import write_project

__all__ = ["write_project"]
