"""Sentences of the page that depend on the run: chosen and filled by its settings, statistics and curves."""

from replications.random_teachers.sarnthein2023.captions import data, images, landscapes, locality, probing
from replications.random_teachers.sarnthein2023.captions.run import Run

__all__ = ["Run", "data", "images", "landscapes", "locality", "probing"]
