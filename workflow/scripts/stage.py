"""The script of every rule: everything happens in verifig.running.snakemake, which tests and the command line share."""

from verifig.running import snakemake as adapter

adapter.run(snakemake)  # noqa: F821
