"""The stages, and those who call them: Snakemake, `verifig run`, packs."""
