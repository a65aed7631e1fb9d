"""Published loss curves as tables, and the parameters of all families, from small files of their form."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.choshen2025.experiments import across_families, families


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def columns(table: pd.DataFrame) -> dict[str, list]:
    return table[["model", "N", "D", "L"]].to_dict("list")


def test_opt_has_its_perplexity_for_a_loss_and_the_tokens_of_its_batches(tmp_path):
    """Half a million tokens a step below a billion parameters, then 1, 2, 4 and again 2 million."""
    names = ["125m", "1.3b", "6.7b", "13b", "30b", "66b", "175b"]
    rows = "\n".join(f"{name},{10 + k},{3.5 - k / 10}" for k, name in enumerate(names))
    found = columns(families.opt(written(tmp_path, "opt.csv", f"model_size,steps,ppl\n{rows}\n")))
    assert found["model"] == names
    assert found["N"] == pytest.approx([1.25e8, 1.3e9, 6.7e9, 1.3e10, 3e10, 6.6e10, 1.75e11])
    millions = [0.5, 1, 2, 4, 4, 2, 2]
    assert found["D"] == pytest.approx([(10 + k) * 1e6 * each for k, each in enumerate(millions)])
    assert found["L"] == pytest.approx([3.5 - k / 10 for k in range(7)])


def test_gpt3_has_the_sizes_of_its_paper_and_billions_of_tokens(tmp_path):
    names = ["small", "medium", "large", "xl", "2.7b", "6.7b", "13b", "175b"]
    rows = "\n".join(f"{name},{k + 1},{3 - k / 10}" for k, name in enumerate(names))
    found = columns(families.gpt3(written(tmp_path, "a.csv", f"model,step,val_loss\n{rows}\nsmall,9,\n")))
    assert found["N"] == [125e6, 350e6, 760e6, 1.3e9, 2.7e9, 6.7e9, 13e9, 175e9]
    assert found["D"] == [1e9 * (k + 1) for k in range(8)]
    assert found["L"] == pytest.approx([3 - k / 10 for k in range(8)])


def test_t5_has_bits_for_a_loss_and_its_published_parameters(tmp_path):
    rows = "base,1,8,x\nlarge,2,4,x\nxl,3,2,x\nxxl,4,16,x\nbase,0,9,x\nlarge,7,,x\n"
    found = columns(families.t5(written(tmp_path, "a.csv", "model_name,steps,val_perplexity,more\n" + rows)))
    assert found["model"] == ["base", "large", "xl", "xxl"]
    assert found["N"] == [247_586_304, 783_173_632, 2_849_804_288, 11_135_426_560]
    assert found["D"] == [1e6, 2e6, 3e6, 4e6]
    assert found["L"] == [3, 2, 1, 4]


def test_olmo_has_the_mean_of_the_cross_entropies_that_there_are(tmp_path):
    rows = "OLMo-1B,1b,3,2,4,9\nOLMo-7B,7b,5,,3,9\nOLMo-7B-Twin-2T,7b,5,1,1,9\nOLMo-7B,7b,6,,,9\n"
    heads = "model_name,num_params,Step,a/CrossEntropyLoss,b/CrossEntropyLoss,other\n"
    found = columns(families.olmo(written(tmp_path, "a.csv", heads + rows)))
    assert found == {"model": ["OLMo-1B", "OLMo-7B"], "N": [1e9, 7e9], "D": [1.2e7, 2e7], "L": [3, 3]}


def test_every_text_source_and_number_of_epochs_is_a_family(tmp_path):
    rows = "c4,1,2.8B,5,3.5\nc4,1,146m,6,4\nc4,4,2.8b,7,3\noscar,1,8.7B,8,2\noscar,1,8.7B,9,\n"
    found = families.datablations(written(tmp_path, "a.csv", "data,epochs,num_params,token_num,loss\n" + rows))
    assert list(found) == ["c4 x1", "c4 x4", "oscar x1"]
    assert columns(found["c4 x1"]) == {"model": ["2.8B", "146m"], "N": [2.8e9, 1.46e8], "D": [5, 6], "L": [3.5, 4]}
    assert columns(found["oscar x1"]) == {"model": ["8.7B"], "N": [8.7e9], "D": [8], "L": [2]}


def test_parameters_are_gathered_over_all_families_in_their_order(monkeypatch):
    """The fit is replaced by the family's mean loss, a half more where all rows are used."""

    def table(loss: float, sizes: tuple[float, ...]) -> pd.DataFrame:
        rows = [(f"m{k}", N, tokens, loss) for k, N in enumerate(sizes) for tokens in (2e10, 4e10, 8e10)]
        return pd.DataFrame(rows, columns=["model", "N", "D", "L"])

    read = {"opt": 1.0, "gpt3": 2.0, "t5": 3.0, "olmo": 4.0}
    sizes = {"t5": (3e8, 1e8, 1e9), "olmo": (7e9, 1e9)}
    monkeypatch.setattr(
        families,
        "READERS",
        {name: lambda path, name=name: table(read[name], sizes.get(name, (1e8, 1e9, 1e10))) for name in read},
    )
    monkeypatch.setattr(families, "olmo", families.READERS["olmo"])
    monkeypatch.setattr(families, "datablations", lambda path: {"c4 x1": table(6.0, (1e8, 1e9))})
    monkeypatch.setattr(across_families.hoffmann, "runs", lambda path: table(5.0, (1e8, 1e9)))

    def fit(rows: pd.DataFrame, one_model: bool = False) -> np.ndarray:
        whole = rows["D"].max() == 8e10
        return np.array([rows["L"].mean(), 7, 0.5 * whole, 0.25, 0.5])

    monkeypatch.setattr(rules, "fit", fit)
    monkeypatch.setattr(rules, "one_model", lambda family, model, target, share: int(model[1:]) + share)
    seen = []
    run = SimpleNamespace(
        path=lambda name: name, once=lambda name, part: part(), progress=lambda *state: seen.append(state)
    )
    found = across_families.across_families(run)
    assert found["names"].tolist() == ["opt", "gpt3", "t5", "chinchilla", "c4 x1"]
    assert [row[0] for row in found["theta"]] == [1, 2, 3, 5, 6]
    assert found["theta"][:, 2].tolist() == [0] * 5
    assert found["theta_all_sizes"][:, 2].tolist() == [0.5] * 5
    assert found["theta_centred"][4].tolist() == pytest.approx(
        [6 - 0.25 * math.log(1e8), 7 - 0.5 * math.log(4e10) - 0.5 * math.log(0.5) / 2, 0, 0.25, 0.5]
    )
    assert found["olmo_sizes"].tolist() == [1e9, 7e9]
    assert found["t5_sizes"].tolist() == [1e8, 3e8, 1e9]
    assert found["t5_one_model"].shape == (3, 10)
    assert found["olmo_one_model"][0].tolist() == pytest.approx([1 + k / 10 for k in range(1, 11)])
    assert seen == [(k, 5, "families") for k in range(5)]
