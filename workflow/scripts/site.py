"""Adapter of stage site: everything happens in verifig.adapter, which tests and the command line share."""

from verifig import adapter

adapter.site(snakemake)  # noqa: F821
