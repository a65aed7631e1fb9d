"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.scaling_laws.experiments.hitchhiker import across_families, extrapolation
from replications.scaling_laws.experiments.linear_models import kernels
from replications.scaling_laws.experiments.refit import chinchilla
from replications.scaling_laws.experiments.students import teacher_student
from replications.scaling_laws.experiments.variance import finite_networks

__all__ = ["across_families", "chinchilla", "extrapolation", "finite_networks", "kernels", "teacher_student"]
