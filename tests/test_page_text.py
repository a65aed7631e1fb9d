"""Pages of changed runs, of runs without their data, and of runs that are not sound: no sentence that its data deny.

Of a few papers; `make prove` renders the pages of all.
"""

import re

import changed_pages
import pytest

from verifig.pages import marked

# settings to change in every experiment of the laptop scale: small, and none as configured
TINY = {
    "prieto2025": {
        "modulus": 11, "train_fraction": 0.55, "width": 14, "epochs": 23, "log_every": 4, "chunk": 64, "grid": 5,
        "learning_rate": lambda v: 0.7 * v, "beta2": lambda v: 1 - 1.1 * (1 - v), "momentum": 0.7,
        "weight_decay": lambda v: 0.85 * v, "code_bits": lambda v: v - 2 if v else 0, "train_size": 60, "test_size": 90,
        "init_scale": lambda v: 90.0 if v > 1 else 1.0,
    },
    "doshi2024": {
        "modulus": 11, "decay.width": 24, "phases.width": 12, "train_fraction": 0.55, "corruption": 0.42, "steps": 44, "log_every": 11,
        "learning_rate": lambda v: 1.2 * v, "beta2": 0.97, "weight_decay": lambda v: 0.7 * v, "weight_decays": [0.0, 3.5, 7.0],
        "prune_shares": [0.0, 0.32, 0.51, 1.0], "train_fractions": [0.4, 0.8], "corruptions": [0.0, 0.25, 0.4], "moduli": [11, 13],
        "widths": [24, 48],
    },
    "wu2023": {
        "steps": 400, "log_every": 100, "samples": 30, "test_size": 90, "dimension": 20, "teacher_neurons": 4, "width": 12,
        "learning_rates": lambda v: [0.9 * rate for rate in v], "learning_rate": 0.02, "batch_sizes": lambda v: v[:1] + [3] if len(v) > 1 else v,
        "initial_ratios": lambda v: [1.5, 3.0] if v else [], "clip": lambda v: 0.9 * v, "draws": 20, "replicas": 2, "gd_steps": 50, "sgd_steps": 50,
    },
    "dang2023": {
        "iterations": 60, "log_points": 6, "depth": lambda v: {3: 4, 6: 5, 9: 7}.get(v, v), "hidden_layers": 2,
        "width": lambda v: {128: 24, 64: 20, 32: 13}.get(v, 14), "momentum": 0.8, "init": lambda v: 1.5 * v,
        "sizes": lambda v: [round(0.4 * size) for size in v], "weight_decay": lambda v: 1.2 * v,
        "feature_decay": lambda v: 1.3 * v, "learning_rate": lambda v: 0.9 * v, "drops": [0.6, 0.9],
        "decays": lambda v: [0.011, 0.033, 0.055] if v else [], "betas": [0.15, 0.25], "start_beta": 0.25,
        "over_threshold": [0.85, 1.1], "over_spinodal": [0.96, 1.04], "perturbations": 2,
    },
    "liu2023": {
        "draws": 150, "minimal.n": 5, "descent_n": 9, "minimal.widths": [2, 4, 6, 9], "descent_draws": 20, "descent_widths": [3, 10, 25], "minimal.momentum": 0.9,
        "minimal.learning_rate": 0.07, "horizons": lambda v: [round(1.5 * steps) for steps in v], "n": 20,
        "features.widths": [5, 13, 18, 20, 22, 80], "iterated.widths": [13, 18, 20, 22, 80], "two_layer.widths": [6, 13, 26],
        "label_noise": lambda v: 0.7 * v, "features.steps": 15000, "relative_rates": [0.02, 0.3, 1.7], "learning_rates": [0.02],
        "momenta": [0.9], "momentum_horizons": [1500, 15000], "output_scales": [0.0, 2.0, 7.0], "noise_levels": [0.0, 0.15, 0.3, 1.0],
        "noise_horizons": [1500, 15000], "feature_scale": lambda v: 1.3 * v, "epochs": lambda v: 15 if v == 1000 else 30,
        "iterated.record_steps": lambda v: [15, 30][: len(v)], "batch_size": lambda v: {1: 2, 10: 5, 100: 20}[v],
        "iterated.learning_rate": lambda v: 1.5 * v, "kappa_draws": 12, "gaussian_rows": 40, "gaussian_draws": 2, "ols_widths": [4, 9],
        "ols_draws": 10, "curvature_rows": 8, "curvature_dimensions": [4, 8, 16], "curvature_horizons": [150, 1500], "curvature_draws": 20,
        "curvature_rate": 0.04, "check_seeds": 2, "check_widths": [13, 30], "check_steps": 50, "two_layer.steps": 40,
        "two_layer.record_steps": [0, 4, 40], "test_size": lambda v: 60 if v else 0, "pool_size": 7, "two_layer.learning_rate": lambda v: 1.5 * v,
        "init_scale": lambda v: 0.7 * v,
    },
    "simon2024": {
        "n": 16, "ridges": [0.002, 0.02, 0.2, 2.0], "trials": 3, "task_size": 150, "k": [8, 16, 64], "image_trials": 2, "pool": 60,
        "image_k": [8, 16, 64], "theorem_sizes": [4, 16, 64], "theorem_n": 16, "small_ridge": 0.003, "noise_variance": 0.4,
    },
    "nakkiran2020": {
        "feature_scale": 1.3, "sample_sizes": [5, 13, 20, 40], "sample_width": 20, "sample_noise": [0.0, 0.15], "sample_test": 15,
        "threshold_sizes": [11, 20], "threshold_ratios": [0.7, 1.0, 2.0], "n": 20, "widths": [6, 13, 26], "label_noise": 0.14, "steps": 40,
        "record_steps": [0, 4, 40], "test_size": 60, "pool_size": 7, "learning_rate": 0.0045, "init_scale": 0.7,
    },
    "sarnthein2023": {
        "input_size": 40, "width": 12, "head_width": 14, "bottleneck": 6, "output_size": lambda v: v // 4 + 1, "output_std": 0.03,
        "encoder_learning_rate": lambda v: 0.8 * v, "head_learning_rate": lambda v: 0.8 * v, "alpha": lambda v: 0.9 * v, "steps": 21,
        "batch_size": 30, "probe_at": lambda v: [0, 7] if v else [], "probe_steps": 12, "long_probe_steps": lambda v: 33 if v else 0,
        "neighbours": 13, "ridge_penalty": 0.002, "distinct_images": lambda v: round(0.85 * v), "grid": 5, "line": lambda v: v[:-1],
    },
    "bahri2024": {
        "dualities": 17, "variance_features": 130, "variance_parameters": 9, "variance_draws": 24, "features": 300,
        "alphas": [0.6, 1.1], "kernels.sample_sizes": [12, 24, 48], "draws": 8, "feature_pools": [2, 7], "mnist_features": 90,
        "mnist_sizes": [12, 24, 48], "kernel_settings": [[4, 1], [7, 1], [7, 2]], "population": 290, "kernel_sizes": [12, 24, 48],
        "kernel_draws": 3, "pool": 14, "data_width": 6, "data_steps": 11, "learning_rate": lambda v: 0.9 * v, "data_draws": 3,
        "data_sizes": [60, 120, 240], "train_size": 40, "test_size": 90, "width_groups": 3, "width_inits": [[18, 2], [36, 2], [48, 2]],
        "dimensions": [2, 3, 5], "teacher_student.sample_sizes": [12, 24, 48], "teacher_width": 11, "student_widths": [18],
        "steps": 90, "log_every": 30, "batch_size": 13,
    },
}  # fmt: skip
# what a page may quote although it equals a configured value: facts of the paper
QUOTED = {
    # the paper's beta2 and modulus, which stand beside its values; the accuracy at which a set counts as learnt
    "prieto2025": {"0.99", "0.95", "95 %", "99 %", "113"},
    # thresholds of the paper's phases, also as shares; bins and levels of ratios that are ours; what the paper's task and figures have
    "doshi2024": {"0.9", "0.05", "0.5", "97", "500", "1,000", "10 %", "90 %", "50 %", "5 %"},
    # when clipping ends in the paper; the ten dimensions of an oracle, counts of runs, the unit of growth per 1,000 steps
    "wu2023": {"4,000", "10", "16", "1,000"},
    # CIFAR-10; the decay in the authors' code; where NC2 of so short a run happens to end
    "dang2023": {"10", "0.0005", "0.97"},
    # intervals; draws of the published runs; the window of the peak, in n (24 = 1.2 x 20)
    "liu2023": {"95 %", "10,000", "0.8", "1.2", "24"},
    "simon2024": {"95 %", "256", "0.1", "10"},  # intervals; n and a ridge of the published runs; CIFAR-10
    "nakkiran2020": {"95 %", "16"},  # intervals; pixels of the averaged images
    "sarnthein2023": set(),
    "bahri2024": set(),
}
SHORT = ("bahri2024", "doshi2024", "nakkiran2020", "simon2024")  # those whose pages are made in two or three seconds
of_each = pytest.mark.parametrize(
    "slug", [pytest.param(slug, marks=() if slug in SHORT else pytest.mark.slow) for slug in sorted(TINY)]
)


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


def written(text: str) -> str:
    """Without what is no setting: explanations of numbers, and the 10 of a power of ten."""
    return re.sub(r"10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "", marked.plain(text))


@of_each
def test_a_changed_run_tells_its_own_settings(rendered, slug):
    page = rendered(slug)
    words = changed_pages.forbidden(slug, page.what_if) - QUOTED[slug]
    assert len(words) > 10
    told = [(source, changed_pages.literals(written(text), words), text) for source, text in page.texts()]
    assert not any(found for _, found, _ in told), "\n".join(map(str, filter(lambda one: one[1], told)))
    assert len(page.said["caption"]) > 3


@pytest.mark.parametrize("slug", sorted(TINY))
def test_what_a_report_always_says_holds_of_any_run(slug, tmp_path):
    words = changed_pages.forbidden(slug, changed_pages.what_if(slug, TINY[slug], tmp_path)) - QUOTED[slug]
    assert len(words) > 10
    told = [(changed_pages.literals(text, words), text) for text in changed_pages.static_paragraphs(slug)]
    assert [one for one in told if one[0]] == []


@of_each
def test_a_changed_run_is_marked_and_all_its_figures_are_drawn(rendered, slug):
    page = rendered(slug)
    assert page.html.count('class="what-if"') == 1
    for experiment in page.what_if["changed"]:
        assert f"{experiment}: " in page.html.partition('class="what-if"')[2].partition("</aside>")[0]
    assert "Could not be drawn" not in page.html


@of_each
def test_no_page_shows_what_is_not_a_number(rendered, slug):
    page = rendered(slug)
    for text in (page.html, page.markdown, *(t for _, t in page.texts())):
        assert not re.search(r"\bnan\b", text, re.IGNORECASE), re.search(
            r".{80}\bnan\b.{20}", text, re.IGNORECASE | re.DOTALL
        )


@of_each
def test_what_is_not_shown_is_said_once_and_not_described(rendered, slug):
    page = rendered(slug)
    shown = set(re.findall(r'<img src="([^"]+)"', page.html))  # the first stands at the top too
    assert page.html.count('class="not-shown"') <= 1
    assert page.html.count("<figcaption>") <= len(shown)
    assert len(page.said["alt"]) == len(shown)


@pytest.mark.slow
def test_runs_that_are_not_sound_illustrate_nothing(rendered):
    """A run of 23 epochs has learnt nothing: every figure of trained networks says so."""
    page = rendered("prieto2025")
    assert page.html.count("of these runs illustrates nothing.") >= 8
    assert page.markdown.count("of these runs illustrates nothing.") >= 8
