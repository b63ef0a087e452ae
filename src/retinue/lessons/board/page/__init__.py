"""The page of a board: one HTML file in the manner of the reports, for showing in class."""
