"""Rules of extrapolation on made-up families, and readers of the published tables."""

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import measure, rules
from replications.scaling_laws.choshen2025.experiments import families

THETA = np.array([6.2, 7.3, 0.6, 0.35, 0.36])


def family(tokens: int = 20) -> pd.DataFrame:
    """Five sizes with checkpoints every 10B tokens on an exact law."""
    steps = np.arange(1, tokens + 1) * 1e10
    parts = [
        pd.DataFrame({"model": f"m{k}", "N": N, "D": steps, "L": rules.law(np.stack([0 * steps + N, steps]), *THETA)})
        for k, N in enumerate((1e8, 3e8, 1e9, 3e9, 1e10))
    ]
    return pd.concat(parts).sample(frac=1, random_state=0).reset_index(drop=True)


def test_selection_is_strict_and_shares_one_token_count():
    table = family()
    table = table[(table["model"] != "m0") | (table["D"] <= 5e10)]  # a short run
    chosen = rules.select(table, ["m0", "m1"], share=0.5)
    assert chosen["D"].max() == 9e10  # half of the longer run, its own limit left out
    assert chosen["D"].min() == 2e10  # more than the cut of 1e10
    assert chosen[chosen["model"] == "m0"]["D"].max() == 5e10  # not half of its own
    assert rules.select(table, ["m1"])["D"].max() == 19e10  # 100 % drops the last checkpoint
    assert rules.select(table, ["m1"], strict=False)["D"].max() == 20e10
    assert rules.select(table, ["m1"], start=0.5)["D"].min() == 10e10


def test_held_out_rows():
    table = family()
    assert len(rules.held_out(table, "m4", 1.0)) == 1
    assert rules.held_out(table, "m4", 0.7)["D"].min() == 14e10


def test_exact_law_is_extrapolated_exactly():
    table = family()
    assert rules.sizes(table) == ["m0", "m1", "m2", "m3", "m4"]
    assert rules.extrapolate(table, rules.smallest_models(table, 4), "m4") < 1e-6
    assert rules.relative_error(THETA, table) < 1e-14
    assert rules.grid(table).shape == (3, 10)
    assert np.isnan(rules.windows(table)[2, :3]).all()


def test_too_few_rows_give_no_fit():
    table = family(tokens=5)
    assert rules.fit(rules.select(table, ["m0"], cut=0)) is None
    assert np.isnan(rules.extrapolate(table, ["m0"], "m4"))


def test_baselines():
    table = family()
    models = ["m0", "m1"]
    target, seen = rules.held_out(table, "m4"), rules.select(table, models)
    floor = (seen["L"].min() - target["L"].max()) / target["L"].max()
    assert rules.best_seen(table, models, "m4") >= floor
    assert rules.most_trained(table, models, "m4") >= rules.best_seen(table, models, "m4")
    assert len(rules.final_checkpoints(table, models)) == 2


def test_opt_keeps_perplexity_and_gpt3_drops_gaps(tmp_path):
    file = tmp_path / "opt.csv"
    file.write_text("model_name,model_size,steps,num_token,flops,ppl\nOPT,125m,2000,9,17,67.5\nOPT,30b,1000,9,17,11\n")
    table = families.opt(file)
    assert table["L"].tolist() == [67.5, 11.0]
    assert table["D"].tolist() == [1e9, 4e9]
    assert table["N"].tolist() == [1.25e8, 3e10]
    file.write_text("model,step,train_loss,val_loss\nsmall,11.5,3.4,\nxl,12,,3.3\n")
    table = families.gpt3(file)
    assert table[["N", "D", "L"]].to_numpy().tolist() == [[1.3e9, 1.2e10, 3.3]]


def test_shuffled_families_keep_three_components_but_not_the_correlation():
    stream = np.random.default_rng(0)
    a = stream.normal(0, 10, 20)
    theta = np.stack([a, stream.normal(0, 10, 20), stream.normal(0, 0.1, 20), a / 20, stream.normal(0, 0.1, 20)], 1)
    correlation, share = np.median(measure._shuffled(theta), axis=0)
    assert correlation < 0.4
    assert share > 0.99
