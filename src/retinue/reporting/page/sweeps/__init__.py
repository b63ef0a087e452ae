"""The page of a sweep: what it shows, from findings and files of its folder."""
