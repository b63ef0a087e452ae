"""Figures of sweeps: what the values of each key did, alone and together."""
