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
# The page of this paper. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).
from replications.scaling_laws.bahri2024 import plots
from replications.scaling_laws.bahri2024.sentences import Theory
from verifig.pages.page import Page

page = Page("bahri2024")
theory = Theory(page)


# %% [markdown]
# ## Background and words
# The loss of a network falls as a power of the number D of samples and of the number P of parameters, or of the width.
# Bahri et al. explain the exponents in two ways. When the other resource is plentiful, the loss is limited by
# **resolution**: the exponent follows from the spectrum of the features, or from the dimension of the data as 4/d. When
# it is scarce, the loss approaches its limit as 1/D or 1/width: **variance** of a finite draw. Linear models with random
# features are solved here in closed form; networks are trained for the figures on variance in data and width, and on
# dimension.

# %% [markdown]
# ## Data and parameters are dual (Section 2.4)

# %%
page.figure(
    "b_duality",
    plots.b_duality,
    ["b_duality"],
    alt=lambda table: (
        f"Relative difference of the loss when data and projection matrices are swapped, by trial. {theory.duality(table)}"
    ),
    note=theory.duality,
)

# %% [markdown]
# ## Power-law spectra (Figure 2a and supplement E)

# %%
page.figure(
    "b_power",
    plots.b_power,
    ["b_power"],
    alt=lambda table: (
        f"Left: loss against samples by spectral exponent, with theory dashed. Right: ratio of loss to theory. {theory.power(table)}"
    ),
    note=lambda table: (
        "With unit-variance teacher weights the paper's replica formula collapses to L(D) = κ(D)/(2S); "
        f"S = {theory.settings['features']:,}. {theory.settings['draws']} draws. {theory.power(table)}"
    ),
)

# %% [markdown]
# ## Variance-limited linear models (Figure 2a)

# %%
page.figure(
    "b_variance",
    lambda frame: plots.b_variance(frame, theory.settings["variance_parameters"]),
    ["b_variance"],
    alt=lambda table: (
        f"Left: relative excess loss of {theory.settings['variance_parameters']} random features against samples, with P/(D − P − 1). "
        f"Right: ratio to that expectation. {theory.variance(table)}"
    ),
    note=lambda table: (
        f"Left: median and range over groups of draws; right: mean with 95 % interval. {theory.variance(table)} The dashed law of "
        "exponent 1 is its limit for many samples."
    ),
)

# %% [markdown]
# ## Random features on MNIST (Figure 2a, b)

# %%
page.figure(
    "b_mnist",
    plots.b_mnist,
    ["b_mnist"],
    alt=lambda: (
        "Loss against number of images and number of random features on MNIST, a panel a pooling, with the theory of the "
        f"measured spectrum. {theory.mnist()}"
    ),
    note=lambda: (
        f"{theory.settings['feature_depth']} random ReLU layers of width {theory.settings['mnist_features']:,}; the 5,000 embedded "
        f"images are the population. The legends give exponents of the mean curves. {theory.mnist()}"
    ),
)

# %% [markdown]
# ## Spectra and exponents of wide networks (Figure 2b)

# %%
page.figure(
    "b_kernels",
    plots.b_kernels,
    ["b_spectra", "b_kernel_points"],
    alt=lambda _, points: (
        "First panel: spectra of infinitely wide networks' kernels on MNIST. The others: data exponents against the exponent "
        f"fitted to the spectrum and against the theory of the whole spectrum. {theory.ranks()} {theory.kernels(points)}"
    ),
    note=lambda _, points: (
        f"Equality with α_K is not expected with {theory.settings['population']:,} images: the spectra are curved and end. "
        f"{theory.ranks()} {theory.kernels(points)} Bars: range over draws."
    ),
)

# %% [markdown]
# ## Variance-limited in data (Figure 1a, top left)

# %%
page.figure(
    "b_deep",
    lambda frame: plots.b_excess(frame, "training images D", theory.exponent("data")),
    ["b_deep"],
    alt=lambda table: (
        "Excess loss of small deep networks over training on the whole population against the number of images, with a line "
        f"of exponent 1. {theory.against_one('data')}"
    ),
    note=lambda table: (
        f"{theory.against_one('data')}{theory.undefined('data')} {theory.local_exponents(table)} {theory.network()}; the population is "
        f"the 5,000 embedded images, so that the limit is exact. Thin lines: {theory.network_settings['seeds']} initial weights."
    ),
)

# %% [markdown]
# ## Variance-limited in width (Figure 1a, bottom right)

# %%
page.figure(
    "b_width",
    lambda frame: plots.b_excess(frame, "width", theory.exponent("width")),
    ["b_width"],
    alt=lambda table: (
        "Excess test loss of networks over their linearisation against width, with a line of exponent 1. "
        f"{theory.against_one('width')} {theory.local_exponents(table)}"
    ),
    note=lambda table: (
        f"{theory.against_one('width')}{theory.undefined('width')} {theory.local_exponents(table)} The paper's statement is one about wide "
        f"networks. {theory.network_settings['train_size']} training images, {theory.network_settings['data_steps']} steps; each network "
        f"averaged with its twin of opposite output sign. Thin lines: {theory.network_settings['width_groups']} groups of initial weights."
    ),
)

# %% [markdown]
# ## Exponent and input dimension (Figure 1b)

# %%
page.figure(
    "b_fig1b",
    plots.b_fig1b,
    ["b_students", "b_exponents"],
    alt=lambda _, exponents: (
        "Left: lowest test loss of students against samples by input dimension. Right: 4/alpha against dimension with the paper's "
        f"line. {theory.dimensions(exponents)}"
    ),
    note=lambda _, exponents: (
        f"{theory.dimensions(exponents)} {theory.student_setting()} Slopes over so few samples need not be the asymptotic ones that the "
        "theory speaks of. Left: geometric means and ranges over seeds; right: means with 95 % intervals, dots are seeds."
    ),
)

# %% [markdown]
# ## Student width and depth (Figures S4, S5)

# %%
page.figure(
    "b_sweep",
    plots.b_sweep,
    ["b_sweep"],
    alt="Lowest test loss against the number of parameters of the student by depth, a panel an input dimension.",
)
