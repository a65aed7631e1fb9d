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
from replications.grokking.kumar2024 import captions, plots
from verifig.pages.page import Page

page = Page("kumar2024")

# %% [markdown]
# ## Background and words
# The network is a committee machine f(x) = (α/N) Σᵢ φ(wᵢ·x) with φ(h) = h + (ε/2) h² and fixed outputs; it learns
# y = (β·x)²/2 from Gaussian inputs by plain gradient descent on the mean squared error. Trained is the **centred**
# predictor, f less f at the start, at a learning rate proportional to N/α². Then α does not change the first step of the
# function, only how far the weights must go for it: a large α is **lazy**, the network stays the kernel machine of its
# first tangent kernel; a small one is **rich**, it learns features. ε sets how well that kernel suits the target, since its
# quadratic part is of size ε². The paper's account of grokking: the training set is fitted by the first kernel, which
# generalises badly, and features that generalise come later; so grokking needs laziness, misalignment and a number of
# samples with which features can be learned but not at once. Grokking is meant **in the loss**, not in an accuracy.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure 3a: from rich to lazy
# The paper trains the same network at several output scales and finds that the larger one, the higher the test loss that it
# ends at, while all fit their training set.

# %%
page.figure(
    "fig_alpha", plots.alpha, ["committee_curves"], alt=captions.alpha_alt(page), note=captions.alpha_note(page)
)

# %%
page.text(captions.delay(page))

# %% [markdown]
# ## Figure 7d: how far the weights move
# A lazy network fits with weights that hardly move. The norm of the weights grows in the rich ones while the test loss falls,
# so no falling norm is behind what generalises.

# %%
page.figure(
    "fig_laziness", plots.laziness, ["laziness"], alt=captions.laziness_alt(page), note=captions.laziness_note(page)
)

# %% [markdown]
# ## Figure 1: a poorly aligned first kernel
# With a small ε the first kernel knows little of quadratic functions. The paper shows the test loss rising with the fit of the
# first kernel and falling far below it later, when the alignment of the kernel with the labels has grown.

# %%
page.figure(
    "fig_misaligned",
    lambda table: plots.misaligned(table, captions.regression(page)),
    ["misaligned_curves"],
    alt=captions.misaligned_alt(page),
    note=captions.misaligned_note(page),
)

# %%
page.text(captions.no_waiting(page))

# %% [markdown]
# ## Figure 9: a Goldilocks number of samples
# With too few samples features cannot be learned, with many the test loss follows the training loss; between them the network
# groks.

# %%
page.figure(
    "fig_samples",
    plots.samples,
    ["goldilocks_curves"],
    alt=captions.samples_alt(page),
    note=captions.samples_note(page),
)

# %% [markdown]
# ## Figure 5: labels that are eigenvectors of the first kernel
# A label that is a leading eigenvector of the first kernel is learned at once, also on test inputs; one further down late; one
# at the end never. The paper takes it as evidence that alignment decides.

# %%
page.figure(
    "fig_eigenvectors",
    lambda table: plots.eigenvectors(table, captions.numbers(page), page.paper("eigenvectors")["shown"]),
    ["eigenvectors_curves"],
    alt=captions.eigenvectors_alt(page),
    note=captions.eigenvectors_note(page),
)

# %%
page.text(captions.lazy_eigenvectors(page))

# %% [markdown]
# ## Figure 2: addition modulo 23
# A two-layer quadratic network under plain gradient descent, without weight decay: test accuracy rises after training
# accuracy, and the norm of the weights does not fall but rises.

# %%
page.figure(
    "fig_modular",
    lambda table: plots.modular(table, page.paper("modular")["learning_rate"]),
    ["modular_curves"],
    alt=captions.modular_alt(page),
    note=captions.modular_note(page),
)

# %% [markdown]
# ## Equation 6: the population loss
# The test loss has a closed form in two moments of the weights, their mean and their mean outer product M: a variance term (the
# squared error of the mean output), a misalignment of αεM from ββᵀ, and the power of the linear part.

# %%
page.figure("fig_terms", plots.terms, ["terms"], alt=captions.terms_alt(page), note=captions.terms_note(page))

# %% [markdown]
# ## An error of the paper: the eigenvalue that lost a square
# The first tangent kernel is x·x' + ε²(x·x')². On a quadratic function such as x₁x₂ it acts as multiplication by
# ε² · 2/D²; the main text prints 2ε/D², the appendix derives 2ε²/D². The misprint makes the
# eigenvalue 1/ε times too large.

# %%
page.text(captions.eigenvalue(page))

# %%
page.figure(
    "fig_spectrum",
    lambda table: plots.spectrum(table, page.settings("identities")["spectrum_dimension"]),
    ["spectrum"],
    alt=captions.spectrum_alt(page),
    note=captions.spectrum_note(page),
)
