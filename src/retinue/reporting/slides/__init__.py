"""Slides for a talk about a run or a comparison, with native tables and charts."""

from retinue.reporting.slides.write import write_slides

__all__ = ["write_slides"]
