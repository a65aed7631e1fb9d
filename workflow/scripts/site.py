"""Adapter of stage site: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.site(snakemake)  # noqa: F821
