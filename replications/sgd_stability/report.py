# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
# The page of this rule set. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).
import math

from replications.sgd_stability import plots
from replications.sgd_stability.measure import DYNAMICS, NAMED
from verifig.pages import Page

page = Page("sgd_stability")
page.header()


# %%
def of(experiment: str, statistic: str, take: str = "mean", **condition: object) -> str:
    """A statistic of one condition as text."""
    return page.number(experiment, statistic, condition, take)


def rates(experiment: str, condition: str | None = None) -> list[float]:
    """The learning rates of a run, as they stand on its axis."""
    return page.settings(experiment, condition)["learning_rates"]


def nearest(value: float, experiment: str, condition: str | None = None) -> float:
    """The learning rate of a run that lies nearest to a named one."""
    return min(rates(experiment, condition), key=lambda rate: abs(math.log(rate / value)))


def joined(parts: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def bands(*chosen) -> str:
    """What lines and bands are, and, if a run that is drawn did not converge, what marks it."""
    open_runs = sum(int((~rows["converged"]).sum()) for rows in chosen)
    return "Lines: median over seeds, bands: range." + (
        f" Open circles: {open_runs} runs that did not converge." if open_runs else ""
    )


# %% [markdown]
# ## All claims at a glance
# A minimum that interpolates the data can only be the end of SGD if SGD does not leave it again. For batch size 1 and
# learning rate η this **linear stability** needs tr G ≤ 2/η, where G is the mean over samples of the outer product of
# the gradient with itself (the Hessian, for a loss with the factor 1/2). Gradient descent only needs its largest
# eigenvalue below 2/η. The trace controls the path norm of a ReLU network and the l1 norm of a diagonal one, so a large
# learning rate makes SGD, but not gradient descent, end at minima of small norm: this is the paper's account.
#
# **What is unknown to us.** Of the paper itself only the abstract, the first lines and a public audit's quotation of the
# experiments could be read, besides an independent replication that restates the set-up. There are no tables of numbers
# to compare with. Figure labels are ours, learning rates, clipping thresholds and training lengths are reconstructions.
# Statements marked as identities are proved from first principles and tested exactly.

# %%
page.summary()

# %% [markdown]
# ## The exact threshold
# Between "unstable above 2 / tr G" and "stable below 2 / max |g|²" lies the exact mean-square threshold η* of linearised
# SGD, for any batch size, with or without replacement: an eigenvalue problem over symmetric matrices that takes a
# fraction of a second for some hundred samples. If all per-sample gradients have equal norm it is 2 / tr G, so the
# paper's bound cannot be improved; with the full batch it is 2 / λ_max.

# %%
page.figure(
    "fig_oracles",
    plots.oracles,
    ["population", "bounds"],
    alt="Left: threshold of population regression in ten dimensions over batch sizes, computed points and closed forms. Right: three bounds divided by the exact threshold on random instances.",
    note=lambda population, bounds: (
        f"Left, points: computed from fourth moments; lines: closed forms. Right, points: {len(bounds)} random instances at batch size 1. The middle bound needs "
        f"two moments only; its median over the instances is {bounds['fourth_moment_bound'].median():.3g} times the exact threshold, that of the trace bound "
        f"{bounds['trace_bound'].median():.3g} times."
    ),
)

# %% [markdown]
# ## Figure R1: one run from clipped to stable
# The paper, as quoted by a public audit, reports that clipping becomes inactive by itself after about 4,000 iterations,
# after which SGD converges to a global minimum at its constant learning rate: what stays there must be linearly stable.
# The independent replication could not reproduce this panel: at learning rate 0.1 with clipping threshold 1 and a
# decaying rate its trace stayed twenty times above 2/η (control ct5 shows why).

# %%
one = nearest(DYNAMICS, "relu", "sgd")
sgd = page.settings("relu", "sgd")
eta = one / sgd["dimension"] ** 0.5 if sgd["learning_rate_axis"] == "sqrt_d" else one
here = {"condition": "sgd", "axis": one}
page.figure(
    "fig_r1",
    lambda series: plots.r1(series, one, eta, sgd["clip"], 0.3 * sgd["steps"], page.paper("clipping")),
    ["relu_series"],
    alt=lambda: (
        "Over iterations: training and test loss; gradient norm and clipping threshold; trace with 2/eta, and path norm; share of clipped steps. "
        f"The last clipped step is {of('relu', 'last_clipped', **here)}; at the end training loss is {of('relu', 'train_loss', **here)}, test loss "
        f"{of('relu', 'test_loss', **here)}, tr G·η/2 {of('relu', 'trace_ratio', **here)} and the path norm {of('relu', 'path_norm', **here)}."
    ),
    note=f"√d·η = {one:g}, the first {0.3 * sgd['steps']:,.0f} of {sgd['steps']:,} steps. Lines: median over {page.seeds('relu', 'sgd')} seeds, bands: range.",
)

# %% [markdown]
# ## Figure R2: sharpness, path norm and test loss over learning rates

# %%
low, high = min(rates("relu", "sgd")), max(rates("relu", "sgd"))
page.figure(
    "fig_r2",
    lambda runs: plots.r2(runs, page.paper("relu_sgd"), page.paper("relu_gd")),
    ["runs"],
    alt=lambda: (
        "Four log-log panels over learning rates. From the smallest to the largest, the trace of SGD goes from "
        f"{of('relu', 'tr', condition='sgd', axis=low)} to {of('relu', 'tr', condition='sgd', axis=high)}, its path norm from "
        f"{of('relu', 'path_norm', condition='sgd', axis=low)} to {of('relu', 'path_norm', condition='sgd', axis=high)} and its test loss from "
        f"{of('relu', 'test_loss', condition='sgd', axis=low)} to {of('relu', 'test_loss', condition='sgd', axis=high)}; the largest eigenvalue of gradient descent goes "
        f"from {of('relu', 'lmax', condition='gd', axis=low)} to {of('relu', 'lmax', condition='gd', axis=high)}, its test loss from "
        f"{of('relu', 'test_loss', condition='gd', axis=low)} to {of('relu', 'test_loss', condition='gd', axis=high)}."
    ),
    note=lambda runs: (
        bands(plots.part(runs, "relu", "sgd"), plots.part(runs, "relu", "gd"))
        + " Diamonds: read off an independent replication's plots, at the ends of its grid; no value of the paper could be had."
    ),
)

# %%
middle = nearest(NAMED[0], "relu", "gd")
page.text(
    f"Not converged by the last step: {of('relu', 'unconverged_runs', condition='sgd')} of {of('relu', 'runs', condition='sgd')} runs of SGD, "
    f"{of('relu', 'unconverged_runs', condition='gd')} of {of('relu', 'runs', condition='gd')} of gradient descent. "
    "The bound is idle where the initial point already obeys it: initial tr G·η/2 is "
    + joined(
        [
            f"{of('relu', 'initial_trace_ratio', condition='sgd', axis=rate)} at √d·η = {rate:g}"
            for rate in rates("relu", "sgd")
        ]
    )
    + "; where it exceeds 1 the bound is active. "
    f"At the minima of gradient descent at η = {middle:g} the learning rate that found them is {of('relu', 'threshold_ratio', condition='gd', axis=middle)} "
    "times the exact threshold of SGD."
)

# %%
active = [
    rate
    for rate in rates("relu", "sgd")
    if page.value("relu", "initial_trace_ratio", {"condition": "sgd", "axis": rate}).min() > 1
]
page.text(
    "**A finer point.** The exact threshold is one of mean-square stability, and single trajectories may settle above it, "
    "because rare samples dominate the mean square. η/η* of the SGD minima ranges over "
    + joined(
        [
            f"{of('relu', 'threshold_ratio', 'range', condition='sgd', axis=rate)} at √d·η = {rate:g}"
            for rate in active or [one]
        ]
    )
    + ". The bound that the claims use (η E|g|⁴ / (2 tr G) ≤ 1) is weaker than η ≤ η*. "
    f"At the SGD minimum of the figure below η/η* is {of('escape', 'own_threshold_ratio')}, and the median loss of linearised SGD at that rate changes by a factor "
    f"exp({of('escape', 'own_growth')}) every 1,000 steps.\n\n"
    "**The Frobenius norm.** The abstract ties the Frobenius norm to another notion of stability, by our reading that of the loss, which forces ‖G‖_F ≤ 1/(η√μ), where the alignment μ of gradient noise with G "
    f"can be measured. At √d·η = {one:g}, μ is {of('relu', 'alignment', **here)} and ‖G‖_F·η·√μ is {of('relu', 'frobenius_ratio', **here)}. Not judged: μ is a snapshot at the last step."
)

# %% [markdown]
# ## Two minima side by side
# Gradient descent keeps each eigenvalue of G below 2/η, SGD their sum, so at one learning rate the first may be a
# narrow valley where the second must be a wide one.

# %%
escape = page.settings("escape")
both = (
    f"The largest eigenvalue is {of('escape', 'lmax', algorithm='gd')} at the minimum of gradient descent and {of('escape', 'lmax', algorithm='sgd')} at that of SGD, "
    f"their sum {of('escape', 'tr', algorithm='gd')} and {of('escape', 'tr', algorithm='sgd')}; 2/η is {2 / escape['learning_rate']:g}."
)
page.figure(
    "fig_slice",
    lambda section, spectrum: plots.minima(section, spectrum, escape["learning_rate"]),
    ["slice", "spectrum"],
    alt=f"Left: training loss along the top eigenvector of G at the two minima. Right: eigenvalues of G by rank, with 2/eta. {both}",
    note=f"One seed, η = {escape['learning_rate']:g} for both (√d·η = {escape['learning_rate'] * escape['dimension'] ** 0.5:.3g} for SGD). {both}",
)

# %% [markdown]
# ## The other reading of the initialisation
# "N(0, I/√d)" may give a covariance or a standard deviation; the path norm of m neurons then starts near 0.8 d^¼ m or
# 0.8 m.

# %%
worst = " ".join(
    f"With {label}, the largest ratio of a converged run is {of('relu', 'worst_sharp_ratio', 'max', condition=name)} on the left and "
    f"{of('relu', 'worst_path_norm_ratio', 'max', condition=name)} on the right (from √d·η = {NAMED[0]:g} on)."
    for name, label in plots.INITIALISATIONS.items()
)
page.figure(
    "fig_r2_init",
    plots.r2_init,
    ["runs"],
    alt=f"Two panels over learning rates with the bound at 1: the sharp ratio, and the path norm over its bound, for both initialisations. {worst}",
    note=lambda runs: (
        bands(plots.part(runs, "relu", "sgd"), plots.part(runs, "relu", "sgd_deviation"))
        + f" {worst} Where the path norm has stayed near its initial value, its bound says nothing."
    ),
)

# %% [markdown]
# ## Figure D1: diagonal network over learning rates

# %%
first, last = min(rates("diagonal", "sgd")), max(rates("diagonal", "sgd"))


def ends(condition: str, statistic: str) -> str:
    """`a to b`: from the smallest to the largest learning rate of Figure D1."""
    return f"{of('diagonal', statistic, condition=condition, axis=first)} to {of('diagonal', statistic, condition=condition, axis=last)}"


page.figure(
    "fig_d1",
    plots.d1,
    ["runs"],
    alt=lambda: (
        f"Three log-log panels over learning rates. From the smallest to the largest, SGD: trace {ends('sgd', 'tr')}, Frobenius norm {ends('sgd', 'fro')}, largest eigenvalue "
        f"{ends('sgd', 'lmax')}, test error {ends('sgd', 'test_nmse')}. Gradient descent: {ends('gd', 'tr')}, {ends('gd', 'fro')}, {ends('gd', 'lmax')} and {ends('gd', 'test_nmse')}."
    ),
    note=lambda runs: bands(plots.part(runs, "diagonal", "sgd"), plots.part(runs, "diagonal", "gd")),
)

# %%
page.text(
    "**A known disagreement.** By the independent replication's account the paper finds that under SGD the Frobenius norm decreases only mildly and "
    "the largest eigenvalue hardly changes; the replication itself sees both fall. "
    f"Here, from η = {first:g} to {last:g}, ‖G‖_F goes from {ends('sgd', 'fro')} and ‖G‖ from {ends('sgd', 'lmax')}. "
    "We do not know the paper's law of the inputs or its learning rates, so this is a note and not a claim."
)

# %% [markdown]
# ## Figure D2: SGD balances the layers
# The balance ratio r = (‖a‖² + ‖b‖²) / (2‖a∘b‖₁) is 1 where the layers have equal entries. A step of SGD with step κ
# (learning rate times residual, clipped or not) multiplies a² − b² by 1 − κ²x²: noise balances the layers. Gradient flow
# conserves a² − b², and gradient descent comes close to it where residuals vanish fast.


# %%
def clipped_starts() -> str:
    """From which initial ratios gradient descent was clipped, if from any."""
    rate = rates("balance", "gd")[0]
    found = [
        f"{ratio:g}"
        for ratio in page.settings("balance", "gd")["initial_ratios"]
        if page.value("balance", "clipped", {"condition": "gd", "axis": rate, "ratio": ratio}).max() > 0
    ]
    return f" From r = {joined(found)} gradient descent is clipped in its first steps." if found else ""


page.figure(
    "fig_d2",
    plots.d2,
    ["runs", "balance_series"],
    alt=lambda: (
        "Left: balance ratio at the end against that at the start, log-log. Right: the ratio over iterations of SGD, from every start. The largest ratio at the end of SGD is "
        f"{of('balance', 'worst_balance', 'max', condition='sgd')}; gradient descent ends at {of('balance', 'worst_balance_gain', 'min', condition='gd')} times its start or more."
    ),
    note=lambda runs, series: (
        f"Learning rate {rates('balance', 'sgd')[0]:g}. "
        + bands(plots.part(runs, "balance", "sgd"), plots.part(runs, "balance", "gd"))
        + clipped_starts()
    ),
)

# %% [markdown]
# ## Figure B: batch size and exact thresholds

# %%
batch = page.settings("batch_size")
sizes, rate = sorted(batch["batch_sizes"]), batch["learning_rates"][0]
traces = joined(
    [f"{of('batch_size', 'tr', condition='base', axis=rate, batch=size)} at batch size {size}" for size in sizes]
)
page.figure(
    "fig_b",
    plots.b,
    ["runs"],
    alt=lambda: (
        f"Left: trace at the end over batch sizes, with the bound 2B/eta and the initial value: {traces}. Right: learning rate over exact threshold, at most "
        f"{of('batch_size', 'worst_threshold_ratio', 'max', condition='base')} in a converged run."
    ),
    note=lambda runs: (
        f"Diagonal network, η = {rate:g}, {batch['steps']:,} steps, sampling {'with' if batch['replacement'] else 'without'} replacement. "
        + bands(plots.part(runs, "batch_size", "base"))
    ),
)

# %% [markdown]
# ## Figure E: is the boundary really at the exact threshold?
# Residuals of the linearised network around a minimum of gradient descent, updated by SGD at rates around η*.

# %%
page.figure(
    "fig_e",
    lambda losses, growth: plots.e(losses, growth, page.value("escape", "boundary")),
    ["escape_losses", "escape_growth"],
    alt=lambda: (
        "Left: median loss over steps by learning rate. Right: growth rate over the learning rate in units of the exact threshold; it turns positive at "
        f"{of('escape', 'boundary', 'range')} over the groups of replicas."
    ),
    note=f"One minimum, {escape['seeds']} groups of {escape['replicas']} replicas. The growth is taken over the last half of the steps.",
)

# %% [markdown]
# ## Controls and oracles
# Instruments broken on purpose must be caught: a Hessian of a loss without the factor 1/2, half the learning rate
# reported, the rank-one Fisher matrix of an averaged gradient, a clipping threshold that SGD never gets below. They are
# counted apart from the paper's claims.

# %%
page.controls()

# %% [markdown]
# ## Deviations from the paper

# %%
page.deviations()

# %% [markdown]
# ## Hardware, cost and provenance

# %%
page.provenance()

# %% [markdown]
# ## Paper scale
# `python -m verifig run sgd_stability --scale paper --stage report --out results` trains finer grids of learning rates
# with more seeds (some minutes on a CPU); `python -m verifig record sgd_stability --scale paper` keeps the verdicts.
