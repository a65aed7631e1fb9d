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
from replications.sgd_stability.rosenfeld2023 import captions, plots
from verifig.pages.page import Page

page = Page("rosenfeld2023")

# %% [markdown]
# ## What was read, and words
# **Only the abstract and public reviews of this paper were read.** So no number below is compared with the paper's: its statements
# are judged with thresholds of ours, in a toy of ours.
#
# The toy is f = c (b·x + b_o x_o), a linear network of one hidden unit, under full-batch gradient descent on half the mean squared
# error. The target is β·x + |x_o|/κ. The feature x_o is 0 in most samples and ±A in a share p of them, as often + as −: these are
# the **outliers**. A linear model can do nothing for |x_o|; moving b_o either way helps one group
# and hurts the other. At the minimum c² = |β|, so that the loss has the curvature |β| p A² along b_o: a **valley**, the narrower
# the larger and the more frequent the outliers are. **Sharpness** is the largest eigenvalue of the full Hessian. Losses,
# gradients and Hessians are computed exactly from moments of the data.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure G: two groups that alternate
# The paper's account of oscillations at the edge of stability: the losses of two groups of outliers rise and alternate, up to a
# spike after which training goes on. The right panel is a control with the same outliers, all of one sign.

# %%
page.figure(
    "fig_groups",
    plots.groups,
    ["groups"],
    alt=lambda: captions.groups_alt(page),
    note=lambda: captions.groups_note(page),
)

# %% [markdown]
# ## Figure V: the valley
# The paper proves for its toy that the sharpness first falls and then grows linearly in |β|. At a small learning rate it ends
# at the closed form; at larger ones it cannot stay there.

# %%
page.figure(
    "fig_valley",
    lambda small, large: plots.valley(
        small,
        large,
        {f"opposing_{rate}": page.settings("edge", f"opposing_{rate}")["learning_rate"] for rate in captions.RATES},
        "beta_3",
    ),
    ["minimum_sharpness", "edge_sharpness"],
    alt=lambda: captions.valley_alt(page),
    note=lambda: captions.valley_note(page),
)

# %%
page.text(captions.aligned(page))

# %% [markdown]
# ## Figure C: changes against each other
# A step that lowers the loss of one group raises that of the other, up to a part that both share. With δ = c b_o A, which a step turns
# into −ρδ, and a mean residual m of both groups, about A/κ, the losses change by (ρ² − 1) δ²/2 ± (ρ + 1) m δ. So they change against each
# other while (ρ − 1) |δ| is below 2 |m|; at the largest rate the oscillation grows too fast for that.

# %%
page.figure(
    "fig_changes",
    plots.changes,
    ["changes"],
    alt=lambda: captions.changes_alt(page),
    note=lambda: captions.changes_note(page),
)

# %% [markdown]
# ## Figure N: a network on images
# The paper finds its groups in networks as the samples whose loss changes most in one step, up and down. The same is done here with a
# small network under full-batch gradient descent: 20 samples each way, at every step.

# %%
page.figure(
    "fig_network",
    plots.network,
    ["network_turns", "followed"],
    alt=lambda: captions.network_alt(page),
    note=lambda: captions.network_note(page),
)

# %%
page.text(captions.labels(page))
