"""Figures of the page: each function takes tables of curves (see `measuring`) and returns a matplotlib figure."""
