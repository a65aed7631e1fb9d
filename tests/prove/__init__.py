"""Proofs that take minutes: `make prove` runs them and writes reports/trust.md."""
