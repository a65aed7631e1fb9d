"""Loss curves of published model families as tables: model, N (parameters), D (tokens), L (as the authors use it)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

OPT_BATCHES = ((1e9, 5e5), (6e9, 1e6), (1e10, 2e6), (6e10, 4e6), (np.inf, 2e6))  # (N below, tokens a step)
GPT3_SIZES = {
    "small": 125e6,
    "medium": 350e6,
    "large": 760e6,
    "xl": 1.3e9,
    "2.7b": 2.7e9,
    "6.7b": 6.7e9,
    "13b": 13e9,
    "175b": 175e9,
}
T5_SIZES = {"base": 247_586_304, "large": 783_173_632, "xl": 2_849_804_288, "xxl": 11_135_426_560}


def billions(name: str) -> float:
    """`125m`, `2.8B` -> parameters."""
    return float(name[:-1]) * {"m": 1e6, "b": 1e9}[name[-1].lower()]


def opt(path: Path) -> pd.DataFrame:
    """OPT: the loss is the perplexity itself, not its logarithm (as the authors have it)."""
    table = pd.read_csv(path)
    N = table["model_size"].map(billions)
    batch = [next(tokens for limit, tokens in OPT_BATCHES if size < limit) for size in N]
    return pd.DataFrame(
        {"model": table["model_size"], "N": N, "D": table["steps"] * np.array(batch), "L": table["ppl"]}
    )


def gpt3(path: Path) -> pd.DataFrame:
    """GPT-3: validation loss in nats, digitised from a figure of its paper."""
    table = pd.read_csv(path).dropna(subset=["val_loss"])
    N = table["model"].map(GPT3_SIZES)
    return pd.DataFrame({"model": table["model"], "N": N, "D": table["step"] * 1e9, "L": table["val_loss"]})


def t5(path: Path) -> pd.DataFrame:
    """T5 on the Pile: bits."""
    table = pd.read_csv(path, usecols=["model_name", "steps", "val_perplexity"])
    table = table[table["steps"] > 0].dropna()
    N = table["model_name"].map(T5_SIZES).astype(float)
    loss = np.log2(table["val_perplexity"])
    return pd.DataFrame({"model": table["model_name"], "N": N, "D": table["steps"] * 1e6, "L": loss})


def olmo(path: Path) -> pd.DataFrame:
    """OLMo 1B and 7B: mean of the cross-entropies that a checkpoint has."""
    table = pd.read_csv(path, low_memory=False)
    table = table[table["model_name"] != "OLMo-7B-Twin-2T"]
    columns = [name for name in table.columns if "CrossEntropyLoss" in name]
    loss = table[columns].apply(pd.to_numeric, errors="coerce").mean(axis=1)
    N = table["num_params"].map(billions)
    frame = pd.DataFrame({"model": table["model_name"], "N": N, "D": table["Step"] * 4e6, "L": loss})
    return frame.dropna()


def datablations(path: Path) -> dict[str, pd.DataFrame]:
    """Muennighoff et al.: one family for each text source and number of epochs, three sizes each."""
    table = pd.read_csv(path)
    families = {}
    for (source, epochs), rows in table.groupby(["data", "epochs"]):
        N = rows["num_params"].map(billions)
        frame = pd.DataFrame({"model": rows["num_params"], "N": N, "D": rows["token_num"] * 1.0, "L": rows["loss"]})
        families[f"{source} x{epochs}"] = frame.dropna()
    return families


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {"opt": opt, "gpt3": gpt3, "t5": t5, "olmo": olmo}
