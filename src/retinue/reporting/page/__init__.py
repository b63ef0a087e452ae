"""The page: one HTML file that needs no network, for a screen, a phone and paper."""
