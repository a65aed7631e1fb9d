"""Suite-wide targets: one rule a paper, one a theme, and the site over all of them."""

RESULTS = f"<results>/{SUITE_CONFIG.scale}"
RESULTS_OF_PAPERS = [
    f"{RESULTS}/{paper}/{file}"
    for paper in SUITE_CONFIG.papers
    for file in ("verdicts.json", "page/index.html")
]


for paper in SUITE_CONFIG.papers:

    rule:
        """Verdicts and page of one paper."""
        name:
            paper
        input:
            f"{RESULTS}/{paper}/verdicts.json",
            f"{RESULTS}/{paper}/page/index.html",


for theme, papers in themes.by_theme(SUITE_CONFIG.papers).items():

    rule:
        """Verdicts and pages of a theme's papers."""
        name:
            theme.name
        input:
            [
                f"{RESULTS}/{paper}/{file}"
                for paper in papers
                for file in ("verdicts.json", "page/index.html")
            ],


rule site:
    """The front page over all papers, a page a theme, and the verdicts as data."""
    input:
        RESULTS_OF_PAPERS,
        [
            f"{RESULTS}/{paper}/{file}"
            for paper in SUITE_CONFIG.papers
            for file in read_by_the_site(paper, SUITE_CONFIG)
        ],
    output:
        index=f"{RESULTS}/site/index.html",
        themes=[
            f"{RESULTS}/site/{theme.name}.html"
            for theme in themes.by_theme(SUITE_CONFIG.papers)
        ],
        verdicts=f"{RESULTS}/site/verdicts.json",
        table=f"{RESULTS}/site/verdicts.csv",
        whole=report(
            f"{RESULTS}/site.html",
            caption="../report/site.rst",
            category="All papers",
            labels={"figure": "front page", "shows": "all papers, verdicts by kind"},
        ),
    log:
        f"<logs>/{SUITE_CONFIG.scale}/site.log",
    conda:
        "../../envs/environment.yaml"
    params:
        job={
            "stage": "site",
            "scale": SUITE_CONFIG.scale,
            "papers": SUITE_CONFIG.papers,
            "code": jobs.sources.digests(["verifig.pages.site"])
            | jobs.templates()
            | jobs.theme_texts(SUITE_CONFIG.papers),
        },
    script:
        "../scripts/stage.py"
