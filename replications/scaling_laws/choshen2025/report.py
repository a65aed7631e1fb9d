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
# The page of this paper. Opens as a notebook with jupytext; `python -m verifig` renders it (stage report).
from replications.scaling_laws.choshen2025 import plots
from replications.scaling_laws.choshen2025.sentences import Guide
from verifig.pages.page import Page

page = Page("choshen2025")
guide = Guide(page)


# %% [markdown]
# ## Background and words
# The loss of a language model with N parameters after D tokens follows **L(N, D) = E + A/N^α + B/D^β** closely enough
# to plan with. Choshen et al. ask how cheaply such a law can be had. They fit it by least squares to many published
# families, hold out the largest model, and report the **absolute relative error** (ARE) of its predicted loss. Their code
# has rules that the text does not state, to the strictness of each inequality: "100 %" of training drops the longest
# run's last checkpoint. Losses are as they use them: OPT's is the perplexity itself, so errors are not comparable across
# families.

# %%
page.text(
    "No model is trained here: the page stands on published loss curves, and at laptop scale its numbers are judged in the "
    f"paper's own setting. {guide.agreement()}"
    if page.has("h_grid")
    else "The page stands on published loss curves. **They were not read here**, so that nothing below says anything about "
    "the paper's numbers; the notice above names the files and the command that fetches them."
)

# %% [markdown]
# ## Error by number of models and share of training (Figure 1b)

# %%
page.figure(
    "h_fig1",
    plots.h_fig1,
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
# ## Error by scale-up and share of training (Figure 1a)

# %%
page.figure(
    "h_fig1a",
    plots.h_fig1a,
    ["h_scale_up"],
    alt=lambda: (
        f"Heat maps of error by scale-up and share of training with four consecutive models for {guide.names()}."
    ),
    note="The paper's panel pools families; here each stands alone. Error on the last 30 % of the target's training.",
)

# %% [markdown]
# ## Error by number of models and largest size (Figure 1c)

# %%
page.figure(
    "h_fig1c",
    lambda windows: plots.h_fig1c(windows, page.paper("windows")),
    ["h_windows"],
    alt=lambda windows: (
        f"Heat maps of error by number of consecutive models and largest model used. {guide.worst_window(windows)}"
    ),
    note=lambda windows: f"In brackets: the authors' printed cells of OPT. {guide.worst_window(windows)}",
)

# %% [markdown]
# ## Dropping the beginning of training (Figure 4)

# %%
page.figure(
    "h_fig4",
    plots.h_fig4,
    ["h_starts"],
    alt=lambda starts: (
        f"Error against the share of training that is dropped at the start, for {guide.names()}. {guide.best_start(starts)}"
    ),
    note=lambda starts: (
        f"{guide.best_start(starts)} The authors' figure carries no numbers. Gaps: fewer than five rows are left."
    ),
)

# %% [markdown]
# ## The first ten billion tokens (Figure 5)

# %%
page.figure(
    "h_fig5",
    lambda grid: plots.h_fig5(grid, guide.families[0], page.paper("first_tokens")),
    ["h_grid"],
    alt=lambda grid: (
        "Error with and without the first ten billion tokens by share of training, a panel a number of models. "
        + guide.first_tokens(grid, guide.families[0])
    ),
    note=lambda grid: (
        f"{guide.first_tokens(grid, guide.families[0])} Diamonds: the authors' printed numbers. GPT-3's digitised curves start at 11 billion tokens, so the cut changes "
        "nothing there."
    ),
)

# %% [markdown]
# ## One model and borrowed exponents (Figure 6)

# %%
page.figure(
    "h_fig6",
    lambda *tables: plots.h_fig6(page.paper("one_model"), *tables),
    [f"h_one_model_{name}" for name in guide.one_model_families()],
    alt=lambda *tables: (
        "Error from one model with borrowed exponents by share of training, a line a size, a panel a family. "
        + guide.one_model(*tables)
    ),
    note=lambda *tables: (
        f"Dashed: the target itself; diamonds: numbers in the authors' figure files. {guide.one_model(*tables)} The paper's '8.7B' for OPT is the 6.7B model. T5 is an "
        "encoder-decoder whose losses are in bits."
    ),
)

# %% [markdown]
# ## Loss curves and predictions (Figure 7)

# %%
page.figure(
    "h_fig7",
    plots.h_fig7,
    ["h_lines"],
    alt=lambda: f"Loss curves by size with the law fitted to the four smallest models dashed. {guide.largest_model()}",
    note=lambda: f"{guide.largest_model()} Dashed: the law fitted to the four smallest models.",
)

# %% [markdown]
# ## Scaling down (Figure 8)

# %%
page.figure(
    "h_fig8",
    plots.h_fig8,
    ["h_grid"],
    alt=lambda grid: (
        f"Heat maps of the error of the smallest model predicted from the largest ones by share of training. {guide.scale_down(grid)}"
    ),
    note=lambda grid: f"The paper, without numbers, asks for 30 to 40 % of training. {guide.scale_down(grid)}",
)

# %% [markdown]
# ## Against the best loss seen (Section 5.2)

# %%
page.figure(
    "h_baseline",
    lambda table: plots.h_baseline(table, page.paper("baseline")),
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
# ## All checkpoints or only the last (Section 6)

# %%
page.figure(
    "h_final",
    lambda grid: plots.h_final(guide.finals()),
    ["h_grid"],
    alt=lambda: (
        f"Error from all checkpoints beside that from the last checkpoints alone, by family. {guide.checkpoints()}"
    ),
    note=lambda: (
        f"The paper says that the last checkpoints alone are significantly worse across the board. {guide.checkpoints()}"
    ),
)

# %% [markdown]
# ## Parameters across families (Figure 3)

# %%
page.figure(
    "h_fig3",
    plots.h_fig3,
    ["h_parameters"],
    alt=lambda table: f"alpha against a, beta against b, and E, over {len(table)} families. {guide.lines()}",
    note=lambda: (
        f"{guide.lines()} Grey: data-constrained families of Muennighoff et al.; with the largest model held out only two sizes "
        "are left there, so A, α and E are not identified."
    ),
)

# %%
page.text(guide.components())
