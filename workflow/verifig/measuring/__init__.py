"""Artifacts -> statistics and curves."""
