# %% [markdown]
# # What do your training runs determine?
# A table of finished runs, the law L(N, D) = E + A/N^alpha + B/D^beta, and three questions: which coefficients do these runs
# determine, where will the next run lie, and how many runs would narrow an exponent down
# ([Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556), [Besiroglu et al. 2024](https://arxiv.org/abs/2404.10102))? The runs here are drawn from a
# known law, so each answer can be checked. From a file, `verifig fit-scaling-law runs.csv` does the same.

# %%
import numpy as np
import pandas as pd

from verifig.instruments import scaling_laws
from verifig.pages import figures

TRUE = {"E": 1.7, "A": 400.0, "B": 400.0, "alpha": 0.34, "beta": 0.28}


def true_loss(N, D):
    return TRUE["E"] + TRUE["A"] / N ** TRUE["alpha"] + TRUE["B"] / D ** TRUE["beta"]


draw = np.random.default_rng(0)
sizes, tokens = np.exp(draw.uniform(np.log(2e7), np.log(2e9), 80)), np.exp(draw.uniform(np.log(5e8), np.log(5e10), 80))
runs = pd.DataFrame({"N": sizes, "D": tokens, "L": true_loss(sizes, tokens) * np.exp(0.005 * draw.standard_normal(80))})
law = scaling_laws.fit_scaling_law(scaling_laws.of_frame(runs), bootstraps=200)
for name, value in law.coefficients.items():
    known = TRUE.get(name, TRUE["beta"] / (TRUE["alpha"] + TRUE["beta"]))
    print(f"{name:5} {value:8.3f} +- {law.standard_errors[name]:7.3f}   (true {known:.3f})")
print("not determined:", ", ".join(law.undetermined) or "nothing")

# %% [markdown]
# Runs ten times as large as the largest, with 95 % prediction intervals: the uncertainty of the law and the scatter of
# single runs.

# %%
N = np.geomspace(2e7, 2e10, 40)
low, high = scaling_laws.prediction_interval(law, N, 20 * N)
figure, (axes,) = figures.grid(width=6.5, height=3.4)
axes.fill_between(N, low, high, color=figures.BLUE, alpha=0.25, linewidth=0, label="95 % prediction interval")
axes.plot(N, law.predict(N, 20 * N), color=figures.BLUE, label="fitted law")
axes.plot(N, true_loss(N, 20 * N), color=figures.PALETTE[1], linestyle="--", label="true law")
axes.axvline(runs["N"].max(), color=figures.MUTED, linewidth=1)
axes.set(xlabel="parameters, 20 tokens each", ylabel="loss (nats)", xscale="log")
axes.legend()
figure.set_label(
    "Fitted law with its prediction interval, and the true law, over parameters; a line marks the largest run."
)
figure

# %%
narrow = 0.01
print(f"runs for a 95 % interval of alpha of width {narrow}: {scaling_laws.runs_needed(law, 'alpha', narrow)}")
try:
    print("optimal model for 1e24 FLOP: {:.2g} parameters, {:.2g} tokens".format(*law.policy(1e24)))
except scaling_laws.InputError as error:
    print(error)

# %% [markdown]
# Another question, another protocol: predict the largest model of a family from checkpoints of the smaller ones, and look at the
# error on the last 30 % of its training ([Choshen et al. 2025](https://arxiv.org/abs/2410.11840)).

# %%
family = pd.DataFrame(
    [
        {"model": f"{size:.0e}", "N": size, "D": D, "L": true_loss(size, D) * np.exp(0.003 * draw.standard_normal())}
        for size in (5e7, 1e8, 2e8, 4e8, 8e8, 3e9)
        for D in np.linspace(2e9, 6e10, 30)
    ]
)
for count in (2, 3, 5):
    smaller = sorted(family["model"].unique(), key=float)[:count]
    error = scaling_laws.held_out_error(family, models=smaller)
    print(f"predicted from the {count} smallest models: {100 * error:.2f} % off")
