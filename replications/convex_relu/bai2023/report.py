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
from replications.convex_relu.bai2023 import plots
from verifig.pages.page import Page

page = Page("bai2023")

# %% [markdown]
# ## Figure 1: stability of gradient descent
# REPLACE: what the paper shows, in our words.

# %%
used = page.settings("descent")
limit = page.paper("limit")
page.text(
    f"The limit is {limit['times_curvature']:g} / curvature ({limit['source']}), here "
    f"{limit['times_curvature'] / used['curvature']:g}. Below it the loss changes by the factor "
    f"{page.number('descent', 'loss_ratio', {'condition': 'below'}, take='median')} over {used['steps']} steps, above it "
    f"by {page.number('descent', 'loss_ratio', {'condition': 'above'}, take='median')} (medians over "
    f"{page.seeds('descent')} seeds)."
)

# %%
page.figure(
    "fig1",
    plots.fig1,
    ["losses"],
    alt=lambda: f"Loss against steps on a log axis for {page.seeds('descent')} seeds, below and above the limit.",
)
