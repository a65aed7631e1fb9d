"""Adapter of stage train: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.train(snakemake)  # noqa: F821
