"""Explaining neural scaling laws (Bahri et al., PNAS 2024)."""
