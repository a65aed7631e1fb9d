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
from replications.sgd_stability.noci2024 import captions, plots
from verifig.pages.page import Page

page = Page("noci2024")

# %% [markdown]
# ## What was read, and words
# **Only the abstract and the figure captions of this paper were read.** So no number below is compared with the paper's: its
# statements are judged with thresholds of ours, in networks of ours.
#
# A two-layer linear network is f(x) = V W x / (γ √(N d)) with standard normal weights. γ = 1 is the neural-tangent
# parametrisation (**NTP**), γ = √N the maximal-update one (**μP**). The weights' learning rate is γ² η, and γ² times the
# **sharpness** (the largest eigenvalue of the Gauss-Newton matrix) is shown, so that η times it over 2 is what decides
# stability at every width. The network's descent depends on its weights through WᵀW, WᵀV and |V|² alone; so a
# network of any width is trained and measured in the time of one with d neurons, without approximation.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure S: sharpness over time
# The paper says that under μP the sharpness follows the same path at every width, and that under NTP it does not. The third
# panel is a control: μP, with the weights' rate kept at η instead of N η.

# %%
page.figure(
    "fig_sharpness",
    plots.sharpness,
    ["sharpness"],
    alt=lambda: captions.sharpness_alt(page),
    note=lambda: captions.sharpness_note(page),
)

# %% [markdown]
# ## Figure L: loss against learning rate
# The consequence drawn in the paper: under μP the best learning rate of a narrow network is that of a wide one, under NTP it
# moves. Three-layer ReLU networks on small images are trained for it at every rate of a grid.

# %%
page.figure(
    "fig_rates",
    plots.rates,
    ["rates"],
    alt=lambda: captions.rates_alt(page),
    note=lambda: captions.rates_note(page),
)

# %%
page.text(captions.loss(page))

# %% [markdown]
# ## Figure E: the stability level
# The paper has the sharpness settle at the stability level, 2 over the learning rate. At a rate with which it can get there, it
# goes there at every width, but for single runs.

# %%
page.figure(
    "fig_edge", plots.edge, ["sharpness"], alt=lambda: captions.edge_alt(page), note=lambda: captions.edge_note(page)
)

# %% [markdown]
# ## Figure H: the Gauss-Newton part
# A caption says that in two-layer linear networks under μP the Gauss-Newton part dominates the Hessian. The Hessian's other part couples
# the layers through the residuals. Its largest eigenvalue γ |g| / √(N d), with g the gradient by the product of
# the layers, is known exactly, and with it that of the whole Hessian.

# %%
page.figure(
    "fig_hessian",
    plots.hessian,
    ["sharpness"],
    alt=lambda: captions.hessian_alt(page),
    note=lambda: captions.hessian_note(page),
)
