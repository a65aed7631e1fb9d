"""Adapter of stage report: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.report(snakemake)  # noqa: F821
