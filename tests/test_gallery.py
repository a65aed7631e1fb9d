"""The gallery of instruments: made-up examples rendered, what is refused, and the published one up to date."""

import pytest
from conftest import ROOT

from verifig.ground.errors import InputError, RunError
from verifig.ground.files import read_json
from verifig.pages import gallery

EXAMPLE = """# %% [markdown]
# # A title
# What is *shown*.

# %%
import torch

from verifig.pages import figures

threads = torch.get_num_threads()
print("threads:", threads, "<b>")

# %%
figure, (axes,) = figures.grid()
axes.plot([1, 2], [1, 2])
figure.set_label("a rising line")
figure

# %% [markdown]
# The end.
"""


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """A folder with one example, and one for the pages."""
    folder = tmp_path / "docs" / "instruments"
    folder.mkdir(parents=True)
    (folder / "rising.py").write_text(EXAMPLE)
    monkeypatch.setattr(gallery, "EXAMPLES", folder)
    monkeypatch.setattr(gallery, "ROOT", ROOT)
    monkeypatch.setattr(gallery, "name_in_suite", lambda path: path.name)
    return folder


def made(examples, tmp_path, *names):
    said = []
    gallery.publish(list(names), tmp_path / "pages", said.append)
    return said


def test_an_example_is_shown_with_its_code_its_output_and_its_figure(examples, tmp_path):
    (said,) = made(examples, tmp_path)
    assert said.startswith("rising: ")
    page = (tmp_path / "pages/rising.html").read_text()
    assert "<h1>A title</h1>" in page
    assert "What is <em>shown</em>." in page
    assert "threads: 1 &lt;b&gt;" in page
    assert "figures.grid()" in page
    assert "\nfigure\n" not in page  # the line that shows it
    assert page.index("figures.grid()") < page.index('<img src="figures/rising_1.svg" alt="a rising line">')
    assert page.index("rising_1.svg") < page.index("The end.")
    assert "a rising line" in (tmp_path / "pages/figures/rising_1.svg").read_text()
    front = (tmp_path / "pages/index.html").read_text()
    assert '<a href="rising.html">A title</a>' in front
    assert '<img src="figures/rising_1.svg" alt="">' in front


def test_what_has_not_changed_is_not_run_again_and_what_is_gone_goes(examples, tmp_path):
    made(examples, tmp_path)
    assert made(examples, tmp_path) == ["the gallery is up to date"]
    assert made(examples, tmp_path, "rising")[0].startswith("rising: ")
    (examples / "rising.py").write_text(EXAMPLE.replace("A title", "Another"))
    assert made(examples, tmp_path)[0].startswith("rising: ")
    (examples / "rising.py").rename(examples / "other.py")
    made(examples, tmp_path)
    left = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.*")}
    assert left == {"index.html", "other.html", "figures/other_1.svg", "manifest.json"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('figure.set_label("a rising line")', "", "figure rising_1 has no label"),
        ("# # A title\n", "", "does not begin with a heading"),
        ("# What is *shown*.\n", "", "does not begin with a heading"),
        ("axes.plot", "axes.plod", "the cell 'figure, .axes,. = figures.grid..' failed: AttributeError"),
    ],
)
def test_examples_that_cannot_be_shown_are_refused(examples, tmp_path, old, new, sentence):
    (examples / "rising.py").write_text(EXAMPLE.replace(old, new))
    with pytest.raises(RunError, match=sentence):
        made(examples, tmp_path)


def test_unknown_names_are_refused(examples, tmp_path):
    with pytest.raises(InputError, match="no example 'falling'; there are rising"):
        made(examples, tmp_path, "falling")


def test_every_theme_with_instruments_has_an_example_and_the_published_gallery_is_up_to_date():
    """Renew it by `python -m verifig gallery`."""
    text = "".join(path.read_text() for path in gallery.EXAMPLES.glob("*.py"))
    for path in (ROOT / "workflow/verifig/instruments").glob("*.py"):
        assert (
            path.stem in ("__init__", "data") or f"verifig.instruments.{path.stem} import" in text or path.stem in text
        )
    manifest = read_json(gallery.GALLERY / "manifest.json")
    assert gallery.changed(manifest) == []
    assert sorted(manifest) == gallery.names()
