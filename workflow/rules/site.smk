"""Suite-wide targets: one rule a paper, the site over all of them, and `all`."""

RESULTS = f"results/{SUITE_CONFIG.scale}"


rule all:
    """Everything that the configuration asks for."""
    default_target: True
    input:
        f"{RESULTS}/site/index.html",
        [f"{RESULTS}/{paper}/verdicts.json" for paper in SUITE_CONFIG.papers],
        [f"{RESULTS}/{paper}/page/index.html" for paper in SUITE_CONFIG.papers],


for paper in SUITE_CONFIG.papers:

    rule:
        """Verdicts and page of one paper."""
        name:
            paper
        input:
            f"{RESULTS}/{paper}/verdicts.json",
            f"{RESULTS}/{paper}/page/index.html",


rule site:
    """The front page over all papers, and the verdicts as data."""
    input:
        [f"{RESULTS}/{paper}/verdicts.json" for paper in SUITE_CONFIG.papers],
        [f"{RESULTS}/{paper}/page/index.html" for paper in SUITE_CONFIG.papers],
    output:
        index=f"{RESULTS}/site/index.html",
        verdicts=f"{RESULTS}/site/verdicts.json",
        table=f"{RESULTS}/site/verdicts.csv",
    log:
        f"logs/{SUITE_CONFIG.scale}/site.log",
    conda:
        "../../envs/environment.yaml"
    params:
        scale=SUITE_CONFIG.scale,
        papers=SUITE_CONFIG.papers,
        code=jobs.closure.digests(["verifig.site"]) | jobs.templates(),
    script:
        "../scripts/site.py"
