"""Adapter of stage measure: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.measure(snakemake)  # noqa: F821
