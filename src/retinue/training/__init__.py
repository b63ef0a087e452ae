"""From a recipe to a finished run folder: the loop, and what stands around it."""
