"""Figures as functions of tables, grouped by what they show."""
