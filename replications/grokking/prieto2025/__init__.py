"""Grokking at the edge of numerical stability (Prieto et al., ICLR 2025)."""
