"""Batch norm and dropout, which work unlike in training and after it."""
