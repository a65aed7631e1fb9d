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
from replications.data_pruning.paul2021 import captions, plots
from verifig.pages.page import Page

page = Page("paul2021")

# %% [markdown]
# ## What was read, and words
# **The submitted version of this paper and the abstract of the final one were read, with the authors' code; figures only as captions.** So
# statements are judged with thresholds of ours, on small digits, and no value of a curve is compared.
#
# **EL2N** of an example is the norm |p − y| of the error vector, softmax output less one-hot label; **GraNd** is the norm of the gradient of its loss by all
# weights. Both are means over several networks trained for few epochs. A **forgetting** score counts how often an example goes from right to
# wrong during a whole training. For perceptrons GraNd needs no gradients of single examples: GraNd² = Σ |d|² (|h|² + 1) over the
# layers, with their inputs h and back-propagated errors d.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure 1: what is kept, and what it costs
# The paper keeps the highest-scored part of the training set and trains as many steps as on all of it. Half of CIFAR-10 kept by EL2N
# costs nothing, and accuracy drops sharply when very little is kept.

# %%
page.figure(
    "fig_pruning",
    plots.pruning,
    ["pruning"],
    alt=lambda: captions.pruning_alt(page),
    note=lambda: captions.pruning_note(page),
)

# %%
page.text(captions.caution(page))

# %% [markdown]
# ## GraNd at initialisation: a known error of the paper
# The submission prunes by GraNd **before any training** and finds it far better than random. Kirsch (arXiv 2303.14753) could not
# reproduce that, and found why: the function of the Flax library that restores a checkpoint took the latest one if no step was asked for. It
# tested `if step:`, which is false for step 0 as well as for none, so that who asked for step 0 silently got the **latest** checkpoint. Flax commit
# 28fbd95 made it `if step is not None:`. The scores "at initialisation" were those of networks at the end of training. The final abstract is softer on
# this point. Both can be told apart here.

# %%
page.figure(
    "fig_initialisation",
    plots.initialisation,
    ["norms", "pruning"],
    alt=lambda: captions.initialisation_alt(page),
    note=lambda: captions.initialisation_note(page),
)

# %% [markdown]
# ## How scores settle
# EL2N would be GraNd if the gradients of the outputs were orthogonal and of one size. With q = 1 − p of the own class it lies between
# q √(C/(C − 1)) and q √2, so that it ranks examples almost by q alone; before training it is nearly the same for all.

# %%
page.figure(
    "fig_agreement",
    plots.agreement,
    ["scores"],
    alt=lambda: captions.agreement_alt(page),
    note=lambda: captions.agreement_note(page),
)

# %% [markdown]
# ## Figure 2: windows of the order, and label noise
# The paper slides a window of 40 % along the order of EL2N. The best window leaves out the very highest scores, a few on clean
# labels and more when a tenth of the labels is random.

# %%
page.figure(
    "fig_windows",
    plots.windows,
    ["pruning", "noise", "wrong"],
    alt=lambda: captions.windows_alt(page),
    note=lambda: captions.windows_note(page),
)

# %% [markdown]
# ## Figure 3: kernel velocity
# How fast the network's tangent kernel turns on a group of examples: 1 less the cosine between the kernels before and after an epoch. In the
# paper it rises with the group's place in the order.

# %%
page.figure(
    "fig_velocity",
    lambda clean, noisy: plots.velocity(clean, noisy, captions.EPOCHS),
    ["dynamics", "dynamics_noise"],
    alt=lambda: captions.velocity_alt(page),
    note=lambda: captions.velocity_note(page),
)

# %% [markdown]
# ## Figure 4: error barriers
# Two children of one network see other batches from some epoch on. Halfway between their weights at the end, the error on a group of
# examples may exceed the mean of theirs: the barrier. In the paper it vanishes early for low scores and stays for high ones.

# %%
page.figure(
    "fig_barriers",
    plots.barriers,
    ["barriers"],
    alt=lambda: captions.barriers_alt(page),
    note=lambda: captions.barriers_note(page),
)

# %% [markdown]
# ## ResNet18 on CIFAR-10
# The paper's own size, with scores at the true initialisation.

# %%
page.figure(
    "fig_cifar",
    plots.cifar,
    ["cifar", "cifar_last", "cifar_noise"],
    alt="Two panels: test accuracy of single networks by what is kept, with clean labels and with a tenth of the labels random.",
    note=lambda: captions.cifar_note(page),
)

# %% [markdown]
# ## Other errors of the paper
# The submission's definition of the cross-entropy lacks its minus sign, and its equation (2) mixes signs; neither touches a score, which is a
# norm. The authors' code also offers L1 and margin scores, which the paper does not use. A score is one number an example for the whole
# data set, so bands over networks trained on one choice leave out how much the choice varies; here each seed has its own scores.
