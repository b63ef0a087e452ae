"""Sweeps: many trainings whose recipes differ in chosen settings, and what the settings did."""
