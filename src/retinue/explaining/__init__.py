"""What a convolution does, and what is inside a trained network."""
