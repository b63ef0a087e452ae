"""Figures of what is inside a network."""
