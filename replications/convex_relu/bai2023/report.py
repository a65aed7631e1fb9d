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
from replications.convex_relu.bai2023 import captions, plots
from verifig.pages.page import Page

page = Page("bai2023")

# %% [markdown]
# ## Background and words
# **What was read.** The paper's abstract and its section titles, a copy of the authors' trainer kept by others, and a student
# report on that copy; not the paper's text. So theorems are derived here, no number of the paper is compared, and settings are a
# reconstruction.
#
# A network of m neurons, f(x) = Σⱼ max(x·uⱼ, 0) aⱼ, is trained on ½‖f(X) − y‖² + ½β(‖U‖² + ‖a‖²). Which inputs a neuron lets through is
# its **pattern**, a diagonal matrix D of zeros and ones; n inputs have finitely many. The **convex programme** (Pilanci and Ergen,
# arXiv 2002.10553) gives each pattern two vectors, one added and one subtracted, asks that they have that pattern, and penalises their
# lengths: minimise ½‖Σᵢ Dᵢ X (vᵢ − wᵢ) − y‖² + β Σᵢ (‖vᵢ‖ + ‖wᵢ‖) with (2Dᵢ − I) X vᵢ ≥ 0 and likewise wᵢ. Its optimum is the least that any
# network of enough neurons can cost. Nothing of it depends on where training starts, so it says how far training ended from the best.

# %% [markdown]
# ## The equivalence: what training reaches
# The paper trains such networks to their global optimum. Where that is known, one can see how often gradient training finds it.

# %%
page.figure(
    "fig_widths",
    plots.widths,
    ["widths"],
    alt=captions.widths_alt,
    note=lambda table: captions.widths_note(page, table),
)

# %%
page.text(captions.widths_text(page))

# %% [markdown]
# The optimum comes with a certificate. With the residual z, a further unit neuron u gains |Σₖ zₖ max(xₖ·u, 0)| at first order and costs β; where
# no u gains more than it costs, nothing can be improved. Within a pattern's cone the best u is a projection, which non-negative least squares finds. The
# same projections drive the solver: it adds the best neuron of each cone until none is worth its price.

# %%
page.figure(
    "fig_certificate",
    lambda table, fit: plots.certificate(table, fit, page.settings("exact")["penalty"]),
    ["certificate", "fit"],
    alt=lambda table, fit: captions.certificate_alt(table, page.settings("exact")["penalty"]),
    note=lambda: f"{captions.regression(page, 'exact')} All patterns.",
)

# %%
page.text(captions.certificate_text(page))

# %% [markdown]
# ## ADMM
# The paper's alternating direction method of multipliers splits the programme into a least-squares step, a shortening of each vector and a
# clipping of each constraint, and converges linearly according to the abstract. Its multipliers move by γ/ρ.

# %%
LONG = page.scale != "smoke"
page.figure(
    "fig_admm",
    lambda ratios, long=None: plots.admm(ratios, long),
    ["ratios", "long"] if LONG else ["ratios"],
    alt=lambda *tables: captions.admm_alt(page),
    note=lambda *tables: captions.admm_note(page),
)

# %%
page.text(captions.admm_text(page))

# %% [markdown]
# ## Random patterns and random neurons
# All patterns are too many beyond a few dimensions. The paper draws some, by random neurons, and bounds what is lost; and it replaces the programme by
# one without constraints, in which random hidden weights stay fixed and the output weights have an L1 penalty (sampled convex programme).

# %%
page.figure(
    "fig_sampling",
    lambda table: plots.sampling(table, page.settings("exact")["samples"]),
    ["sampling"],
    alt=lambda table: captions.sampling_alt(page),
    note=lambda table: captions.sampling_note(page),
)

# %% [markdown]
# ## Few patterns on images
# The abstract calls the sampled programme approximately global and says that its first iterations already classify well. Both are tested on small images,
# with as few patterns as the copy of the authors' trainer uses (8) and with twice as many.

# %%
page.figure(
    "fig_images",
    lambda costs, accuracy, permuted: plots.images(costs, accuracy, permuted, (8, 16)),
    ["images_costs", "images_accuracy", "permuted_accuracy"],
    alt=lambda *tables: captions.images_alt(page),
    note=lambda *tables: captions.images_note(page),
)

# %%
page.text(captions.images_text(page))

# %%
page.text(captions.third_party(page))

# %%
page.figure(
    "fig_mnist",
    lambda mnist, cifar: plots.pairs_at_paper_scale(mnist, cifar, page.paper("mnist")["test"]),
    ["images_mnist_accuracy", "images_cifar_accuracy"],
    alt="Test accuracy by iteration of ADMM on the full pairs of classes of MNIST and CIFAR-10.",
    note="Squared loss and exact least-squares steps; the copied trainer has the logistic loss and coordinate descent.",
)

# %% [markdown]
# ## Training against attacks
# Every input may move by at most a radius in each coordinate. The paper turns the hinge loss at the worst such inputs into a convex programme: a neuron's
# vector must keep its pattern throughout the box, (2D − I)ₖ xₖ·v ≥ radius ‖v‖₁, and the margin of an example loses radius times the 1-norm of its weights.

# %%
page.figure(
    "fig_robust",
    plots.robust,
    ["robust"],
    alt=captions.robust_alt,
    note=lambda table: captions.robust_note(page),
)

# %%
page.text(captions.robust_text(page))

# %% [markdown]
# ## Errors found in the copied trainer and in the report on it
# These are not errors of the paper, whose own code is not public.

# %%
page.text(captions.errata(page))
