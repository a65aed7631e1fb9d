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
from replications.linear_evaluation.zheng2023 import captions, plots
from verifig.pages.page import Page

page = Page("zheng2023")

# %% [markdown]
# ## What was read, and words
# Of the paper only the abstract was read, and all of the authors' code for the simulation and the features; no value of its figures is known. The abstract says: naive Bayes needs
# O(log n) samples, where n is the number of features, and multiclass logistic regression O(n) to come near their best errors; the proof rests on a bound between the
# zero-one and the logistic loss; on features of seven pre-trained networks naive Bayes comes near its end faster, and with supervised pre-training there are **two regimes**:
# naive Bayes is ahead with few samples, logistic regression with many. Figures are named by us.

# %%
page.text(captions.setting(page))

# %% [markdown]
# ## Figure N: samples needed by dimension

# %%
page.figure(
    "fig_needed",
    plots.needed,
    ["needed", "seen"],
    alt=lambda: captions.needed_alt(page),
    note=lambda: captions.needed_note(page),
)

# %%
page.text(captions.why(page))

# %% [markdown]
# ## Figure V: other covariances
# With equal variances there is nothing to divide by, and no advantage to have: a test of the explanation.

# %%
page.figure(
    "fig_covariances",
    plots.covariances,
    ["needed"],
    alt=lambda: captions.covariances_alt(page),
    note=lambda: captions.covariances_note(page),
)

# %% [markdown]
# ## Figure F: features of images
# The paper uses networks pre-trained on other data, and CIFAR-10 and CIFAR-100. Here features are small ones of MNIST: principal components, and the hidden layer of a perceptron
# trained on other images of the same digits.

# %%
page.text(captions.images_setting(page))

# %%
page.figure(
    "fig_images",
    plots.images,
    ["images_errors"],
    alt=lambda: captions.images_alt(page),
    note=lambda: captions.images_note(page),
)

# %%
page.text(captions.confounds(page))

# %% [markdown]
# ## Figure R: raw pixels, and the classical example
# Naive Bayes ends at a higher error everywhere; whether it begins at a lower one depends on the features.

# %%
page.figure(
    "fig_small",
    plots.small,
    ["images_errors", "small_errors"],
    alt=lambda: captions.small_alt(page),
    note=lambda: captions.small_note(page),
)

# %% [markdown]
# ## Figure B: the bound behind the theory
# What a classifier loses in accuracy against the best one, its zero-one regret t, is bounded by what it loses in the logistic loss, r: Γ(t) ≤ r with
# Γ(t) = ½[(1 + t) ln(1 + t) + (1 − t) ln(1 − t)] ≥ t²/2, whatever the number of classes (derived here). It can be had with equality: only two classes, with equal scores.

# %%
page.figure(
    "fig_consistency",
    plots.consistency,
    ["pairs"],
    alt="Dots of random pairs lie above the dashed curve of the bound for every number of classes, and many come close to it.",
    note=lambda: captions.consistency_note(page),
)

# %% [markdown]
# ## Figure E: errata

# %%
page.figure(
    "fig_errata",
    plots.errata,
    ["tolerances"],
    alt="Left: the authors' four Bayes errors lie on the curve of a wrong count, below the right one. Right: every line falls from above 0.01 to below it between scikit-learn's default and a tight "
    "tolerance, and is level to Newton's method.",
    note=lambda: captions.errata_note(page),
)

# %%
page.text(captions.errata(page))
