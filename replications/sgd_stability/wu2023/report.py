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
from replications.sgd_stability.wu2023 import captions, plots, sliders
from verifig.pages.page import Page

page = Page("wu2023")

# %% [markdown]
# ## Background and words
# A minimum that interpolates the data can only be the end of SGD if SGD does not leave it again. For batch size 1 and
# learning rate η this **linear stability** (of the mean square of small deviations) needs tr G ≤ 2/η, where
# G = E g gᵀ: g is the gradient of the network's output at one sample, E the mean over the training samples. For a loss
# with the factor 1/2, G is the Hessian at such a minimum. Gradient descent only needs its largest eigenvalue, λ_max or
# ‖G‖, below 2/η. The trace controls the path norm of a ReLU network and the l1 norm of a diagonal one, so the norm (and
# with it the test error) falls faster with the learning rate under SGD than under gradient descent: this is the paper's
# account.
#
# **What is unknown to us.** Of the paper itself only the abstract, the first lines and a public audit's quotation of the
# experiments could be read, besides an independent replication that restates the set-up. There are no tables of numbers
# to compare with. Figure labels are ours, learning rates, clipping thresholds and training lengths are reconstructions.
# Of the claims, the identities st1 and st2 are closed forms, tested to rounding; r1, r9 and r11 are
# inequalities that follow where linear stability holds, tested on the minima that SGD reached and so counted as
# statements ("A finer point" below says how far these are stable).

# %% [markdown]
# ## The exact threshold
# Batch size 1 is unstable above 2 / tr G and stable below 2 / max |g|². Between them lies the exact mean-square threshold
# η* of linearised SGD, which exists for any batch size B, with or without replacement: an eigenvalue problem over
# symmetric matrices that takes a fraction of a second for some hundred samples. If all per-sample gradients have equal
# norm it is 2 / tr G, so no better bound can be had from tr G alone; with the full batch it is 2 / λ_max.

# %%
page.figure("fig_oracles", plots.oracles, ["population", "bounds"], **captions.thresholds.oracles())

# %% [markdown]
# ## Figure R1 (our label): one run from clipped to stable
# The paper, as quoted by a public audit, reports that clipping becomes inactive by itself after about 4,000 iterations,
# after which SGD converges to a global minimum at its constant learning rate, from which it infers linear stability.
# The independent replication could not reproduce this panel: at learning rate 0.1 with clipping threshold 1 and a
# decaying rate its trace ended at about twenty times 2/η (control ct5 shows what that threshold does at smaller rates).

# %%
page.text(captions.relu.task(page))

# %%
sgd, rate = page.settings("relu", "sgd"), captions.relu.shown_rate(page)
page.figure(
    "fig_r1",
    lambda series: plots.r1(series, rate, sgd, page.paper("clipping")),
    ["relu_series"],
    **captions.relu.r1(page),
)

# %% [markdown]
# ## Figure R2 (our label): sharpness, path norm and test loss over learning rates

# %%
page.figure(
    "fig_r2",
    lambda runs: plots.r2(runs, page.paper("relu_sgd"), page.paper("relu_gd")),
    ["runs"],
    **captions.relu.r2(page),
)

# %%
page.text(captions.relu.r2_text(page))

# %%
page.text(captions.relu.finer_point(page))

# %%
page.explore(sliders.stability)

# %% [markdown]
# ## Two minima side by side
# Gradient descent keeps each eigenvalue of G below 2/η, SGD their sum, so at one learning rate the minimum of gradient
# descent may be a narrow valley where that of SGD must be a wide one.

# %%
page.figure(
    "fig_slice",
    lambda section, spectrum: plots.minima(section, spectrum, page.settings("escape")["learning_rate"]),
    ["slice", "spectrum"],
    **captions.minima.side_by_side(page),
)

# %% [markdown]
# ## The other reading of the initialisation
# "N(0, I/√d)" may give a covariance or a standard deviation; the path norm of m neurons then starts near 0.8 d^¼ m or
# 0.8 m.

# %%
page.figure("fig_r2_init", plots.r2_init, ["runs"], **captions.relu.r2_init(page))

# %% [markdown]
# ## Figure D1 (our label): diagonal network over learning rates

# %%
page.text(captions.diagonal.task(page))

# %%
page.figure("fig_d1", plots.d1, ["runs"], **captions.diagonal.d1(page))

# %%
page.text(captions.diagonal.disagreement(page))

# %% [markdown]
# ## Figure D2 (our label): SGD balances the layers
# The balance ratio r = (‖a‖² + ‖b‖²) / (2‖a∘b‖₁) is 1 where the layers have equal entries. A step of SGD with step κ
# (learning rate times residual, clipped or not) multiplies a² − b² by 1 − κ²x²: noise balances the layers. Gradient flow
# conserves a² − b², and gradient descent comes close to it where residuals vanish fast. Then r itself still moves: it
# rises where ‖a∘b‖₁ shrinks.

# %%
page.figure("fig_d2", plots.d2, ["runs", "balance_series"], **captions.diagonal.d2(page))

# %% [markdown]
# ## Figure B (our label): batch size and exact thresholds

# %%
page.figure("fig_b", plots.b, ["runs"], **captions.thresholds.batch_size(page))

# %% [markdown]
# ## Figure E (our label): is the boundary really at the exact threshold?
# Residuals of the linearised network around the minimum of gradient descent of "Two minima side by side", updated by SGD
# at rates around η*.

# %%
page.figure(
    "fig_e",
    lambda losses, growth: plots.e(losses, growth, page.value("escape", "boundary")),
    ["escape_losses", "escape_growth"],
    **captions.thresholds.escape(page),
)
