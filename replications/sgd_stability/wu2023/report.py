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

from replications.sgd_stability.wu2023 import plots
from replications.sgd_stability.wu2023.measure import DYNAMICS, NAMED
from verifig.pages.page import Page

page = Page("wu2023")
page.header()


# %%
def of(experiment: str, statistic: str, take: str = "median", **condition: object) -> str:
    """A statistic of one condition as text: the median over seeds, as the figures draw it, or another `take`."""
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


def by_rate(
    chosen: list[float], symbol: str, experiment: str, statistic: str, take: str = "median", **condition
) -> str:
    """`1.0 at η = 0.1, ... and 2.0 at η = 0.2`."""
    return joined(
        [f"{of(experiment, statistic, take, axis=rate, **condition)} at {symbol} = {rate:g}" for rate in chosen]
    )


def bands(runs, experiment: str, *conditions: str) -> str:
    """What lines and bands are, and, if a run that is drawn did not converge, what marks it."""
    counts = dict.fromkeys(str(page.seeds(experiment, condition)) for condition in conditions)
    open_runs = sum(int((~plots.part(runs, experiment, condition)["converged"]).sum()) for condition in conditions)
    limit = page.settings(experiment)["converged_below"]
    return f"Lines: median over {joined(list(counts))} seeds, bands: range." + (
        f" Open circles: {open_runs} runs that did not converge (training loss of {limit:g} or more at the end)."
        if open_runs
        else ""
    )


# %% [markdown]
# ## All claims at a glance
# A minimum that interpolates the data can only be the end of SGD if SGD does not leave it again. For batch size 1 and
# learning rate η this **linear stability** (of the mean square of small deviations) needs tr G ≤ 2/η, where
# G = E g gᵀ: g is the gradient of the network's output at one sample, E the mean over the training samples. For a loss
# with the factor 1/2, G is the Hessian at such a minimum. Gradient descent only needs its largest eigenvalue, λ_max or
# ‖G‖, below 2/η. The trace controls the path norm of a ReLU network and the l1 norm of a diagonal one, so the norm (and
# with it the test error) falls faster with the learning rate under SGD than under gradient descent: this is the paper's
# account.
#
# **What is unknown to us.** Of the paper itself only the abstract, the first lines and a public audit's quotation of the
# experiments could be read, besides an independent replication that restates the set-up. There are no tables of numbers
# to compare with. Figure labels are ours, learning rates, clipping thresholds and training lengths are reconstructions.
# Of the claims, the identities st1 and st2 are closed forms, tested to rounding; r1, r9 and r11 are
# inequalities that follow where linear stability holds, tested on the minima that SGD reached and so counted as
# statements ("A finer point" below says how far these are stable).

# %%
page.summary()

# %% [markdown]
# ## The exact threshold
# Batch size 1 is unstable above 2 / tr G and stable below 2 / max |g|². Between them lies the exact mean-square threshold
# η* of linearised SGD, which exists for any batch size B, with or without replacement: an eigenvalue problem over
# symmetric matrices that takes a fraction of a second for some hundred samples. If all per-sample gradients have equal
# norm it is 2 / tr G, so no better bound can be had from tr G alone; with the full batch it is 2 / λ_max.

# %%
page.figure(
    "fig_oracles",
    plots.oracles,
    ["population", "bounds"],
    alt="Left: threshold of population regression in ten dimensions over batch sizes, computed points and closed forms. Right: three bounds divided by the exact threshold on random instances.",
    note=lambda population, bounds: (
        f"Left, points: computed from fourth moments; lines: closed forms. Right, points: {len(bounds)} random instances at batch size 1, each row sorted. "
        "Left of the dashed line a bound is sufficient for stability, right of it only necessary. The middle bound needs two moments only;"
        f" its median over the instances is {bounds['fourth_moment_bound'].median():.3g} times the exact threshold, that of the trace bound "
        f"{bounds['trace_bound'].median():.3g} times."
    ),
)

# %% [markdown]
# ## Figure R1: one run from clipped to stable
# The paper, as quoted by a public audit, reports that clipping becomes inactive by itself after about 4,000 iterations,
# after which SGD converges to a global minimum at its constant learning rate, from which it infers linear stability.
# The independent replication could not reproduce this panel: at learning rate 0.1 with clipping threshold 1 and a
# decaying rate its trace ended at about twenty times 2/η (control ct5 shows what that threshold does at smaller rates).

# %%
sgd = page.settings("relu", "sgd")
page.text(
    f"Networks of m = {sgd['width']} neurons, f(x) = Σ a_j relu(w_j·x), learn a sum of {sgd['teacher_neurons']} ReLU neurons without noise from {sgd['samples']} inputs, "
    f"uniform on the sphere of radius √d in d = {sgd['dimension']} dimensions. The loss is half the mean squared error; the test loss is that on {sgd['test_size']:,} fresh "
    f"inputs. The path norm is Σ |a_j| ‖w_j‖. Gradients longer than {sgd['clip']:g} are clipped to this norm. Figures R1 and R2 show these runs."
)

# %%
one = nearest(DYNAMICS, "relu", "sgd")
eta = one / sgd["dimension"] ** 0.5 if sgd["learning_rate_axis"] == "sqrt_d" else one
here = {"condition": "sgd", "axis": one}
page.figure(
    "fig_r1",
    lambda series: plots.r1(series, one, eta, sgd["clip"], 0.3 * sgd["steps"], page.paper("clipping")),
    ["relu_series"],
    alt=lambda: (
        "Over iterations: training and test loss; largest gradient norm and clipping threshold; trace with 2/eta, and path norm; share of clipped steps. "
        f"The last clipped step is {of('relu', 'last_clipped', **here)}; after all {sgd['steps']:,} steps training loss is {of('relu', 'train_loss', **here)}, test loss "
        f"{of('relu', 'test_loss', **here)}, tr G·η/2 {of('relu', 'trace_ratio', **here)} and the path norm {of('relu', 'path_norm', **here)}."
    ),
    note=f"√d·η = {one:g}, the first {0.3 * sgd['steps']:,.0f} of {sgd['steps']:,} steps. Lines: median over {page.seeds('relu', 'sgd')} seeds, bands: range. "
    f"Gradient norms (before clipping) and clipped steps are those of the {sgd['log_every']:,} steps before a point.",
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
        bands(runs, "relu", "sgd", "gd")
        + " Diamonds: read off the plots (±10 %) of an independent replication, whose learning rate decays, at the ends of its grid; no value of the paper could be had. "
        "In (c) and (d) equal places on the axis are not equal learning rates: that of SGD is smaller by √d."
    ),
)

# %%
middle = nearest(NAMED[0], "relu", "gd")
last_clipped = max(
    page.value("relu", "last_clipped", {"condition": "gd", "axis": rate}).max() for rate in rates("relu", "gd")
)
page.text(
    f"Not converged by the last step: {of('relu', 'unconverged_runs', condition='sgd')} of {of('relu', 'runs', condition='sgd')} runs of SGD, "
    f"{of('relu', 'unconverged_runs', condition='gd')} of {of('relu', 'runs', condition='gd')} of gradient descent. "
    "The bound is idle where the initial point already obeys it: initial tr G·η/2 is "
    + by_rate(rates("relu", "sgd"), "√d·η", "relu", "initial_trace_ratio", condition="sgd")
    + " (medians over seeds, as the ratios below); where it exceeds 1 the bound is active. At the minima of gradient descent λ_max·η/2 is "
    + by_rate(rates("relu", "gd"), "η", "relu", "lmax_ratio", condition="gd")
    + ", and tr G·η/2, which the figure does not show, is "
    + by_rate(rates("relu", "gd"), "η", "relu", "trace_ratio", condition="gd")
    + ". "
    + (
        f"Gradient descent is clipped for the last time, over all its rates and seeds, at step {last_clipped:,.0f}. "
        if last_clipped
        else "Gradient descent is never clipped. "
    )
    + f"At the minima of gradient descent at η = {middle:g} the learning rate that found them is {of('relu', 'threshold_ratio', condition='gd', axis=middle)} "
    "times the exact threshold of SGD."
)

# %%
active = [
    rate
    for rate in rates("relu", "sgd")
    if page.value("relu", "initial_trace_ratio", {"condition": "sgd", "axis": rate}).min() > 1
]
page.text(
    "**A finer point.** Linear stability in mean square is η ≤ η*, and the bounds that r1, r9 and r11 test are only necessary for it. η/η* of the SGD minima ranges over "
    + by_rate(active or [one], "√d·η", "relu", "threshold_ratio", "range", condition="sgd")
    + "; above 1 a minimum is unstable in mean square, whatever r1 says of it. Single trajectories can settle there, if rare samples dominate the mean square. "
    f"At the SGD minimum of the figure below η/η* is {of('escape', 'own_threshold_ratio')}, and the median loss of linearised SGD at that rate changes by a factor "
    f"exp({of('escape', 'own_growth')}) every 1,000 steps.\n\n"
    "**The Frobenius norm.** The abstract ties the Frobenius norm to another notion of stability, by our reading that of the loss, which forces ‖G‖_F ≤ 1/(η√μ), where the alignment μ of gradient noise with G "
    f"can be measured. At √d·η = {one:g}, μ is {of('relu', 'alignment', **here)} and ‖G‖_F·η·√μ is {of('relu', 'frobenius_ratio', **here)}. "
    f"Not judged: μ is a snapshot at the last step, at a training loss of {of('relu', 'train_loss', **here)}, where residuals may be rounding."
)

# %% [markdown]
# ## Two minima side by side
# Gradient descent keeps each eigenvalue of G below 2/η, SGD their sum, so at one learning rate the minimum of gradient
# descent may be a narrow valley where that of SGD must be a wide one.

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
    note=f"One seed, η = {escape['learning_rate']:g} for both (√d·η = {escape['learning_rate'] * escape['dimension'] ** 0.5:.3g} for SGD); {escape['gd_steps']:,} steps of gradient "
    f"descent, to a training loss of {of('escape', 'loss_at_minimum', algorithm='gd')}, and {escape['sgd_steps']:,} of SGD, to {of('escape', 'loss_at_minimum', algorithm='sgd')}. {both}",
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
        bands(runs, "relu", "sgd", "sgd_deviation")
        + f" {worst} With {plots.INITIALISATIONS['sgd_deviation']}, tr G·η/2 is "
        + by_rate(rates("relu", "sgd_deviation"), "√d·η", "relu", "trace_ratio", condition="sgd_deviation")
        + " (not judged). Where the path norm has stayed near its initial value, its bound says nothing."
    ),
)

# %% [markdown]
# ## Figure D1: diagonal network over learning rates

# %%
diagonal = page.settings("diagonal", "sgd")
page.text(
    f"The network f(x) = ⟨a∘b, x⟩ learns the sum of {diagonal['support']} of d = {diagonal['dimension']:,} inputs without noise, from {diagonal['samples']} samples uniform on [−1, 1]^d; "
    f"all a_j and b_j start from N(0, 1). Under SGD tr G·η/2 is {by_rate(rates('diagonal', 'sgd'), 'η', 'diagonal', 'trace_ratio', condition='sgd')}: how close the trace comes "
    f"to 2/η depends on the rate. Under gradient descent λ_max·η/2 is at most {of('diagonal', 'lmax_ratio', 'max', condition='gd', axis=max(rates('diagonal', 'gd')))} "
    "at the largest rate."
)

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
    note=lambda runs: (
        bands(runs, "diagonal", "sgd", "gd")
        + " The legend of (b) is also that of (a). (c): mean squared error on fresh inputs over the mean square of their targets."
    ),
)

# %%
page.text(
    "**A known disagreement.** By the independent replication's account the paper finds that under SGD the trace is close to 2/η, the Frobenius norm decreases only "
    "mildly and the largest eigenvalue hardly changes; the replication itself sees both norms fall. "
    f"Here, from η = {first:g} to {last:g}, tr G·η/2 goes from {ends('sgd', 'trace_ratio')}, ‖G‖_F from {ends('sgd', 'fro')} and ‖G‖ from {ends('sgd', 'lmax')}. "
    "We do not know the paper's law of the inputs or its learning rates, so this is a note and not a claim."
)

# %% [markdown]
# ## Figure D2: SGD balances the layers
# The balance ratio r = (‖a‖² + ‖b‖²) / (2‖a∘b‖₁) is 1 where the layers have equal entries. A step of SGD with step κ
# (learning rate times residual, clipped or not) multiplies a² − b² by 1 − κ²x²: noise balances the layers. Gradient flow
# conserves a² − b², and gradient descent comes close to it where residuals vanish fast. Then r itself still moves: it
# rises where ‖a∘b‖₁ shrinks.


# %%
def clipped_starts() -> str:
    """From which initial ratios gradient descent was clipped, if from any, and until when."""
    rate = rates("balance", "gd")[0]
    last = {
        f"{ratio:g}": page.value("balance", "last_clipped", {"condition": "gd", "axis": rate, "ratio": ratio}).max()
        for ratio in page.settings("balance", "gd")["initial_ratios"]
    }
    found = [ratio for ratio, step in last.items() if step > 0]
    if not found:
        return ""
    return f" From r = {joined(found)} gradient descent is clipped, last at step {max(last.values()):,.0f}."


def open_starts(runs) -> str:
    """From which initial ratios runs did not converge, if from any."""
    rows = runs[(runs["model"] == "balance") & ~runs["converged"]]
    starts = [f"{ratio:g}" for ratio in sorted(rows["initial_ratio"].unique())]
    return f" These start from r = {joined(starts)}; d5 counts them." if starts else ""


page.figure(
    "fig_d2",
    plots.d2,
    ["runs", "balance_series"],
    alt=lambda: (
        "Left: balance ratio at the end against that at the start, log-log. Right: the ratio over iterations of SGD, from every start. The largest ratio at the end of SGD is "
        f"{of('balance', 'worst_balance', 'max', condition='sgd')}; gradient descent ends at {of('balance', 'worst_balance_gain', 'min', condition='gd')} times its start or more."
    ),
    note=lambda runs, series: (
        f"Learning rate {rates('balance', 'sgd')[0]:g}; entries of a from N(0, {page.settings('balance')['ratio_variance']:g}), b = ±c·a with c as r at the start asks. "
        + bands(runs, "balance", "sgd", "gd")
        + open_starts(runs)
        + clipped_starts()
    ),
)

# %% [markdown]
# ## Figure B: batch size and exact thresholds

# %%
batch = page.settings("batch_size")
sizes, rate = sorted(batch["batch_sizes"]), batch["learning_rates"][0]


def idle_sizes(runs) -> str:
    """At which batch sizes the bound says nothing, if at any."""
    groups = plots.part(runs, "batch_size", "base").groupby("batch_size")
    idle = [str(size) for size, rows in groups if (rows["initial_trace_ratio"] <= size).all()]
    return f" At batch size {joined(idle)} the start already obeys 2B/η." if idle else ""


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
        + bands(runs, "batch_size", "base")
        + idle_sizes(runs)
    ),
)

# %% [markdown]
# ## Figure E: is the boundary really at the exact threshold?
# Residuals of the linearised network around the minimum of gradient descent of "Two minima side by side", updated by SGD
# at rates around η*.


# %%
def left_out(growth) -> str:
    """Which ratios the right panel of Figure E does not show, if any."""
    beyond = [f"{ratio:g}" for ratio in sorted(growth["x"].unique()) if ratio > plots.NEAR]
    return f" η/η* = {joined(beyond)} is left out on the right." if beyond else ""


page.figure(
    "fig_e",
    lambda losses, growth: plots.e(losses, growth, page.value("escape", "boundary")),
    ["escape_losses", "escape_growth"],
    alt=lambda: (
        "Left: median loss over steps by learning rate. Right: growth rate over the learning rate in units of the exact threshold; it turns positive at "
        f"{of('escape', 'boundary', 'range')} over the groups of replicas."
    ),
    note=lambda losses, growth: (
        f"One minimum, {escape['seeds']} groups of {escape['replicas']} replicas with their own starting points and sample order. Left, lines: median over groups of the median loss of "
        "a group, bands: range over groups; losses beyond the axis are cut. Right: growth of the natural logarithm of the median loss over the last half of the steps; line: median "
        "over groups." + left_out(growth)
    ),
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
# `python -m verifig run wu2023 --scale paper --stage report --out results` trains finer grids of learning rates
# with more seeds (some minutes on a CPU); `python -m verifig record wu2023 --scale paper` keeps the verdicts.
