"""verifig: the entry. Reads the configuration, imports every paper as a module, names the suite-wide targets.

snakemake              everything that config/config.yaml asks for
snakemake prieto2025   one paper
snakemake grokking     a theme: all its papers
snakemake -n           what would run, and why
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: f"{workflow.current_basedir}/config/config.yaml"


report: "workflow/report/overview.rst"


include: "workflow/rules/common.smk"


SUITE_CONFIG = suite_config(config)

for paper in SUITE_CONFIG.papers:

    module:
        name: paper
        snakefile:
            str(paths.ruleset_dir(paper) / "Snakefile")
        config:
            config

    prefix_ = f"{paper}_"

    use rule * from paper as prefix_*


include: "workflow/rules/site.smk"


rule all:
    """Everything that the configuration asks for."""

    # here and not in an included file, whose default target Snakemake forgets; without it a module's first rule is it
    default_target: True
    input:
        rules.site.output,
        RESULTS_OF_PAPERS,
