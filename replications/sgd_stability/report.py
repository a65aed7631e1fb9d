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
# The page of this rule set. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).

# %%
from replications.sgd_stability import plots
from verifig import numbers
from verifig.pages import Page

page = Page("sgd_stability")
settings = page.ruleset.entry("relu", page.scale)["settings"]
page.header()


# %%
def mean(experiment: str, statistic: str, condition: dict) -> str:
    """Mean over units as text; a dash where the statistic is not there."""
    values = page.value(experiment, statistic, condition)
    return numbers.text(values.mean()) if len(values) else "–"


def exact(experiment: str, statistic: str, condition: dict) -> str:
    """A single value as text."""
    values = page.value(experiment, statistic, condition)
    return numbers.text(values.iloc[0]) if len(values) else "–"


# %% [markdown]
# ## All claims at a glance
# A minimum that interpolates the data can only be the end of SGD if SGD does not leave it again. For batch size 1 and
# learning rate η this **linear stability** needs tr G ≤ 2/η, where G is the mean over samples of the outer product of
# the gradient with itself (the Hessian, for a loss with the factor 1/2). Gradient descent only needs its largest
# eigenvalue below 2/η. The trace controls the path norm of a ReLU network and the l1 norm of a diagonal one, so a large
# learning rate makes SGD, but not gradient descent, end at minima of small norm, which generalise.
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
# fraction of a second for 300 samples. If all per-sample gradients have equal norm it is 2 / tr G, so the paper's bound
# cannot be improved; with the full batch it is 2 / λ_max.

# %%
page.figure(
    "fig_oracles",
    plots.oracles,
    ["population", "bounds"],
    alt="Left: threshold of population regression in ten dimensions over batch sizes 1, 4 and 16, computed points lie on the closed forms. Right: three bounds divided by the exact threshold on random instances, the first below 1, the second just above 1, the trace bound above it.",
    note="Left, points: computed from fourth moments; lines: closed forms. Right, points: random instances at batch size 1. The middle bound needs two moments only and lies nearer to the exact threshold than the trace bound.",
)

# %% [markdown]
# ## Figure R1: one run from clipped to stable
# The paper reports that clipping becomes inactive by itself after about 4,000 iterations, after which SGD converges to a
# global minimum at its constant learning rate: what stays there must be linearly stable.

# %%
page.figure(
    "fig_r1",
    lambda series: plots.r1(
        series, plots.DYNAMICS / settings["dimension"] ** 0.5, settings["clip"], 24000, page.paper("clipping")
    ),
    ["relu_series"],
    alt="Over iterations: training loss falls below 1e-6 while test loss levels off near 2; the gradient norm falls below the clipping threshold of 100 after a few thousand steps; the trace falls to just below 2/eta and the path norm from 250 to 31; the share of clipped steps goes to zero.",
    note="√d·η = 0.0316. Lines: median over seeds, bands: range. The independent replication could not reproduce this panel: at learning rate 0.1 with clipping threshold 1 and a decaying rate its trace stayed twenty times above 2/η (control ct5 shows why).",
)

# %% [markdown]
# ## Figure R2: sharpness, path norm and test loss over learning rates

# %%
page.figure(
    "fig_r2",
    lambda runs: plots.r2(runs, page.paper("relu_sgd"), page.paper("relu_gd")),
    ["runs"],
    alt="Four log-log panels over learning rates. SGD: trace follows 2/eta from below, path norm falls from 230 to 15. Gradient descent: largest eigenvalue follows 2/eta at large rates. Test loss and path norm of SGD fall much faster than those of gradient descent.",
    note="Lines: median over seeds, bands: range; open circles: runs that did not converge. Diamonds: read off an independent replication's plots, at the ends of its grid.",
)

# %%
page.text(
    f"Not converged by the last step: {exact('relu', 'unconverged_runs', {'condition': 'sgd'})} of {exact('relu', 'runs', {'condition': 'sgd'})} runs of SGD, "
    f"{exact('relu', 'unconverged_runs', {'condition': 'gd'})} of {exact('relu', 'runs', {'condition': 'gd'})} of gradient descent. "
    f"The bound is idle where the initial point already obeys it: initial tr G·η/2 is {mean('relu', 'initial_trace_ratio', {'condition': 'sgd', 'axis': 0.001})}, "
    f"{mean('relu', 'initial_trace_ratio', {'condition': 'sgd', 'axis': 0.00316})}, {mean('relu', 'initial_trace_ratio', {'condition': 'sgd', 'axis': 0.01})}, "
    f"{mean('relu', 'initial_trace_ratio', {'condition': 'sgd', 'axis': 0.0316})} and {mean('relu', 'initial_trace_ratio', {'condition': 'sgd', 'axis': 0.1})} "
    "for √d·η = 0.001, 0.00316, 0.01, 0.0316 and 0.1; where it exceeds 1 the bound is active. "
    f"The minima of gradient descent at η = 0.01 have a threshold of SGD that is {mean('relu', 'threshold_ratio', {'condition': 'gd', 'axis': 0.01})} times smaller than the learning rate that found them."
)

# %%
worst = {
    axis: page.value("relu", "threshold_ratio", {"condition": "sgd", "axis": axis}) for axis in (0.01, 0.0316, 0.1)
}
page.text(
    "**A finer point.** The exact threshold is one of mean-square stability, and single trajectories may settle above it, "
    "because rare samples dominate the mean square. η/η* of the SGD minima ranges over "
    + "; ".join(
        f"{numbers.interval(values.min(), values.max())} at √d·η = {axis:g}"
        for axis, values in worst.items()
        if len(values)
    )
    + ". The bound that the claims use (η E|g|⁴ / (2 tr G) ≤ 1) is weaker than η ≤ η*. "
    f"At the SGD minimum of the figure below η/η* is {exact('escape', 'own_threshold_ratio', {})}, yet the median loss of linearised SGD at that rate changes by a factor "
    f"exp({mean('escape', 'own_growth', {})}) every 1,000 steps.\n\n"
    "**The Frobenius norm.** The abstract ties the Frobenius norm to another notion of stability, by our reading that of the loss, which forces ‖G‖_F ≤ 1/(η√μ), where the alignment μ of gradient noise with G "
    f"can be measured. At √d·η = 0.0316, μ is {mean('relu', 'alignment', {'condition': 'sgd', 'axis': 0.0316})} and ‖G‖_F·η·√μ is {mean('relu', 'frobenius_ratio', {'condition': 'sgd', 'axis': 0.0316})}. Not judged: μ is a snapshot at the last step."
    if len(worst[0.0316])
    else "Not measured at this scale."
)

# %% [markdown]
# ## Two minima side by side
# At the same learning rate η = 0.01 the minimum of gradient descent is a narrow valley and that of SGD a wide one:
# gradient descent keeps each eigenvalue below 2/η, SGD their sum.

# %%
learning_rate = page.ruleset.entry("escape", page.scale)["settings"]["learning_rate"]
page.figure(
    "fig_slice",
    lambda section, spectrum: plots.minima(section, spectrum, learning_rate),
    ["slice", "spectrum"],
    alt="Left: training loss along the top eigenvector of G, a narrow parabola at the minimum of gradient descent, a wide one at that of SGD. Right: eigenvalues of G by rank; those of gradient descent lie below 2/eta one by one but their sum is far above it, those of SGD sum to less than 2/eta.",
    note="One seed, η = 0.01 for both (√d·η = 0.1 for SGD).",
)

# %% [markdown]
# ## The other reading of the initialisation
# "N(0, I/√d)" may give a covariance or a standard deviation; the path norm then starts near 2.5 m or 0.8 m.

# %%
page.figure(
    "fig_r2_init",
    plots.r2_init,
    ["runs"],
    alt="Two panels over learning rates with the bound at 1: the sharp ratio and the path norm over its bound, for both initialisations, all below 1 where the claim speaks.",
    note="At small learning rates the path norm stays near its initial value, so its bound is not active there. With the smaller initial weights the bounds hold with more room: how closely they are attained depends on the start.",
)

# %% [markdown]
# ## Figure D1: diagonal network over learning rates

# %%
page.figure(
    "fig_d1",
    plots.d1,
    ["runs"],
    alt="Three log-log panels over learning rates. SGD: trace follows 2/eta at small rates and falls below it at large ones, Frobenius norm and largest eigenvalue fall too. Gradient descent: all three constant. Test error: drops by six decades for SGD, constant for gradient descent.",
    note="Lines: median over seeds, bands: range; open circles: runs that did not converge.",
)

# %%
page.text(
    "**A known disagreement.** By the independent replication's account the paper finds that under SGD the Frobenius norm decreases only mildly and "
    f"the largest eigenvalue hardly changes. Here ‖G‖_F falls from {mean('diagonal', 'fro', {'condition': 'sgd', 'axis': 0.00398})} to {mean('diagonal', 'fro', {'condition': 'sgd', 'axis': 0.1259})} "
    f"and ‖G‖ from {mean('diagonal', 'lmax', {'condition': 'sgd', 'axis': 0.00398})} to {mean('diagonal', 'lmax', {'condition': 'sgd', 'axis': 0.1259})} over the learning rates shown, "
    "as in the replication. We do not know the paper's law of the inputs or its learning rates, so this is a note and not a claim."
)

# %% [markdown]
# ## Figure D2: SGD balances the layers
# The balance ratio r = (‖a‖² + ‖b‖²) / (2‖a∘b‖₁) is 1 where the layers have equal entries. A step of SGD with step κ
# (learning rate times residual, clipped or not) multiplies a² − b² by 1 − κ²x²: noise balances the layers. Gradient flow
# conserves a² − b², and gradient descent comes close to it where residuals vanish fast.

# %%
page.figure(
    "fig_d2",
    plots.d2,
    ["runs", "balance_series"],
    alt="Left: balance ratio at the end against that at the start, log-log: SGD lies on 1 for every start, gradient descent on or above the line of no change. Right: the ratio falls to 1 over some thousand iterations of SGD from every start.",
    note="Learning rate 0.05. From r = 8 and 16 gradient descent starts above its own bound and is clipped until it has left the sharp region. Open circles: runs above a training loss of 0.01, at r = 1. In a smaller problem (d = 200, n = 60) the same number of steps did not suffice to balance the layers, so smoke scale uses the full size too.",
)

# %% [markdown]
# ## Figure B: batch size and exact thresholds

# %%
page.figure(
    "fig_b",
    plots.b,
    ["runs"],
    alt="Left: trace at the end grows with the batch size, below the bound 2B/eta, up to near its initial value. Right: learning rate over exact threshold, always below 1.",
    note="Diagonal network, η = 0.0316, 20,000 steps, sampling with replacement.",
)

# %% [markdown]
# ## Figure E: is the boundary really at the exact threshold?
# Residuals of the linearised network around a minimum of gradient descent, updated by SGD at rates around η*.

# %%
page.figure(
    "fig_e",
    lambda losses, rates: plots.e(losses, rates, page.value("escape", "boundary")),
    ["escape_losses", "escape_growth"],
    alt="Left: median loss over steps falls for learning rates below the exact threshold and grows above it. Right: growth rate crosses zero at the threshold, with the crossing of each group of replicas.",
    note="One minimum, groups of 8 replicas. The growth is taken over the last half of the steps.",
)

# %% [markdown]
# ## Controls and oracles
# Instruments broken on purpose must be caught: a Hessian of a loss without the factor 1/2, half the learning rate
# reported, the rank-one Fisher matrix of an averaged gradient, a clipping threshold of 1. They are counted apart from
# the paper's claims.

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
# with ten seeds (some minutes on a CPU); `python -m verifig record sgd_stability --scale paper` keeps the verdicts.
