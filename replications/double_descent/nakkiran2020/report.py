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
from replications.double_descent.nakkiran2020 import captions, plots
from replications.double_descent.science.wording import two_layer_task
from verifig.pages.page import Page

page = Page("nakkiran2020")
features, two_layer = page.settings("features"), page.settings("two_layer", "adam")

# %% [markdown]
# ## Background and words
# The paper trains deep networks, most of them on noisy labels, and sees double descent in three ways: as a network
# grows wider, as it is trained longer, and as it is given more samples, which then can hurt. It says that the peak lies
# in a critical regime, where the number of samples is about the most that a network trained this way can fit (its
# effective model complexity). Here its released runs are drawn anew, and its statements are tested where they cost
# little: on random features and two-layer networks.

# %% [markdown]
# ## By width: the released runs
# The authors' released ResNet18 runs on CIFAR-10 with 15 % label noise.

# %%
page.figure(
    "ddd_published",
    plots.resnet,
    ["resnet_published"],
    alt=captions.resnet_alt,
    note="The authors' released numbers, drawn anew; no network of ours is in this figure. Test error is on labels as noisy as the training labels. Dotted vertical line: the width of their peak.",
)

# %% [markdown]
# ## By number of samples: more data can hurt
# What random features show of the paper's "more data can hurt": the minimum-norm fit of W frozen random features to n
# samples.

# %%
page.text(captions.task(features))

# %%
page.figure(
    "ddd_samples",
    lambda sizes, threshold: plots.samples(sizes, threshold, features),
    ["features_sizes", "features_threshold"],
    alt=captions.samples_alt,
    note=f"Minimum-norm fits of random features; means with 95 % intervals over {features['seeds']} seeds.",
)

# %% [markdown]
# ## By training time: two-layer networks, both layers trained

# %%
page.text(two_layer_task(two_layer))

# %%
page.figure(
    "two_layer",
    lambda table: plots.two_layer(table, two_layer),
    ["two_layer"],
    alt=captions.two_layer_alt,
    note=captions.two_layer_note(two_layer),
)

# %% [markdown]
# ## Our own ResNet18 runs

# %%
page.figure(
    "ddd_resnet",
    plots.resnet,
    ["resnet_published", "deep_cifar"],
    alt="Own and published test and train errors of ResNet18 against width.",
    note=lambda: (
        f"Ours: {page.settings('deep_cifar')['epochs']} epochs, median and range over {page.seeds('deep_cifar')} seeds; published: "
        "4,000 epochs, mean of five runs."
    ),
)
