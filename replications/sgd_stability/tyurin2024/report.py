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
from replications.sgd_stability.tyurin2024 import captions, plots
from verifig.pages.page import Page

page = Page("tyurin2024")
used, few = page.settings("images"), 5

# %% [markdown]
# ## Background and words
# **What was read.** The paper's main text in full; not its Appendix E, which holds the settings of its data sets. So
# the theorems and the worst-case data are the paper's, and everything on images is a reconstruction.
#
# Inputs aᵢ have labels yᵢ = ±1, and some vector θ separates them: all products yᵢ aᵢ·θ are positive. The
# margin μ is the largest that the smallest product can be for a unit vector, R the length of the longest input.
# **Gradient descent** on the logistic loss starts from θ = 0 with step size γ; the **batch perceptron** adds the mean over
# all inputs of those that are on the wrong side; the **normalised** methods divide by the (soft) number on the wrong side
# instead. An iteration count is the number of steps until all products are positive.

# %% [markdown]
# ## Figures 1 to 5: large steps on images
# The paper shows that a larger γ makes the loss larger and wilder while the data are separated sooner, up to the
# perceptron, which has no γ.

# %%
page.figure(
    "fig_images",
    plots.images,
    ["images_curves"],
    alt=lambda table: captions.images_alt(page, table),
    note=lambda: captions.images_note(page),
)

# %%
page.text(captions.images_text(page))

# %%
page.figure(
    "fig_steps",
    lambda table: plots.steps(table, used["steps"]),
    ["images_counts"],
    alt=lambda table: captions.steps_alt(page, table),
    note=f"{captions.setting(page)} Open: not separated by the last iteration.",
)

# %%
page.text(captions.bounds_on_images(page))

# %%
page.figure(
    "fig_cifar",
    plots.images,
    ["images_cifar_curves"],
    alt=lambda table: captions.images_alt(page, table, "images_cifar"),
    note=lambda: captions.images_note(page, "images_cifar"),
)

# %% [markdown]
# ## Table 1: the worst case
# One input of class +1 and n − 1 equal ones of class −1: the single one is outvoted, and the perceptron needs a number of
# steps in proportion to n, where normalised methods do not. The paper's main text does not say n.

# %%
page.figure(
    "fig_table",
    lambda table: plots.worst_case(table, page.paper("worst_case")),
    ["table"],
    alt=lambda table: captions.table_alt(table, page.paper("worst_case")),
    note=f"n = {page.settings('exact')['samples']:,}. Diamonds: the paper's integers. Nothing is drawn at random.",
)

# %%
page.figure(
    "fig_family",
    plots.family,
    ["family"],
    alt=captions.family_alt,
    note="The worst-case data of Theorem 5.1 at other n; the closed form is derived here from the product of the single input.",
)

# %% [markdown]
# ## Theorems 3.2 and 4.1: the limit of large steps
# With γ the loss after the first step grows without limit on a toy of two inputs, which the second step separates; and θ/γ
# comes to the θ of the perceptron.

# %%
page.figure(
    "fig_toy",
    plots.limit,
    ["toy", "limit"],
    alt=lambda toy, table: captions.limit_alt(page, table),
    note=(
        f"Right: {page.seeds('planted')} random separable data sets, median and range; distances below {plots.ROUNDING:g} are drawn there. The first "
        "step is the same for all γ and left out."
    ),
)

# %% [markdown]
# ## Theorems 3.3, 5.3 and 6.1: bounds on the iterations
# Random data with a margin that is known because it was planted: half of the inputs lie on it, in mirrored pairs.

# %%
page.figure(
    "fig_bounds",
    plots.bounds,
    ["bounds"],
    alt=captions.bounds_alt,
    note=f"{page.seeds('planted')} data sets, a point each and, for normalised gradient descent, for each of {len(page.settings('planted')['normalised_step_sizes'])} γ.",
)

# %%
page.text(captions.flipped(page))

# %% [markdown]
# ## Figures 6 and 7: when normalising helps
# The paper compares both perceptrons on balanced and imbalanced images.

# %%
page.text(captions.fashion(page))

# %%
page.figure(
    "fig_balance",
    lambda *tables: plots.balance(*tables, few),
    ["images_curves", "imbalanced_curves", "imbalanced_counts", "images_counts"],
    alt=lambda *tables: captions.balance_alt(page),
    note=lambda *tables: captions.balance_note(page, few),
)

# %% [markdown]
# ## What large steps do to rounding (ours)

# %%
page.text(captions.rounding_text(page))

# %%
page.figure(
    "fig_rounding",
    plots.rounding,
    ["rounding"],
    alt=lambda table: captions.rounding_alt(page),
    note=f"Digits 3 and 5, {page.seeds('rounding') - 1} orders against another one, median and range of |θ − θ′|/|θ|.",
)
