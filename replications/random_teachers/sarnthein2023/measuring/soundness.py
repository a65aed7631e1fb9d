"""What shows that the runs behind the figures are sound: finite, trained, alive. One value a run, all conditions."""

from collections.abc import Mapping

import numpy as np

from replications.random_teachers.sarnthein2023.measuring.conditions import CONVOLUTIONAL, PROBES, REGIMES
from replications.random_teachers.sarnthein2023.measuring.distillation import untrained_divergence
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever ran; a NaN is no sound value."""
    for name, artifact in artifacts.items():
        if name in REGIMES:
            _small(name, artifact, out)
        elif name == "planes":
            _planes(artifact, out)
        elif name in CONVOLUTIONAL:
            out.per_seed(name, "run_linear", artifact["probes"][:, -1, 0, 0])
            out.per_seed(name, "run_kl", artifact["kl"][:, -1])
        elif name == "tickets":
            out.per_seed(name, "run_accuracy", artifact["accuracy"].min(1))
        elif name == "connectivity":
            ends = artifact["errors"][..., [0, -1]]
            out.per_seed(name, "run_error", ends.reshape(len(ends), -1).max(1))


def _small(name: str, artifact: Artifact, out: Tables) -> None:
    """Final KL to the teacher over that of an untrained independent student, and the share of units that fire."""
    references = [untrained_divergence(member) for member in members_of(artifact.meta["job"]["settings"])]
    out.per_seed(name, "run_kl", artifact["kl"][:, -1] / references)
    out.per_seed(name, "run_alive", artifact["alive"][:, -1])
    probes = np.stack([artifact[probe][:, -1] for probe in PROBES])
    out.per_seed(name, "run_probe", probes.min(0))


def _planes(artifact: Artifact, out: Tables) -> None:
    """Share of grid points that are finite; KL at the grid points next to the trained students, as in `_small`."""
    drawn = ("kl", "encoder_kl", "linear", "ridge", "norm")
    fields = [artifact[f"{view}_{field}"] for view in ("shared", "nonlocal") for field in drawn]
    out.exact("planes", "finite", np.isfinite(fields).mean())
    teacher, student = (int(np.abs(artifact["axis"] - place).argmin()) for place in (0, 1))
    kl, settings = artifact["shared_kl"], artifact.meta["job"]["settings"]
    places = [kl[teacher, student], kl[student, teacher]]  # local, independent: rows run along the second axis
    out.per_seed("planes", "run_kl", np.array(places) / untrained_divergence(settings))
