"""The four stages, called alike by Snakemake's adapters and by the command line."""
