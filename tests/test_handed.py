"""What Snakemake's own report is handed: captions with claims, and pages as one file."""

from docutils.core import publish_parts
from jinja2 import Environment
from test_pages import claim, part

from verifig.pages import handed, marked


def shown(text: str) -> str:
    """As Snakemake renders a caption."""
    return publish_parts(Environment().from_string(text).render(), writer_name="html")["body"]


def test_a_caption_carries_the_note_and_each_claim_with_verdict_and_both_values():
    note = f"Left: {marked.mark('82 %', 'mean of 5 seeds')} at 1e-8, `{{{{ x }}}}` and {{% y %}}."
    given = claim(parts=[part()], statement="It grows as N^alpha.", paper_value="0.5")
    html = shown(handed.caption("Figure 1: what it shows", note, [given]))
    assert "Left: 82 % at 10⁻⁸" in html
    assert "&#123;&#123; x &#125;&#125;" in html, "no template"
    for told in ("A-1", "It grows as N<sup>α</sup>.", "The paper’s value: 0.5", "Ours: ", "reproduced"):
        assert told in html, told


def test_a_figure_that_was_not_drawn_says_so():
    assert "Not drawn in this run" in shown(handed.caption("Figure 2", "", []))


def test_a_page_as_one_file_holds_its_pictures_and_data(tmp_path):
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "a.csv").write_text("x\n1\n")
    page = '<img src="a.svg"><a href="a.csv" download>data</a><a href="../b/index.html#c">b</a><a href="#c">c</a><a href="https://x.org">x</a>'
    whole = handed.whole(page, tmp_path)
    assert whole.startswith('<img src="data:image/svg+xml;base64,')
    assert 'href="data:text/csv;base64,eAoxCg=="' in whole
    assert whole.endswith('<a>b</a><a href="#c">c</a><a href="https://x.org">x</a>')
