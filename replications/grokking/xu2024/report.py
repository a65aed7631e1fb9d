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
from replications.grokking.xu2024 import plots, theory
from replications.grokking.xu2024.captions import Captions
from verifig.pages.page import Page

page = Page("xu2024")
say = Captions(page)
runs, small = page.settings("runs"), page.settings("small_step")
rates = [runs["learning_rate"], small["learning_rate"]]
SIZES = ("signal", "dimension", "samples", "width", "initial_std", "learning_rate")


def units(settings, steps):
    """By step, the largest inner product that the histograms tell apart."""
    return {step: 3 * theory.projection_unit(**{name: settings[name] for name in SIZES}, step=step) for step in steps}


# %% [markdown]
# ## Background and words
# Points of class +1 lie around μ₁ and −μ₁, points of class −1 around μ₂ and −μ₂, two orthogonal means: no linear
# classifier can tell them apart. Some training labels are flipped; the test set is clean. The network is a wide
# two-layer ReLU network, f(x) = Σ a_j relu(w_j · x) over neurons j, of which gradient descent on the mean logistic loss trains the
# w_j; a neuron is called positive if a_j > 0. Overfitting is benign where flipped labels are fitted and fresh points
# still classified well.

# %%
page.text(say.setting())

# %% [markdown]
# ## Figure 1: fitted after one step, generalising later
# The paper's average over 100 runs: after one step every training label is fitted while the test accuracy is that of a
# coin; after a few more both are near 100 %. The right panel has a smaller step.

# %%
page.figure(
    "fig1",
    lambda left, right: plots.fig1(left, right, page.paper("figure1"), rates),
    ["runs_accuracy", "small_step_accuracy"],
    alt=lambda left, right: say.fig1_alt(),
    note=lambda left, right: say.fig1_note(),
)

# %% [markdown]
# ## Figure 2: from one half-plane to two classes
# The paper's panels are at the steps 0, 1 and 15. Ours show the sign of f in the plane of the two means, where it depends
# on the direction alone, for many runs at once. A linear classifier has one half of the circle for each
# class; the right answer has four quarters, centred at ±μ₁ (class +1) and ±μ₂ (class −1).

# %%
page.figure(
    "fig2",
    plots.fig2,
    ["plane"],
    alt=say.fig2_alt,
    note="Rows: the first 50 runs. Directions between the means are not part of the data; they show the shape of the boundary.",
)

# %% [markdown]
# ## Figure 3: neurons turn to the mean of their class
# Inner products of the positive neurons with μ₁ and μ₂. After one step both have the same spread; some steps later the
# neurons have grown along ±μ₁, and not along μ₂.

# %%
page.figure(
    "fig3",
    lambda table: plots.projections(
        table, [step for step in (0, 1, 15) if step in set(table["step"])], units(runs, table["step"].unique())
    ),
    ["runs_projections"],
    alt=lambda table: say.projections_alt("runs", [1, 15]),
    note="Pooled over all runs. The outermost bins hold what lies further out. The narrow peak along μ₂ is cut off at step 15.",
)

# %% [markdown]
# ## Figure 4: the same, more slowly
# With the smaller step of Figure 1 the first steps are small against the initial weights, so neurons turn much later.

# %%
page.figure(
    "fig4",
    lambda table: plots.projections(
        table, [step for step in (0, 15, 20000) if step in set(table["step"])], units(small, table["step"].unique())
    ),
    ["small_step_projections"],
    alt=lambda table: say.projections_alt("small_step", [15, 20000]),
    note="A reconstruction: the steps of the paper's panels are unknown to us. The narrow peak along μ₂ is cut off at the last step.",
)

# %% [markdown]
# ## Equation 4.3: the first step is linear
# After one step f is close to (step size / 8n) times the inner product of x with Σ y_i x_i over the training points: a
# linear classifier through the origin, which gives x and −x opposite labels and so is no better than a coin on these data.

# %%
page.figure(
    "fig_linear",
    plots.linear,
    ["linear"],
    alt=lambda table: say.linear_alt(),
    note="Thin lines: runs. Dotted: 50 %, where two labellings agree that have nothing to do with each other.",
)

# %%
page.text(say.linear_prose())

# %% [markdown]
# ## Runs that stay behind
# Averages hide a tail of runs. In most runs all four clusters are classified; in some a part of a cluster keeps
# the wrong label, and more steps help little. We know of no word on them in the paper.

# %%
page.figure(
    "fig_stuck",
    lambda table: plots.stuck(table, 95, (15, 300)),
    ["runs_accuracy"],
    alt=say.stuck_alt,
    note="Left: all runs at two steps; dashed: the level of 95 % that we chose. Each test set has 200 points.",
)

# %%
page.text(say.stuck_prose())

# %% [markdown]
# ## Theorem 3.1 and what it assumes
# The theorem says, with high probability over data and initial weights: the training set is fitted from step 1 to
# √n; after one step the test error differs from 1/2 by no more than a negative power of n; from step C n^0.01 to step √n
# it is at most exp(−Ω(n^2.01)). Its assumptions ask for means that are long enough against noise, a dimension that is large
# against n and the means, few flipped labels, many samples, small initial weights and steps, and enough neurons; the
# proofs use that training points are nearly orthogonal, with cosines of at most 2/(C n²) for a large constant C.

# %%
page.text(say.theory_prose())

# %%
page.figure(
    "fig_theory",
    lambda large, little: plots.outside(
        large, little, rates, runs, float(page.value("runs", "largest_cosine").median())
    ),
    ["runs_outputs", "small_step_outputs"],
    alt=lambda large, little: (
        f"Left: largest outputs on the training set, at the end {say.at('runs', 'largest_output', 'median', False)} in the median run. Right: cosine of two "
        f"points of a cluster against n, above what the proofs allow at every n; largest cosine here {say.at('runs', 'largest_cosine', 'median', False)}."
    ),
    note="Right: formulas; only the green point is measured. C = 1 is drawn, the most generous constant.",
)

# %%
page.text(say.outputs_prose())
