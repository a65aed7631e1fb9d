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
from replications.infinite_depth.radhakrishnan2023 import captions, plots
from verifig.pages.page import Page

page = Page("radhakrishnan2023")

# %% [markdown]
# ## What was read, and words
# **Only the abstract and the first lines of this paper were read.** No number of it is compared: its statements are judged with thresholds of ours, and all
# formulas are derived here and checked. Figures are named by us.
#
# An activation φ is normalised so that E φ(g)² = 1 for a standard normal g. Three numbers of it matter: **A** = E φ, **A'** = E φ' and
# **B'** = E φ'². The **dual activation** is ψ(ξ) = E φ(g) φ(g') for g, g' of correlation ξ. For inputs of length 1 with inner product ξ an infinitely wide network of L hidden layers, trained in its
# last layer alone, has the kernel s_L (**NNGP**), with s₀ = ξ and s_{l+1} = ψ(s_l); trained in all layers it has the tangent kernel K_L (**NTK**), with K₀ = ξ and
# K_{l+1} = ψ(s_l) + K_l ψ'(s_l). What becomes of K_L as L grows is decided by the three numbers:
#
# | activation | limit | classifier |
# |---|---|---|
# | A = A' = 0 | s_L falls faster than any power: the nearest neighbour outweighs all others | 1-nearest neighbour |
# | A = 0, A' ≠ 0 | s_L/A'²ᴸ → c(ξ), about \|x − x'\|⁻ᵅ with α = −4 log A'/log B' | vote with a singular kernel |
# | A ≠ 0, B' ≥ 1 | all inputs become equally near | majority vote |
#
# That these three exist is the paper's statement; the formulas are ours.

# %%
page.text(captions.settings(page))

# %% [markdown]
# ## Figure R: three limits of depth
# One network of each kind, and ReLU, on digits.

# %%
page.figure(
    "fig_regimes",
    plots.regimes,
    ["images"],
    alt=lambda table: captions.by_depth_alt(table, ("h2", "cubic", "majority", "relu")),
    note=lambda: captions.regimes_note(page),
)

# %%
page.text(captions.balanced(page))

# %% [markdown]
# ## Figure M: all of MNIST
# The same networks at paper scale.

# %%
page.figure(
    "fig_mnist",
    plots.mnist,
    ["mnist"],
    alt=lambda table: captions.by_depth_alt(table, ("h2", "cubic", "knife", "majority", "relu")),
    note=lambda: captions.mnist_note(page),
)

# %% [markdown]
# ## Figure K: kernels by depth
# The kernels behind the three limits: h₂, the cubic activation of order 4, and the network with squared Hermite coefficients 0.2, 0.2, 0, 0.6.

# %%
page.figure(
    "fig_kernels",
    plots.kernels,
    ["kernels", "limit"],
    alt=lambda: captions.kernels_alt(page),
    note=lambda: captions.kernels_note(page),
)

# %% [markdown]
# ## Figure S: an activation for every order
# A cubic activation with squared Hermite coefficients a₁² = a₃² = 2^(−d/2) and a₂² = 1 − 2^(1 − d/2) has B' = 2 and A'² = 2^(−d/2), so that α = d. Among bounded activations
# sin(w z) takes every order above 1.

# %%
page.figure(
    "fig_singularity",
    plots.singularity,
    ["singularity"],
    alt=lambda: captions.singularity_alt(page),
    note=lambda: captions.singularity_note(page),
)

# %% [markdown]
# ## Figure C: which orders are optimal
# The paper finds activations whose limits are consistent: their error goes to the smallest possible one as n grows, for any distribution. By the derivation
# here they are those of order α = d. For α > d the nearest points weigh so much that the vote of many points is a stable variable of index d/α, whose law does not depend on their number.

# %%
page.figure(
    "fig_consistency",
    plots.consistency,
    ["sphere", "laws"],
    alt=lambda table, laws: captions.consistency_alt(table),
    note=lambda: captions.consistency_note(page),
)

# %%
page.text(captions.trends(page))

# %% [markdown]
# ## Figure N: wrong labels
# The nearest neighbour copies a wrong label; a singular kernel of moderate order outvotes it. Votes with |x − x'|⁻ᵅ on digits.

# %%
page.figure(
    "fig_noise",
    plots.noise,
    ["noisy"],
    alt=captions.noise_alt,
    note=lambda: captions.noise_note(page),
)

# %% [markdown]
# ## What the taxonomy does not say
# Three points where what we read of the paper leaves room, each computed here: the edges of the regimes, the order of the limits in depth and number of points, and finite widths.
# Whether the full text treats them is not known to us.
#
# **The edges** (Figure E). A mean A = 0.05 of the cubic activation acts only after some layers. And where B' < 1 all inputs become equal too, but the interpolant keeps a
# finite limit that is no majority vote.

# %%
page.figure(
    "fig_edges",
    plots.edges,
    ["images"],
    alt=lambda table: captions.by_depth_alt(table, ("cubic", "knife", "ordered")),
    note=lambda: captions.edges_note(page),
)

# %% [markdown]
# **The order of limits** (Figure D). For a_k² = p (1 − p)^(k − 1) all kernels are known: s_L/p^L = ξ/(1 − (1 − p^L) ξ), and for large L K_L/p^L is (L + 1) c + e with
# c = ξ/(1 − ξ) of order 2 and e = ξ²/((1 − p)(1 − ξ)²) of order 4. The correction wins for pairs closer than |x − x'|² ≈ 2/((1 − p) L), so that L must
# exceed n^(2/d) by far before the tangent kernel votes as its limit does.

# %%
page.figure(
    "fig_depth",
    lambda table: plots.depth(table, *captions.levels(page)),
    ["depth"],
    alt=captions.depth_alt,
    note=lambda: captions.depth_note(page),
)

# %% [markdown]
# **Finite width** (Figure W). The paper calls its activations simple and easy to implement. As networks of finite width polynomials are hard: their tangent kernels are heavy-tailed.

# %%
page.figure(
    "fig_width",
    plots.width,
    ["width"],
    alt=captions.width_alt,
    note=lambda: captions.width_note(page),
)
