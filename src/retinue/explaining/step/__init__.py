"""One real step of a training, watched: begin a training, watch a step, tell of it."""
