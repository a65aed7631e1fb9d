"""The rules of one paper: train_<experiment> -> measure -> judge -> report.

The including Snakefile names the paper in SLUG before, and makes RESULTS_OF_RULE_SET by a rule `all` after: Snakemake
takes no default target from an included file. Other targets: any file below <results>/<scale>/<slug>/.
"""


include: "common.smk"


USER = suite_config(config)
JOBS = jobs_of(SLUG, USER)
EXPERIMENTS = [name for name in JOBS if name not in paths.AFTER_TRAINING]
FIGURES = figures_of(SLUG, USER.scale)
FOLDER = f"<results>/{USER.scale}/{SLUG}"
LOGS = f"<logs>/{USER.scale}/{SLUG}"
RESULTS_OF_RULE_SET = [f"{FOLDER}/verdicts.json", f"{FOLDER}/page/index.html"]


for experiment in EXPERIMENTS:

    rule:
        """Train one experiment: all its conditions and seeds as one tensor program."""
        name:
            f"train_{experiment}"
        input:
            # what a job computes from them is in its digests, not in their dates; they lie where the configuration
            # says, whatever storage is the default
            ancient(local(data_of(SLUG, JOBS[experiment], USER.data))),
        output:
            artifact=f"{FOLDER}/{experiment}.npz",
            record=f"{FOLDER}/{experiment}.provenance.json",
        log:
            f"{LOGS}/train_{experiment}.log",
        priority: seconds_of(SLUG, experiment, USER.scale)
        conda:
            "../../envs/environment.yaml"
        threads: jobs.THREADS
        resources:
            **memory_of(SLUG, experiment, USER.scale),
            gpu=1 if JOBS[experiment]["device"] == "cuda" else 0,
        params:
            job=JOBS[experiment],
            checkpoint=subpath(output.artifact, with_suffix=".ckpt"),
        script:
            "../scripts/stage.py"


rule measure:
    """Artifacts -> statistics (one value per unit of replication) and curves."""
    input:
        [f"{FOLDER}/{experiment}.npz" for experiment in EXPERIMENTS],
        [f"{FOLDER}/{experiment}.provenance.json" for experiment in EXPERIMENTS],
    output:
        statistics=f"{FOLDER}/statistics.parquet",
        curves=directory(f"{FOLDER}/curves"),
        record=f"{FOLDER}/measure.provenance.json",
    log:
        f"{LOGS}/measure.log",
    conda:
        "../../envs/environment.yaml"
    params:
        job=JOBS["measure"],
    script:
        "../scripts/stage.py"


rule judge:
    """Statistics and claims -> verdicts."""
    input:
        f"{FOLDER}/statistics.parquet",
        f"{FOLDER}/measure.provenance.json",
        f"{FOLDER}/curves",  # the record of measure holds their checksums too
    output:
        verdicts=report(
            f"{FOLDER}/verdicts.json",
            caption="../report/verdicts.rst",
            **in_report(SLUG, "verdicts", "every claim with its verdict"),
        ),
        record=f"{FOLDER}/judge.provenance.json",
    log:
        f"{LOGS}/judge.log",
    conda:
        "../../envs/environment.yaml"
    params:
        job=JOBS["judge"],
    script:
        "../scripts/stage.py"


rule report:
    """Verdicts and curves -> the page: HTML, Markdown and one SVG a figure; for Snakemake's report captions and the page as one file."""
    input:
        f"{FOLDER}/verdicts.json",
        f"{FOLDER}/judge.provenance.json",
        f"{FOLDER}/statistics.parquet",
        f"{FOLDER}/measure.provenance.json",
        f"{FOLDER}/curves",
        [f"{FOLDER}/{experiment}.provenance.json" for experiment in EXPERIMENTS],
    output:
        [
            report(
                f"{FOLDER}/page/figures/{figure}.svg",
                caption=made_caption(f"{FOLDER}/captions/{figure}.rst"),
                **in_report(SLUG, entry.place, entry.title),
            )
            for figure, entry in FIGURES.items()
        ],
        [f"{FOLDER}/captions/{figure}.rst" for figure in FIGURES],
        whole=report(
            f"{FOLDER}/page.html",
            caption="../report/page.rst",
            **in_report(SLUG, "page", "all figures, claims and deviations"),
        ),
        html=f"{FOLDER}/page/index.html",
        markdown=f"{FOLDER}/page/README.md",
        record=f"{FOLDER}/report.provenance.json",
    log:
        f"{LOGS}/report.log",
    conda:
        "../../envs/environment.yaml"
    params:
        job=JOBS["report"],
    script:
        "../scripts/stage.py"
