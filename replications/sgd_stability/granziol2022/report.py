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
from replications.sgd_stability.granziol2022 import captions, formulas, plots
from verifig.pages.page import Page

page = Page("granziol2022")

# %% [markdown]
# ## What was read, and words
# **Only the abstract of this paper was read.** So no number below is compared with the paper's: its statements are judged with
# thresholds of ours, in small networks and in linear regression.
#
# The Gauss-Newton matrix of a batch is the mean over its B samples of JᵀSJ, with the Jacobian J of a sample's outputs and the second
# derivatives S of its loss by them: the part of the Hessian without the network's own curvature. Its largest eigenvalue is λ₁(B), and
# λ₁ that of all N samples. The mean of the matrices of equal batches that partition the samples is the full matrix, so that by convexity the mean
# of λ₁(B) is never below λ₁. The **spiked model** says by how much: a spike λ₁ in symmetric noise of variance s q, with q = (N − B)/(B(N − 1)) for
# batches without replacement (1/B for small ones), has the largest eigenvalue λ₁ + s q/λ₁ while s q < λ₁², else 2√(s q).

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure S: the largest eigenvalue of batches
# Exact, from the factors of all samples, over a random partition for each batch size. The constant s is not known beforehand and is fitted
# for each network. Batches that hold one sample B times are a control.

# %%
page.figure(
    "fig_sharpness",
    plots.sharpness,
    ["spectra"],
    alt=lambda: captions.sharpness_alt(page),
    note=lambda: captions.sharpness_note(page),
)

# %%
page.text(captions.not_the_rate(page))

# %% [markdown]
# ## Figure R: the largest stable rate
# In linear regression on Gaussian inputs SGD is linear. Without noise its norm grows or falls geometrically, and the rate
# between is found by bisection; the exact threshold of the second moment is 2B/(B + d + 1). Bisection sees
# whether a run grows, the threshold whether its mean square does: in many dimensions nearly the same. Adam divides the gradient by its size, so
# that without noise its steps do not vanish with the error and no rate is unstable in this sense. With label noise of variance 1
# and a first error of norm 1 we ask instead up to which rate the excess loss, over the second half of the run, stays below its
# first value. For SGD that is 2B/(B + 2d + 1); Adam's gradient is then of size √(2/B) in every coordinate, which turns B into √B.

# %%
page.figure(
    "fig_rates",
    lambda linear, theory, noisy: plots.rates(
        linear,
        theory,
        noisy,
        lambda sizes, name: formulas.with_noise(sizes, page.settings("noisy", "sgd_1")["dimension"], name),
    ),
    ["linear", "linear_theory", "noisy"],
    alt=lambda: captions.rates_alt(page),
    note=lambda: captions.rates_note(page),
)

# %% [markdown]
# ## Figure N: networks on digits
# The largest rate of a grid, interpolated, at which the loss on all training samples ends below 0.9 of its first value. That first
# value is close to the loss of a constant guess, at which or above which networks with larger rates mostly end.

# %%
page.figure(
    "fig_networks",
    plots.networks,
    ["rates"],
    alt=lambda: captions.networks_alt(page),
    note=lambda: captions.networks_note(page),
)
