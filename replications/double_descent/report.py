# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
# The page of this rule set. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).

# %%
from replications.double_descent import plots, plots_unified
from verifig import numbers
from verifig.pages import Page

page = Page("double_descent")


def median(experiment: str, statistic: str, condition: dict) -> str:
    """Median over units as text, or a dash where the experiment did not run."""
    values = page.value(experiment, statistic, condition)
    return numbers.text(values.median()) if len(values) else "–"


page.header()

# %% [markdown]
# **A reconstruction.** The full text of Liu and Flanigan's paper could not be had. What is tested are the statements of
# its abstract, in settings of the first author's earlier public repositories or of our own choice; no number below is
# that paper's, and its figures are not referred to by number. The exact equations and stored results of Simon et al.,
# the published minimal example and the released runs of Deep Double Descent are compared number by number. The opinion
# that double descent is unlikely to trouble realistic training is not checkable and not judged.
#
# ## All claims at a glance
# **h** is the peak height: the largest test MSE between 0.8n and 1.2n features, over that at 4n, per seed. **l** is
# the training MSE at W = n. The common setting: MNIST digits 0 against 6, n = 100 images with 5 % label noise,
# W frozen random tanh features, squared loss; gradient descent on the output layer in closed form.

# %%
page.summary()

# %% [markdown]
# ## Panel A: the minimal example
# Six points in the plane, random tanh features of their two coordinates, least squares in closed form: everything
# peaks where there are as many features as points. The published figure gives means over 10,000 draws.

# %%
page.figure(
    "minimal",
    lambda table: plots.minimal(table, page.paper("minimal")),
    ["minimal"],
    alt="Four panels against features over points: test error, test MSE, condition number and norm of the weights, each with a sharp maximum at 1; published points lie on the mean curves.",
    note="Diamonds: published means, average of two independent versions. Means of the last three are unstable at P/N = 1 (heavy tails); medians with quartiles are shown beside them and judged.",
)

# %% [markdown]
# ## Panel A2: ten points and gradient descent
# The same with ten points, trained as the author's gradient-descent variant is: learning rate 0.1, momentum 0.95. His
# 1,000 steps leave no peak at P = N. Letting the same recursion run on makes one.

# %%
page.figure(
    "minimal_descent",
    plots.minimal_descent,
    ["minimal_descent"],
    alt="Test error against the number of features for five training times: flat or rising without a peak after 100 and 1,000 steps, a growing maximum at 10 features for 10,000 steps and more.",
    note="Bands: 95 % intervals over groups of ten draws. Dotted: as many features as points.",
)

# %% [markdown]
# ## Panel B: training time and learning rate
# The abstract: the peak appears if and only if the optimiser reaches a sufficiently low loss. Everything here is the
# same model and the same data; only the number of steps differs.

# %%
page.figure(
    "horizons",
    plots.horizons,
    ["features_risk"],
    alt="Test MSE, test error and train MSE against width for six numbers of steps. Up to 1,000 steps there is no peak; from 10,000 steps on one grows at width 100, by orders of magnitude in the limit.",
    note="MSE: medians with quartiles over 24 seeds; error: means with 95 % intervals. Dotted: W = n.",
)

# %%
kappa = page.value("features", "condition_number", {"map": "standardised", "width": "n"})
growth = ["1000", "10000", "100000", "inf"]
heights = [median("features", "peak_height", {"map": "standardised", "solver": f"steps {name}"}) for name in growth]
losses = [
    median("features", "threshold_loss", {"map": "standardised", "solver": f"steps {name}"}) for name in growth[:3]
]
page.text(
    f"Median h after 1,000, 10,000, 100,000 and infinitely many steps: {', '.join(heights)}; "
    f"median l after the first three: {', '.join(losses)}. The peak needs training to an extreme degree: the slowest "
    f"direction at W = n decays within about κ² steps, {numbers.text(kappa.median() ** 2)} at the median condition number."
)

# %%
page.figure(
    "heatmap",
    plots.heatmap,
    ["features_risk"],
    alt="Two maps of test error over width and steps. A bright ridge at width 100 appears only in the upper half, from about 10,000 steps on; white dots mark the worst width of each row.",
    note="White dots: the worst width at each number of steps.",
)

# %% [markdown]
# ## Panel C: optimiser and batch size
# Equal numbers of full-batch steps, unequal power: momentum and Adam reach losses that plain gradient descent does not.

# %%
page.figure(
    "optimisers",
    plots.optimisers,
    ["features_risk", "iterated_risk"],
    alt="Test MSE by width for gradient descent, momentum and two Adam runs: after 1,000 steps momentum alone has a high peak, after 10,000 steps Adam has one too and gradient descent a small one.",
    note="Medians with quartiles. Spectral runs: 24 seeds; Adam: 12 of the same seeds.",
)

# %%
page.figure(
    "batches",
    plots.batches,
    ["iterated_risk"],
    alt="Test and train MSE by width after 1,000 epochs: batch size 1 has a peak at width 100, batch sizes 10 and 100 and a decaying learning rate have none and higher training loss.",
    note="The decaying rate (divided by the root of 1 + epoch) is that of the author's earlier repository.",
)

# %% [markdown]
# ## Panel D: initialisation
# Two scales. The output layer's start survives training in all directions that the data do not reach, so beyond the
# threshold it adds error in proportion to its square and can hide the second descent. The first layer's scale sets the
# conditioning of the features and, at a fixed learning rate, how far training gets.

# %%
page.figure(
    "initialisation",
    plots.initialisation,
    ["features_risk"],
    alt="Left: test MSE by width for four output scales, large ones lift the right side of the curve. Middle and right: test error by width for five feature scales at two learning rates; small feature scales show no peak at the fixed rate.",
)

# %% [markdown]
# ## Panel E: normalisation

# %%
page.figure(
    "normalisation",
    plots.normalisation,
    ["features_risk"],
    alt="Test error by width for raw pixels, standardised pixels, layer and batch normalisation; at the fixed learning rate raw pixels show no peak and batch normalisation the highest.",
    note="Means with 95 % intervals over seeds (24 for standardised pixels, 16 for the others).",
)

# %% [markdown]
# ## Condition numbers
# The mechanism: the condition number of the features peaks at W = n, and whatever lowers it lets training go further.

# %%
page.figure(
    "conditioning",
    plots.conditioning,
    ["features_kappa", "threshold_kappa"],
    alt="Condition numbers against width, peaking at 100 for every normalisation and feature scale; and their distributions at the threshold over 400 draws, heavy-tailed, lowest for batch normalisation.",
    note="Left and middle: medians with quartiles over seeds; right: 400 draws at W = n.",
)

# %% [markdown]
# ## Caveat: better conditioning need not mean lower loss
# With column-standardised features the condition number is lower and the error at the threshold higher, yet the
# training loss at W = n need not be lower after equally many steps: normalisation changes the task as well as its
# conditioning. The statement holds for condition number and error, not for the loss, and is judged that way.

# %%
page.figure(
    "caveat_normalisation",
    plots.caveat_normalisation,
    ["features_risk", "features_kappa"],
    alt="Condition number, training loss and test error at the threshold for five feature maps: condition numbers fall and errors rise from raw pixels to batch normalisation, training losses overlap.",
    note="Medians and quartiles over seeds, W = n, 10,000 steps of size 1/L.",
)

# %%
ratio = median("features", "threshold_loss_ratio", {"a": "batch", "b": "standardised", "solver": "steps 10000"})
page.text(f"Training loss with standardised columns over that without, same seed, median: {ratio}.")

# %% [markdown]
# ## Panel F: label noise

# %%
page.figure(
    "noise",
    plots.noise,
    ["features_risk"],
    alt="Test error by width for five noise levels: flat after 1,000 steps, peaks of height growing with noise after 10,000 steps and fully trained.",
)

# %% [markdown]
# ## Caveat: no loss threshold holds across noise levels
# Without label noise the loss after 10,000 steps is lower than with noise, and the peak smaller. Which loss is
# "sufficiently low" depends on the task; the statement is tested within one task only.

# %%
page.figure(
    "caveat_noise",
    plots_unified.caveat_noise,
    ["features_risk"],
    alt="Peak height against training loss at W = n: for each noise level a line from 1,000 to 10,000 steps; the lines are shifted, so that the same loss goes with different peak heights.",
    note="Medians with quartiles over 24 seeds; each line runs from 1,000 steps (right) to 10,000 (left).",
)

# %% [markdown]
# ## Panel G: two-layer networks, both layers trained
# Ten classes, 7 x 7 pixels, n = 100, 20 % label noise. As many parameters as equations at H = 16.5 (dotted).

# %%
page.figure(
    "two_layer",
    lambda table: plots_unified.two_layer(table, 16.5),
    ["two_layer"],
    alt="Test MSE by hidden width after 300 and 3,000 steps and training loss: no peak early; late a broad peak between 16 and 40 under Adam, a small one under momentum, none under gradient descent.",
    note="Means with 95 % intervals over 8 seeds (4 for the two variants of Adam). The peak lies right of the parameter count, as gradients find less than the parameters allow.",
)

# %% [markdown]
# ## Panel H: low loss and the peak go together
# All configurations that differ in optimisation alone: steps, step size, momentum, batch size, Adam.

# %%
page.figure(
    "loss_peak",
    plots_unified.loss_peak,
    ["loss_peak"],
    alt="Scatter of peak height against training loss at the threshold on log axes: one falling band through 19 configurations of five families; above a loss of 0.009 the height is about 1.",
    note="Large points: medians of a configuration; small ones: seeds. Grey: losses between the two judged lists.",
)

# %% [markdown]
# ## The closest precedent with a proof
# Kuzborskij et al. bound the risk of gradient descent on least squares by a factor that depends on the smallest
# positive curvature; it is largest at d = n and vanishes with training time elsewhere first.

# %%
page.figure(
    "curvature",
    plots_unified.curvature,
    ["smallest_curvature"],
    alt="The factor against the input dimension, with a peak at 20, the number of samples, high and broad after 1,000 steps and narrower after 100,000.",
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
    alt="Theory curves of test MSE against the number of features for three ridges, with published experimental points on them; the smallest ridge peaks at 256 features.",
    note="Lines: our solver. Diamonds: published experiments, means of 45 trials.",
)

# %%
full = page.scale == "paper"
page.figure(
    "mib_gaussian",
    lambda table: plots_unified.risks(table, 256 if full else 128),
    ["ridge_gaussian_gaussian" if full else "ridge_gaussian"],
    alt="Test MSE against the number of Gaussian features for several ridges: simulated points lie on the theory lines; their ratio stays within a few percent except at the threshold with small ridge.",
    note="Bars and bands: 95 % intervals over trials. Dotted: k = n.",
)

# %%
page.figure(
    "mib_images",
    lambda table: plots_unified.risks(table, 128),
    ["ridge_images"],
    alt="Test MSE against the number of ReLU features of MNIST images for several ridges: points on theory lines, a peak at 128 features for small ridges that the theory overestimates slightly.",
    note="Theory from the exact kernel of a pool of 2,500 images, corrected for test points drawn from the same pool.",
)

# %%
page.figure(
    "mib_cifar",
    lambda table: plots_unified.risks(table, 256),
    ["ridge_cifar_images"],
    alt="Test MSE against the number of ReLU features of CIFAR-10 images for several ridges, simulation and theory.",
)

# %% [markdown]
# ## Theorem 1: more is better once the ridge is tuned
# The same models that peak at k = n with a small ridge improve monotonically when the ridge is chosen well: in this
# theory double descent is a matter of regularisation, where the other paper speaks of training time.

# %%
page.figure(
    "mib_theorem",
    plots_unified.theorem,
    ["ridge_theorem"],
    alt="Exact test MSE against size: falling steadily with more features and with more samples at the tuned ridge, with a peak at 128 at a fixed small ridge.",
)

# %% [markdown]
# ## Corollary 1: how much overfitting is optimal
# For power-law tasks the best ratio of train to test error has a closed form: with little noise, fitting the training
# set perfectly is best.

# %%
page.figure(
    "mib_fitting",
    plots_unified.fitting,
    ["optima_mnist", "optima_cifar10"],
    alt="Test error against the fitting ratio for two tasks and four noise levels: minima at or near zero without noise, moving right with noise; published optima near the formula's.",
    note="Points: minima of the formula. Diamonds: the fitting ratio of the stored optimum of convolutional-kernel regression, placed on the formula's curve.",
)

# %% [markdown]
# ## Deep Double Descent
# For context, the released ResNet18 runs on CIFAR-10 with 15 % label noise, and what random features show of "more
# data can hurt".

# %%
page.figure(
    "ddd_published",
    plots_unified.resnet,
    ["resnet_published"],
    alt="Published test and train error of ResNet18 against width: test error falls to 34 % at width 4, rises to 41 % at width 10 where the train error is 8 %, and falls to 29 % at width 64.",
)

# %%
page.figure(
    "ddd_samples",
    plots_unified.samples,
    ["features_sizes", "features_threshold"],
    alt="Left: test error at width 100 against the number of samples peaks at 100 with and without label noise. Right: test error against features over samples peaks at 1 for 50, 100 and 200 samples.",
    note="Minimum-norm fits; means with 95 % intervals over 16 seeds.",
)

# %%
page.figure(
    "ddd_resnet",
    plots_unified.resnet,
    ["resnet_published", "deep_cifar"],
    alt="Own and published test and train errors of ResNet18 against width.",
)

# %% [markdown]
# ## Full size

# %%
page.figure(
    "full_mnist",
    lambda table: plots.horizons(table, 1000),
    ["features_mnist_risk"],
    alt="Test MSE, test error and train MSE against width on ten classes of MNIST, n = 1,000, by number of steps.",
)

# %%
page.figure(
    "full_fashion",
    lambda table: plots.horizons(table, 1000),
    ["features_fashion_risk"],
    alt="The same on Fashion-MNIST.",
)

# %%
page.figure(
    "author_grid",
    plots_unified.author_grid,
    ["grid_mnist_risk", "grid_fashion_risk"],
    alt="Test loss against width on the author's grid for a constant and a decaying learning rate and for cross-entropy.",
)

# %%
page.figure(
    "full_two_layer",
    lambda table: plots_unified.two_layer(table, 50, (12, 24, 50, 96, 256, 512), 1000),
    ["two_layer_mnist"],
    alt="Test and train MSE of two-layer networks on 4,000 images against hidden width.",
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
