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
from replications.sparse_training.farahani2024 import plots
from replications.sparse_training.farahani2024.captions import Captions
from verifig.pages.page import Page

page = Page("farahani2024")
say = Captions(page)

# %% [markdown]
# ## Background and words
# Only the abstract of the paper was read: its statements are tested with thresholds of ours, and no number of it is compared.
# It asks whether sparse architecture search finds better networks than chance. A sub-network is what is left of
# a large network when some hidden units are removed, with the weights between the others as they are at initialisation.

# %%
page.text(say.setting())

# %% [markdown]
# ## Neither better nor faster?
# The abstract: sub-networks that random search finds neither perform better nor converge more efficiently than random ones of
# the same sparsity.

# %%
page.figure(
    "fig_search",
    lambda accuracy, differences: plots.search(accuracy, differences, ("best", "random", "worst", "trained")),
    ["nodes_accuracy", "nodes_differences"],
    alt=lambda accuracy, differences: say.search_alt(),
    note=lambda accuracy, differences: say.search_note(),
)

# %%
page.text(say.search_prose())

# %% [markdown]
# ## What the search sees
# All candidates of a seed are parts of one network, and their losses before training differ little.

# %%
page.figure(
    "fig_scores",
    plots.scores,
    ["nodes_scores"],
    alt=lambda table: say.scores_alt(),
    note=lambda table: say.scores_note(),
)

# %% [markdown]
# ## How much is left
# The abstract: significant performance is preserved when a large share of the network is removed.

# %%
page.figure(
    "fig_sizes",
    plots.sizes,
    ["nodes_accuracy"],
    alt=lambda table: say.sizes_alt(),
    note="The sub-networks are picked at random; bands are over seeds.",
)

# %% [markdown]
# ## Single weights instead of units
# An extension of ours: candidates are random masks of single weights, with the densities by layer that Erdős–Rényi ratios give.

# %%
page.figure(
    "fig_weights",
    lambda accuracy, differences: plots.search(accuracy, differences, ("best", "random")),
    ["weights_accuracy", "weights_differences"],
    alt=lambda accuracy, differences: say.weights_alt(),
    note=lambda accuracy, differences: say.weights_note(),
)
