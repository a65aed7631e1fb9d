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
from replications.sgd_stability.sclocchi2023 import plots
from replications.sgd_stability.sclocchi2023.captions import Captions
from verifig.pages.page import Page

page = Page("sclocchi2023")
say = Captions(page)

# %% [markdown]
# ## Background and words
# Only the abstract, the abstract of a talk and the authors' code were read, not the text of the paper. SGD with learning
# rate η and batch size B has a **temperature** T = η / B (of networks also over their width), the size of its noise. The prediction is
# α (f(w) − f(w₀)) and the loss the hinge loss over α: with a large **init scale** α the network is *lazy*, its weights hardly move; with a
# small one it learns features. A hinge loss reaches exactly zero: the **training time** t* is the learning rate times
# the number of steps until then. The paper says that noise acts late, where the last data are fitted: the more noise
# and the more data, the stronger the signal in the weights must become, and the longer training takes.

# %%
page.text(say.perceptron())

# %%
page.text(say.network())

# %% [markdown]
# ## Phase diagrams: test error by init scale and temperature
# Of these only the abstract was read: phase diagrams in the (α, T) plane show noise that is detrimental or useful depending
# on the regime, and a larger T and a smaller α, though both lead out of the lazy regime, can have opposite effects.

# %%
page.figure("fig_phase", plots.phase, ["perceptron_runs", "network_runs"], alt=say.phase_alt, note=say.phase_note)

# %%
page.text(say.phase_prose())

# %% [markdown]
# ## Perceptron: training time and norm by training set size
# Of these only abstracts were read: exponents depend on the density of data near the boundary. Which ones they should approach is
# a scaling argument of ours: the share of data inside the margin goes like (‖w_{rest}‖ / w₁)^(χ + 1), where
# w_{rest} are the weights without w₁; drift and noise of w_{rest} share it, hence ‖w_{rest}‖ ~ T. To fit all P samples w₁ / ‖w_{rest}‖ must reach
# P^{1/(1+χ)}. That gives ‖w‖ ~ T P^{1/(1+χ)} and t* ~ T P^{1+2/(1+χ)}.

# %%
page.figure(
    "fig_sizes",
    lambda runs: plots.sizes(runs, say.fitted()),
    ["perceptron_runs"],
    alt=lambda runs: say.sizes_alt(),
    note=lambda runs: say.sizes_note(),
)

# %%
page.text(say.sizes_prose())

# %% [markdown]
# ## Training time by temperature
# Of this only abstracts were read: t* ~ T P^b. Where T is small the last data are fitted as gradient flow would fit them, and T should hardly matter; where
# noise dominates t* should grow like T, in the perceptron and in lazy networks.

# %%
page.figure(
    "fig_heat",
    plots.heat,
    ["perceptron_runs", "network_runs"],
    alt=lambda perceptron, network: say.heat_alt(),
    note=lambda perceptron, network: say.heat_note(),
)

# %% [markdown]
# ## Is it the temperature?
# A check of ours: multiply learning rate and batch size by the same factor, and T stays. If T is what matters, nothing may move. With
# the batch size alone multiplied T falls. At large batches the learning rate is so large that single steps overshoot, and the equality must end.

# %%
page.figure("fig_batches", plots.batches, ["perceptron_runs"], alt=lambda runs: say.batches_alt())
