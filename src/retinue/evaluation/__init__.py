"""How good a classifier is, with intervals; knows nothing of training."""
