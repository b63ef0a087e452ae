"""What the labs of the course ask, and how their answers are checked; a module for each lab."""
