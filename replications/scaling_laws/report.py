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
from replications.scaling_laws.plotting import chinchilla, extrapolation, networks
from verifig.pages import Page

page = Page("scaling_laws")


def exact(experiment: str, statistic: str, **condition) -> float:
    """One exact value, NaN where it was not measured."""
    found = page.value(experiment, statistic, condition)
    return float(found.iloc[0]) if len(found) else float("nan")


def coefficient(fit: str, name: str) -> float:
    return exact("chinchilla", "coefficient", fit=fit, name=name)


page.header()

# %% [markdown]
# ## All claims at a glance
# The loss of a language model with N parameters after D tokens follows **L(N, D) = E + A/N^α + B/D^β** closely enough
# to plan with. Three papers ask what that is worth: whether the best known fit was right (it was not), how cheaply such
# a law can be had, and why exponents are what they are. The first two need no training: their numbers are judged in the
# papers' own setting, to the last printed digit.

# %%
page.summary()

# %% [markdown]
# ## The Chinchilla refit
# Hoffmann et al. fitted the law to more than 400 runs and published 80 % intervals for the exponent a of the optimal
# model size that are 0.001 wide. Besiroglu et al. read 245 of the runs off a figure, fitted again, and found other
# parameters, wide intervals, and agreement with the original's two other methods.

# %% [markdown]
# ### 245 training runs (data scatter)

# %%
page.figure(
    "c_data",
    chinchilla.c_data,
    ["c_data"],
    alt="245 runs by training compute and model size, coloured by loss; five runs at the lower left edge of compute are ringed and left out.",
    note="The five runs with the highest losses saw 0.04 to 0.40 tokens per parameter.",
)

# %% [markdown]
# ### The fitted law over model size and data (ours)

# %%
page.figure(
    "c_surface",
    chinchilla.c_surface,
    ["c_data", "c_theta"],
    alt="Left: contours of the fitted loss over parameters and tokens with the runs, four lines of equal compute and the optimal policy. Right: loss along these lines with a minimum each, beside the runs near them.",
    note="Not in the paper. Dots on the right are runs within 20 % of the compute of each line.",
)

# %% [markdown]
# ### Two fits that were taken for one (table of the refit)
# The objective is a sum of Huber losses with δ = 0.001. Its minimum is not the published refit: that one maximises a
# likelihood with a free scale, and at the best scale Huber's quadratic part shrinks to nothing, which leaves least
# absolute deviations. Both are right answers to different questions; point estimates come from the one, standard
# errors from bootstraps of the other.

# %%
page.text(
    f"The minimum of the Huber sum is {exact('chinchilla', 'objective', fit='huber'):.10f} at "
    f"A {coefficient('huber', 'A'):.2f}, B {coefficient('huber', 'B'):.1f}; least absolute deviations give "
    f"A {coefficient('lad', 'A'):.2f}, B {coefficient('lad', 'B'):.1f} (published: 482.01, 2085.43), where the Huber sum is "
    f"{100 * (exact('chinchilla', 'objective', fit='lad') / exact('chinchilla', 'objective', fit='huber') - 1):.3f} % higher. "
    f"Of Hoffmann et al.'s 4,500 starts {100 * exact('chinchilla', 'share_of_starts'):.0f} % end in the minimum within the steps allowed, "
    "the others on plateaus where one of the three terms has vanished."
)

# %%
page.figure(
    "c_table",
    lambda fits: chinchilla.c_table(
        fits, {name: exact("chinchilla", "standard_error", name=name) for name in chinchilla.COEFFICIENTS}
    ),
    ["c_fits"],
    alt="Six panels, A, B, E, alpha, beta and a, each with four fits; the published refit coincides with least absolute deviations; Hoffmann's E and beta lie many standard errors away.",
    note="Bars: one bootstrap standard error; open diamonds: the published refit.",
)

# %% [markdown]
# ### Likelihood of the published parameters (likelihood ratio test)

# %%
page.figure(
    "c_likelihood",
    lambda table: chinchilla.c_likelihood(table, page.paper("likelihoods")),
    ["c_likelihood"],
    alt="Log-likelihoods of four parameter vectors; rounded 562, unrounded 838, the two refits near 880, on top of the notebook's values.",
    note="Scale chosen best for each vector. Rounding the published parameters to two digits costs more than the wrong optimum.",
)

# %% [markdown]
# ### Residuals (residual violins)

# %%
page.figure(
    "c_residuals",
    chinchilla.c_residuals,
    ["c_residuals"],
    alt="Violins of residuals: the rounded parameters over-predict by 0.045 on average, the unrounded and the refit centre near 0. Right: residuals of the rounded parameters against tokens lie below 0.",
    note="Rounding β from 0.2849 to 0.28 raises the data term by 13 % at 10^11 tokens.",
)

# %%
page.text(
    f"A t test of the residuals, unrounded against refit, gives t = {exact('chinchilla', 'residual_t'):.3f}, p = {exact('chinchilla', 'residual_p'):.4f} "
    "(notebook: 2.908, 0.0038)."
)

# %% [markdown]
# ### How wide the interval of the exponent must be (confidence intervals)

# %%
page.figure(
    "c_width",
    lambda table: chinchilla.c_width(table, page.paper("hoffmann_intervals")),
    ["c_bootstrap"],
    alt="Left: histogram of the compute exponent over bootstraps, 80 % interval about 0.05 wide. Right: this interval beside the three of Hoffmann et al.; their third is invisibly narrow.",
)

# %% [markdown]
# ### 4000 bootstrap fits (pair plot)

# %%
page.figure(
    "c_pairs",
    chinchilla.c_pairs,
    ["c_bootstrap"],
    alt="Pair plot of 4,000 bootstrap parameter vectors: ln A with alpha and ln B with beta lie on narrow ridges; Hoffmann's parameters are far off the cloud in E and beta.",
    note="Red diamonds: Hoffmann et al., unrounded; above the diagonal the correlations. The resamples are those of the notebook (seed 42).",
)

# %% [markdown]
# ### Tokens per parameter (optimal policy by compute)

# %%
page.figure(
    "c_policy",
    chinchilla.c_policy,
    ["c_policy"],
    alt="Optimal tokens per parameter against compute: the refit falls slowly through about 20 with a band that widens from compute 1e24 on; Hoffmann's third method rises through 70 at Chinchilla's compute.",
    note="The paper draws 10,000 normal vectors for its band (dotted); ours is the bootstrap itself.",
)

# %% [markdown]
# ### The optimiser stopped early (loss by iteration)

# %%
page.figure(
    "c_stopping",
    chinchilla.c_stopping,
    ["c_traces", "c_subsamples"],
    alt="Left: the mean objective stops after two iterations, the sum after about twenty, only the scaled sum reaches the minimum. Right: exponents of subsample fits, a spike near 0.4565 for early stops, a broad bump near 0.51 when converged.",
    note="SciPy's L-BFGS-B compares the decrease with max(|f|, 1), so an objective near 0.001 meets the default tolerance at once. The sum stops early as well: only an objective of order 1 converges.",
)

# %%
page.text(
    "From 300 random starts of the grid, "
    f"{100 * exact('chinchilla', 'share_of_random_starts', fit='sum'):.1f} % reach the minimum within 1 % with the sum and "
    f"{100 * exact('chinchilla', 'share_of_random_starts', fit='mean'):.0f} % with the mean."
)

# %% [markdown]
# ### The fit depends on the highest losses (appendix: all points)

# %%
page.figure(
    "c_outliers",
    lambda fits: chinchilla.c_outliers(fits, page.paper("outliers")),
    ["c_fits"],
    alt="B falls from 12,800 to 900 and the compute exponent from 0.565 to 0.484 as 0, 5, 10, 20 of the highest losses are left out.",
    note="Not only the five outliers matter: B and a keep moving as more of the highest losses are left out. The appendix prints a = 0.512 for all points, which is not β/(α+β) = 0.567 of its own parameters (drawn here).",
)

# %% [markdown]
# ## A hitchhiker's guide to estimation
# Choshen et al. fit the same law by least squares to many published families, hold out the largest model, and report
# the **absolute relative error** (ARE) of its predicted loss. Every cell that they print for OPT and GPT-3 is met here,
# which needs their rules to the strictness of each inequality: "100 %" of training drops the longest run's last
# checkpoint. Losses are as they use them: OPT's is the perplexity itself, so errors are not comparable across families.

# %% [markdown]
# ### Error by number of models and share of training (Figure 1b)

# %%
page.figure(
    "h_fig1",
    extrapolation.h_fig1,
    ["h_grid"],
    alt="Heat maps of error by number of smallest models and share of training, for OPT and GPT-3, ours beside the authors' printed cells; the cells agree.",
    note="Error on the target's last checkpoint. Two models do not identify the law (its row is shown, never judged). Stars: the cheapest cell that reaches 15, 10 and 5 %.",
)

# %% [markdown]
# ### Error by scale-up and share of training (Figure 1a)

# %%
page.figure(
    "h_fig1a",
    extrapolation.h_fig1a,
    ["h_scale_up"],
    alt="Heat maps of error by scale-up and share of training with four consecutive models for OPT and GPT-3.",
    note="The paper's panel pools families; here each stands alone. Error on the last 30 % of the target's training.",
)

# %% [markdown]
# ### Error by number of models and largest size (Figure 1c)

# %%
page.figure(
    "h_fig1c",
    extrapolation.h_fig1c,
    ["h_windows"],
    alt="Heat maps of error by number of consecutive models and largest model used; for OPT the window ending at 13B is the worst of three-model windows.",
)

# %% [markdown]
# ### Dropping the beginning of training (Figure 4)

# %%
page.figure(
    "h_fig4",
    extrapolation.h_fig4,
    ["h_starts"],
    alt="Error against the share of training that is dropped at the start, for OPT and GPT-3: lowest when 20 to 50 % is dropped.",
    note="The authors' figure carries no numbers. Gaps: fewer than five rows are left.",
)

# %% [markdown]
# ### The first ten billion tokens (Figure 5)

# %%
page.figure(
    "h_fig5",
    extrapolation.h_fig5,
    ["h_grid"],
    alt="Error for OPT with and without the first ten billion tokens, for three, four and five models: without them it is about half.",
    note="GPT-3's digitised curves start at 11 billion tokens, so the cut changes nothing there.",
)

# %% [markdown]
# ### One model and borrowed exponents (Figure 6)

# %%
page.figure(
    "h_fig6",
    extrapolation.h_fig6,
    ["h_one_model_opt", "h_one_model_gpt3", "h_one_model_olmo", "h_one_model_t5"],
    alt="Error from one model with borrowed exponents by share of training, a line a size, for OPT, GPT-3, OLMo and T5: larger models predict better; T5 is off the scale at 212 %.",
    note="The paper's '8.7B' for OPT is the 6.7B model. T5, an encoder-decoder in bits, cannot borrow: 212 % at every size.",
)

# %% [markdown]
# ### Loss curves and predictions (Figure 7)

# %%
page.figure(
    "h_fig7",
    extrapolation.h_fig7,
    ["h_lines"],
    alt="Loss curves of OPT and GPT-3 by size with the law fitted to the four smallest models dashed; the largest model's curve, in red, is predicted within 10 %.",
)

# %% [markdown]
# ### Scaling down (Figure 8)

# %%
page.figure(
    "h_fig8",
    extrapolation.h_fig8,
    ["h_grid"],
    alt="Heat maps of the error of the smallest model predicted from the largest ones by share of training.",
    note="Qualitative in the paper, which asks for 30 to 40 % of training; GPT-3 agrees, OPT's smallest model is never predicted well.",
)

# %% [markdown]
# ### Against the best loss seen (Section 5.2)

# %%
page.figure(
    "h_baseline",
    extrapolation.h_baseline,
    ["h_baselines"],
    alt="Error of the scaling law, of the best loss seen and of the most trained model's last losses, by number of models, for OPT and GPT-3; the law is lowest from three or four models on.",
    note="The paper's average over all families for the best loss seen is 18 %.",
)

# %% [markdown]
# ### All checkpoints or only the last (Section 6)

# %%
page.figure(
    "h_final",
    lambda grid: extrapolation.h_final(
        {
            family: (
                exact("extrapolation", "error_all_checkpoints", family=family),
                exact("extrapolation", "error_last_checkpoints", family=family),
            )
            for family in grid["family"].unique()
        }
    ),
    ["h_grid"],
    alt="Error from all checkpoints against the last checkpoints alone: OPT 7.4 against 28.5 %, GPT-3 2.7 against 1.1 %.",
    note="The paper says that the last checkpoints alone are significantly worse across the board. GPT-3 is a counter-example.",
)

# %% [markdown]
# ### Parameters across families (Figure 3)

# %%
page.figure(
    "h_fig3",
    extrapolation.h_fig3,
    ["h_parameters"],
    alt="alpha against a, beta against b, and E, over 20 families; most data-constrained families, in grey, lie far from the four named ones.",
    note="Grey: 16 data-constrained families of Muennighoff et al.; with the largest model held out only two sizes are left there, so A, α and E are not identified.",
)

# %%
page.text(
    "What the claim on this figure is worth: with every parameter **shuffled over families** three components still explain "
    f"{100 * exact('across_families', 'three_components', fit='shuffled'):.2f} % of the variance, because a and b alone carry most of it; after centring "
    "the logs and standardising it is "
    f"{100 * exact('across_families', 'three_components', fit='centred_standardised'):.1f} %. And the correlation of a with α, "
    f"{exact('across_families', 'correlation', pair='a alpha', fit='routine'):.2f} by the authors' routine, is "
    f"{exact('across_families', 'correlation', pair='a alpha', fit='all_sizes'):.2f} when all models and all tokens are fitted: it is largely a property of "
    "the routine's start and of extrapolating to N = 1, not of the families."
)

# %% [markdown]
# ## Where exponents come from
# Bahri et al. explain exponents in two ways. When the other resource is plentiful, the loss is limited by **resolution**:
# the exponent follows from the spectrum of the features, or from the dimension of the data as 4/d. When it is scarce,
# the loss approaches its limit as 1/D or 1/width: **variance** of a finite draw. Linear models with random features
# are solved here in closed form; nothing is trained until the last three figures.

# %% [markdown]
# ### Data and parameters are dual (Section 2.4)

# %%
page.figure(
    "b_duality",
    networks.b_duality,
    ["b_duality"],
    alt="Relative difference of the loss when data and projection matrices are swapped, 20 trials, all near the spacing of float64.",
)

# %% [markdown]
# ### Power-law spectra (Figure 2a and supplement E)

# %%
page.figure(
    "b_power",
    networks.b_power,
    ["b_power"],
    alt="Left: loss against samples for three spectral exponents on top of theory. Right: ratio of loss to theory, within 5 % everywhere.",
    note="With unit-variance teacher weights the paper's replica formula collapses to L(D) = κ(D)/(2S); S = 4096.",
)

# %% [markdown]
# ### Variance-limited linear models (Figure 2a)

# %%
page.figure(
    "b_variance",
    lambda frame: networks.b_variance(frame, 20),
    ["b_variance"],
    alt="Left: relative excess loss of 20 random features against samples, following P/(D-P-1). Right: ratio to the exact expectation near 1.",
)

# %% [markdown]
# ### Random features on MNIST (Figure 2a, b)

# %%
page.figure(
    "b_mnist",
    networks.b_mnist,
    ["b_mnist"],
    alt="Loss against number of images and number of random features on MNIST for three poolings, with the theory of the measured spectrum; all three nearly coincide.",
    note="Three random ReLU layers of width 1,024; the 5,000 images are the population.",
)

# %% [markdown]
# ### Spectra and exponents of wide networks (Figure 2b)

# %%
page.figure(
    "b_kernels",
    networks.b_kernels,
    ["b_spectra", "b_kernel_points"],
    alt="Left: spectra of eight infinitely wide networks' kernels on MNIST. Middle: data exponents rise with spectral exponents. Right: data exponents against the theory of the whole spectrum lie on the diagonal.",
    note="Equality with α_K is not expected with 2,000 images: the spectra are curved and end. The whole spectrum predicts the exponent (right).",
)

# %% [markdown]
# ### Variance-limited in data (Figure 1a, top left)

# %%
page.figure(
    "b_deep",
    lambda frame: networks.b_excess(frame, "training images D", "exponent 1"),
    ["b_deep"],
    alt="Excess loss of small deep networks over training on the whole population against the number of images, along a line of exponent 1.",
    note="49-8-8-10 ReLU networks, 100 full-batch steps; the population is 5,000 images, so the limit is exact. Thin lines: initial weights.",
)

# %% [markdown]
# ### Variance-limited in width (Figure 1a, bottom right)

# %%
page.figure(
    "b_width",
    lambda frame: networks.b_excess(frame, "width", "exponent 1"),
    ["b_width"],
    alt="Excess test loss of networks over their linearisation against width, falling along a line of exponent 1, slightly slower at small widths.",
    note="100 training images, 100 steps; each network averaged with its twin of opposite output sign. Thin lines: groups.",
)

# %% [markdown]
# ### Exponent and input dimension (Figure 1b)

# %%
page.figure(
    "b_fig1b",
    networks.b_fig1b,
    ["b_students", "b_exponents"],
    alt="Left: lowest test loss of students against samples, steepest for two input dimensions. Right: 4/alpha against dimension, close to the diagonal from 3 to 6, above it at 2 and below it at 8.",
    note="At laptop scale teacher width 24, student width 64 and at most 512 samples: at d = 8 so few samples do not reach the asymptotic slope, at d = 2 the noise of training limits the loss of some teachers.",
)

# %% [markdown]
# ### Student width and depth (Figures S4, S5)

# %%
page.figure(
    "b_sweep",
    networks.b_sweep,
    ["b_sweep"],
    alt="Lowest test loss against the number of parameters of the student for four depths and eight input dimensions.",
)

# %% [markdown]
# ## Fit your own runs
# `python -m verifig fit-scaling-law runs.csv` fits the law to a table with columns N, D and L, gives standard errors and
# the optimal policy, and draws the surface. In Python: `fit_scaling_law(frame)` in
# `replications.scaling_laws.fitting.inference`; the solver behind it takes any number of starts and resamples at once.
#
# ## Controls and oracles
# Instruments broken on purpose, effects whose cause is removed, and exact identities. They are counted apart from the
# papers' claims.

# %%
page.controls()

# %% [markdown]
# ## Deviations from the papers

# %%
page.deviations()

# %% [markdown]
# ## Hardware, cost and provenance

# %%
page.provenance()

# %% [markdown]
# ## Paper scale
# `python -m verifig run scaling_laws --scale paper --stage report --out results` on a machine with a GPU trains students
# of width 192 in eight dimensions, widths up to 11,585 and the sweep of width and depth; fits and closed forms are the
# same at both scales.
