"""Adapter of stage train: everything happens in verifig.adapter, which tests and the command line share."""

from verifig import adapter

adapter.train(snakemake)  # noqa: F821
