"""Figures 3 and 17: gains, divergence and distance by locality of the start."""

from replications.random_teachers.sarnthein2023.captions.run import SHORT, Run, by_sign, listed
from replications.random_teachers.sarnthein2023.measuring.conditions import INDEPENDENT, PROBES, REGIMES
from verifig.pages.page import MISSING

BY_ALPHA = {
    "plain": ("local", "alpha_02", "alpha_06", "full"),
    "kick": ("local", "alpha_03", "alpha_06", "independent"),
}
OVER_TRAINING = {"plain": ("local", "alpha_06", "full"), "kick": ("local", "independent")}


def over_training(run: Run) -> dict[str, dict[str, str]]:
    """By experiment, labels of the conditions whose probe over training is drawn."""
    return {
        experiment: {name: f"alpha = {run.alpha(experiment, name)}" for name in names}
        for experiment, names in OVER_TRAINING.items()
    }


def plain(run: Run) -> str:
    """Gains at low rates, and their order."""
    return f"{by_alpha(run, 'plain', 'ridge')} {order(run, 'plain')}"


def kick(run: Run) -> str:
    """Gains at raised rates, their order, and what remains of the independent student."""
    return f"{by_alpha(run, 'kick', 'linear')} {order(run, 'kick')} {below_teacher(run, 'kick')}"


def by_alpha(run: Run, experiment: str, probe: str) -> str:
    """Gain under one probe of the conditions that ran and differ in alpha alone."""
    ran = [name for name in BY_ALPHA[experiment] if len(run.values(experiment, "kl", condition=name))]
    if not ran:
        return f"{MISSING}."
    found = [f"{run.gain(experiment, name, probe)} at {run.alpha(experiment, name)}" for name in ran]
    return f"In `{experiment}`, under {SHORT[probe]}, the gain in points by alpha is {listed(found)}."


def order(run: Run, experiment: str) -> str:
    """Whether the local student beats the independent one, probe by probe."""
    far = INDEPENDENT[experiment]
    signs = {p: run.sign(experiment, f"{p}_difference", a="local", b=far) for p in PROBES}
    if None in signs.values():
        return f"{MISSING}."
    ends = f"alpha = {run.alpha(experiment, 'local')} against {run.alpha(experiment, far)}"
    better, worse, level = ([SHORT[p] for p, sign in signs.items() if sign == s] for s in (1, -1, 0))
    if len(worse) == len(PROBES):
        return f"**This is the reverse of the paper's order** ({ends}, every probe)."
    told = (
        f"The paper's order ({ends}) shows under {listed(better)}"
        if better
        else f"The paper's order ({ends}) is not seen"
    )
    return told + (f", not under {listed(level + worse)}." if better and level + worse else ".")


def below_teacher(run: Run, experiment: str) -> str:
    """What remains of the independent student: in the paper it still beats its teacher."""
    told = by_sign(
        run.sign(experiment, "linear_gain", condition=INDEPENDENT[experiment]),
        "As in the paper the independent student still beats its teacher under the linear probe.",
        "The independent student is level with its teacher under the linear probe; in the paper it is considerably better.",
        "**But the picture is not the paper's: the independent student falls below its teacher** under the linear probe, "
        "where the paper's is considerably better than its teacher.",
    )
    near, middle = (run.gain(experiment, name, "linear") for name in ("local", "alpha_06"))
    return (
        f"{told} And at alpha = {run.alpha(experiment, 'alpha_06')} the gain is {middle} points against {near} next to the "
        "teacher, two values that agree in the paper."
    )


def gains_alt(run: Run) -> str:
    """What is drawn, and gains at low and at raised rates."""
    return (
        "Above: gain over the teacher against alpha under three probes, a panel a regime. Below: the linear probe over "
        "training by alpha in two regimes, and the share of embedding units that fire. "
        f"{by_alpha(run, 'plain', 'ridge')} {by_alpha(run, 'kick', 'linear')}"
    )


def gains_note(run: Run) -> str:
    """What is drawn, and which units fire."""
    return (
        "Titles: learning rates of encoder and head, width of the head. Every panel has its own scale. "
        f"Over {run.seeds(*REGIMES)} seeds. {firing(run)}"
    )


def firing(run: Run) -> str:
    """Share of embedding units that fire, local and independent, by regime."""
    parts = []
    for experiment, far in INDEPENDENT.items():
        near, end = (run.percent(experiment, "alive", condition=condition) for condition in ("local", far))
        parts.append(f"{near} and {end} in `{experiment}`")
    return f"Of the embedding units, next to the teacher and far from it, there fire {listed(parts)} (lower right)."


def divergence_alt(run: Run) -> str:
    """What is drawn, and ratios of the KL."""
    return f"Left: final KL to the teacher against alpha in three regimes. Right: distance travelled. {divergence(run)}"


def divergence_note(run: Run) -> str:
    """What is drawn, ratios of the KL, and distances."""
    return (
        f"Over {run.seeds(*REGIMES)} seeds. In `plain` alpha = 0 (a copy) is drawn beside alpha = "
        f"{run.alpha('plain', 'local')}. {divergence(run)} {distance(run)}"
    )


def divergence(run: Run) -> str:
    """KL of independent over local students by regime."""
    parts = [f"{run.median(name, 'kl_ratio', a=far, b='local')} (`{name}`)" for name, far in INDEPENDENT.items()]
    return f"The independent student ends at a KL that is a multiple of the local one's, in the median {listed(parts)}."


def distance(run: Run) -> str:
    """Distance from the start of local and independent students by regime."""
    parts = []
    for name, far in INDEPENDENT.items():
        near, end = (run.median(name, "distance", condition=condition) for condition in ("local", far))
        parts.append(f"{near} and {end} (`{name}`)")
    return f"The local and the independent student travel {listed(parts)}."
