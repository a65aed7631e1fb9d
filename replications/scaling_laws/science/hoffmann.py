"""The training runs of Hoffmann et al. 2022, as far as they are public."""

from pathlib import Path

import pandas as pd


def runs(path: Path) -> pd.DataFrame:
    """The 245 runs that Besiroglu et al. read off a figure: model, N (parameters), D (tokens), L (nats), C (FLOP)."""
    table = pd.read_csv(path)
    N, C = table["Model Size"], table["Training FLOP"]
    return pd.DataFrame({"model": N.astype(str), "N": N, "D": C / (6 * N), "L": table["loss"], "C": C})
