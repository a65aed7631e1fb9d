"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.scaling_laws.experiments.chinchilla import chinchilla
from replications.scaling_laws.experiments.finite_networks import finite_networks
from replications.scaling_laws.experiments.hitchhiker import across_families, extrapolation
from replications.scaling_laws.experiments.kernels import kernels
from replications.scaling_laws.experiments.teacher_student import teacher_student

__all__ = ["across_families", "chinchilla", "extrapolation", "finite_networks", "kernels", "teacher_student"]
