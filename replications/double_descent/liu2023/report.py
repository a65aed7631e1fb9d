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
from replications.double_descent.liu2023 import captions, full_size, plotting
from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count
from replications.double_descent.science.wording import listed, two_layer_task
from verifig.pages.page import Page

page = Page("liu2023")
features, minimal, iterated, conditioning, two_layer = map(
    page.settings, ("features", "minimal", "iterated", "conditioning", "two_layer")
)

maps, runs, networks = (select.conditions(page, name) for name in ("features", "iterated", "two_layer"))

# %% [markdown]
# **A reconstruction.** The full text of Liu and Flanigan's paper could not be had. What is tested are the statements of
# its abstract, in settings of the first author's earlier public repositories or of our own choice; no number below is
# that paper's, and its figures are not referred to by number. The published minimal example is compared number by
# number. The opinion that double descent is unlikely to trouble realistic training is not checkable and not judged.
# Panels A to H are labels of ours.
#
# ## Background and words

# %%
page.text(f"{captions.common.definitions()} {captions.common.common(features)}")

# %% [markdown]
# ## Panel A: the minimal example
# A few points in the plane, random tanh features of their two coordinates, least squares in closed form. In the
# published figure, of six points and means over 10,000 draws, test error (apart from the narrowest models), test MSE,
# condition number and norm of the weights peak where there are as many features P as points N.

# %%
n, published = minimal["n"], page.paper("minimal")
page.figure(
    "minimal",
    lambda table: plotting.minimal.minimal(table, n, published),
    ["minimal"],
    alt=lambda table: captions.minimal.minimal_alt(table, n),
    note=lambda table: captions.minimal.minimal_note(table, n, minimal["draws"], published),
)

# %% [markdown]
# ## Panel A2: gradient descent in the minimal example
# The author's gradient-descent variant has ten points, learning rate 0.1, momentum 0.95 and 1,000 steps (public
# script). The same recursion is run here for other numbers of steps, too.

# %%
page.figure(
    "minimal_descent",
    lambda table: plotting.minimal.minimal_descent(table, minimal),
    ["minimal_descent"],
    alt=lambda table: captions.minimal.descent_alt(table, minimal["descent_n"]),
    note=f"Means over {minimal['descent_draws']} draws with 95 % intervals over groups of ten. Dotted: as many features as points.",
)

# %% [markdown]
# ## Panel B: training time
# The abstract: the peak appears if and only if the optimiser reaches a sufficiently low loss. Here models and data are
# the same and only the number of steps differs; other learning rates are among the configurations of panel H.

# %%
page.figure(
    "horizons",
    lambda risk: plotting.training.horizons(risk, features),
    ["features_risk"],
    alt=lambda risk: captions.training.horizons_alt(risk, features),
    note=captions.training.horizons_note(features),
)

# %%
plain, horizons = {"map": "standardised"}, select.shown_horizons(features)
by_time = [plain | {"solver": f"steps {steps:g}"} for steps in horizons]
page.text(
    f"Median h after {listed(map(count, horizons))} steps: "
    f"{listed(page.number('features', 'peak_height', place, 'median') for place in by_time)}. "
    f"Median l after the finite ones: {listed(page.number('features', 'threshold_loss', place, 'median') for place in by_time[:-1])}."
)

# %%
page.text(captions.training.flattest(page.value("features", "condition_number", plain | {"width": "n"})))

# %%
page.figure(
    "heatmap",
    plotting.training.heatmap,
    ["features_risk"],
    alt=lambda risk: captions.training.heatmap_alt(risk, features),
    note="White dots: the worst width at each number of steps.",
)

# %% [markdown]
# ## Panel C: optimiser and batch size
# Equal numbers of full-batch steps, or of epochs, under optimisers of unequal power.

# %%
page.figure(
    "optimisers",
    lambda risk, iterated: plotting.training.optimisers(risk, iterated, features, runs),
    ["features_risk", "iterated_risk"],
    alt=lambda risk, iterated: captions.training.optimisers_alt(risk, iterated, features, runs),
    note=lambda risk, iterated: captions.training.optimisers_note(risk, iterated, features, runs),
)

# %%
page.figure(
    "batches",
    lambda table: plotting.training.batches(table, iterated, runs),
    ["iterated_risk"],
    alt=lambda table: captions.training.batches_alt(table, iterated, runs),
    note=captions.training.batches_note(iterated, runs),
)

# %% [markdown]
# ## Panel D: initialisation
# Two scales. The output layer's start survives training in all directions that the data do not reach, so beyond the
# threshold it adds test MSE in proportion to its square. The first layer's scale sets the conditioning of the features
# and, at a fixed learning rate, how far training gets.

# %%
page.figure(
    "initialisation",
    lambda risk: plotting.features.initialisation(risk, features, maps),
    ["features_risk"],
    alt=lambda risk: captions.features.initialisation_alt(risk, features, maps),
    note=lambda risk: captions.features.initialisation_note(risk, features, maps),
)

# %% [markdown]
# ## Panel E: normalisation
# Pixels are raw or standardised; on top of that, features are standardised by row (as in layer normalisation), by
# column (as in batch normalisation), or by column before the activation.

# %%
page.figure(
    "normalisation",
    lambda risk: plotting.features.normalisation(risk, features, maps),
    ["features_risk"],
    alt=lambda risk: captions.features.normalisation_alt(risk, features, maps),
    note=lambda risk: captions.features.normalisation_note(risk, features, maps),
)

# %% [markdown]
# ## Condition numbers
# The mechanism that the abstract names: a factor changes the condition number of the problem or the power of the
# optimiser, and so the minimum that is found and the height of the peak.

# %%
page.figure(
    "conditioning",
    lambda by_width, threshold: plotting.features.conditioning(by_width, threshold, features, maps),
    ["features_kappa", "threshold_kappa"],
    alt=captions.features.conditioning_alt,
    note=(
        f"Above: medians with quartiles over {captions.common.seeds(maps.values())}; below: {conditioning['kappa_draws']} draws at W = n, "
        f"{len(conditioning['conditions'])} feature maps."
    ),
)

# %% [markdown]
# ## Condition number, loss and error at the threshold
# Does the better conditioned of two feature maps reach the lower loss?

# %%
page.figure(
    "caveat_normalisation",
    lambda risk, by_width: plotting.features.caveat_normalisation(risk, by_width, features, maps),
    ["features_risk", "features_kappa"],
    alt=lambda risk, by_width: captions.features.caveat_normalisation_alt(risk, by_width, features, maps),
    note=lambda risk, by_width: captions.features.caveat_normalisation_note(risk, by_width, features, maps),
)

# %% [markdown]
# ## Panel F: label noise

# %%
page.figure(
    "noise",
    lambda risk: plotting.features.noise(risk, features),
    ["features_risk"],
    alt=lambda risk: captions.features.noise_alt(risk, features),
    note=lambda risk: captions.features.noise_note(risk, features),
)

# %% [markdown]
# ## Label noise, and the loss that goes with a peak
# Is one training loss "sufficiently low" in every task?

# %%
page.figure(
    "caveat_noise",
    lambda risk: plotting.features.caveat_noise(risk, features),
    ["features_risk"],
    alt=captions.features.caveat_noise_alt(features),
    note=lambda risk: captions.features.caveat_noise_note(risk, features),
)

# %% [markdown]
# ## Panel G: two-layer networks, both layers trained

# %%
page.text(two_layer_task(two_layer))

# %%
page.figure(
    "two_layer",
    lambda table: plotting.networks.two_layer(table, two_layer, networks),
    ["two_layer"],
    alt=lambda table: captions.networks.two_layer_alt(table, two_layer, networks),
    note=lambda table: captions.networks.two_layer_note(table, two_layer, networks),
)

# %% [markdown]
# ## Panel H: loss and peak together
# Configurations of the common setting that differ in optimisation alone: steps, step size, momentum, batch size, Adam.

# %%
no_peak, peak, between = select.sides(page.claims)
correlation = page.number("iterated", "rank_correlation", {"list": "all"}, "median")
page.figure(
    "loss_peak",
    lambda table: plotting.networks.loss_peak(table, no_peak, between),
    ["loss_peak"],
    alt=lambda table: captions.networks.loss_peak_alt(table, correlation, between),
    note=lambda table: captions.networks.loss_peak_note(table, between, peak),
)

# %% [markdown]
# ## The closest precedent with a proof
# Kuzborskij et al. bound the risk of gradient descent on least squares by a sum in which one term has the factor
# (1 − αλ)^(2T), with the step size α, the number of steps T and the smallest positive curvature λ, which is smallest
# where the dimension d is about the number of samples n.

# %%
page.figure(
    "curvature",
    lambda table: plotting.minimal.curvature(table, conditioning),
    ["smallest_curvature"],
    alt=captions.minimal.curvature_alt,
    note=(
        f"n = {conditioning['curvature_rows']} (dotted), step size {conditioning['curvature_rate']:g}; means with 95 % intervals over "
        f"{conditioning['curvature_draws']} draws."
    ),
    folded="Show the figure: the smallest positive curvature by dimension",
)

# %% [markdown]
# ## Full size

# %%
full_size.training_time(page, "full_mnist", "features_mnist")

# %%
full_size.training_time(page, "full_fashion", "features_fashion")

# %%
full_size.author_grid(page)

# %%
full_size.two_layer(page)
