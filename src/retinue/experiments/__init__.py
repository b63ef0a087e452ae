"""Several runs: compared on the same test pictures, and what can honestly be said of them."""
