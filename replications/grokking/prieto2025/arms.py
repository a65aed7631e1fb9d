"""Which experiment and which of its conditions a figure shows at a scale, labelled by their settings."""

from replications.grokking.prieto2025.plotting.collapse import Pair
from replications.grokking.prieto2025.plotting.projection import Panel
from verifig.pages.page import Page

EXPERIMENTS = {  # at paper scale the paper's task, else a smaller one
    "stablemax": ("stablemax113", "stablemax53"),
    "precision": ("precision113", "precision43"),
    "decay": ("decay113", "decay53"),
}


def experiment(page: Page, topic: str) -> str:
    """The experiment on StableMax, on softmax precision or on weight decay."""
    paper, smaller = EXPERIMENTS[topic]
    return paper if page.scale == "paper" else smaller


def precisions(page: Page) -> dict[str, str]:
    """Figure 2: by condition, the softmax precision."""
    return {f"f{bits}_70" if page.scale == "paper" else f"float{bits}": f"float{bits}" for bits in (16, 32, 64)}


def paper_precisions(page: Page) -> tuple[dict[str, dict], dict]:
    """Figure 2: the paper's test accuracies by precision, and its epochs of collapse."""
    return {f"float{bits}": page.paper(f"fig2c_float{bits}") for bits in (16, 64)}, page.paper("fig2_collapse")


def trained(page: Page, experiment: str) -> list[str]:
    """The table of an experiment that runs at paper scale only: elsewhere a figure shows the paper's points alone."""
    return [experiment] if page.scale == "paper" else []


def law(page: Page) -> list[Pair]:
    """The law for the time of collapse: pairs of conditions, named by the settings that differ."""
    found = []
    for suffix in ("", "_fast", "_beta90"):
        used = page.settings("precision43", f"float32{suffix}")
        label = f"lr {used['learning_rate']:g}, beta2 {used['beta2']:g}"
        found.append(Pair(label, f"float32{suffix}", f"float64{suffix}", used["beta2"]))
    return found


def norms(page: Page) -> dict[str, str]:
    """Figure 4 middle."""
    if page.scale == "paper":
        return {"stablemax": "addition", "stablemax_product": "product"}
    softmax = {
        name: f"softmax float64, beta2 {page.settings('stablemax53', name)['beta2']:g}"
        for name in ("softmax64", "softmax64_beta99")
    }
    return {"stablemax": "StableMax"} | softmax


def codes(page: Page) -> dict[str, str]:
    """Figure 4 right."""
    return {name: f"{page.settings('slow113', name)['code_bits']} bits per integer" for name in ("codes14", "codes7")}


def biases(page: Page) -> dict[str, str]:
    """Figure 5."""
    return {
        name: "with bias" if page.settings("precision43", name)["bias"] else "no bias"
        for name in ("float32", "float32_bias")
    }


def transformers(page: Page) -> dict[str, str]:
    """Figure 6a."""
    decay = page.settings("transformer", "adamw_wd")["weight_decay"]
    return {"perp_adamw": "perpAdamW", "adamw_wd": f"AdamW, decay {decay:g}", "adamw": "AdamW"}


def paper_transformers(page: Page) -> dict[str, dict]:
    """Figure 6a: the paper's test accuracies by condition."""
    return {name: page.paper(f"fig6a_{name}") for name in transformers(page)}


def rate(page: Page, experiment: str, condition: str) -> str:
    """`lr 0.005, p = 113`."""
    used = page.settings(experiment, condition)
    return f"lr {used['learning_rate']:g}, p = {used['modulus']}"


def projected(page: Page) -> list[Panel]:
    """Figure 6b, from left to right and from above to below."""
    perp_adamw, adamw = (rate(page, "slow113", name) for name in ("perp_adamw", "adamw"))
    perp_sgd, sgd = (rate(page, "delay53", name) for name in ("perp_sgd", "sgd"))
    train, test = page.paper("fig6b_adamw_train"), page.paper("fig6b_adamw_test")
    return [
        Panel("perp_adamw", f"perpAdamW, {perp_adamw}", test=page.paper("fig6b_perp_test")),
        Panel("adamw", f"AdamW, {adamw}", train, test),
        Panel("perp_sgd", f"perpSGD + StableMax, {perp_sgd}", test=page.paper("fig6b_perp_sgd_test")),
        Panel("sgd", f"SGD + StableMax, {sgd}"),
    ]


def trajectories(page: Page) -> dict[str, str]:
    """Figure 7."""
    decay = page.settings("landscape53", "sgd_wd")["weight_decay"]
    return {"sgd": "SGD", "sgd_wd": f"SGD, decay {decay:g}", "perp_sgd": "perpSGD + StableMax"}


def mnist(page: Page) -> dict[str, str]:
    """Figure 14."""
    found = {}
    for name in ("x100", "x100_wd3", "x1"):
        used = page.settings("mnist200", name)
        decay = f", decay {used['weight_decay']:g}" if used["weight_decay"] else ""
        found[name] = f"weights × {used['init_scale']:g}{decay}"
    return found


def weight_decays(page: Page) -> dict[str, float]:
    """Figure 15: by condition, the weight decay."""
    sweep = experiment(page, "decay")
    return {name: page.settings(sweep, name)["weight_decay"] for name in ("wd2", "wd4", "wd6", "wd8", "wd10")}
