"""Settings drawn at random within the schemas, for every program of every rule set, and runs with them.

Used by tests/test_settings_drawn.py (a few) and tests/prove/test_drawn_settings.py (many): whatever is drawn, a run
succeeds or is refused in one sentence before anything is trained.
"""

import copy
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from verifig.ground.errors import InputError
from verifig.ground.paths import Layout
from verifig.measuring import tables
from verifig.planning import jobs, rulesets

# The smallest run of each program: (rule set, experiment, scale) and what makes it small. A program without an entry
# is run as its first experiment at smoke scale is configured.
SMALL: dict[tuple[str, str], tuple[str, str, dict]] = {
    ("liu2023", "conditioning"): (
        "conditioning", "smoke",
        {"kappa_draws": 3, "gaussian_rows": 20, "ols_draws": 3, "curvature_draws": 10, "check_seeds": 1, "check_widths": [10, 30],
         "check_steps": 20, "n": 20, "ols_widths": [5, 10]},
    ),
    ("nakkiran2020", "deep"): ("deep_digits", "smoke", {"n": 32, "test_size": 16, "widths": [1], "batch_size": 16}),
    ("liu2023", "iterated"): ("iterated", "smoke", {"n": 20, "test_size": 20, "batch_size": 20, "widths": [10, 20, 80],
                              "conditions.cross_entropy.record_steps": [4]}),
    ("liu2023", "minimal"): ("minimal", "smoke", {"draws": 50, "descent_draws": 10}),
    ("liu2023", "random_features"): (
        "features", "smoke",
        {"n": 20, "test_size": 20, "widths": [16, 20, 24, 80], "conditions.standardised.seeds": 2, "conditions.raw.seeds": 1,
         "conditions.batch.seeds": 1},
    ),
    ("simon2024", "ridge"): (
        "ridge", "smoke", {"n": 16, "task_size": 100, "pool": 60, "theorem_sizes": [8, 16], "theorem_n": 16, "k": [8, 16]},
    ),
    ("liu2023", "two_layer"): ("two_layer", "smoke", {"n": 20, "test_size": 20, "steps": 5, "record_steps": [0, 5]}),
    ("nakkiran2020", "two_layer"): ("two_layer", "smoke", {"n": 20, "test_size": 20, "steps": 5, "record_steps": [0, 5]}),
    ("nakkiran2020", "sample_sizes"): (
        "features", "smoke", {"seeds": 1, "sample_sizes": [5, 10, 20], "sample_test": 20, "sample_width": 10, "threshold_sizes": [10]},
    ),
    ("doshi2024", "analytic"): ("analytic", "smoke", {"seeds": 2, "moduli": [5, 7], "widths": [4, 8]}),
    ("doshi2024", "corrupted"): ("decay", "smoke", {"seeds": 2, "modulus": 5, "width": 4, "steps": 4, "log_every": 2, "prune_shares": [0.0, 0.5]}),
    ("doshi2024", "grid"): (
        "phases", "smoke",
        {"seeds": 1, "modulus": 5, "width": 4, "steps": 4, "weight_decays": [0.0], "train_fractions": [0.5], "corruptions": [0.0, 0.4]},
    ),
    ("prieto2025", "landscape"): ("landscape53", "laptop", {"modulus": 7, "width": 8, "epochs": 6, "log_every": 2, "grid": 3}),
    ("prieto2025", "mnist"): ("mnist200", "laptop", {"train_size": 20, "test_size": 20, "epochs": 4, "log_every": 2, "width": 8, "seeds": 2}),
    ("prieto2025", "modular"): ("edge113", "smoke", {"modulus": 7, "width": 8, "epochs": 6, "log_every": 2, "seeds": 2}),
    ("prieto2025", "parity"): ("parity", "paper", {"strings": 20, "noise_bits": 3, "width": 8, "epochs": 4, "log_every": 2, "seeds": 2}),
    ("prieto2025", "transformer"): ("transformer", "smoke", {"seeds": 1}),
    ("dang2023", "backbones"): (
        "mlp_balanced", "smoke", {"epochs": 1, "log_points": 2, "width": 8, "sizes": [2] * 10, "batch_size": 10},
    ),
    ("dang2023", "cross_entropy"): ("cross_entropy", "smoke", {"iterations": 20, "log_points": 3, "seeds": 2, "width": 8, "sizes": [4, 4, 4]}),
    ("dang2023", "direct"): ("direct", "smoke", {"iterations": 20, "log_points": 3, "seeds": 2, "width": 8}),
    ("dang2023", "networks"): ("mlp_imbalanced", "smoke", {"iterations": 4, "log_points": 3, "seeds": 1, "width": 8}),
    ("dang2023", "sweep"): ("sweep", "smoke", {"iterations": 20, "width": 8, "seeds": 2}),
    ("dang2023", "theory"): ("theory", "smoke", {"perturbations": 2}),
    ("sarnthein2023", "connectivity"): ("connectivity", "smoke", {"train_images": 32, "test_images": 20, "output_size": 8, "batch_size": 16}),
    ("sarnthein2023", "distil"): (
        "kick", "smoke", {"seeds": 1, "width": 8, "head_width": 8, "bottleneck": 4, "output_size": 8, "distinct_images": 50, "steps": 2},
    ),
    ("sarnthein2023", "distil_images"): ("cifar10", "smoke", {"train_images": 32, "test_images": 20, "output_size": 8, "batch_size": 16}),
    ("sarnthein2023", "identities"): (
        "identities", "smoke", {"seeds": 2, "input_size": 16, "width": 8, "head_width": 8, "bottleneck": 4, "output_size": 16},
    ),
    ("sarnthein2023", "landscape"): (
        "planes", "smoke", {"steps": 2, "probe_steps": 2, "width": 8, "head_width": 8, "bottleneck": 4, "output_size": 8},
    ),
    ("sarnthein2023", "tickets"): ("tickets", "smoke", {"train_images": 32, "test_images": 20, "output_size": 8, "batch_size": 16, "rounds": 1}),
    ("bahri2024", "finite_networks"): ("finite_networks", "smoke", {"data_sizes": [16, 32], "train_size": 16, "test_size": 16}),
    ("bahri2024", "kernels"): (
        "kernels", "smoke",
        {"features": 64, "variance_features": 32, "variance_draws": 8, "population": 60, "mnist_features": 32, "dualities": 3},
    ),
    ("bahri2024", "teacher_student"): ("teacher_student", "smoke", {"steps": 4, "log_every": 2, "seeds": 1, "test_size": 16}),
    ("granziol2022", "linear"): ("linear", "smoke", {"seeds": 1, "dimension": 5, "rounds": 2, "round_steps": 3}),
    ("granziol2022", "noisy"): ("noisy", "laptop", {"seeds": 1, "dimension": 5, "points": 3, "steps": 4}),
    ("granziol2022", "rates"): ("rates", "laptop", {"seeds": 1, "samples": 40, "width": 3, "points": 3, "steps": 3}),
    ("granziol2022", "spectra"): ("spectra", "laptop", {"seeds": 2, "samples": 20, "batch_sizes": [1, 4, 8], "steps": 3}),
    ("liu2020", "images"): ("images", "smoke", {"n": 20, "test_size": 10, "batch_size": 10, "hidden": [3], "epochs": 1}),
    ("liu2020", "laws"): ("laws", "smoke", {"seeds": 2, "n": 20}),
    ("liu2020", "linear"): ("linear", "smoke", {"seeds": 2, "n": 12, "p": 6, "steps": 5}),
    ("liu2020", "separability"): ("separability", "smoke", {"seeds": 2, "n": 16, "paper_n": 12}),
    ("liu2020", "theorem"): ("theorem", "smoke", {"seeds": 2, "n": 20, "p": 8, "steps": 4}),
    ("zheng2023", "features"): (
        "small", "smoke", {"seeds": 2, "draws": 1, "width": 3, "epochs": 1, "conditions.breast_cancer.sizes": [6, 20]},
    ),
    ("zheng2023", "identities"): ("identities", "smoke", {"seeds": 2, "pairs": 400, "points": 400, "dimension": 8, "samples": 20}),
    ("zheng2023", "sample_sizes"): (
        "mixture", "smoke",
        {"draws": 1, "points": 100, "most": 2.0, "conditions.two.dimensions": [8, 16], "conditions.two_bayes.dimensions": [8, 16],
         "conditions.two_bayes.seeds": 1, "conditions.identity.dimensions": [8], "conditions.identity.seeds": 1,
         "conditions.equal.dimensions": [8], "conditions.equal.seeds": 1},
    ),
    ("tarzanagh2023", "local"): ("local", "smoke", {"seeds": 2, "inputs": 2, "tokens": 3, "dimension": 4, "steps": 6, "judged_steps": [2, 6]}),
    ("tarzanagh2023", "multi"): ("multi", "laptop", {"seeds": 5, "conditions.d06.seeds": 3, "steps": 5}),
    ("tarzanagh2023", "paths"): ("paths", "smoke", {"steps": 6, "judged_steps": [2, 6]}),
    ("tarzanagh2023", "ranks"): ("ranks", "smoke", {"seeds": 2, "input_sizes": [2, 3], "dimensions": [2, 4], "nuclear_cells": [[2, 4]]}),
    ("tarzanagh2023", "selection"): (
        "selection", "laptop", {"seeds": 2, "steps": 4, "conditions.large_40.dimension": 9},
    ),
    ("noci2024", "digits"): (
        "digits", "smoke",
        {"samples": 20, "batch_size": 8, "conditions.mup_16.width": 4, "conditions.mup_64.width": 5, "conditions.mup_256.width": 6,
         "conditions.ntp_16.width": 4, "conditions.ntp_64.width": 5, "conditions.ntp_256.width": 6},
    ),
    ("noci2024", "linear"): (
        "linear", "smoke", {"dimension": 4, "samples": 5, "direct_width": 3, "direct_steps": 3, "log_at": [0, 5, 10]},
    ),
    ("paul2021", "dynamics"): (
        "dynamics", "laptop",
        {"seeds": 2, "train_images": 40, "width": 4, "batch_size": 10, "runs": 2, "epochs": 2, "score_epochs": [1], "parent_epochs": 3,
         "spawns": [0, 2], "groups": [0, 20], "group_size": 5, "barrier_size": 10},
    ),
    ("paul2021", "identities"): ("identities", "smoke", {"seeds": 2, "draws": 20}),
    ("paul2021", "pruning"): (
        "pruning", "smoke",
        {"seeds": 2, "train_images": 80, "width": 4, "batch_size": 10, "runs": 2, "epochs": 2, "score_epochs": [0, 2], "score_epoch": 2, "steps": 4},
    ),
    ("rosenfeld2023", "network"): ("network", "laptop", {"seeds": 1, "samples": 30, "width": 4, "steps": 6, "follow_from": 3, "group": 3}),
    ("rosenfeld2023", "toy"): ("edge", "smoke", {"samples": 200, "dimension": 3, "steps": 40}),
    ("sagun2017", "networks"): ("networks", "smoke", {"samples": 10, "steps": 2}),
    ("sagun2017", "path"): ("path", "smoke", {"samples": 10, "batch_size": 4, "steps": 3}),
    ("radhakrishnan2023", "depth"): ("depth", "laptop", {"seeds": 2, "n": 20, "test_size": 10, "conditions.cap.seeds": 1}),
    ("radhakrishnan2023", "exact"): ("exact", "smoke", {"points": 20, "radii": 10, "angles": 5, "relu_depths": [3, 10]}),
    ("radhakrishnan2023", "images"): ("images", "smoke", {"seeds": 1, "n": 20, "test_size": 10, "steps": 100}),
    ("radhakrishnan2023", "noisy"): ("noisy", "smoke", {"seeds": 1, "n": 20, "test_size": 10}),
    ("radhakrishnan2023", "sphere"): ("sphere", "laptop", {"seeds": 2, "test_size": 10, "sizes": [10, 20]}),
    ("radhakrishnan2023", "width"): ("width", "laptop", {"seeds": 2, "nets": 3, "width": 8}),
    ("li2018", "classifiers"): ("images", "smoke", {"samples": 20, "batch_size": 4, "steps": 3, "dimensions": [2, 5], "conditions.conv.dimensions": [2, 5]}),
    ("li2018", "identities"): ("identities", "smoke", {"samples": 20, "batch_size": 4, "steps": 3, "dimensions": [2, 5]}),
    ("li2018", "toy"): ("toy", "smoke", {"draws": 100, "size": 40, "conditions.small.size": 30, "largest": 22, "conditions.base.seeds": 2}),
    ("bai2023", "admm"): ("ratios", "smoke", {"seeds": 1, "samples": 4, "steps": 5, "curve_points": 3}),
    ("bai2023", "exact"): ("exact", "smoke", {"seeds": 1, "draws": 2, "samples": 4}),
    ("bai2023", "images"): ("images", "laptop", {"n": 12, "stride": 14, "steps": 3, "adam_steps": 2, "conditions.p04.seeds": 1,
                            "conditions.p08.seeds": 1, "conditions.p16.seeds": 1}),
    ("bai2023", "robust"): ("robust", "laptop", {"seeds": 1, "n": 8, "test_size": 10, "dimension": 3, "steps": 5, "attack_steps": 2, "grid": 3}),
    ("bai2023", "widths"): ("widths", "laptop", {"seeds": 1, "samples": 4, "inits": 2, "steps": 3}),
    ("tyurin2024", "exact"): ("exact", "smoke", {"samples": 20, "steps": 20, "near_sizes": [19], "sizes": [5, 10]}),
    ("tyurin2024", "images"): ("images", "smoke", {"steps": 10, "curve_points": 5}),
    ("tyurin2024", "planted"): ("planted", "smoke", {"seeds": 2, "steps": 10}),
    ("tyurin2024", "rounding"): ("rounding", "laptop", {"seeds": 2, "steps": 5, "curve_points": 4, "dataset": "digits"}),
    ("farahani2024", "search"): ("nodes", "smoke", {"seeds": 1, "width": 6, "keep": 3, "candidates": 3, "scored": 10, "steps": 2, "batch_size": 10,
                                 "conditions.other.seeds": 1, "conditions.worst.seeds": 1, "conditions.trained.seeds": 1,
                                 "conditions.trained.candidates": 2, "conditions.trained.warm_up": 1, "conditions.whole.seeds": 1,
                                 "conditions.eighth.seeds": 1, "conditions.eighth.keep": 2}),
    ("liu2022", "images"): ("resnets_digits", "smoke", {"held_out": 0.99, "batch_size": 16}),
    ("liu2022", "layers"): ("layers", "smoke", {"depths": [8], "widths": [4], "densities": [0.5]}),
    ("liu2022", "networks"): ("ratios", "smoke", {"seeds": 1, "width": 5, "steps": 2, "batch_size": 10, "conditions.snip_mask.seeds": 1,
                              "conditions.reversed.seeds": 1}),
    ("liu2024", "guarantee"): ("guarantee", "smoke", {"seeds": 3, "sizes": [1, 10], "step_range": [2, 9]}),
    ("liu2024", "noisy"): ("noisy", "smoke", {"seeds": 2, "steps": 40, "checked_steps": 20, "checked_runs": 5, "dimensions": [1, 4], "runs": [3, 2],
                           "horizons": [3, 9]}),
    ("liu2024", "worst_case"): ("worst_case", "smoke", {"seeds": 2, "horizons": [8, 16], "shuffled_horizons": [8], "dense_horizons": [8],
                                "long_horizons": [32, 64]}),
    ("wu2023", "diagonal"): (
        "diagonal", "smoke", {"seeds": 2, "samples": 10, "dimension": 12, "test_size": 10, "learning_rates": [0.03, 0.06], "steps": 100,
                              "log_every": 50, "conditions.gd.steps": 50},
    ),
    ("wu2023", "escape"): (
        "escape", "smoke", {"samples": 10, "dimension": 6, "teacher_neurons": 2, "width": 5, "gd_steps": 50, "sgd_steps": 50},
    ),
    ("wu2023", "relu"): (
        "relu", "smoke",
        {"seeds": 2, "samples": 10, "dimension": 6, "teacher_neurons": 2, "width": 5, "test_size": 10, "learning_rates": [0.03, 0.1],
         "steps": 100, "log_every": 50, "conditions.gd.steps": 50, "conditions.sgd_deviation.steps": 50, "conditions.sgd_clip1.steps": 50,
         "conditions.sgd_deviation.log_every": 50},
    ),
    ("wu2023", "thresholds"): ("thresholds", "smoke", {"seeds": 2, "draws": 5, "samples": 100, "dimension": 6, "width": 5}),
}  # fmt: skip
# Programs that read published files, which a test machine may lack, and take no settings of interest without them.
WITHOUT_DATA = {
    ("besiroglu2024", "chinchilla"), ("choshen2025", "extrapolation"), ("choshen2025", "across_families"), ("liu2020", "resnet"),
    ("paul2021", "cifar"),
}  # fmt: skip
# Names in the cost: drawn no larger than in the small run.
COSTLY = {
    "seeds",
    "steps",
    "epochs",
    "iterations",
    "draws",
    "descent_draws",
    "finetune_epochs",
    "rounds",
    "gd_steps",
    "sgd_steps",
}
PATHS = {"image_folder", "source_file"}  # what lies on a disk is tested elsewhere


def programs() -> list[tuple[str, str]]:
    """(rule set, program) of the checkout that have a small run."""
    found = [(slug, name) for slug in rulesets.paths.slugs() for name in rulesets.load(slug).programs]
    return [pair for pair in found if pair not in WITHOUT_DATA]


def small(slug: str, program: str) -> tuple[str, str, dict]:
    """(experiment, scale, changes) of the small run of a program."""
    if (slug, program) in SMALL:
        return SMALL[slug, program]
    ruleset = rulesets.load(slug)
    for scale in rulesets.paths.SCALES:
        for name in ruleset.experiments(scale):
            if ruleset.bases[name]["program"] == program:
                return name, scale, {}
    raise AssertionError(f"no experiment of {slug} runs the program {program}")


def base(slug: str, program: str) -> dict:
    """Settings of the small run."""
    experiment, scale, changes = small(slug, program)
    return rulesets.settings(rulesets.load(slug), experiment, scale, changes)


def value(entry: Mapping, default: object, name: str = ""):
    """A strategy for one setting: anything that its schema allows, not much larger than in the small run."""
    if "enum" in entry:
        return st.sampled_from(entry["enum"])
    kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
    if kinds[0] == "array":
        items = entry.get("items", {})
        first = default[0] if isinstance(default, list) and default else None
        least, most = entry.get("minItems", 0), max(len(default or []), entry.get("minItems", 0), 2)
        return st.lists(
            value(items, first, name), min_size=least, max_size=most, unique=entry.get("uniqueItems", False)
        )
    strategies = {
        "boolean": st.booleans,
        "integer": lambda: _integer(entry, default, name),
        "number": lambda: _number(entry, default),
        "null": st.none,
        "string": lambda: st.just(default),
        "object": lambda: st.just(default),
    }
    return st.one_of(*(strategies[kind]() for kind in kinds))


def _integer(entry: Mapping, default: object, name: str):
    low = entry.get("minimum", 0)
    centre = default if isinstance(default, int) and not isinstance(default, bool) else low + 2
    high = min(centre if name in COSTLY else 2 * centre, entry.get("maximum", 10**9))
    step = entry.get("multipleOf", 1)
    return st.integers(-(-low // step), max(high, low + (0 if name in COSTLY else 3)) // step).map(lambda k: k * step)


def _number(entry: Mapping, default: object):
    low = entry.get("minimum", entry.get("exclusiveMinimum", -1e3))
    high = entry.get("maximum", entry.get("exclusiveMaximum"))
    ends = [entry[name] for name in ("minimum", "maximum") if name in entry]
    if high is None:
        centre = default if isinstance(default, int | float) and default > 0 else 1.0
        inside = st.floats(-4, 4).map(lambda power: float(f"{max(centre * 10**power, low):.4g}"))
    else:
        inside = st.floats(low, high, exclude_min="exclusiveMinimum" in entry, exclude_max="exclusiveMaximum" in entry)
        inside = inside.map(lambda x: float(f"{x:.4g}")).filter(lambda x: low <= x <= high and x not in _open(entry))
    return st.one_of(inside, *(st.just(float(end)) for end in ends))


def _open(entry: Mapping) -> list[float]:
    return [entry[name] for name in ("exclusiveMinimum", "exclusiveMaximum") if name in entry]


@st.composite
def changes(draw, slug: str, program: str) -> dict:
    """A few changes of the small run: of settings, of settings of a condition; conditions added, dropped, chosen."""
    settings = base(slug, program)
    properties = _resolved(rulesets.load(slug).settings_schema)
    names = [name for name in settings if name != "conditions" and name not in PATHS]
    found: dict = {}
    for name in draw(st.lists(st.sampled_from(sorted(names)), min_size=0, max_size=3, unique=True)):
        found[name] = draw(value(properties[name], settings[name], name))
    conditions = settings.get("conditions", {})
    kind = draw(st.sampled_from(["none", "none", "change", "add", "drop"]))
    if kind in ("change", "add"):
        target = draw(st.sampled_from(sorted(conditions))) if kind == "change" and conditions else "added"
        for name in draw(st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=2, unique=True)):
            found[f"conditions.{target}.{name}"] = draw(value(properties[name], settings[name], name))
    elif kind == "drop" and conditions:
        for name in draw(st.lists(st.sampled_from(sorted(conditions)), min_size=1, unique=True)):
            found[f"conditions.{name}"] = None
    return found


def _resolved(schema: Mapping) -> dict:
    """Properties with references into `$defs` written out."""

    def expand(entry):
        if isinstance(entry, Mapping):
            whole = {name: expand(item) for name, item in entry.items() if name != "$ref"}
            if "$ref" in entry:
                whole = expand(schema["$defs"][entry["$ref"].rpartition("/")[2]]) | whole
            return whole
        return entry

    return {name: expand(entry) for name, entry in schema["properties"].items()}


def checked(slug: str, program: str, drawn: Mapping) -> dict | None:
    """All changes of a small run with some more, or None if the settings are refused in one sentence."""
    experiment, scale, smaller = small(slug, program)
    both = copy.deepcopy({**smaller, **drawn})
    for name in [name for name in both if name.count(".") == 2]:  # what made a condition small goes with the condition
        condition = name.rpartition(".")[0]
        if condition in both and both[condition] is None:
            del both[name]
    try:
        rulesets.settings(rulesets.load(slug), experiment, scale, both)
    except InputError as error:
        refused = str(error)
    else:
        return both
    assert refused.strip()
    assert "\n" not in refused
    return None


def planned(slug: str, program: str, drawn: Mapping) -> dict | None:
    """The job of a small run with changes, or None if it is refused in one sentence."""
    changes = checked(slug, program, drawn)
    experiment, scale, _ = small(slug, program)
    return None if changes is None else jobs.train(slug, experiment, scale, "cpu", overrides=changes)


def run(job: Mapping) -> None:
    """Train and measure in process; no warning of numpy, and what is not finite says so in its status."""
    from verifig.running.stages.measure import measure
    from verifig.running.stages.train import train

    name = job["experiment"]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        layout = Layout(Path(folder), job["scale"], job["slug"])
        train(job, layout.artifact(name), layout.provenance(name), log=lambda text: None)
        measure(jobs.measure(job["slug"], job["scale"], {name: job}), layout, log=lambda text: None)
        statistics = tables.read(layout.statistics)
    ok = statistics[statistics["status"] == "ok"]
    assert np.isfinite(ok["value"].astype(float)).all(), ok[~np.isfinite(ok["value"].astype(float))].to_string()
