"""Artifacts -> statistics and curves, by kind of experiment. numpy and pandas, no torch."""
