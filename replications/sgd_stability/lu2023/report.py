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
from replications.sgd_stability.lu2023 import plots
from replications.sgd_stability.lu2023.captions import SHOWN, Captions
from verifig.pages.page import Page

page = Page("lu2023")
say = Captions(page)
LAST = 48  # steps of the oscillation that are drawn

# %% [markdown]
# ## Background and words
# Only the abstract and the public reviews were read, not the paper: data and network are a reconstruction. Data have a **strong feature** u, long but
# absent from some samples, and a **weak feature** v, short but in every sample. A network that has learned u alone fits nearly all of them. With a small learning rate,
# the paper says, SGD stops there. With a large one f oscillates around the label of strong samples, y f − 1 changes its
# sign and does not average out, and what is left over adds up along v: the weak feature is learned, and test points
# without the strong one are classified.

# %%
page.text(say.setting())

# %% [markdown]
# ## Accuracy by learning rate
# Of this only reviews were read: with a large rate 99.38 % of the paper's test points are right, with a small one 93.75 %, means over 5 seeds; 4 of its 32 test
# points have the weak feature alone, so that 93.75 % is chance on these.

# %%
page.figure(
    "fig_accuracy",
    lambda runs: plots.accuracy(runs, page.paper("synthetic"), page.paper("interval")["rates"]),
    ["rates_runs"],
    alt=lambda runs: say.accuracy_alt(),
    note=lambda runs: say.accuracy_note(),
)

# %%
page.text(say.magnitude())

# %% [markdown]
# ## The weak feature over steps
# Of this only the abstract and reviews were read: with oscillation the weak component grows linearly in the number of steps, with a small rate it stays near
# its start.

# %%
page.figure(
    "fig_signal",
    lambda series: plots.signal(series, SHOWN),
    ["rates_series"],
    alt=lambda series: say.signal_alt(),
    note=lambda series: say.signal_note(),
)

# %%
page.text(say.signal_prose())

# %% [markdown]
# ## Oscillation around the label
# Of this only reviews were read: the theory assumes that |y f − 1| is at least some δ between 0.2 and 0.8 on strong samples.

# %%
page.figure(
    "fig_oscillation",
    lambda series, runs: plots.oscillation(series, runs, SHOWN, LAST),
    ["rates_series", "rates_runs"],
    alt=say.oscillation_alt,
    note=lambda series, runs: say.oscillation_note(),
)

# %%
page.text(say.dead_start())
