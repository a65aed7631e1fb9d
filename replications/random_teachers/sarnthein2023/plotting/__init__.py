"""Figures: each function takes tables of curves (see measuring/) and labels, and returns a matplotlib figure."""

from replications.random_teachers.sarnthein2023.plotting import images, landscapes, locality, probing

__all__ = ["images", "landscapes", "locality", "probing"]
