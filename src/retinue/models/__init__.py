"""The networks by name, their arithmetic, and their description layer by layer."""
