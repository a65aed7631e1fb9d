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
from replications.last_iterate.liu2024 import plots, sliders
from replications.last_iterate.liu2024.captions import Captions
from verifig.pages.page import Page

page = Page("liu2024")
say = Captions(page)

# %% [markdown]
# ## What this page is
# This is an illustration of what bounds on the last iterate look like, not a replication of them. The paper is theory; we know of no experiments in it
# and of no code. Only its abstract, the history of its versions and one public review, written by a machine, were read, and of the works beside it the abstracts. Its
# theorems are upper bounds whose constants we do not know, so that a run which respects them would prove nothing. What can fail are exact rates on constructed
# problems, mostly of the literature beside the paper. Those are judged here; no verdict below is one on the paper.
#
# **What the paper says**, as far as we know: the last iterate of composite stochastic mirror descent attains optimal or nearly optimal rates, in
# expectation and with high probability, without a compact domain and without bounded noise. One recursion covers Lipschitz and smooth, convex and strongly convex
# objectives and norms other than the Euclidean one; noise with heavy tails is covered as well. With steps like 1/√t, which need no horizon, the bound is 1/√T up to logarithms; with steps
# that decay linearly to 0, which need T, it is 1/√T without them; for strongly convex functions it is 1/T up to logarithms.
#
# **What is not shown**: high probability, heavy tails, mirror maps, the smooth case. Constants are unknown, quantiles of the quadratic below are those of a chi-square law by
# construction, and heavy tails need far more runs.

# %% [markdown]
# ## The logarithm
# Of this only an abstract was read: with steps like 1/√t the last iterate of subgradient descent can be worse than the average by a factor log T (Harvey et al.). Their problem, rebuilt from memory: the largest of T + 1 linear
# functions, and an oracle that returns the first row that attains it.

# %%
page.figure(
    "fig_logarithm",
    plots.logarithm,
    ["last", "shuffled"],
    alt=lambda last, shuffled: say.logarithm_alt(),
    note=lambda last, shuffled: say.logarithm_note(),
)

# %%
page.text(say.logarithm_prose())

# %%
page.text(say.ties())

# %% [markdown]
# ## What linear decay guarantees
# Of this only an abstract was read: with subgradients of norm B at most and a start at distance R at most from a minimiser, the last of N steps that decay linearly has an error of at most
# BR/√(N + 1), which no method can improve (Zamani and Glineur). With constant steps of the best size the bound is larger by the factor √(1 + ln(N)/4).

# %%
page.figure(
    "fig_guarantee",
    plots.guarantee,
    ["normalised", "attained", "ratios"],
    alt=lambda normalised, attained, ratios: say.guarantee_alt(),
    note=lambda normalised, attained, ratios: say.guarantee_note(),
)

# %%
page.text(say.guarantee_prose())

# %% [markdown]
# ## Noise
# The paper is about stochastic gradients. Two problems of ours: a quadratic, on which the error of the last iterate is known exactly, and the norm, on which it is known
# under constant steps.

# %%
page.figure(
    "fig_noise",
    plots.noise,
    ["quadratic", "sharp"],
    alt=lambda quadratic, sharp: say.noise_alt(),
    note=lambda quadratic, sharp: say.noise_note(),
)

# %%
page.explore(sliders.quadratic)

# %%
page.text(say.noise_prose())
