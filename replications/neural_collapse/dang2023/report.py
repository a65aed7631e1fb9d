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
from replications.neural_collapse.dang2023 import captions, full_size, plotting, sliders
from replications.neural_collapse.dang2023.plotting import select
from verifig.pages.page import Page

page = Page("dang2023")
free, perceptrons = (select.conditions(page, name) for name in ("direct", "networks"))

# %% [markdown]
# ## Background and words
# Late in training the last layers of a classifier become simple: samples of a class share one feature vector (NC1),
# class means and classifiers form a regular frame (NC2) and are dual to each other (NC3). The paper explains this with
# a model in which features are free parameters, followed by M linear layers, squared error and L2 regularisation, and
# finds its minimisers in closed form, for classes of unequal size without a bias. Below, the closed forms are checked,
# optimisation and trained networks are measured against them. NC1 is the variability within classes over that between
# them. NC2 and NC3 are distances of normalised matrices from a geometry, NC2 of the Gram matrix of classifiers or of
# class means, NC3 of the outputs for the class means. The misfit of the classifiers (NC2 of the product of all linear
# layers) is also judged against the other geometry, and absolute lengths and objectives are judged, because a normalised
# metric alone does not see scale. M is the number of linear layers, K that of classes, n_k the size of a class and N of
# all; p_k is the squared length of the classifier of class k, a row of the product of all linear layers; f is the
# objective and f* its minimum in closed form. The self-output of a class is its output for its own class (1 = exact).

# %% [markdown]
# ## The learned geometry
# The paper opens with a picture of the geometry. Here each triple shows a matrix before training, after it, and as the
# closed form predicts it: with equal classes an orthogonal frame, with a bias the simplex, with unequal classes
# orthogonal vectors whose lengths depend on the class size, in opposite order for classifiers and class means.

# %%
shown = {name: free[name] for name in ("of3", "etf3", "gof3") if name in free}
page.figure(
    "geometry",
    lambda frame: plotting.direct.geometry(frame, shown),
    ["direct_geometry"],
    alt=lambda frame: captions.direct.geometry_alt(frame, shown),
    note=lambda: captions.direct.geometry_note(shown),
)

# %% [markdown]
# ## Direct optimisation, equal classes
# Features and all layers are trained by gradient descent with momentum from small random values. NC2 and NC3 are the
# worst over the M linear layers, of which each stands for itself and those above it, with the class means that enter it.

# %%
page.figure(
    "balanced",
    lambda runs: plotting.direct.balanced(runs, free),
    ["direct"],
    alt=lambda runs: captions.direct.balanced_alt(runs, free),
    note=lambda runs: captions.direct.balanced_note(runs, free),
)

# %% [markdown]
# ## Direct optimisation, unequal classes
# In theory the vectors are orthogonal here too and only their lengths differ: the misfit to the predicted lengths should
# vanish, while the misfit to the plain orthogonal frame (dashed) goes to a level that the lengths give. NC2 and NC3 are
# those of the product of all layers and of the features.

# %%
page.figure(
    "imbalanced",
    lambda runs: plotting.direct.imbalanced(runs, free),
    ["direct"],
    alt=lambda runs: captions.direct.imbalanced_alt(runs, free),
    note=lambda: captions.direct.imbalanced_note(free),
)

# %% [markdown]
# ## Distance from the optimum, and balance of the layers
# The closed form is a lower bound f* for the objective f at every iteration. Neighbouring layers should end with equal
# Gram matrices; in theory weight decay λ, learning rate η and momentum μ alone set the pace of the late training, to
# leading order 2λη/(1 − μ) per iteration.

# %%
page.figure(
    "gap",
    lambda runs: plotting.direct.gap(runs, free),
    ["direct"],
    alt=lambda runs: captions.direct.gap_alt(runs, free),
    note=lambda: captions.direct.gap_note(free),
)

# %% [markdown]
# ## Lengths against class size
# Large classes get long classifiers and short features. For vanishing regularisation p_k grows as the power M/(M + 1)
# of the class size.

# %%
page.text(captions.direct.exponents(select.values(page, "direct", "predicted_slope", free), free))

# %%
page.figure(
    "lengths",
    lambda table: plotting.direct.lengths(table, free),
    ["direct_lengths"],
    alt=lambda table: captions.direct.lengths_alt(table, free),
    note=lambda: captions.direct.lengths_note(free),
)

# %% [markdown]
# ## Minority classes vanish one by one
# As decay grows, a class is worth less than its cost and its classifier and features become exactly zero, the smallest
# class first: with one layer, and one decay for it and the features, at √n_k / N. This is where squared error differs
# from cross-entropy, under which minority classifiers merge as imbalance grows (Fang et al. 2021).

# %%
staircase = page.settings("sweep", "staircase")
page.figure(
    "staircase",
    lambda measured: plotting.sweep.staircase(measured, staircase),
    ["sweep_staircase"],
    alt=lambda measured: captions.sweep.staircase_alt(measured, staircase),
    note=lambda measured: captions.sweep.staircase_note(measured, staircase),
)

# %%
page.explore(sliders.lengths)

# %% [markdown]
# ## Deeper heads collapse by a jump
# With two or more layers the all-zero point is always a local minimum. With one decay λ for features and layers, the
# pressure β = M N (N λ^(M + 1))^(1/M) / n_k measures regularisation against the size of a class. The non-zero branch
# belongs to x, the largest root of β = M x^(M − 1)/(x^M + 1)². At the threshold T both have the same objective while the
# self-output on the branch is still (M − 1)/M; beyond it zero is the better minimum. But gradient descent that starts on
# the branch should stay there until the spinodal S. So what a regularisation path shows depends on where it starts, and
# thresholds must be tested by comparing objectives, not by where optimisation ends.

# %%
starts = select.conditions(page, "sweep", "warm", "cold")
page.figure(
    "jump",
    lambda branches: plotting.sweep.jump(branches, starts, staircase["sizes"]),
    ["sweep_branches"],
    alt=lambda: captions.sweep.jump_alt(starts),
    note=lambda branches: captions.sweep.jump_note(branches, starts),
)

# %% [markdown]
# ## Small initial values and depth
# Zero is a local minimum of deep heads, so a signal that the layers damp too much at the start may never grow. Two
# widths with the same standard deviation of the initial values:

# %%
narrow = {name: free[name] for name in ("of9", "narrow9") if name in free}
page.text(captions.direct.gains(narrow))

# %%
page.figure(
    "init_gain",
    lambda runs: plotting.direct.init_gain(runs, narrow),
    ["direct"],
    alt=lambda runs: captions.direct.gains_alt(runs, narrow),
    note=lambda runs: captions.direct.gains_note(runs, narrow),
)

# %% [markdown]
# ## Cross-entropy and depth: the boundary of the claim
# The abstract claims the balanced result for cross-entropy as well. With one linear layer the simplex is the optimum,
# as known before. With deeper heads the simplex point ("deep neural collapse") exists; the question is whether
# solutions of lower rank have a smaller objective. The paper's cross-entropy theorem has architectural conditions that
# we could not read, so this is a statement about the model as written here and not a failed replication of an
# experiment. Later work says in its abstract that deep neural collapse is not optimal in general under cross-entropy
# (Garrod and Keating, arXiv 2410.23169). A last-layer bias cannot rescue it, since zero bias stays feasible.

# %%
page.figure(
    "ce_boundary",
    plotting.cross_entropy.simplex_boundary,
    ["cross_entropy"],
    alt=captions.cross_entropy.simplex_boundary_alt,
    note=lambda: captions.cross_entropy.simplex_boundary_note(page.seeds("cross_entropy")),
)

# %%
logits = select.conditions(page, "cross_entropy")
below = select.values(page, "cross_entropy", "below_simplex", logits)
page.text(captions.cross_entropy.below_simplex(below, logits))

# %% [markdown]
# ## Perceptrons, equal classes
# The paper trains networks with linear heads on CIFAR-10 and EMNIST letters, in the authors' code perceptrons, ResNet18
# and VGG16 with heads of 1 to 9 layers. By the abstract this validates the theory; we know no numbers of these figures.

# %%
common = page.settings("networks")
page.text(captions.networks.task(common, perceptrons))

# %%
page.figure(
    "networks",
    lambda runs: plotting.networks.balanced(runs, perceptrons, len(common["sizes"])),
    ["networks"],
    alt=lambda runs: captions.networks.balanced_alt(runs, perceptrons),
    note=lambda: captions.networks.balanced_note(common, perceptrons),
)

# %% [markdown]
# ## Perceptrons, unequal classes
# The objective is bounded from below by the optimum over free features: the closer a network comes to that bound, the
# closer its features are to free ones.

# %%
skewed = select.imbalanced(perceptrons)
gaps = {name: page.number("networks", "gap", {"condition": name}, percent=True, digits=2) for name in skewed}
page.text(captions.networks.imbalanced_task(skewed, gaps))

# %%
page.figure(
    "networks_imbalanced",
    lambda runs, table: plotting.networks.imbalanced(runs, table, perceptrons),
    ["networks", "networks_lengths"],
    alt=lambda runs, table: captions.networks.imbalanced_alt(runs, table, perceptrons),
    note=lambda: captions.networks.imbalanced_note(common, perceptrons),
)

# %% [markdown]
# ## CIFAR-10

# %%
full_size.balanced(page)

# %%
full_size.imbalanced(page)

# %% [markdown]
# ## Where this stands among the classic results
# - **Papyan, Han and Donoho (2020)** found the phenomenon: after training error reaches zero, in three architectures
#   and seven data sets, variability within classes vanishes, centred class means approach a simplex, classifiers align
#   with them, and decisions become those of the nearest class mean.
# - **Theory with one layer**: for cross-entropy and for squared error with a bias the minimisers over free features are
#   simplices and other critical points are strict saddles (Zhu et al. 2021, Zhou et al. 2022); without a bias squared
#   error gives the orthogonal frame.
# - **Minority collapse (Fang et al. 2021)**: under cross-entropy with norm budgets the angles between minority
#   classifiers shrink as imbalance grows, until they coincide.
# - **SELI (Thrampoulidis et al. 2022)**: under cross-entropy with vanishing ridge the geometry is that of the centred
#   labels, whatever the imbalance.
# - **What Dang et al. add**: squared error, thresholds at finite regularisation and any depth. Minority classes do not
#   merge but vanish, the smallest first; those that are left are orthogonal to each other.

# %%
seli = ("classifier_ratio", "classifier_cosine", "feature_ratio", "feature_cosine")
page.text(captions.cross_entropy.seli({name: page.number("theory", f"seli_{name}", {"ratio": 10}) for name in seli}))

# %% [markdown]
# ## Notes for readers of the paper and its code
# - The full text could not be had for this replication: theory was derived anew and checked to rounding, settings come
#   from the authors' code, network results are compared with the abstract only. Theorem and figure numbers are not cited.
# - Normalised metrics say nothing on scale, and whether a misfit is small shows only beside that to the wrong geometry:
#   both are judged, and lengths and objectives too.
# - Features are the input of the first linear layer. In the authors' code they are outputs of batch normalisation in the
#   balanced networks and of a linear layer in the imbalanced ones.

# %%
page.text(captions.authors_code.notes(staircase))
