"""Adapter of stage measure: everything happens in verifig.adapter, which tests and the command line share."""

from verifig import adapter

adapter.measure(snakemake)  # noqa: F821
