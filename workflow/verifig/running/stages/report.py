"""Stage report: verdicts and curves -> the rule set's page (HTML, Markdown, SVG, notebook), and what Snakemake's report shows."""

import shutil
from collections.abc import Callable, Mapping

from verifig.ground import costs
from verifig.ground.errors import RunError
from verifig.ground.files import write_text
from verifig.ground.paths import Layout
from verifig.judging import history
from verifig.pages import downloaded, handed, notebook, recorded, redrawn, render, touching
from verifig.pages import page as pages
from verifig.planning import provenance, rulesets


def report(job: Mapping, layout: Layout, log: Callable[[str], None] = print) -> None:
    """Execute the rule set's report.py and write the page and its provenance.

    Raises:
        RunError: the verdicts were made by another job, or the report fails or leaves out a claim.
        InputError: what is recorded is damaged.
    """
    watch = costs.Stopwatch()
    if problem := provenance.problem(layout.provenance("judge"), job["upstream"]["verdicts"]):
        raise RunError(f"verdicts refused: {problem}; `python -m verifig prepare` removes them")
    if recorded.beside_page(layout):
        history.load(job["slug"])  # damaged, it is no mistake of report.py
    ruleset = rulesets.load(job["slug"])
    for folder in (layout.page, layout.captions):
        shutil.rmtree(folder, ignore_errors=True)
    with pages.rendering(layout, redrawn.beside(layout)):
        blocks, names = render.execute(ruleset.folder / "report.py")
        page = names["page"]
        page.finish()
    around = [[(block.html, block.markdown) for block in part] for part in (page.opening(), page.closing())]
    results = f"{layout.scale}/{layout.slug}/"
    html, markdown = render.page(around[0] + blocks + around[1], ruleset.title, results)
    touching.lay_script(layout.page / "figures")
    write_text(layout.page / "index.html", html)
    write_text(layout.page / "README.md", markdown)
    notebook.write(page)
    downloaded.keep(page)
    handed.write(layout, html, page.captions())
    provenance.write(layout.provenance("report"), job, layout.outputs("report"), watch.read())
    log(f"page with {len(list(layout.page.glob('figures/*.svg')))} figures, {len(html) / 1e6:.1f} MB")
