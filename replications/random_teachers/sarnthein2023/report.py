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
from replications.random_teachers.sarnthein2023 import captions, plotting
from verifig.pages.page import Page

page = Page("sarnthein2023")
run = captions.Run(page)
probes, regimes, bottleneck = run.probes(), run.regimes(), page.settings("plain")["bottleneck"]


# %% [markdown]
# ## Background and words
# A **teacher** network is initialised at random and never trained. A **student** of the same shape learns to give the
# teacher's answers (a softmax over many outputs) on unlabelled images. Nobody ever tells it a class, and yet the paper
# finds that classes can be read off its features better than off the teacher's. Below, figure by figure, what of this
# holds in small networks on MNIST, under three probes; the convolutional networks of the paper run at paper scale.

# %%
page.text(captions.probing.regimes(run))

# %% [markdown]
# ## Figure 1: probing accuracy over training
# In the paper (CIFAR10, Table 1) the linear probe rises from 35.5 to 46.0 % with ResNet18 and from 36.6 to 52.0 % with
# VGG11. Raw pixels give 39.0 %, so that the student beats its teacher and the pixels. The paper's students start next to
# their teachers (alpha = 1e-10); Figure 3 below says what that start does here.

# %%
page.text(captions.probing.independent(run))

# %%
page.figure(
    "fig1",
    lambda probing, final: plotting.probing.over_training(probing, final, probes),
    ["plain_probing", "plain_final"],
    alt=lambda: captions.probing.over_training_alt(run),
    note="Final values are those of the last step, not of the best one.",
)

# %% [markdown]
# ## Tables 1 and 3: three probes of the same embeddings
# The paper's linear probe is trained for a fixed number of AdamW steps on raw, unscaled embeddings. If it has not
# converged by then, a part of what it gains may be better conditioning, not better features. So final gains are also
# measured with a converged probe (ridge regression on standardised embeddings) and with nearest neighbours.

# %%
page.text(captions.probing.longer_probing(run))

# %%
columns, students = captions.probing.probes_and_long(run), captions.probing.students(run)
page.figure(
    "tab3",
    lambda *finals: plotting.probing.by_probe(*finals, columns, students, page.paper("table1"), page.paper("table3")),
    ["plain_final", "kick_final"],
    alt=lambda: captions.probing.by_probe_alt(run),
    note=lambda: captions.probing.by_probe_note(run),
)

# %%
page.text(captions.probing.conditioning(run))

# %% [markdown]
# ## Figure 4 and Table 2: which data the student sees
# In the paper the gain needs images (trained on noise, VGG11 probes at 16 to 17 %, far below its teacher's 36.6 %), grows
# with their number (41.8 % from 500, 51.4 % from 50,000 images), and carries over to other data sets (Table 2).

# %%
page.text(captions.data.gains(run))

# %%
page.figure(
    "fig4",
    lambda final: plotting.probing.by_data(
        final, probes, captions.data.sources(run), page.paper("fig4"), captions.data.paper_sources(run)
    ),
    ["plain_final"],
    alt=lambda: captions.data.by_data_alt(run),
    note=captions.data.by_data_note(run),
)

# %% [markdown]
# ## Figure 3: locality
# alpha mixes the student's start from the teacher (0) and a fresh draw (1). In the paper students up to alpha = 0.6 do
# equally well; alpha = 1 is worse, but still considerably better than the teacher.

# %%
page.text(captions.locality.plain(run))

# %%
page.text(captions.locality.kick(run))

# %% [markdown]
# Our explanation: a copy of the teacher starts at the optimum, so that something must throw it out, and we think that it
# is Adam's first step, which moves every weight by about the learning rate (RT17 puts this to the test). In a layer 2,048
# wide this is a change of order 1; in a narrow one at such a rate it is small, and the student falls back. `kick` and
# `wide_kick` are to make up for the width by their rates. Rates tuned for each alpha were not tried.

# %%
starts = captions.locality.over_training(run)
page.figure(
    "fig3",
    lambda *frames: plotting.locality.gains(frames[:3], frames[3:], probes, regimes, starts),
    ["plain_probing", "kick_probing", "wide_kick_probing", "plain_final", "kick_final", "wide_kick_final"],
    alt=lambda: captions.locality.gains_alt(run),
    note=lambda: captions.locality.gains_note(run),
)

# %% [markdown]
# ## Figure 17: divergence and distance by locality
# In the paper a larger alpha ends at a larger divergence from the teacher.

# %%
page.figure(
    "fig17",
    lambda *finals: plotting.locality.divergence(finals, regimes),
    ["plain_final", "kick_final", "wide_kick_final"],
    alt=lambda: captions.locality.divergence_alt(run),
    note=lambda: captions.locality.divergence_note(run),
)

# %% [markdown]
# ## Figures 5 and 13: landscapes
# Planes through a teacher and two of its students. The paper sees a barrier between the teacher and the independent
# student, a lower one towards the local student, and a local student that sits in a minimum of its own inside a region of
# high probing accuracy.

# %%
page.figure(
    "fig5",
    lambda planes: plotting.landscapes.planes(planes, captions.landscapes.alphas(run)),
    ["planes"],
    alt="Filled contours of the KL to the teacher and of linear probing accuracy over two planes, with the teacher and its students marked and white contours of equal weight norm.",
    note=lambda planes: captions.landscapes.planes_note(run, planes),
)

# %%
page.figure(
    "fig14",
    lambda planes: plotting.landscapes.preserved(planes, captions.landscapes.alphas(run)),
    ["planes"],
    alt="The plane of both trained students in distance-preserving coordinates centred at the smallest norm: KL of the outputs, linear probe, and KL of the embeddings, with white contours of equal weight norm.",
    note="The same runs and cut of the KL. Right: softmax of the embeddings themselves, our reading of the paper's encoder-only divergence.",
)

# %% [markdown]
# ## Section 5: an asymmetric valley
# On the line from the teacher (g = 0) to its local student (g = 1) the paper describes a steep cliff on one side of the
# teacher, a gentle rise on the other, and a separate minimum.

# %%
page.figure(
    "valley",
    lambda kick_line, wide_line: plotting.landscapes.valley(kick_line, wide_line, regimes),
    ["kick_line", "wide_kick_line"],
    alt=lambda: captions.landscapes.valley_alt(run),
    note=lambda: captions.landscapes.valley_note(run),
)

# %%
page.text(captions.landscapes.first_step(run))

# %% [markdown]
# ## Figure 10: number of outputs
# The paper finds that far fewer outputs than 65,536 do, with a change at m = 256, the bottleneck's size.

# %%
page.figure(
    "fig10",
    lambda final: plotting.probing.by_outputs(final, probes, bottleneck),
    ["plain_final"],
    alt=lambda: captions.data.by_outputs_alt(run),
    note=lambda: captions.data.by_outputs_note(run),
)

# %% [markdown]
# ## Tables 1 to 5: convolutional networks on natural images
# The paper's own setting: CIFAR10, CIFAR100, STL10 and TinyImageNet, at paper scale.

# %%
linear, transfer, nearest = (page.paper(f"table{number}") for number in (1, 2, 3))
page.figure(
    "tables",
    (
        (lambda cifar10, datasets: plotting.images.tables(cifar10, datasets, linear, transfer))
        if page.scale == "paper"
        else (lambda: plotting.images.published(linear, nearest, transfer))
    ),
    ["cifar10_probing", "datasets_probing"] if page.scale == "paper" else [],
    **captions.images.tables(page.scale),
)

# %%
page.figure(
    "fig11",
    lambda *frames: plotting.images.ablations(page.paper("table5"), *frames),
    ["ablations_probing"] if page.scale == "paper" else [],
    **captions.images.ablations(page.scale),
)

# %% [markdown]
# ## Figures 8 and 9: lottery tickets and linear mode connectivity
# The paper's claim that a distilled encoder is already where supervised training would be after an epoch or two. Both
# effects need networks that are unstable at their start, which we do not expect of small MLPs on MNIST: they are judged
# at paper scale only.

# %%
page.figure(
    "fig8",
    lambda frame: plotting.images.tickets(frame, page.settings("tickets", "initial_rewound")["rewind_epochs"]),
    ["tickets"],
    alt="Test accuracy against the share of weights left for three arms of iterative magnitude pruning.",
)

# %%
page.figure(
    "fig9",
    plotting.images.connectivity,
    ["connectivity"],
    alt="Test error between fine-tuned networks from an initial and a distilled encoder.",
    note="Of every seed the mean over pairs of batch orders.",
)

# %% [markdown]
# ## Other things to know
# - **Weight normalisation**: the released code computes normalised weights and then uses the raw ones, so the published
#   numbers very likely stand for no weight normalisation. Figure 12's "it hardly matters" then says nothing.
# - **Best epoch**: the paper reports the best test accuracy over epochs, which selects on the test set. Ours are last-step
#   values; at paper scale both are recorded.
# - **Batch norm**: the paper's ResNet teachers run in evaluation mode with untouched statistics, so that their batch norm is
#   the identity while the student's is not: at alpha = 0 the two still differ.

# %%
page.text(captions.data.untested(run))
