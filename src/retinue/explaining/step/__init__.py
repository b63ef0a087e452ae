"""The parts of `retinue.explaining.training_step`: begin a training, watch a step, tell of it."""
