"""Adapter of stage judge: everything happens in verifig.adapter, which tests and the command line share."""

from verifig import adapter

adapter.judge(snakemake)  # noqa: F821
