"""What layers make of a picture, and the filters that make it."""
