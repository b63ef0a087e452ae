"""Checks of a network, its data and its labels that take seconds, before hours are spent."""
