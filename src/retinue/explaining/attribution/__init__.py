"""Which places of a picture speak for a class."""
