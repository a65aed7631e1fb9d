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
from replications.scaling_laws.plotting import chinchilla, extrapolation, networks
from replications.scaling_laws.sentences.chinchilla import Refit
from replications.scaling_laws.sentences.extrapolation import Guide
from replications.scaling_laws.sentences.networks import Theory
from verifig.pages.page import Page

page = Page("scaling_laws")
refit, guide, bahri = Refit(page), Guide(page), Theory(page)

page.header()

# %% [markdown]
# ## All claims at a glance
# The loss of a language model with N parameters after D tokens follows **L(N, D) = E + A/N^α + B/D^β** closely enough
# to plan with. Three papers ask what that is worth: whether the best known fit was right, how cheaply such a law can be
# had, and why exponents are what they are.

# %%
missing = [name for name, table in (("first", "c_data"), ("second", "h_grid")) if not page.has(table)]
page.text(
    "The first two need no training: they stand on published tables of losses, and their numbers are judged in the papers' "
    "own setting. "
    + (
        f"**The tables of the {' and the '.join(missing)} were not read here**, so that nothing below says anything about "
        "their numbers; the notice above names the files and the command that fetches them."
        if missing
        else "The third is theory, with small networks that test it."
    )
)

# %%
page.summary()

# %% [markdown]
# ## The Chinchilla refit
# Hoffmann et al. fitted the law to more than 400 runs and published 80 % intervals for the exponent a of the optimal
# model size that are 0.001 wide. Besiroglu et al. read 245 of the runs off a figure, fitted again, and found other
# parameters, wide intervals, and agreement with the original's two other methods.

# %% [markdown]
# ### Training runs (data scatter)

# %%
page.figure(
    "c_data",
    chinchilla.c_data,
    ["c_data"],
    alt=lambda table: f"{len(table)} runs by training compute and model size, coloured by loss. {refit.data(table)}",
    note=refit.data,
)

# %% [markdown]
# ### The fitted law over model size and data (ours)

# %%
page.figure(
    "c_surface",
    chinchilla.c_surface,
    ["c_data", "c_theta"],
    alt=(
        "Left: contours of the fitted loss over parameters and tokens with the runs, lines of equal compute and the optimal "
        "policy. Right: loss along these lines with the minimum of each, beside the runs near them."
    ),
    note=f"Not in the paper. Dots on the right are runs within {100 * (10**chinchilla.NEAR - 1):.0f} % of the compute of each line.",
)

# %% [markdown]
# ### Two fits that were taken for one (table of the refit)
# The stated objective is a sum of Huber losses with δ = 0.001. The published refit maximises a likelihood with a free
# scale instead (so the authors' notebook), and at the best scale Huber's quadratic part shrinks to nothing, which leaves
# least absolute deviations. Point estimates come from the one, standard errors from bootstraps of the other.

# %%
page.text(refit.minimum())

# %%
page.figure(
    "c_table",
    lambda fits: chinchilla.c_table(fits, refit.errors()),
    ["c_fits"],
    alt=lambda: (
        f"Six panels, A, B, E, alpha, beta and a, each with four fits and the published refit. {refit.distances()}"
    ),
    note=lambda: f"Bars: one bootstrap standard error; open diamonds: the published refit. {refit.distances()}",
)

# %% [markdown]
# ### Likelihood of the published parameters (likelihood ratio test)

# %%
page.figure(
    "c_likelihood",
    lambda table: chinchilla.c_likelihood(table, page.paper("likelihoods"), refit.rows()),
    ["c_likelihood"],
    alt=refit.likelihoods,
    note=lambda: f"Scale chosen best for each vector; open diamonds: the authors' notebook. {refit.rounding()}",
)

# %% [markdown]
# ### Residuals (residual violins)

# %%
page.figure(
    "c_residuals",
    chinchilla.c_residuals,
    ["c_residuals"],
    alt=lambda: (
        f"Left: violins of residuals for three parameter vectors. Right: residuals against tokens for two. {refit.residuals()}"
    ),
    note=lambda: f"{refit.residuals()} {refit.rounding_bias()}",
)

# %%
page.text(refit.residual_test())

# %% [markdown]
# ### How wide the interval of the exponent must be (confidence intervals)

# %%
page.figure(
    "c_width",
    lambda table: chinchilla.c_width(table, page.paper("hoffmann_intervals")),
    ["c_bootstrap"],
    alt=lambda: (
        "Left: histogram of the compute exponent over bootstraps. Right: its 80 % interval beside the three of Hoffmann et "
        f"al. {refit.width()}"
    ),
    note=lambda: (
        f"{refit.width()} The paper says over 600,000. Hoffmann et al. print their third estimate rounded to 0.46, outside its "
        "own interval."
    ),
)

# %% [markdown]
# ### Bootstrap fits (pair plot)

# %%
page.figure(
    "c_pairs",
    chinchilla.c_pairs,
    ["c_bootstrap"],
    alt=lambda table: f"Pair plot of {len(table):,} bootstrap parameter vectors. {refit.ridges(table)}",
    note=lambda table: (
        f"{refit.ridges(table)} Above the diagonal all correlations. Red diamonds: Hoffmann et al., unrounded. {refit.joint()} "
        "The resamples are those of the notebook (seed 42)."
    ),
)

# %% [markdown]
# ### Tokens per parameter (optimal policy by compute)

# %%
page.figure(
    "c_policy",
    chinchilla.c_policy,
    ["c_policy"],
    alt=lambda table: f"Optimal tokens per parameter against compute. {refit.policy()} {refit.band(table)}",
    note=lambda table: (
        f"{refit.policy()} {refit.band(table)} The paper's band comes from 10,000 normal vectors, which the dotted lines "
        "repeat; the shaded one is the bootstrap itself."
    ),
)

# %% [markdown]
# ### The optimiser stopped early (loss by iteration)
# SciPy's L-BFGS-B compares the decrease of the objective with max(|f|, 1), so that its default tolerance is met early by
# an objective far below 1, as a mean or a sum of these losses is.

# %%
page.figure(
    "c_stopping",
    lambda traces, subsamples: chinchilla.c_stopping(traces, subsamples, page.paper("hoffmann_intervals")),
    ["c_traces", "c_subsamples"],
    alt=lambda: (
        "Left: objective over its minimum by iteration, with the places where three scalings of it stop. Right: exponents of "
        f"subsample fits. {refit.stopping()}"
    ),
    note=lambda: f"{refit.stopping()} {refit.spike()}",
)

# %%
page.text(refit.random_starts())

# %% [markdown]
# ### The fit depends on the highest losses (appendix: all points)

# %%
page.figure(
    "c_outliers",
    lambda fits: chinchilla.c_outliers(fits, page.paper("outliers"), refit.dropped()),
    ["c_fits"],
    alt=lambda fits: (
        f"B and the compute exponent against the number of highest losses left out. {refit.outliers(fits)}"
    ),
    note=lambda fits: (
        f"{refit.outliers(fits)} The appendix prints a = 0.512 for all points, which is not β/(α+β) = 0.567 of its own parameters "
        "(drawn here)."
    ),
)

# %% [markdown]
# ## A hitchhiker's guide to estimation
# Choshen et al. fit the same law by least squares to many published families, hold out the largest model, and report
# the **absolute relative error** (ARE) of its predicted loss. Their code has rules that the text does not state, to the
# strictness of each inequality: "100 %" of training drops the longest run's last checkpoint. Losses are as they use them:
# OPT's is the perplexity itself, so errors are not comparable across families.

# %%
page.text(guide.agreement())

# %% [markdown]
# ### Error by number of models and share of training (Figure 1b)

# %%
page.figure(
    "h_fig1",
    extrapolation.h_fig1,
    ["h_grid"],
    alt=lambda: (
        f"Heat maps of error by number of smallest models and share of training, for {guide.names()}, ours beside the authors' "
        f"printed cells. {guide.agreement()}"
    ),
    note=(
        "Error on the target's last checkpoint. Two models do not identify the law (their row is shown, never judged). Stars: the "
        f"cheapest cell that reaches an error of {guide.goals()} %, each with the strictest goal that it is the cheapest for."
    ),
)

# %% [markdown]
# ### Error by scale-up and share of training (Figure 1a)

# %%
page.figure(
    "h_fig1a",
    extrapolation.h_fig1a,
    ["h_scale_up"],
    alt=lambda: (
        f"Heat maps of error by scale-up and share of training with four consecutive models for {guide.names()}."
    ),
    note="The paper's panel pools families; here each stands alone. Error on the last 30 % of the target's training.",
)

# %% [markdown]
# ### Error by number of models and largest size (Figure 1c)

# %%
page.figure(
    "h_fig1c",
    extrapolation.h_fig1c,
    ["h_windows"],
    alt=lambda windows: (
        f"Heat maps of error by number of consecutive models and largest model used. {guide.worst_window(windows)}"
    ),
    note=guide.worst_window,
)

# %% [markdown]
# ### Dropping the beginning of training (Figure 4)

# %%
page.figure(
    "h_fig4",
    extrapolation.h_fig4,
    ["h_starts"],
    alt=lambda starts: (
        f"Error against the share of training that is dropped at the start, for {guide.names()}. {guide.best_start(starts)}"
    ),
    note=lambda starts: (
        f"{guide.best_start(starts)} The authors' figure carries no numbers. Gaps: fewer than five rows are left."
    ),
)

# %% [markdown]
# ### The first ten billion tokens (Figure 5)

# %%
page.figure(
    "h_fig5",
    lambda grid: extrapolation.h_fig5(grid, guide.families[0], page.paper("first_tokens")),
    ["h_grid"],
    alt=lambda grid: (
        "Error with and without the first ten billion tokens by share of training, a panel a number of models. "
        + guide.first_tokens(grid, guide.families[0])
    ),
    note=lambda grid: (
        f"{guide.first_tokens(grid, guide.families[0])} GPT-3's digitised curves start at 11 billion tokens, so the cut changes "
        "nothing there."
    ),
)

# %% [markdown]
# ### One model and borrowed exponents (Figure 6)

# %%
page.figure(
    "h_fig6",
    extrapolation.h_fig6,
    [f"h_one_model_{name}" for name in guide.one_model_families()],
    alt=lambda *tables: (
        "Error from one model with borrowed exponents by share of training, a line a size, a panel a family. "
        + guide.one_model(*tables)
    ),
    note=lambda *tables: (
        f"Dashed: the target itself. {guide.one_model(*tables)} The paper's '8.7B' for OPT is the 6.7B model. T5 is an "
        "encoder-decoder whose losses are in bits."
    ),
)

# %% [markdown]
# ### Loss curves and predictions (Figure 7)

# %%
page.figure(
    "h_fig7",
    extrapolation.h_fig7,
    ["h_lines"],
    alt=lambda: f"Loss curves by size with the law fitted to the four smallest models dashed. {guide.largest_model()}",
    note=lambda: f"{guide.largest_model()} Dashed: the law fitted to the four smallest models.",
)

# %% [markdown]
# ### Scaling down (Figure 8)

# %%
page.figure(
    "h_fig8",
    extrapolation.h_fig8,
    ["h_grid"],
    alt=lambda grid: (
        f"Heat maps of the error of the smallest model predicted from the largest ones by share of training. {guide.scale_down(grid)}"
    ),
    note=lambda grid: f"The paper, without numbers, asks for 30 to 40 % of training. {guide.scale_down(grid)}",
)

# %% [markdown]
# ### Against the best loss seen (Section 5.2)

# %%
page.figure(
    "h_baseline",
    extrapolation.h_baseline,
    ["h_baselines"],
    alt=lambda table: (
        "Error of the scaling law, of the best loss seen and of the most trained model's last losses, by number of models. "
        + guide.law_against_best(table)
    ),
    note=lambda table: (
        f"{guide.law_against_best(table)} The paper's average over all families for the best loss seen is "
        f"{page.paper('baseline')['best']} %."
    ),
)

# %% [markdown]
# ### All checkpoints or only the last (Section 6)

# %%
page.figure(
    "h_final",
    lambda grid: extrapolation.h_final(guide.finals()),
    ["h_grid"],
    alt=lambda: (
        f"Error from all checkpoints beside that from the last checkpoints alone, by family. {guide.checkpoints()}"
    ),
    note=lambda: (
        f"The paper says that the last checkpoints alone are significantly worse across the board. {guide.checkpoints()}"
    ),
)

# %% [markdown]
# ### Parameters across families (Figure 3)

# %%
page.figure(
    "h_fig3",
    extrapolation.h_fig3,
    ["h_parameters"],
    alt=lambda table: f"alpha against a, beta against b, and E, over {len(table)} families. {guide.lines()}",
    note=lambda: (
        f"{guide.lines()} Grey: data-constrained families of Muennighoff et al.; with the largest model held out only two sizes "
        "are left there, so A, α and E are not identified."
    ),
)

# %%
page.text(guide.components())

# %% [markdown]
# ## Where exponents come from
# Bahri et al. explain exponents in two ways. When the other resource is plentiful, the loss is limited by **resolution**:
# the exponent follows from the spectrum of the features, or from the dimension of the data as 4/d. When it is scarce,
# the loss approaches its limit as 1/D or 1/width: **variance** of a finite draw. Linear models with random features
# are solved here in closed form; networks are trained for the figures on variance in data and width, and on dimension.

# %% [markdown]
# ### Data and parameters are dual (Section 2.4)

# %%
page.figure(
    "b_duality",
    networks.b_duality,
    ["b_duality"],
    alt=lambda table: (
        f"Relative difference of the loss when data and projection matrices are swapped, by trial. {bahri.duality(table)}"
    ),
    note=bahri.duality,
)

# %% [markdown]
# ### Power-law spectra (Figure 2a and supplement E)

# %%
page.figure(
    "b_power",
    networks.b_power,
    ["b_power"],
    alt=lambda table: (
        f"Left: loss against samples by spectral exponent, with theory dashed. Right: ratio of loss to theory. {bahri.power(table)}"
    ),
    note=lambda table: (
        "With unit-variance teacher weights the paper's replica formula collapses to L(D) = κ(D)/(2S); "
        f"S = {bahri.settings['features']:,}. Bands: 95 % intervals over {bahri.settings['draws']} draws. {bahri.power(table)}"
    ),
)

# %% [markdown]
# ### Variance-limited linear models (Figure 2a)

# %%
page.figure(
    "b_variance",
    lambda frame: networks.b_variance(frame, bahri.settings["variance_parameters"]),
    ["b_variance"],
    alt=lambda table: (
        f"Left: relative excess loss of {bahri.settings['variance_parameters']} random features against samples, with P/(D − P − 1). "
        f"Right: ratio to that expectation. {bahri.variance(table)}"
    ),
    note=lambda table: (
        f"Left: median and range over groups of draws; right: mean with 95 % interval. {bahri.variance(table)} The dashed law of "
        "exponent 1 is its limit for many samples."
    ),
)

# %% [markdown]
# ### Random features on MNIST (Figure 2a, b)

# %%
page.figure(
    "b_mnist",
    networks.b_mnist,
    ["b_mnist"],
    alt=lambda: (
        "Loss against number of images and number of random features on MNIST, a panel a pooling, with the theory of the "
        f"measured spectrum. {bahri.mnist()}"
    ),
    note=lambda: (
        f"{bahri.settings['feature_depth']} random ReLU layers of width {bahri.settings['mnist_features']:,}; the 5,000 embedded "
        f"images are the population. The legends give exponents of the mean curves. {bahri.mnist()}"
    ),
)

# %% [markdown]
# ### Spectra and exponents of wide networks (Figure 2b)

# %%
page.figure(
    "b_kernels",
    networks.b_kernels,
    ["b_spectra", "b_kernel_points"],
    alt=lambda _, points: (
        "Left: spectra of infinitely wide networks' kernels on MNIST. Middle and right: data exponents against the exponent "
        f"fitted to the spectrum and against the theory of the whole spectrum. {bahri.ranks()} {bahri.kernels(points)}"
    ),
    note=lambda _, points: (
        f"Equality with α_K is not expected with {bahri.settings['population']:,} images: the spectra are curved and end. "
        f"{bahri.ranks()} {bahri.kernels(points)} Bars: range over draws."
    ),
)

# %% [markdown]
# ### Variance-limited in data (Figure 1a, top left)

# %%
page.figure(
    "b_deep",
    lambda frame: networks.b_excess(frame, "training images D", bahri.exponent("data")),
    ["b_deep"],
    alt=lambda table: (
        "Excess loss of small deep networks over training on the whole population against the number of images, with a line "
        f"of exponent 1. {bahri.against_one('data')}"
    ),
    note=lambda table: (
        f"{bahri.against_one('data')}{bahri.undefined('data')} {bahri.local_exponents(table)} {bahri.network()}; the population is "
        f"the 5,000 embedded images, so that the limit is exact. Thin lines: {bahri.network_settings['seeds']} initial weights; band: "
        "95 % interval of their mean."
    ),
)

# %% [markdown]
# ### Variance-limited in width (Figure 1a, bottom right)

# %%
page.figure(
    "b_width",
    lambda frame: networks.b_excess(frame, "width", bahri.exponent("width")),
    ["b_width"],
    alt=lambda table: (
        "Excess test loss of networks over their linearisation against width, with a line of exponent 1. "
        f"{bahri.against_one('width')} {bahri.local_exponents(table)}"
    ),
    note=lambda table: (
        f"{bahri.against_one('width')}{bahri.undefined('width')} {bahri.local_exponents(table)} The paper's statement is one about wide "
        f"networks. {bahri.network_settings['train_size']} training images, {bahri.network_settings['data_steps']} steps; each network "
        f"averaged with its twin of opposite output sign. Thin lines: {bahri.network_settings['width_groups']} groups of initial weights; "
        "band: 95 % interval of their mean."
    ),
)

# %% [markdown]
# ### Exponent and input dimension (Figure 1b)

# %%
page.figure(
    "b_fig1b",
    networks.b_fig1b,
    ["b_students", "b_exponents"],
    alt=lambda _, exponents: (
        "Left: lowest test loss of students against samples by input dimension. Right: 4/alpha against dimension with the paper's "
        f"line. {bahri.dimensions(exponents)}"
    ),
    note=lambda _, exponents: (
        f"{bahri.dimensions(exponents)} {bahri.student_setting()} Slopes over so few samples need not be the asymptotic ones that the "
        "theory speaks of. Left: geometric means and ranges over seeds; right: means with 95 % intervals, dots are seeds."
    ),
)

# %% [markdown]
# ### Student width and depth (Figures S4, S5)

# %%
page.figure(
    "b_sweep",
    networks.b_sweep,
    ["b_sweep"],
    alt="Lowest test loss against the number of parameters of the student by depth, a panel an input dimension.",
    note="Lines: medians; bands: range over seeds.",
)

# %% [markdown]
# ## Fit your own runs
# `python -m verifig fit-scaling-law runs.csv --plot fit.svg` fits the law to a table of runs as published, prints its
# coefficients with standard errors, what the runs cover, which coefficients they do not determine, and the optimal policy
# if they determine one, and draws runs and fit. In Python: `own.fit_scaling_law(runs.of_frame(frame))` with `own` and `runs`
# of `replications.scaling_laws.fitting`; the solver behind it takes any number of starts and resamples at once.
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
# `python -m verifig run scaling_laws --scale paper --stage report --out paper_run` on a machine with a GPU trains students
# as wide as the paper's in eight dimensions, networks up to its largest width and the sweep of width and depth; fits and
# closed forms are the same at both scales.
