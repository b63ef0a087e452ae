"""What a run can do with a picture that it has never seen."""
