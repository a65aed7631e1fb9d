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
from replications.neural_collapse import plots
from verifig import numbers
from verifig.pages import Page

page = Page("neural_collapse")
between = page.paper("misfit_between_geometries")
page.header()

# %% [markdown]
# ## All claims at a glance
# Late in training the last layers of a classifier become simple: samples of a class share one feature vector (NC1),
# class means and classifiers form a regular frame (NC2) and are dual to each other (NC3). The paper explains this with
# a model in which features are free parameters, followed by M linear layers, squared error and L2 regularisation, and
# finds every minimiser in closed form, also for classes of unequal size. Below, the closed forms are verified to
# rounding, optimisation is shown to reach them, and trained networks are measured against them. Metrics are distances
# between normalised matrices; each is also shown against the other geometry, and absolute lengths and objectives are
# judged, because a normalised metric alone does not see scale.

# %%
page.summary()

# %% [markdown]
# ## The learned geometry
# The paper opens with a picture of the geometry. Here each triple shows a matrix before training, after it, and as the
# closed form predicts it: with equal classes an orthogonal frame, with a bias the simplex, with unequal classes
# orthogonal vectors whose lengths depend on the class size, in opposite order for classifiers and class means.

# %%
page.figure(
    "geometry",
    lambda frame: plots.geometry(frame, {"of3": "equal", "etf3": "equal, bias", "gof3": "unequal"}),
    ["direct_geometry"],
    alt="Heat maps of the Gram matrices of classifiers and class means and of the outputs: noise before training; after it the same as predicted, diagonal with equal or unequal entries, or the simplex with a bias.",
    note="Three layers, first seed; one colour scale per triple. With a bias, class means are centred.",
)

# %% [markdown]
# ## Direct optimisation, equal classes
# Features and all layers are trained by gradient descent with momentum from small random values. NC2 and NC3 are the
# worst over the M linear layers.

# %%
page.figure(
    "balanced",
    plots.balanced,
    ["direct"],
    alt="NC1, NC2 and NC3 against iterations on log axes for depths 1, 3, 6 and 9, without and with bias: all fall by many orders of magnitude.",
    note="Bands: range over seeds. With a bias and one layer the last direction is damped by weight decay alone, which makes that curve slow.",
)

# %% [markdown]
# ## Direct optimisation, unequal classes
# Sizes stand as 4 : 2 : 1 : 1. The vectors stay orthogonal, but their lengths differ, so the misfit to the plain
# orthogonal frame (dashed) stays at the predicted level while the misfit to the predicted lengths vanishes.

# %%
page.figure(
    "imbalanced",
    plots.imbalanced,
    ["direct"],
    alt="NC1, NC2 and NC3 against iterations for depths 1, 3 and 6 with unequal classes: all fall to tiny values, the dashed misfit to the plain frame stays between 0.3 and 0.5.",
)

# %% [markdown]
# ## Distance from the optimum, and balance of the layers
# The closed form is a lower bound for the objective at every iteration. Neighbouring layers end with equal Gram
# matrices; momentum and weight decay alone set the pace, 2 lam eta / (1 − mu) per iteration.

# %%
page.figure(
    "gap",
    plots.gap,
    ["direct"],
    alt="Left: relative gap to the optimum falls with iterations for depths 1, 3 and 6. Right: imbalance of the layers falls along the predicted straight line on a log axis, and stays constant without weight decay.",
)

# %% [markdown]
# ## Lengths against class size
# Large classes get long classifiers and short features. For small regularisation p_k grows as n_k^(M/(M+1)); at the
# regularisation used here the exact slopes are somewhat larger than 1/2, 3/4 and 6/7.

# %%
page.figure(
    "lengths",
    plots.lengths,
    ["direct_lengths"],
    alt="Squared lengths of classifiers rise and those of class means fall with class size; points lie on the predicted lines for depths 1, 3 and 6.",
)

# %% [markdown]
# ## Minority classes vanish one by one
# As decay grows, a class is worth less than its cost and its classifier and features become exactly zero, the smallest
# class first: at lam = sqrt(n_k)/N with one layer. This is where squared error differs from cross-entropy, under which
# minority classifiers merge.

# %%
page.figure(
    "staircase",
    plots.staircase,
    ["sweep_staircase", "predicted_staircase"],
    alt="Squared classifier length by class size against decay; each falls to zero continuously at its own dotted threshold, points lie on the predicted lines.",
    note="Dots: direct optimisation, all seeds; dotted lines: thresholds.",
)

# %% [markdown]
# ## Deeper heads collapse by a jump
# With two or more layers the all-zero point is always a local minimum. Beyond the threshold T it is the better one,
# where the self-output is still (M − 1)/M; but a run that starts on the non-zero branch stays there until the spinodal
# S. So what a regularisation path shows depends on where it starts, and thresholds must be tested by comparing
# objectives, not by where optimisation ends.

# %%
page.figure(
    "jump",
    plots.jump,
    ["sweep_branches", "predicted_branches", "thresholds"],
    alt="Left: self-output against pressure: continuous to zero for one layer, a branch that ends at positive height for two and three layers. Middle: objectives cross one half at the threshold. Right: the decay that ends a minority class falls with depth.",
    note="Solid: global minimum; dashed: local only. Circles: runs started on the branch; squares: runs started near zero, which stay there.",
)

# %% [markdown]
# ## Small initial values do not reach nine layers
# Each linear layer multiplies by about 0.1 sqrt(width) at the start. Below one, nine of them leave no signal, and zero
# is a local minimum.

# %%
page.figure(
    "init_gain",
    plots.init_gain,
    ["direct"],
    alt="Mean self-output against iterations for nine layers: width 64 rises to almost one, width 32 stays at zero or at a quarter.",
)

# %% [markdown]
# ## Cross-entropy and depth: the boundary of the claim
# The abstract claims the balanced result for cross-entropy as well. With one linear layer the simplex is the optimum,
# as known before. With deeper heads the simplex point ("deep neural collapse") exists and is often found, but it is
# **not optimal** in our computations: solutions of lower rank have a smaller objective at full accuracy. The paper's
# cross-entropy theorem has architectural conditions that we could not read, so this is a statement about the model as
# written here and not a failed replication of an experiment. Later work agrees in its abstract that deep neural
# collapse is not optimal in general under cross-entropy (Garrod and Keating, arXiv 2410.23169). A last-layer bias
# cannot rescue it, since zero bias stays feasible.

# %%
page.figure(
    "ce_boundary",
    plots.ce_boundary,
    ["cross_entropy"],
    alt="Left: final objective over the best simplex objective for each start: one for one layer, down to about three quarters for ten classes and three layers. Right: ranks of the logits, below full rank where the objective is below one.",
    note="Four fixed starts a setting; full-batch gradient descent on one column a class.",
)

# %%
cases = {
    "k4m3": "four classes and three layers",
    "k4m6": "four classes and six layers",
    "k10m2": "ten classes and two layers",
    "k10m3": "ten classes and three layers",
}
below = {text: page.value("cross_entropy", "below_simplex", {"condition": name}) for name, text in cases.items()}
page.text(
    "Objective below the best simplex point, start by start: "
    + "; ".join(
        f"{text} {', '.join(numbers.text(100 * value, 2) if abs(value) > 1e-6 else '0' for value in values)} %"
        for text, values in below.items()
    )
    + "."
    if all(len(values) for values in below.values())
    else "Only one layer was run at this scale."
)

# %% [markdown]
# ## Perceptrons, equal classes
# The paper trains perceptrons, ResNet18 and VGG16 with linear heads of 1 to 9 layers and shows that the metrics fall;
# we know no numbers of these figures. At laptop scale: perceptrons with heads of one and three layers on 30 MNIST
# images a class.

# %%
page.figure(
    "networks",
    lambda runs: plots.networks(runs, between["ten_classes"]),
    ["networks"],
    alt="NC1, NC2 and NC3 against steps for one and three linear layers, without and with bias: the misfit to the own geometry falls to about a thousandth, the dashed misfit to the other geometry stays at the distance of the two.",
    note="Bands: range over six seeds, each with its own images and initial values. Learning rate drops at 80 and 93 % of the steps.",
)

# %% [markdown]
# ## Perceptrons, unequal classes
# Classes of 10 to 50 images, in the proportions of the authors' CIFAR-10 subset. The objective is bounded by the
# optimum over free features, and the network comes close to that bound: its features are as good as free.

# %%
page.figure(
    "networks_imbalanced",
    plots.networks_imbalanced,
    ["networks", "networks_lengths"],
    alt="NC1, misfits, gap to the optimum against steps, and squared classifier lengths against class size on the predicted lines for one, three and six layers.",
    note="Six layers: three seeds, shown and not judged.",
)

# %% [markdown]
# ## CIFAR-10, equal classes

# %%
page.figure(
    "cifar_balanced",
    lambda mlp, nets: plots.cifar_balanced(mlp, nets, between["ten_classes"]),
    ["mlp_balanced", "convnets"],
    alt="NC1 and misfit to the own geometry against epochs on CIFAR-10 for perceptrons without and with bias, ResNet18 and VGG16.",
)

# %% [markdown]
# ## CIFAR-10, unequal classes

# %%
page.figure(
    "cifar_imbalanced",
    plots.networks_imbalanced,
    ["mlp_imbalanced", "mlp_imbalanced_lengths"],
    alt="NC1, misfits, gap to the optimum against steps, and lengths against class size on a CIFAR-10 subset.",
)

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
#   merge but vanish one by one; above their threshold all classes stay orthogonal to each other.

# %%
ratio = {"ratio": 10}
seli = {
    name: page.value("theory", f"seli_{name}", ratio).iloc[0]
    for name in ("classifier_ratio", "feature_ratio", "classifier_cosine", "feature_cosine")
}
page.text(
    "For comparison, the cross-entropy geometry of ten classes, five of them ten times larger, computed here from the "
    f"centred labels: squared classifier lengths stand as {numbers.text(seli['classifier_ratio'])} to 1 and feature lengths as "
    f"{numbers.text(seli['feature_ratio'])} to 1 (large to small class), the cosine between two small classes is "
    f"{numbers.text(seli['classifier_cosine'], 2)} for classifiers and {numbers.text(seli['feature_cosine'], 2)} for features. "
    "Under squared error without bias all these cosines are 0."
)

# %% [markdown]
# ## Notes for readers of the paper and its code
# - The full text could not be had for this replication: theory was derived anew and checked to rounding, settings come
#   from the authors' code, network results are compared with the abstract only. Theorem and figure numbers are not cited.
# - In the closed form x must be the **largest** root and must be compared with the threshold. The authors' script takes
#   the largest root without that comparison, which at larger decay (for example 0.018 with three layers) reports
#   non-zero minority classes where the global optimum has none; at the published 5e-4 both agree.
# - nn.MSELoss averages over classes too. The authors' imbalanced target is computed with the nominal decay, which
#   leaves an irreducible misfit of up to 0.06 (26 classes).
# - Normalised metrics say nothing on scale, and every misfit is small next to the wrong geometry only if that one is
#   shown: both are, throughout.
# - Features are the input of the first linear layer: outputs of batch normalisation in the balanced networks, of a
#   linear layer in the imbalanced ones.

# %% [markdown]
# ## Controls and oracles
# Instruments broken on purpose, runs in which an effect must vanish, and exact identities. Training on shuffled labels
# is shown as a null of generalisation: networks memorise and collapse all the same.

# %%
page.controls()

# %% [markdown]
# ## Deviations from the paper

# %%
page.deviations()

# %% [markdown]
# ## Hardware, cost and provenance

# %%
page.provenance()

# %% [markdown]
# ## Paper scale
# `python -m verifig run neural_collapse --scale paper --stage report --out results` on a machine with a GPU trains the
# paper's own settings (CIFAR-10 is fetched by `python -m verifig prepare --scale paper`), judges them and renders this
# page with them; `python -m verifig record neural_collapse --scale paper` keeps the verdicts.
