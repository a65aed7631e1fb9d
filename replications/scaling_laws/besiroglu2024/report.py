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
# The page of this paper. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).
from replications.scaling_laws.besiroglu2024 import sliders
from replications.scaling_laws.besiroglu2024.plotting import comparisons, runs, uncertainty
from replications.scaling_laws.besiroglu2024.sentences import Refit
from verifig.pages.page import Page

page = Page("besiroglu2024")
refit = Refit(page)


# %% [markdown]
# ## Background and words
# The loss of a language model with N parameters after D tokens follows **L(N, D) = E + A/N^α + B/D^β** closely enough
# to plan with. Hoffmann et al. fitted the law to more than 400 runs and published 80 % intervals for the exponent a of
# the optimal model size that are 0.001 wide. Besiroglu et al. read 245 of the runs off a figure, fitted again, and found
# other parameters, wide intervals, and agreement with the original's two other methods.

# %%
page.text(
    "No model is trained here: the page stands on the published table of losses, and at laptop scale its numbers are judged "
    "in the paper's own setting."
    if page.has("c_data")
    else "The page stands on a published table of losses. **It was not read here**, so that nothing below says anything "
    "about the paper's numbers; the notice above names the file and the command that fetches it."
)

# %% [markdown]
# ## Training runs (data scatter)

# %%
page.figure(
    "c_data",
    runs.c_data,
    ["c_data"],
    alt=lambda table: f"{len(table)} runs by training compute and model size, coloured by loss. {refit.data(table)}",
    note=refit.data,
)

# %% [markdown]
# ## The fitted law over model size and data (ours)

# %%
page.figure(
    "c_surface",
    runs.c_surface,
    ["c_data", "c_theta"],
    alt=(
        "Left: contours of the fitted loss over parameters and tokens with the runs, lines of equal compute and the optimal "
        "policy. Right: loss along these lines with the minimum of each, beside the runs near them."
    ),
    note=f"Not in the paper. Dots on the right are runs within {100 * (10**runs.NEAR - 1):.0f} % of the compute of each line.",
)

# %%
page.explore(sliders.policy)

# %% [markdown]
# ## Two fits that were taken for one (table of the refit)
# The stated objective is a sum of Huber losses with δ = 0.001. The published refit maximises a likelihood with a free
# scale instead (so the authors' notebook), and at the best scale Huber's quadratic part shrinks to nothing, which leaves
# least absolute deviations. Point estimates come from the one, standard errors from bootstraps of the other.

# %%
page.text(refit.minimum())

# %%
page.figure(
    "c_table",
    lambda fits: comparisons.c_table(fits, refit.errors()),
    ["c_fits"],
    alt=lambda: (
        f"Six panels, A, B, E, alpha, beta and a, each with four fits and the published refit. {refit.distances()}"
    ),
    note=lambda: f"Bars: one bootstrap standard error; open diamonds: the published refit. {refit.distances()}",
)

# %% [markdown]
# ## Likelihood of the published parameters (likelihood ratio test)

# %%
page.figure(
    "c_likelihood",
    lambda table: comparisons.c_likelihood(table, page.paper("likelihoods"), refit.rows()),
    ["c_likelihood"],
    alt=refit.likelihoods,
    note=lambda: f"Scale chosen best for each vector; open diamonds: the authors' notebook. {refit.rounding()}",
)

# %% [markdown]
# ## Residuals (residual violins)

# %%
page.figure(
    "c_residuals",
    comparisons.c_residuals,
    ["c_residuals"],
    alt=lambda: (
        f"Left: violins of residuals for three parameter vectors. Right: residuals against tokens for two. {refit.residuals()}"
    ),
    note=lambda: f"{refit.residuals()} {refit.rounding_bias()}",
)

# %%
page.text(refit.residual_test())

# %% [markdown]
# ## How wide the interval of the exponent must be (confidence intervals)

# %%
page.figure(
    "c_width",
    lambda table: uncertainty.c_width(table, page.paper("hoffmann_intervals")),
    ["c_bootstrap"],
    alt=lambda: (
        "Left: histogram of the compute exponent over bootstraps. Right: its 80 % interval beside the three of Hoffmann et "
        f"al. {refit.width()}"
    ),
    note=lambda: (
        f"{refit.width()} The paper says over 600,000. Hoffmann et al. print their third estimate rounded to 0.46, outside its "
        "own interval."
    ),
)

# %% [markdown]
# ## Bootstrap fits (pair plot)

# %%
page.figure(
    "c_pairs",
    uncertainty.c_pairs,
    ["c_bootstrap"],
    alt=lambda table: f"Pair plot of {len(table):,} bootstrap parameter vectors. {refit.ridges(table)}",
    note=lambda table: (
        f"{refit.ridges(table)} Numbers in the figure: correlations. Red diamonds: Hoffmann et al., unrounded. {refit.joint()} "
        "The resamples are those of the notebook (seed 42)."
    ),
)

# %% [markdown]
# ## Tokens per parameter (optimal policy by compute)

# %%
page.figure(
    "c_policy",
    lambda table: uncertainty.c_policy(table, page.paper("policy")),
    ["c_policy"],
    alt=lambda table: f"Optimal tokens per parameter against compute. {refit.policy()} {refit.band(table)}",
    note=lambda table: (
        f"{refit.policy()} {refit.band(table)} The paper's band comes from 10,000 normal vectors, which the dotted lines "
        "repeat; the shaded one is the bootstrap itself. Thick lines and diamond: numbers of its text and notebook."
    ),
)

# %% [markdown]
# ## The optimiser stopped early (loss by iteration)
# SciPy's L-BFGS-B compares the decrease of the objective with max(|f|, 1), so that its default tolerance is met early by
# an objective far below 1, as a mean or a sum of these losses is.

# %%
page.figure(
    "c_stopping",
    lambda traces, subsamples: uncertainty.c_stopping(traces, subsamples, page.paper("hoffmann_intervals")),
    ["c_traces", "c_subsamples"],
    alt=lambda: (
        "Left: objective over its minimum by iteration, with the places where three scalings of it stop. Right: exponents of "
        f"subsample fits. {refit.stopping()}"
    ),
    note=lambda: f"{refit.stopping()} {refit.spike()}",
)

# %%
page.text(refit.random_starts())

# %% [markdown]
# ## The fit depends on the highest losses (appendix: all points)

# %%
page.figure(
    "c_outliers",
    lambda fits: comparisons.c_outliers(fits, page.paper("outliers"), refit.dropped()),
    ["c_fits"],
    alt=lambda fits: (
        f"B and the compute exponent against the number of highest losses left out. {refit.outliers(fits)}"
    ),
    note=lambda fits: (
        f"{refit.outliers(fits)} The appendix prints a = 0.512 for all points, which is not β/(α+β) = 0.567 of its own parameters "
        "(drawn here)."
    ),
)

# %% [markdown]
# ## Fit your own runs
# `python -m verifig fit-scaling-law runs.csv --plot fit.svg` fits the law to a table of runs as published, prints its
# coefficients with standard errors, what the runs cover, which coefficients they do not determine, and the optimal policy
# if they determine one, and draws runs and fit. In Python: `own.fit_scaling_law(runs.of_frame(frame))` with `own` and `runs`
# of `replications.scaling_laws.besiroglu2024.fitting`; the solver behind it takes any number of starts and resamples at once.
