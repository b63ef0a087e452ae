"""Which pixels a unit can see, and which it does see."""
