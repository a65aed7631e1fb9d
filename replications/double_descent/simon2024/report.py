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
from replications.double_descent.science.datasets import TITLES
from replications.double_descent.simon2024 import captions, plots, sliders
from replications.double_descent.simon2024 import eigenframework as theory
from verifig.pages.page import Page

page = Page("simon2024")
ridge, cifar = page.settings("ridge"), page.settings("ridge_cifar")

# %% [markdown]
# ## Background and words
# The model is ridge regression on k random features of n samples; with infinitely many features it is kernel
# regression. The paper gives its test and train error by exact equations (the eigenframework), proves that more
# features and more samples help once the ridge is tuned, and says how closely it is best to fit the training set: the
# fitting ratio R is the train error over the test error. Its equations and stored results are compared number by number.

# %% [markdown]
# ## Figure 1: the exact theory
# Random-feature ridge regression has an exact risk in terms of two implicit constants. First our solver against the
# authors' stored arrays, then the theory against our own simulations.

# %%
page.figure(
    "mib_published",
    plots.published,
    ["published_risks"],
    alt=captions.published_alt,
    note="The paper's setting; dotted: k = n. Lines: our solver; diamonds: the authors' stored experiments, means of 45 trials. No simulation of ours is in this figure.",
)

# %%
own = "ridge_gaussian" if page.scale == "paper" else "ridge"
setting = page.settings(own)
task = theory.power_law_task(
    setting["task_size"], setting["spectral_exponent"], setting["target_exponent"], setting["noise_variance"]
)
page.figure(
    "mib_gaussian",
    lambda table: plots.risks(table, setting["n"], lambda k, delta: theory.risk(task, setting["n"], k, delta)[0]),
    [f"{own}_gaussian"],
    alt=lambda table: captions.risks_alt(table, setting["n"], "Gaussian features"),
    note=(
        f"n = {setting['n']} (dotted), {setting['task_size']:,} eigenvalues, {setting['trials']} trials; bars: 95 % intervals, side by side on the right."
    ),
)

# %%
page.figure(
    "mib_images",
    lambda table: plots.risks(table, ridge["n"]),
    ["ridge_images"],
    alt=lambda table: captions.risks_alt(table, ridge["n"], f"ReLU features of {TITLES[ridge['dataset']]} images"),
    note=(
        f"n = {ridge['n']} (dotted), {ridge['image_trials']} trials. Theory at the simulated k (joined by straight lines) from the exact "
        f"kernel of a pool of {ridge['pool']:,} images, corrected for test points drawn from the same pool."
    ),
)

# %%
page.figure(
    "mib_cifar",
    lambda *tables: plots.cifar(page.paper("cifar"), *tables, n=cifar["n"]),
    ["ridge_cifar_images"] if page.scale == "paper" else [],
    alt=lambda *tables: (
        captions.risks_alt(*tables, cifar["n"], "ReLU features of CIFAR-10 images")
        if tables
        else "Test MSE against the number of features for two ridges, the published experiments alone."
    ),
    note=(
        f"n = {cifar['n']} (dotted), {cifar['image_trials']} trials, a pool of {cifar['pool']:,} images. Diamonds: the authors' "
        "stored experiments."
        if page.scale == "paper"
        else "No run of ours is in this figure: ours is made at paper scale. Diamonds: the authors' stored experiments; dotted: k = n = "
        f"{page.paper('cifar')['n']}."
    ),
)

# %% [markdown]
# ## Theorem 1: more is better once the ridge is tuned
# Theorem 1: with the ridge tuned, risk falls with more features and with more samples. In this theory double descent is
# a matter of regularisation.

# %%
page.figure(
    "mib_theorem",
    lambda table: plots.theorem(table, ridge),
    ["ridge_theorem"],
    alt=captions.theorem_alt,
    note="Exact test MSE of the synthetic task, no simulation. Dotted: the size that is held fixed.",
)

# %%
page.explore(sliders.errors)

# %% [markdown]
# ## Corollary 1: how much overfitting is optimal
# For power-law tasks the best ratio of train to test error has a closed form.

# %%
page.text(captions.fitting_prose())

# %%
page.figure(
    "mib_fitting",
    plots.fitting,
    ["optima_mnist", "optima_cifar10"],
    alt=captions.fitting_alt,
    note=(
        "Points: minima of the formula. Diamonds: the fitting ratio of the stored optimum of convolutional-kernel regression, placed on "
        "the formula's curve. No kernel was computed here. The frame cuts off the highest parts of the curves."
    ),
)
