"""Grading what a class handed in: found, run apart, marked, and told."""
