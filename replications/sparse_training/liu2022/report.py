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
from replications.sparse_training.liu2022 import plots
from replications.sparse_training.liu2022.captions import Captions
from verifig.pages.page import Page

page = Page("liu2022")
say = Captions(page)
trained = page.has("resnets_depths")

# %% [markdown]
# ## Background and words
# Weights are pruned at random before training and stay 0; the rest trains as usual. The density is the share of weights
# that is kept, the sparsity the share that is not. Two things are chosen in advance: the overall density, and the ratios
# between the densities of the layers. Uniform ratios keep the same share of every layer. ER (Erdős–Rényi) keeps a share
# proportional to (fan-in + fan-out) / (fan-in × fan-out) and so prunes small layers less; ERK does so for convolutions,
# with their kernels. SNIP ratios are those of the mask that the criterion SNIP would choose, with positions drawn anew.

# %%
page.text(say.setting())

# %% [markdown]
# ## The gap closes with width
# The abstract says that a random sparse network comes to match its dense parent as networks grow wider and deeper, even at high
# sparsity.

# %%
page.figure("fig_width", plots.widths, ["gaps"], alt=lambda gaps: say.width_alt(), note=lambda gaps: say.width_note())

# %%
page.text(say.slope_prose())

# %% [markdown]
# ## Ratios between layers
# In the paper ratios of ERK and of SNIP are better than uniform ones at high sparsity; at low sparsity the curves
# overlap.

# %%
page.figure(
    "fig_ratios",
    plots.ratios,
    ["rules", "rule_densities"],
    alt=lambda rules, densities: say.ratios_alt(),
    note=lambda rules, densities: say.ratios_note(),
)

# %%
page.text(say.ratios_prose())

# %% [markdown]
# ## Depth: the paper's figure
# The one figure with the paper's numbers that was at hand: ResNets of five depths on CIFAR-10. On a laptop its values are
# computed anew; at paper scale runs of ours stand beside them.

# %%
page.figure(
    "fig_depth",
    lambda published, *ours: plots.depths(published, page.paper("depth"), *ours),
    ["published", "resnets_depths"] if trained else ["published"],
    alt=lambda published, *ours: say.depth_alt(),
    note=lambda published, *ours: say.depth_note(bool(ours)),
)

# %% [markdown]
# ## Densities by layer
# The rules as formulas, for the paper's ResNet-20 with all its convolutions, shortcuts and the output layer.

# %%
page.figure(
    "fig_erk",
    plots.layers,
    ["layers"],
    alt=lambda layers: say.erk_alt(),
    note="Overall density 0.1; layers from input to output, named by their channels in and out. Formulas, nothing is trained. ERK+ is ERK here, which keeps the whole head.",
)

# %%
page.text(say.erk_prose())

# %% [markdown]
# ## Equal weights
# What the paper does not ask: a sparse wide network against a dense narrow one of as many weights. The paper compares at equal
# architecture, where fewer weights are the point. At equal counts the sparse network is also the larger one to compute, unless
# the hardware skips zeros.

# %%
page.figure(
    "fig_count",
    plots.counts,
    ["counts"],
    alt=lambda table: say.count_alt(),
    note="Each dense network has at most as many weights as the sparse one beside it. Points: runs; lines: means.",
)

# %% [markdown]
# ## Known inconsistencies
# What abstract, scripts and code of the paper say differently, found by reading.

# %%
page.text(say.open_points())
