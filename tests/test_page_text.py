"""Pages of changed runs, of runs without their data, and of runs that are not sound: no sentence that its data deny."""

import re

import changed_pages
import pytest

# settings to change in every experiment of the laptop scale: small, and none as configured
TINY = {
    "grokking": {
        "modulus": 11, "train_fraction": 0.55, "width": 14, "epochs": 23, "log_every": 4, "chunk": 64, "grid": 5,
        "learning_rate": lambda v: 0.7 * v, "beta2": lambda v: 1 - 1.1 * (1 - v), "momentum": 0.7,
        "weight_decay": lambda v: 0.85 * v, "code_bits": lambda v: v - 2 if v else 0, "train_size": 60, "test_size": 90,
        "init_scale": lambda v: 90.0 if v > 1 else 1.0,
    },
    "sgd_stability": {
        "steps": 400, "log_every": 100, "samples": 30, "test_size": 90, "dimension": 20, "teacher_neurons": 4, "width": 12,
        "learning_rates": lambda v: [0.9 * rate for rate in v], "learning_rate": 0.02, "batch_sizes": lambda v: v[:1] + [3] if len(v) > 1 else v,
        "initial_ratios": lambda v: [1.5, 3.0] if v else [], "clip": lambda v: 0.9 * v, "draws": 20, "replicas": 2, "gd_steps": 50, "sgd_steps": 50,
    },
}  # fmt: skip
# what a page may quote although it equals a configured value: facts of the paper
QUOTED = {
    "grokking": {"0.99", "0.95", "95 %"},  # the paper's beta2; the accuracy at which a set counts as learnt
    # when clipping ends in the paper; the ten dimensions of an oracle, counts of runs, the unit of growth per 1,000 steps
    "sgd_stability": {"4,000", "10", "16", "1,000"},
}
SLUGS = sorted(TINY)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """By rule set, its page of a changed run; rendered once."""
    found = {}

    def get(slug: str) -> changed_pages.Rendered:
        if slug not in found:
            with pytest.MonkeyPatch.context() as monkeypatch:
                folder = tmp_path_factory.mktemp(slug)
                found[slug] = changed_pages.render(slug, TINY[slug], folder, monkeypatch)
        return found[slug]

    return get


@pytest.mark.parametrize("slug", SLUGS)
def test_a_changed_run_tells_its_own_settings(rendered, slug):
    page = rendered(slug)
    words = changed_pages.forbidden(slug, page.what_if) - QUOTED[slug]
    assert len(words) > 10
    told = [(source, changed_pages.literals(text, words), text) for source, text in page.texts()]
    assert [one for one in told if one[1]] == []
    assert len(page.said["caption"]) > 5


@pytest.mark.parametrize("slug", SLUGS)
def test_what_a_report_always_says_holds_of_any_run(rendered, slug):
    words = changed_pages.forbidden(slug, rendered(slug).what_if) - QUOTED[slug]
    told = [(changed_pages.literals(text, words), text) for text in changed_pages.static_paragraphs(slug)]
    assert [one for one in told if one[0]] == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_changed_run_is_marked_and_all_its_figures_are_drawn(rendered, slug):
    page = rendered(slug)
    assert page.html.count('class="what-if"') == 1
    for experiment in page.what_if["changed"]:
        assert f"{experiment}: " in page.html.partition('class="what-if"')[2].partition("</aside>")[0]
    assert "Could not be drawn" not in page.html


@pytest.mark.parametrize("slug", SLUGS)
def test_no_page_shows_what_is_not_a_number(rendered, slug):
    page = rendered(slug)
    for text in (
        re.sub(r"data:image/svg\+xml;base64,[\w+/=]+", "", page.html),
        page.markdown,
        *(t for _, t in page.texts()),
    ):
        assert not re.search(r"\bnan\b", text, re.IGNORECASE), re.search(
            r".{80}\bnan\b.{20}", text, re.IGNORECASE | re.DOTALL
        )


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_not_shown_is_said_once_and_not_described(rendered, slug):
    page = rendered(slug)
    shown = [source for source in re.findall(r'<img src="([^"]*)"', page.html) if source]
    assert page.html.count('class="not-shown"') <= 1
    assert page.html.count("<figcaption>") <= len(shown)
    assert len(page.said["alt"]) == len(shown)


def test_runs_that_are_not_sound_illustrate_nothing(rendered):
    """A run of 23 epochs has learnt nothing: every figure of trained networks says so."""
    page = rendered("grokking")
    assert page.html.count("This figure illustrates nothing.") >= 8
    assert page.markdown.count("This figure illustrates nothing.") >= 8
