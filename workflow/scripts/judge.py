"""Adapter of stage judge: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.judge(snakemake)  # noqa: F821
