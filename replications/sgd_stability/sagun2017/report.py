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
from replications.sgd_stability.sagun2017 import captions, plots
from verifig.pages.page import Page

page = Page("sagun2017")

# %% [markdown]
# ## What was read, and words
# **Only the abstract of this paper was read.** So no number below is compared with the paper's: its statements are judged with
# thresholds of ours, in small networks of ours, all of whose eigenvalues are computed exactly, in double precision.
#
# H is the Hessian of the training loss. Its **Gauss-Newton part** is G = (1/N) Σ Jᵢᵀ Sᵢ Jᵢ, with Jᵢ the derivatives of the C outputs on
# sample i and Sᵢ = diag(p) − p pᵀ, p the probabilities: the covariance of the gradients of the outputs. What is left, H − G, weighs the second
# derivatives of the outputs by the errors; in these networks it has a closed form. An **outlier** is an eigenvalue above 5 % of the largest, the **bulk** is
# all that are below 1 % in absolute value.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure S: bulk and outliers
# The paper finds a bulk near zero and a few outliers; more parameters only scale the bulk, other data change the outliers.

# %%
page.figure(
    "fig_spectra",
    plots.spectra,
    ["ranks"],
    alt=lambda: captions.spectra_alt(page),
    note=lambda: captions.spectra_note(page),
)

# %% [markdown]
# ## Figure C: how many outliers
# The count by number of classes and by width. Two arms could go the other way: labels shuffled among the images, and images with the
# mean image subtracted.

# %%
page.figure(
    "fig_outliers",
    plots.outliers,
    ["counts"],
    alt=lambda: captions.outliers_alt(page),
    note=lambda: captions.outliers_note(page),
)

# %%
page.text(captions.widths(page))

# %%
page.text(captions.random(page))

# %% [markdown]
# ## Figure G: the Gauss-Newton part
# The paper says that the large eigenvalues come from the covariance of the gradients of the outputs. Then H must come to be G as the loss falls.

# %%
page.figure(
    "fig_residual",
    plots.residual,
    ["along"],
    alt=lambda: captions.residual_alt(page),
    note=lambda: captions.residual_note(page),
)

# %% [markdown]
# ## Figure T: the share of the trace
# A statement of the dossier, not of the abstract: the C − 1 largest eigenvalues carry most of the trace.

# %%
page.figure(
    "fig_share",
    plots.share,
    ["counts"],
    alt=lambda: captions.share_alt(page),
    note=lambda: captions.share_note(page),
)

# %% [markdown]
# ## Figure L: one basin
# The paper says that solutions of small and of large batches, though apparently different, lie in one basin. The loss is followed along the
# straight line between the two, from the same first weights and from two draws of them.

# %%
page.figure(
    "fig_path", plots.line, ["line"], alt=lambda: captions.line_alt(page), note=lambda: captions.line_note(page)
)

# %%
page.text(captions.distance(page))
