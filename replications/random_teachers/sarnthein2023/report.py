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
import math

from replications.random_teachers.sarnthein2023 import plots, plots_images, sentences
from verifig.pages.page import Page

page = Page("sarnthein2023")
say = sentences.Sentences(page)
plain, kick, wide = (page.settings(name) for name in plots.REGIMES)
probes, regimes = say.probes("plain"), {name: say.regime(name) for name in plots.REGIMES}
alpha = {name: say.alpha("plain", name) for name in ("full", "local", "alpha_02", "alpha_06")}

page.header()

# %% [markdown]
# ## All claims at a glance
# A **teacher** network is initialised at random and never trained. A **student** of the same shape learns to give the
# teacher's answers (a softmax over many outputs) on unlabelled images. Nobody ever tells it a class, and yet the paper
# finds that classes can be read off its features better than off the teacher's. Below, figure by figure, what of this
# holds in small networks on MNIST, under three probes; the convolutional networks of the paper run at paper scale.

# %%
page.summary()

# %%
page.text(
    "The small networks are trained in three regimes, named as the experiments are: "
    + "; ".join(
        f"`{name}` (learning rates {settings['encoder_learning_rate']:g} for the encoder and "
        f"{settings['head_learning_rate']:g} for the head, {settings['head_width']:,} wide)"
        for name, settings in zip(plots.REGIMES, (plain, kick, wide), strict=True)
    )
    + f". {say.raised()} The paper uses 0.001 for everything and a head 2,048 wide."
)

# %% [markdown]
# ## Figure 1: probing accuracy over training
# In the paper (CIFAR10, Table 1) the linear probe rises from 35.5 to 46.0 % with ResNet18 and from 36.6 to 52.0 % with
# VGG11. Raw pixels give 39.0 %, so that the student beats its teacher and the pixels. The paper's students start next to
# their teachers (alpha = 1e-10); Figure 3 below says what that start does here.

# %%
page.text(
    f"Here: MLP encoders of width {plain['width']} on 14x14 MNIST in the regime `plain`, {page.seeds('plain', 'full')} seeds, "
    f"the student initialised with alpha = {alpha['full']} (1: independently of its teacher). {say.against_teacher()} {say.against_pixels()}"
)

# %%
page.figure(
    "fig1",
    lambda probing, final: plots.fig1(probing, final, probes),
    ["plain_probing", "plain_final"],
    alt=lambda: (
        f"Three panels, one a probe: test accuracy of the student over {plain['steps']:,} steps, with those of the teacher "
        f"and of raw pixels as level lines. {say.ends()}"
    ),
    note="Lines: means, bands: 95 % intervals over seeds. Final values are those of the last step, not of the best one.",
)

# %% [markdown]
# ## Tables 1 and 3: three probes of the same embeddings
# The paper's linear probe is trained for a fixed number of AdamW steps on raw, unscaled embeddings. If it has not
# converged by then, a part of what it gains may be better conditioning, not better features. So final gains are also
# measured with a converged probe (ridge regression on standardised embeddings) and with nearest neighbours.

# %%
page.text(
    f"Our teachers' linear probe reads {page.number('plain', 'teacher_linear', {'condition': 'full'}, percent=True)} after "
    f"{plain['probe_steps']:,} steps and {page.number('plain', 'teacher_linear_long', {'condition': 'full'}, percent=True)} after "
    f"{page.settings('plain', 'full')['long_probe_steps']:,}. {say.longer_probing()}"
)

# %%
page.figure(
    "tab3",
    lambda plain_final, kick_final: plots.tab3(
        plain_final,
        kick_final,
        say.probes_and_long("plain", "full"),
        {
            ("plain", "full"): f"plain, alpha = {alpha['full']}",
            ("plain", "alpha_06"): f"plain, alpha = {alpha['alpha_06']}",
            ("kick", "local"): f"kick, alpha = {say.alpha('kick', 'local')}",
        },
        page.paper("table1"),
        page.paper("table3"),
    ),
    ["plain_final", "kick_final"],
    alt=lambda: (
        "Gain of students over their teachers in percentage points, by probe, with 95 % intervals, beside the paper's. "
        + say.gains_by_probe()
    ),
    note=lambda: (
        "Dots and bars: means and 95 % intervals over seeds. Open diamonds and squares: the paper's gains on CIFAR10, of students that start next to their teachers."
        + ("" if kick["long_probe_steps"] else " The long probe is run in the regime `plain` only.")
    ),
)

# %%
page.text(
    f"Next to the teacher (`kick`, alpha = {say.alpha('kick', 'local')}) the student gains {say.gain('kick', 'local', 'linear')} points "
    f"under the linear probe, {say.gain('kick', 'local', 'ridge')} under ridge and {say.gain('kick', 'local', 'neighbours')} under "
    f"nearest neighbours. {say.mostly_conditioning()} Far from it (`plain`, alpha = {alpha['full']}) it gains "
    f"{say.gain('plain', 'full', 'ridge')} points under ridge."
)

# %% [markdown]
# ## Figure 4 and Table 2: which data the student sees
# In the paper the gain needs images (trained on noise, VGG11 probes at 16 to 17 %, far below its teacher's 36.6 %), grows
# with their number (41.8 % from 500, 51.4 % from 50,000 images), and carries over to other data sets (Table 2).

# %%
page.text(
    f"Here (`plain`, alpha = {alpha['full']}), under ridge: {say.by_source()}. {say.noise()} {say.permuted()} {say.images_grow()} {say.transfer()} Sources of fewer images are "
    "repeated, so that all students take the same number of steps."
)

# %%
page.figure(
    "fig4",
    lambda final: plots.fig4(final, probes, say.sources(), page.paper("fig4")),
    ["plain_final"],
    alt=lambda: (
        "Left: bars of gains over the teacher by what the student saw, three probes each. Right: gain by the number of "
        f"distinct images, beside the paper's. Under ridge: {say.by_source()}."
    ),
    note=f"Bars and lines: means, black bars and bands: 95 % intervals over {say.seeds('plain')} seeds. 'Answers permuted' is a control: the teacher's answers belong to other images.",
)

# %% [markdown]
# ## Figure 3: locality
# alpha mixes the student's start from the teacher (0) and a fresh draw (1). In the paper students up to alpha = 0.6 do
# equally well; alpha = 1 is worse, but still considerably better than the teacher.

# %%
page.text(f"{say.by_alpha('plain', 'ridge')} {say.order('plain')}")

# %%
page.text(f"{say.by_alpha('kick', 'linear')} {say.order('kick')} {say.below_teacher('kick')}")

# %% [markdown]
# Our explanation: a copy of the teacher starts at the optimum, so that something must throw it out, and we think that it
# is Adam's first step, which moves every weight by about the learning rate (RT17 puts this to the test). In a layer 2,048
# wide this is a change of order 1; in a narrow one at such a rate it is small, and the student falls back. `kick` and
# `wide_kick` are to make up for the width by their rates. Rates tuned for each alpha were not tried.

# %%
page.figure(
    "fig3",
    lambda *frames: plots.fig3(
        frames[:3],
        frames[3:],
        probes,
        regimes,
        {
            "plain": {name: f"alpha = {alpha[name]}" for name in ("local", "alpha_06", "full")},
            "kick": {name: f"alpha = {say.alpha('kick', name)}" for name in ("local", "independent")},
        },
    ),
    ["plain_probing", "kick_probing", "wide_kick_probing", "plain_final", "kick_final", "wide_kick_final"],
    alt=lambda: (
        "Above: gain over the teacher against alpha under three probes, a panel a regime. Below: the linear probe over "
        f"training by alpha in two regimes, and the share of embedding units that fire. {say.by_alpha('plain', 'ridge')} "
        f"{say.by_alpha('kick', 'linear')}"
    ),
    note=lambda: (
        "Titles: learning rates of encoder and head, width of the head. Every panel has its own scale. Lines: means, bands: 95 % intervals over "
        f"{say.seeds(*plots.REGIMES)} seeds. {say.firing()}"
    ),
)

# %% [markdown]
# ## Figure 17: divergence and distance by locality
# In the paper a larger alpha ends at a larger divergence from the teacher.

# %%
page.figure(
    "fig17",
    lambda *finals: plots.fig17(finals, regimes),
    ["plain_final", "kick_final", "wide_kick_final"],
    alt=lambda: (
        f"Left: final KL to the teacher against alpha in three regimes. Right: distance travelled. {say.divergence()}"
    ),
    note=lambda: (
        f"Lines: medians, bands: range over {say.seeds(*plots.REGIMES)} seeds. In `plain` alpha = 0 (a copy) is drawn beside alpha = {alpha['local']}. {say.divergence()} {say.distance()}"
    ),
)

# %% [markdown]
# ## Figures 5 and 13: landscapes
# Planes through a teacher and two of its students. The paper sees a barrier between the teacher and the independent
# student, a lower one towards the local student, and a local student that sits in a minimum of its own inside a region of
# high probing accuracy.

# %%
page.figure(
    "fig5",
    lambda planes: plots.landscapes(planes, say.plane_alphas()),
    ["planes"],
    alt="Filled contours of the KL to the teacher and of linear probing accuracy over two planes, with the teacher and its students marked and white contours of equal weight norm.",
    note=lambda planes: (
        f"One teacher, not a mean over seeds ({say.regime('planes')}). White lines: weight norm. log10 KL below {math.log10(plots.FLOOR):.0f} is drawn as that. {say.barriers(planes)} {say.probing_on_plane(planes)}"
    ),
)

# %%
page.figure(
    "fig14",
    lambda planes: plots.preserved(planes, say.plane_alphas()),
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
    lambda kick_line, wide_line: plots.valley(kick_line, wide_line, regimes),
    ["kick_line", "wide_kick_line"],
    alt=lambda: (
        f"KL on the line through teacher and student, on a log axis, and on a random line, in two regimes. {say.cliff()}"
    ),
    note=lambda: (
        f"Thick lines: medians, thin lines: seeds. At the teacher itself the KL is 0: the lines break there. {say.cliff()} {say.barrier_on_line()}"
    ),
)

# %%
page.text(say.first_step())

# %% [markdown]
# ## Figure 10: number of outputs
# The paper finds that far fewer outputs than 65,536 do, with a change at m = 256, the bottleneck's size.

# %%
page.figure(
    "fig10",
    lambda final: plots.fig10(final, probes, plain["bottleneck"]),
    ["plain_final"],
    alt=lambda: f"Gain over the teacher by number of outputs under three probes. {say.by_outputs()}",
    note=lambda: (
        f"Lines: means, bands: 95 % intervals over seeds. {say.by_outputs()} The bottleneck has {plain['bottleneck']} units (dotted); sizes "
        "as far apart as these cannot tell a jump at it from a slope."
    ),
)

# %% [markdown]
# ## Tables 1 to 5: convolutional networks on natural images
# The paper's own setting: CIFAR10, CIFAR100, STL10 and TinyImageNet, at paper scale.

# %%
page.figure(
    "tables",
    lambda cifar10, datasets: plots_images.tables(cifar10, datasets, page.paper("table1"), page.paper("table2")),
    ["cifar10_probing", "datasets_probing"],
    alt="VGG11 and ResNet18: linear probe over epochs, gain by alpha, and students by data set beside the paper's values.",
    note="Open diamonds: the paper. Circles: distilled on the data set itself, triangles: on TinyImageNet. Means with 95 % intervals over seeds.",
)

# %%
page.figure(
    "fig11",
    lambda frame: plots_images.ablations(frame, page.paper("table5")),
    ["ablations_probing"],
    alt="Teacher and student accuracies by norm layer, head variant, number of outputs and architecture.",
    note="Open diamonds: the paper, teacher and student. Means with 95 % intervals over seeds.",
)

# %% [markdown]
# ## Figures 8 and 9: lottery tickets and linear mode connectivity
# The paper's claim that a distilled encoder is already where supervised training would be after an epoch or two. Both
# effects need networks that are unstable at their start, which we do not expect of small MLPs on MNIST: they are judged
# at paper scale only.

# %%
page.figure(
    "fig8",
    lambda frame: plots_images.tickets(frame, page.settings("tickets", "initial_rewound")["rewind_epochs"]),
    ["tickets"],
    alt="Test accuracy against the share of weights left for three arms of iterative magnitude pruning.",
    note="Lines: medians; bands: range over seeds.",
)

# %%
page.figure(
    "fig9",
    plots_images.connectivity,
    ["connectivity"],
    alt="Test error between fine-tuned networks from an initial and a distilled encoder.",
    note="Lines: medians over seeds of the mean over pairs of batch orders; bands: range over seeds.",
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
page.text(
    f"- **eps of Adam** ({plain['eps']:g}) may matter near the teacher, where gradients can be as small; it was not varied. Single precision rounds "
    f"the paper's alpha = 1e-10 to a copy for almost all weights; our local students start at alpha = {alpha['local']}.\n"
    f"- **Data next to the teacher**: {say.noise_next_to_teacher()}"
)

# %% [markdown]
# ## Controls and oracles
# Runs in which the effect must vanish, instruments broken on purpose, and exact identities. They are counted apart
# from the paper's claims.

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
# `python -m verifig run sarnthein2023 --scale paper --stage report --out paper_run` on a machine with a GPU trains the
# paper's networks and judges them. CIFAR10, CIFAR100 and STL10 are downloads (3 GB, checked by SHA-256); TinyImageNet is
# read from a folder, `data_folders: {tinyimagenet: /data/tiny}` in `config/config.yaml`. For a first impression:
# `python -m verifig run sarnthein2023 cifar10 --scale paper --seeds 1 --set epochs=1 --out /tmp/first`.
