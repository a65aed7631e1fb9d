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
from replications.intrinsic_dimension.li2018 import captions, plots
from verifig.pages.page import Page

page = Page("li2018")
stored = {name: page.paper(name) for name in ("fc", "softmax", "lenet", "lenet_shuffled")}

# %% [markdown]
# ## What was read, and words
# Of the paper's text only the abstract and the opening were read; of the authors' code all, with the results stored in its notebooks, which the
# figures below show as the authors' values. Figures are named by us.
#
# A network with D parameters is trained in a random subspace: θ = θ₀ + P φ, where θ₀ are its usual first weights, P is a random D×d matrix whose
# columns have norm 1, and only φ (d numbers, 0 at first) is trained. The smallest d at which the task is solved is its **intrinsic dimension**. Nested
# subspaces of one P are used for all d of a seed.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure L: random labels
# The paper finds that shuffled labels need far more dimensions than true ones, and that each of them needs fewer the more there are. The second
# statement is judged at two budgets: trained to convergence, and with the number of epochs fixed as in the authors' code.

# %%
page.figure(
    "fig_labels",
    lambda table: plots.labels(table, page.paper("random_labels")),
    ["labels_dimension"],
    alt=lambda: captions.labels_alt(page),
    note=lambda: captions.labels_note(page),
)

# %%
page.text(captions.budgets(page))

# %% [markdown]
# ## Figure T: the toy
# Ten sums of a hundred parameters each are asked to have given values. The solutions have dimension D − 10, so a random subspace of dimension 10 meets
# them, and a smaller one does not. What a smaller one leaves has an exact law, which the paper does not give: the residual is a fixed vector of
# Rᵏ of which a random d-dimensional part is removed, so that Beta((k − d)/2, d/2) is left, 1 − d/k in the mean, whatever D and the targets are.

# %%
page.figure(
    "fig_toy",
    lambda runs, draws: plots.toy(runs, draws, page.paper("toy")),
    ["toy", "draws"],
    alt=lambda: captions.toy_alt(page),
    note=lambda: captions.toy_note(page),
)

# %% [markdown]
# ## Figure W: more parameters, the same dimension
# The paper trains 20 perceptrons on MNIST whose D differ 24-fold and finds nearly one intrinsic dimension: more parameters only add dimensions to the
# set of solutions.

# %%
page.figure(
    "fig_grid",
    plots.grid,
    ["authors", "images_dimension"],
    alt=lambda: captions.grid_alt(page),
    note=lambda: captions.grid_note(page),
)

# %%
page.text(captions.sound(page))


# %%
def direct() -> dict[str, float]:
    """Mean accuracy of the networks that are trained directly."""
    rows = page.measured("images", "direct")
    return {name: float(rows[rows["condition"] == f"condition={name}"]["value"].mean()) for name in plots.WIDTHS}


page.figure(
    "fig_accuracy",
    lambda table: plots.accuracy(table, direct(), page.settings("images", "middle")["level"], stored),
    ["images_accuracy"],
    alt=lambda: captions.accuracy_alt(page),
    note=lambda: captions.accuracy_note(page),
    folded="Show accuracies by dimension, ours and the authors'",
)

# %% [markdown]
# ## Figure P: three projections
# A dense P of D×d numbers is too large for large networks, so the authors use a sparse one, or Fastfood, which is never formed. Their columns
# have norm 1 alike, but inner products of two columns of Fastfood have twice the variance. Whether the results depend on the kind:

# %%
page.figure(
    "fig_projections",
    plots.projections,
    ["images_dimension"],
    alt=lambda: captions.projections_alt(page),
    note=lambda: captions.projections_note(page),
)

# %% [markdown]
# ## Figure C: convolution and the order of pixels
# The paper finds that convolutional networks need fewer dimensions than perceptrons on images, and lose this when pixels are shuffled.

# %%
page.figure(
    "fig_pixels",
    lambda table, found: plots.pixels(table, found, page.settings("images", "middle")["level"]),
    ["images_accuracy", "images_dimension"],
    alt=lambda: captions.pixels_alt(page),
    note=lambda: captions.pixels_note(page),
)

# %% [markdown]
# ## Figure M: MNIST at the paper's size
# The authors' perceptron and LeNet on all of MNIST, at paper scale.

# %%
page.figure(
    "fig_mnist",
    lambda table: plots.mnist(table, stored),
    ["mnist_accuracy"],
    alt="Accuracy over dimension of perceptron and LeNet on MNIST, with the authors' values as diamonds.",
    note=lambda: captions.mnist_note(page),
)

# %% [markdown]
# ## Errata and what could not be followed

# %%
page.text(captions.errata(page))
