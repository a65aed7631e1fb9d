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
# The page of this experiment. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).
from replications.grokking.instruments2026 import captions, plots
from verifig.pages.page import Page

page = Page("instruments2026")

# %% [markdown]
# ## What this is
# An experiment of this suite: no paper made it, and all its claims are extensions of ours. Each paper of the theme watches
# grokking with instruments of its own, on a network of its own. Here all are read off one network at once.
#
# | instrument | whose | what is read |
# |---|---|---|
# | gradient's alignment | Prieto et al. | cosine of the output weights and their negative gradient (naive loss minimization) |
# | collapsed samples | Prieto et al. | share of training pairs whose softmax has lost all but its largest term |
# | norm | several | of all weights |
# | kernel's distance, kernel's alignment | Kumar et al. | of the tangent kernel on the training pairs: from the first kernel, and with the labels (both centred) |
# | gradient at the hidden units | Tian | norm of G_F, which carries the labels to the hidden units |
# | weights' distances | Tian | 1 − cosine with the first weights, of either layer |
# | share of one frequency | Tian | of the energy of a neuron's input weights, mean over neurons |
# | participation | Doshi et al. | inverse participation ratio of a neuron's weights in frequency space, mean over neurons |

# %%
page.text(captions.setting(page))

# %%
page.text(captions.dated(page))

# %% [markdown]
# ## All instruments at once
# Solid lines are the network on the sums, dashed ones the network on a table without a rule. What a reader should look for is
# a line that leaves its dashed companion before the thick grey one rises.

# %%
page.figure(
    "in_together",
    lambda progress: plots.together(progress, "decay"),
    ["together_progress"],
    **captions.together(page, "decay"),
)

# %% [markdown]
# ## Which moves before test accuracy does

# %%
page.text(captions.answer(page))

# %%
page.figure("in_leads", plots.leads, ["together_leads"], **captions.leads(page))

# %% [markdown]
# ## Which would have moved anyway

# %%
page.figure("in_control", plots.control, ["together_leads"], **captions.control(page))

# %%
page.text(captions.rule_of_the_kernel(page))

# %%
page.figure("in_beyond", plots.beyond, ["together_progress"], **captions.brought(page))

# %% [markdown]
# ## With the squared error
# Three of the papers train on the squared error. The same instruments, the same network, the same pairs: the division into what
# moves anyway and what does not stays, the order within it does not.

# %%
page.figure(
    "in_squared",
    lambda progress: plots.together(progress, "squared"),
    ["together_progress"],
    **captions.together(page, "squared"),
)

# %%
page.text(captions.stages(page))

# %% [markdown]
# ## Without weight decay
# Prieto et al. ask what single precision does to a softmax once the data are fitted.

# %%
page.figure("in_collapse", plots.collapse, ["together_curves"], **captions.collapse(page))

# %%
page.text(captions.after(page))

# %% [markdown]
# ## What this says of each account
# None of it refutes a paper: tasks, losses, networks and optimisers differ, and one network modulo one prime is one case.

# %%
page.text(captions.accounts(page))
