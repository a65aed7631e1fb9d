"""Verdicts for people: pages, figures, the site, the terminal."""
