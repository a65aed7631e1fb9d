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
from replications.double_descent import captions, plots, plots_unified
from replications.double_descent import eigenframework as theory
from verifig.pages.page import Page

page = Page("double_descent")
features, minimal, ridge = (page.settings(name) for name in ("features", "minimal", "ridge"))


def conditions(experiment: str) -> dict:
    """Settings of the run's conditions by name."""
    return {name: page.settings(experiment, name) for name in page.settings(experiment)["conditions"]}


def bounds(claim: str, statistic: str) -> list[tuple[float, float]]:
    """Bounds of a claim's parts on one statistic, as far as it was judged."""
    parts = [part for found in page.claims if found["id"] == claim for part in found["parts"]]
    return [tuple(map(float, part["bounds"])) for part in parts if part["statistic"] == statistic]


maps, runs, networks = conditions("features"), conditions("iterated"), conditions("two_layer")
page.header()

# %% [markdown]
# **A reconstruction.** The full text of Liu and Flanigan's paper could not be had. What is tested are the statements of
# its abstract, in settings of the first author's earlier public repositories or of our own choice; no number below is
# that paper's, and its figures are not referred to by number. The exact equations and stored results of Simon et al.,
# the published minimal example and the released runs of Deep Double Descent are compared number by number. The opinion
# that double descent is unlikely to trouble realistic training is not checkable and not judged.
#
# ## All claims at a glance

# %%
page.text(f"{captions.definitions()} {captions.common(features)}")

# %%
page.summary()

# %% [markdown]
# ## Panel A: the minimal example
# A few points in the plane, random tanh features of their two coordinates, least squares in closed form. In the
# published figure, of six points and means over 10,000 draws, test error (apart from the narrowest models), test MSE,
# condition number and norm of the weights peak where there are as many features P as points N.

# %%
n = minimal["n"]
page.figure(
    "minimal",
    lambda table: plots.minimal(table, n, page.paper("minimal")),
    ["minimal"],
    alt=lambda table: captions.minimal_alt(table, n),
    note=lambda table: captions.minimal_note(table, n, minimal["draws"], page.paper("minimal")),
)

# %% [markdown]
# ## Panel A2: gradient descent in the minimal example
# The author's gradient-descent variant has ten points, learning rate 0.1, momentum 0.95 and 1,000 steps (public
# script). The same recursion is run here for other numbers of steps, too.

# %%
ten = minimal["descent_n"]
page.figure(
    "minimal_descent",
    lambda table: plots.minimal_descent(table, ten, minimal["momentum"], minimal["learning_rate"]),
    ["minimal_descent"],
    alt=lambda table: captions.descent_alt(table, ten),
    note=lambda: (
        f"Means over {minimal['descent_draws']} draws with 95 % intervals over groups of ten. Dotted: as many features as points."
    ),
)

# %% [markdown]
# ## Panel B: training time
# The abstract: the peak appears if and only if the optimiser reaches a sufficiently low loss. Here models and data are
# the same and only the number of steps differs; other learning rates are among the configurations of panel H.

# %%
plain = {"map": "standardised"}
horizons = plots.shown_horizons(features)
page.figure(
    "horizons",
    lambda risk: plots.horizons(risk, features),
    ["features_risk"],
    alt=lambda risk: captions.horizons_alt(risk, features),
    note=lambda: (
        f"MSE: medians with quartiles over {features['seeds']} seeds; error: means with 95 % intervals. Dotted: W = n. The training "
        f"loss after infinitely many steps, 0 from W = n on, is not drawn; losses below {plots.LOSS_FLOOR:g} leave the frame."
    ),
)

# %%
by_time = [plain | {"solver": f"steps {steps:g}"} for steps in horizons]
page.text(
    f"Median h after {captions.listed(map(plots.count, horizons))} steps: "
    f"{captions.listed(page.number('features', 'peak_height', place, 'median') for place in by_time)}. "
    f"Median l after the finite ones: {captions.listed(page.number('features', 'threshold_loss', place, 'median') for place in by_time[:-1])}."
)

# %%
kappa = page.value("features", "condition_number", plain | {"width": "n"})
page.text(
    "Along the flattest direction at W = n what is left to fit falls by a factor e within about κ² steps of size 1/L: "
    f"{captions.text(float(f'{kappa.median() ** 2:.1e}'), 2)} steps at the median κ."
    if len(kappa)
    else ""
)

# %%
page.figure(
    "heatmap",
    plots.heatmap,
    ["features_risk"],
    alt=lambda risk: captions.heatmap_alt(risk, features),
    note="White dots: the worst width at each number of steps.",
)

# %% [markdown]
# ## Panel C: optimiser and batch size
# Equal numbers of full-batch steps, or of epochs, under optimisers of unequal power.

# %%
page.figure(
    "optimisers",
    lambda risk, iterated: plots.optimisers(risk, iterated, features, runs),
    ["features_risk", "iterated_risk"],
    alt=lambda risk, iterated: captions.optimisers_alt(risk, iterated, features, runs),
    note=lambda risk, iterated: captions.optimisers_note(risk, iterated, features, runs),
)

# %%
iterated = page.settings("iterated")
batch_runs = {name: page.settings("iterated", name) for name in runs}
page.figure(
    "batches",
    lambda table: plots.batches(table, iterated, runs),
    ["iterated_risk"],
    alt=lambda table: captions.batches_alt(table, iterated, runs),
    note=lambda: captions.batches_note(iterated, batch_runs),
)

# %% [markdown]
# ## Panel D: initialisation
# Two scales. The output layer's start survives training in all directions that the data do not reach, so beyond the
# threshold it adds test MSE in proportion to its square. The first layer's scale sets the conditioning of the features
# and, at a fixed learning rate, how far training gets.

# %%
page.figure(
    "initialisation",
    lambda risk: plots.initialisation(risk, features, maps),
    ["features_risk"],
    alt=lambda risk: captions.initialisation_alt(risk, features, maps),
    note=lambda risk: captions.initialisation_note(risk, features, maps),
)

# %% [markdown]
# ## Panel E: normalisation
# Pixels are raw or standardised; on top of that, features are standardised by row (as in layer normalisation), by
# column (as in batch normalisation), or by column before the activation.

# %%
page.figure(
    "normalisation",
    lambda risk: plots.normalisation(risk, features, maps),
    ["features_risk"],
    alt=lambda risk: captions.normalisation_alt(risk, features, maps),
    note=lambda risk: captions.normalisation_note(risk, features, maps),
)

# %% [markdown]
# ## Condition numbers
# The mechanism that the abstract names: a factor changes the condition number of the problem or the power of the
# optimiser, and so the minimum that is found and the height of the peak.

# %%
draws = conditions("conditioning")
page.figure(
    "conditioning",
    lambda by_width, threshold: plots.conditioning(by_width, threshold, features, maps),
    ["features_kappa", "threshold_kappa"],
    alt=captions.conditioning_alt,
    note=lambda: (
        f"Left and middle: medians with quartiles over {captions.seeds(maps.values())}; right: "
        f"{page.settings('conditioning')['kappa_draws']} draws at W = n, {len(draws)} feature maps."
    ),
)

# %% [markdown]
# ## Condition number, loss and error at the threshold
# Does the better conditioned of two feature maps reach the lower loss?

# %%
page.figure(
    "caveat_normalisation",
    lambda risk, by_width: plots.caveat_normalisation(risk, by_width, features, maps),
    ["features_risk", "features_kappa"],
    alt=lambda risk, by_width: captions.caveat_normalisation_alt(risk, by_width, features, maps),
    note=lambda risk, by_width: (
        f"Medians and quartiles over seeds, W = n, {plots.count(features['steps'])} steps of size 1/L. "
        + captions.caveat_normalisation(risk, by_width, features, maps)
    ),
)

# %% [markdown]
# ## Panel F: label noise

# %%
page.figure(
    "noise",
    lambda risk: plots.noise(risk, features),
    ["features_risk"],
    alt=lambda risk: captions.noise_alt(risk, features),
    note=lambda risk: captions.noise_note(risk, features),
)

# %% [markdown]
# ## Label noise, and the loss that goes with a peak
# Is one training loss "sufficiently low" in every task?

# %%
page.figure(
    "caveat_noise",
    lambda risk: plots_unified.caveat_noise(risk, features),
    ["features_risk"],
    alt=lambda: captions.caveat_noise_alt(features),
    note=lambda risk: (
        f"Medians with quartiles over {features['seeds']} seeds; each line runs from the shorter training (right) to the longer (left). "
        + captions.caveat_noise(risk, features)
    ),
)

# %% [markdown]
# ## Panel G: two-layer networks, both layers trained

# %%
two_layer = page.settings("two_layer")
classes = len(two_layer["classes"]) or 10
inputs = (28 // two_layer["pool_size"]) ** 2
equations = plots_unified.parameter_threshold(inputs, classes, two_layer["n"])
arms = {name: networks[name] for name in captions.arms_of(networks, two_layer)}
page.text(
    f"{classes} classes of {captions.DATASETS[two_layer['dataset']]}, {inputs} pixels, n = {two_layer['n']:,}, "
    f"{100 * two_layer['label_noise']:g} % label noise, ReLU networks with biases, full batch. As many parameters as equations (n times "
    f"the number of classes) at H = {captions.text(equations)}."
)

# %%
page.figure(
    "two_layer",
    lambda table: plots_unified.two_layer(table, two_layer, arms, equations),
    ["two_layer"],
    alt=lambda table: captions.two_layer_alt(table, two_layer, arms),
    note=lambda table: captions.two_layer_note(table, two_layer, arms, equations),
)

# %% [markdown]
# ## Panel H: loss and peak together
# Configurations of the common setting that differ in optimisation alone: steps, step size, momentum, batch size, Adam.

# %%
losses = bounds("B5", "threshold_loss")
between = (min(high for _, high in losses), max(low for low, _ in losses)) if losses else None
no_peak = min((high for _, high in bounds("B5", "peak_height")), default=None)
peak = max((low for low, _ in bounds("B5", "peak_height")), default=None)
page.figure(
    "loss_peak",
    lambda table: plots_unified.loss_peak(table, no_peak, between),
    ["loss_peak"],
    alt=lambda table: captions.loss_peak_alt(
        table, page.number("iterated", "rank_correlation", {"list": "all"}, "median"), between
    ),
    note=lambda table: captions.loss_peak_note(table, between, peak),
)

# %% [markdown]
# ## The closest precedent with a proof
# Kuzborskij et al. bound the risk of gradient descent on least squares by a sum in which one term has the factor
# (1 − αλ)^(2T), with the step size α, the number of steps T and the smallest positive curvature λ, which is smallest
# where the dimension d is about the number of samples n.

# %%
curvature = page.settings("conditioning")
page.figure(
    "curvature",
    lambda table: plots_unified.curvature(table, curvature),
    ["smallest_curvature"],
    alt=captions.curvature_alt,
    note=lambda: (
        f"n = {curvature['curvature_rows']} (dotted), step size {curvature['curvature_rate']:g}; means with 95 % intervals over "
        f"{curvature['curvature_draws']} draws."
    ),
)

# %% [markdown]
# ## More is Better: the exact theory
# Random-feature ridge regression has an exact risk in terms of two implicit constants. First our solver against the
# authors' stored arrays, then the theory against our own simulations.

# %%
page.figure(
    "mib_published",
    plots_unified.published,
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
    lambda table: plots_unified.risks(
        table, setting["n"], lambda k, delta: theory.risk(task, setting["n"], k, delta)[0]
    ),
    [f"{own}_gaussian"],
    alt=lambda table: captions.risks_alt(table, setting["n"], "Gaussian features"),
    note=lambda: (
        f"n = {setting['n']} (dotted), {setting['task_size']:,} eigenvalues, {setting['trials']} trials; bars: 95 % intervals, side by side on the right."
    ),
)

# %%
page.figure(
    "mib_images",
    lambda table: plots_unified.risks(table, ridge["n"]),
    ["ridge_images"],
    alt=lambda table: captions.risks_alt(
        table, ridge["n"], f"ReLU features of {captions.DATASETS[ridge['dataset']]} images"
    ),
    note=lambda: (
        f"n = {ridge['n']} (dotted), {ridge['image_trials']} trials. Theory at the simulated k (joined by straight lines) from the exact "
        f"kernel of a pool of {ridge['pool']:,} images, corrected for test points drawn from the same pool."
    ),
)

# %%
cifar = page.settings("ridge_cifar")
page.figure(
    "mib_cifar",
    lambda table: plots_unified.risks(table, cifar["n"]),
    ["ridge_cifar_images"],
    alt=lambda table: captions.risks_alt(table, cifar["n"], "ReLU features of CIFAR-10 images"),
    note=lambda: f"n = {cifar['n']} (dotted), {cifar['image_trials']} trials, a pool of {cifar['pool']:,} images.",
)

# %% [markdown]
# ## Theorem 1: more is better once the ridge is tuned
# Theorem 1: with the ridge tuned, risk falls with more features and with more samples. In this theory double descent is
# a matter of regularisation, where Liu and Flanigan speak of training.

# %%
page.figure(
    "mib_theorem",
    lambda table: plots_unified.theorem(table, ridge),
    ["ridge_theorem"],
    alt=captions.theorem_alt,
    note="Exact test MSE of the synthetic task, no simulation. Dotted: the size that is held fixed.",
)

# %% [markdown]
# ## Corollary 1: how much overfitting is optimal
# For power-law tasks the best ratio of train to test error has a closed form.

# %%
page.text(captions.fitting_prose())

# %%
page.figure(
    "mib_fitting",
    plots_unified.fitting,
    ["optima_mnist", "optima_cifar10"],
    alt=captions.fitting_alt,
    note=(
        "Points: minima of the formula. Diamonds: the fitting ratio of the stored optimum of convolutional-kernel regression, placed on "
        "the formula's curve. No kernel was computed here. The frame cuts off the highest parts of the curves."
    ),
)

# %% [markdown]
# ## Deep Double Descent
# For context, the authors' released ResNet18 runs on CIFAR-10 with 15 % label noise, and what random features show of
# "more data can hurt".

# %%
page.figure(
    "ddd_published",
    plots_unified.resnet,
    ["resnet_published"],
    alt=captions.resnet_alt,
    note="The authors' released numbers, drawn anew; no network of ours is in this figure. Test error is on labels as noisy as the training labels. Dotted vertical line: the width of their peak.",
)

# %%
page.figure(
    "ddd_samples",
    lambda sizes, threshold: plots_unified.samples(sizes, threshold, features),
    ["features_sizes", "features_threshold"],
    alt=captions.samples_alt,
    note=lambda: (
        f"Minimum-norm fits of random features; means with 95 % intervals over {features['sample_seeds']} seeds."
    ),
)

# %%
page.figure(
    "ddd_resnet",
    plots_unified.resnet,
    ["resnet_published", "deep_cifar"],
    alt="Own and published test and train errors of ResNet18 against width.",
    note=lambda: (
        f"Ours: {page.settings('deep_cifar')['epochs']} epochs, median and range over {page.seeds('deep_cifar')} seeds; published: "
        "4,000 epochs, mean of five runs."
    ),
)

# %% [markdown]
# ## Full size

# %%
for_mnist = page.settings("features_mnist")
page.figure(
    "full_mnist",
    lambda risk: plots.horizons(risk, for_mnist),
    ["features_mnist_risk"],
    alt=lambda risk: captions.horizons_alt(risk, for_mnist),
    note=lambda: f"n = {for_mnist['n']:,}, {for_mnist['seeds']} seeds; bands as in panel B.",
)

# %%
for_fashion = page.settings("features_fashion")
page.figure(
    "full_fashion",
    lambda risk: plots.horizons(risk, for_fashion),
    ["features_fashion_risk"],
    alt=lambda risk: captions.horizons_alt(risk, for_fashion),
    note=lambda: f"n = {for_fashion['n']:,}, {for_fashion['seeds']} seeds; bands as in panel B.",
)

# %%
grid = page.settings("grid_mnist")
page.figure(
    "author_grid",
    lambda mnist, fashion: plots_unified.author_grid(
        {"MNIST": mnist, "Fashion-MNIST": fashion}, conditions("grid_mnist"), grid["n"], grid["widths"]
    ),
    ["grid_mnist_risk", "grid_fashion_risk"],
    alt="Test loss against width on the author's grid for a constant and a decaying learning rate and for cross-entropy.",
    note=lambda: (
        f"Median and range over {grid['seeds']} seeds, batch size {grid['batch_size']}, {grid['epochs']:,} epochs."
    ),
)

# %%
large = page.settings("two_layer_mnist")
full_arms = {
    name: page.settings("two_layer_mnist", name) for name in captions.arms_of(conditions("two_layer_mnist"), large)
}
balance = plots_unified.parameter_threshold((28 // large["pool_size"]) ** 2, len(large["classes"]) or 10, large["n"])
page.figure(
    "full_two_layer",
    lambda table: plots_unified.two_layer(table, large, full_arms, balance),
    ["two_layer_mnist"],
    alt=lambda table: captions.two_layer_alt(table, large, full_arms),
    note=lambda table: captions.two_layer_note(table, large, full_arms, balance),
)

# %% [markdown]
# ## Oracles and controls
# Identities that must hold, instruments broken on purpose that must be caught, and a null: labels that mean nothing.

# %%
page.controls()

# %% [markdown]
# ## Deviations

# %%
page.deviations()

# %% [markdown]
# ## Provenance
# The paper scale: `python -m verifig prepare --scale paper`, then
# `snakemake double_descent --config scale=paper` on a machine with a GPU.

# %%
page.provenance()

# %%
page.finish()
