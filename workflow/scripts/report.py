"""Adapter of stage report: everything happens in verifig.adapter, which tests and the command line share."""

from verifig import adapter

adapter.report(snakemake)  # noqa: F821
