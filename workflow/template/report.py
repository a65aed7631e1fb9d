# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
from replications.SLUG import plots

from verifig.pages import Page

page = Page("SLUG")
page.header()

# %% [markdown]
# ## All claims at a glance

# %%
page.summary()

# %% [markdown]
# ## Figure 1: stability of gradient descent
# What the paper shows, in our words.

# %%
page.figure(
    "fig1",
    plots.fig1,
    ["losses"],
    alt="Loss against steps on a log axis: falling below the threshold, rising above.",
)

# %% [markdown]
# ## Controls and oracles

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
