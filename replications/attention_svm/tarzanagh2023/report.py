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
from replications.attention_svm.tarzanagh2023 import captions, plots
from verifig.pages.page import Page

page = Page("tarzanagh2023")

# %% [markdown]
# ## Background and words
# **What was read.** Of the paper its abstract alone, and the authors' code: a README, two modules and five notebooks with the
# figures that they hold. Definitions and settings are those of the code; the authors' numbers were read off their
# notebooks' figures. Theory that the page uses is derived here.
#
# An input has tokens x₁ … x_T, a query z and a label y = ±1. A layer of attention gives token t the **logit** xₜᵀ W z, turns
# logits into probabilities by a softmax, and puts out the mean of the tokens under these; the output's product with a fixed vector
# v goes into the logistic loss. The **score** of a token is y v·x; the best token of an input has the highest. The **SVM** of some
# selected tokens, one of each input, is the least W that gives them logits at least 1 above those of all other tokens of their input:
# a support vector machine. Least may be meant in the Frobenius norm or in the nuclear norm, the sum of singular values. Where training
# has selected tokens, they are those of the highest probability at its end. **Correlation** is the cosine between two matrices.

# %% [markdown]
# ## Which SVM training comes to
# The abstract says that the direction of W comes to the SVM of the Frobenius norm where W is trained, and to that of the
# nuclear norm where keys and queries, W = K Qᵀ, are.

# %%
page.figure(
    "fig_local",
    lambda table: plots.local(table, page.paper("local")),
    ["local"],
    alt=lambda table: captions.local_alt(page, table),
    note=lambda: (
        f"{captions.setting(page)} Diamonds: read off the authors' figures, which have none of the correlations where K and Q are trained."
    ),
)

# %%
page.text(captions.local_text(page))

# %%
page.figure(
    "fig_paths",
    plots.paths,
    ["paths", "images"],
    alt=lambda table, images: captions.paths_alt(page, table),
    note=(
        "The authors' two data sets of the plane, from W = 0, or K of small random entries and Q = 0. Points stand at log₁₀(1 + their length) from "
        "the middle. The hooks at the ends of the second picture, off the rays, are where the stall of the last section sets in."
    ),
)

# %% [markdown]
# ## Errors in the figure of ranks
# With n inputs the SVM of the Frobenius norm has rank n at most, by theory and in the authors' figure; that of the nuclear norm
# should have less. Their figure has two errors: draws without a solution count as rank 1, and the ranks for the nuclear norm are too
# high.

# %%
page.figure(
    "fig_ranks",
    lambda table: plots.ranks(table, page.paper("ranks")),
    ["ranks"],
    alt=captions.ranks_alt,
    note=(
        f"Means over the authors' data seeds 0 to {page.seeds('ranks') - 1}, T = {page.settings('ranks')['tokens']}, the SVM of the best tokens. "
        "Diamonds: read off the authors' figure."
    ),
)

# %%
page.text(captions.ranks_text(page))

# %%
page.text(captions.local_ranks(page))

# %% [markdown]
# ## When the best tokens are selected
# The abstract says that training may come to locally optimal tokens, and that over-parameterisation furthers the best ones: it makes
# their SVM feasible and leaves no stationary points on the way.

# %%
page.figure(
    "fig_selection",
    plots.selection,
    ["selection"],
    alt=captions.selection_alt,
    note=lambda: (
        f"{page.seeds('selection', 'large_08')} data sets a point, W trained for {page.settings('selection')['steps']:,} iterations."
    ),
)

# %%
page.text(captions.selection_text(page))

# %% [markdown]
# ## Several tokens kept
# With the head f = Σⱼ relu(Vᵀx)ⱼ several tokens of an input may be kept. The authors predict W by a **generalised SVM**: its direction
# is the least W with equal logits within the kept tokens and at least 1 less for any other; its line goes that way from the least W that
# gives the kept tokens the ratios of their probabilities.

# %%
page.figure(
    "fig_multi",
    lambda *tables: plots.multi(*tables, page.paper("multi")),
    ["multi", "multi_counts"],
    alt=lambda table, counts: captions.multi_alt(table),
    note=lambda: (
        f"n = {page.settings('multi')['inputs']}, T = {page.settings('multi')['tokens']}, {page.settings('multi')['steps']:,} iterations; accepted "
        "runs alone. Diamonds: read off the authors' figure, means of 500 accepted runs."
    ),
)

# %%
page.text(captions.multi_text(page))

# %% [markdown]
# ## Why longer training does not come closer (ours)

# %%
page.text(captions.stall_text(page))

# %%
page.figure(
    "fig_stall",
    plots.stall,
    ["stall"],
    alt=captions.stall_alt,
    note=lambda: (
        f"The data sets of the first figure, {page.seeds('stall', 'authors')} of them ({page.seeds('stall', 'offset_alone')} where one obstacle is left), "
        "against the SVM of the tokens that each run selects at its end."
    ),
)
