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
from replications.grokking.doshi2024 import captions, plots
from verifig.pages.page import Page

page = Page("doshi2024")

# %% [markdown]
# ## Background and words
# A network that has the room to memorise random labels can still learn a rule from the others. The paper corrupts the
# labels of a share of the training pairs of modular addition and finds networks that do both at once, with different
# neurons: **periodic** ones, whose weights are waves over the numbers, carry the rule, and neurons without a period hold
# the corrupted labels. The **inverse participation ratio** of a neuron (ratio for short) says which it is: Σₖ |xₖ|⁴ / (Σₖ |xₖ|²)²
# over the Fourier amplitudes of its weights, mean over its two input vectors and its output vector; 1 for a single wave, near 0
# for noise. **Coexistence** is a network that fits all labels and generalises; in **inversion** it generalises and gives the
# corrupted labels up; weight decay leads from one to the other.

# %%
page.text(captions.task(page))

# %% [markdown]
# ## Figures 1 and 4: memorising and generalising at once
# In the paper a network without weight decay fits all training labels and generalises; with strong decay training
# accuracy first rises to near 100 % and then falls to the share of clean labels, while test accuracy rises. The histograms of
# participation ratios move from many neurons near noise to periodic ones.

# %%
page.figure(
    "fig4",
    lambda runs, histograms: plots.fig4(runs, histograms, captions.decays(page), captions.fig4_paper(page)),
    ["runs", "histograms"],
    **captions.fig4(page),
)

# %%
page.text(captions.fig4_text(page))

# %%
page.text(captions.clean_text(page))

# %% [markdown]
# ## Figure 6: pruning separates the two
# The paper removes neurons from a trained network in the order of their participation ratios, without retraining. With
# the lowest first the corrupted labels are forgotten and test accuracy stays or rises; with the highest first the rule
# goes and the corrupted labels stay. The random order is a control of ours.

# %%
page.figure(
    "fig6",
    lambda pruned: plots.fig6(
        pruned, captions.PRUNED, {"low": page.paper("fig6_low"), "high": page.paper("fig6_high")}
    ),
    ["pruned"],
    **captions.fig6(page),
)

# %%
page.text(captions.fig6_text(page))

# %% [markdown]
# ## Figure 3: phases
# The paper maps what training ends in over the share of pairs trained on and the share of corrupted labels, for several
# weight decays.

# %%
page.figure("fig3", plots.fig3, ["phases"], **captions.fig3(page))

# %% [markdown]
# ## Errors of the paper: an exponent, and a sum over frequencies
# Two formulas of the paper contradict its own derivation or figures. Both are slips of notation: its results do not depend
# on them. The evidence needs no training: the paper's analytic solution, periodic weights with random phases, and vectors
# whose participation ratio is known.

# %%
page.figure(
    "analytic",
    lambda solution, known: plots.analytic(solution, known, page.paper("fig4")["high"]),
    ["analytic", "known"],
    **captions.analytic(page),
)

# %%
page.text(captions.errors(page))
