"""All pictures in a plane, by what the last layer gets of them."""
