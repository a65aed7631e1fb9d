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
from replications.grokking.tian2025 import captions, plots
from verifig.pages.page import Page

page = Page("tian2025")
shown = "stages" if page.scale == "paper" else "grok"  # Figure 3 in the paper's size where it was run
constant = page.paper("boundary")["constant"]
ascent = page.settings("ascent", "m11")

# %% [markdown]
# ## Background and words
# The network is f(x) = (xW)²V on two one-hot numbers, trained to give their sum modulo M. The paper describes three stages.
# **Lazy learning**: the top layer V fits random features, near the ridge solution, and test accuracy stays at chance.
# **Independent feature learning**: through weight decay the gradient that reaches the hidden units, G_F, comes to carry the
# labels, and each unit w climbs an energy E(w) = |Ỹᵀσ(Xw)|²/2 by itself; its maxima are the features. **Interactive
# learning**: units repel each other and missing features are filled in. A feature of addition modulo M is a single
# frequency: both halves of w = [u; v] are cosines of it.

# %% [markdown]
# ## Figure 3: weight decay turns fitting into generalisation
# In the paper both networks fit the training pairs, and only the one with weight decay generalises, many steps later.

# %%
page.figure("ti_accuracy", plots.accuracy, [f"{shown}_curves"], **captions.accuracy(page, shown))

# %% [markdown]
# ## Figure 5: how much data it takes
# About M log M pairs keep the single frequencies as maxima, so the share of all M² pairs that is needed falls as ln(M)/M.

# %%
page.text(captions.boundary(page))

# %%
page.figure(
    "ti_fractions",
    lambda table: plots.fractions(table, constant),
    ["grok_fractions"],
    alt=captions.by_fraction,
    note=lambda: f"{captions.trained(page, 'grok', pairs='a share of the pairs')} With weight decay.",
)

# %%
page.figure(
    "ti_scaling",
    lambda table: plots.scaling(table, constant),
    ["boundary_fractions"],
    alt=captions.by_fraction,
    note=lambda: f"{page.settings('boundary')['width']:,} hidden units, {page.settings('boundary')['seeds']} seeds.",
)

# %% [markdown]
# ## Theorem 2: what a hidden unit climbs to
# The energy of a unit by itself, without training a network: from random directions on the unit sphere, uphill.

# %%
page.figure(
    "ti_energy",
    lambda paths, limits: plots.energy(paths, limits, ("m11", "m13", "m8")),
    ["ascent_paths", "ascent_limits"],
    alt=lambda paths, limits: captions.energy(limits),
    note=(
        f"{ascent['starts']} starts for each of {ascent['seeds']} seeds, {ascent['steps']} steps. Left: one seed, coloured by the frequency "
        "at the end; its bars have the same colours. Bars: means over seeds; dashes: seeds. M = 8 has a frequency without a partner, the highest."
    ),
)

# %% [markdown]
# ## The energy of a feature: an error, and a form that is too narrow

# %%
page.text(captions.constant(page))

# %%
page.figure(
    "ti_constant",
    lambda limits: plots.constant(limits, ("m11", "m13", "m8"), page.paper("energy")["over_modulus"]),
    ["ascent_limits"],
    alt="Energy over M of every limit against its frequency, with lines at the closed form 1/4 and the printed 1/16.",
    note="All limits of all seeds lie on top of each other at each frequency. The highest frequency of the even M = 8 has no partner and twice the energy.",
)

# %%
page.text(captions.phases(page))

# %%
page.figure(
    "ti_landscape",
    lambda arcs: plots.landscape(arcs, {"m11": "M = 11", "m13": "M = 13", "m8": "M = 8"}),
    ["ascent_arcs"],
    alt="Energy over M on the arc from one feature to another, falling from 1/4 to half of that in the middle and rising again, and its contours in a triangle whose corners are three features.",
    note="Left: Equation 7 over all pairs (markers) and its closed form. Right: contours of energy over M by the closed form, at each feature's share of |w|². Mixtures have less energy than features, least where all shares are equal.",
)

# %% [markdown]
# ## The stages of a run
# In the paper's account the output weights move first, then the gradient at the hidden units grows and moves them.

# %%
page.text(captions.undecayed(page, shown))

# %%
page.figure("ti_stages", plots.stages, [f"{shown}_curves"], **captions.stages(page, shown))

# %%
page.figure(
    "ti_features",
    lambda curves: plots.features(curves, page.settings("grok", "decay")["modulus"]),
    ["grok_curves"],
    **captions.features(page),
)

# %% [markdown]
# ## Figure 7: the learning rate near the boundary

# %%
names = {name: f"{page.settings('rates', name)['learning_rate']:g}" for name in ("lr1", "lr2", "lr5")}
page.figure(
    "ti_rates",
    lambda curves: plots.rates(curves, names),
    ["rates_curves"],
    alt="Test accuracy over steps for three learning rates.",
    note=lambda: captions.trained(page, "rates", "lr1"),
)
