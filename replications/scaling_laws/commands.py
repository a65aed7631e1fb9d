"""`python -m verifig fit-scaling-law data.csv`: fit L(N, D) to a table of one's own."""

import argparse
from pathlib import Path


def register(add) -> None:
    """Add this rule set's command to the command line; `add(name, function, help)` returns an argparse parser."""
    command = add(
        "fit-scaling-law", _fit, "fit L(N, D) = E + A/N^alpha + B/D^beta to a CSV file, with errors and a policy"
    )
    command.add_argument("file", type=Path, help="CSV with a header; one row a training run")
    command.add_argument(
        "--columns",
        default="N,D,L",
        metavar="N,D,L",
        help="names of the columns with parameters, training tokens and loss in nats (default: N,D,L)",
    )
    command.add_argument("--delta", type=float, default=1e-3, help="width of Huber's quadratic part (default: 1e-3)")
    command.add_argument("--drop-highest", type=int, default=0, metavar="K", help="leave out the K highest losses")
    command.add_argument("--bootstraps", type=int, default=1000, help="resamples for standard errors (default: 1000)")
    command.add_argument("--compute", type=float, action="append", metavar="FLOP", help="budget to spend (repeatable)")
    command.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw runs, fit and policy")


def _fit(options: argparse.Namespace) -> None:
    import numpy as np

    from replications.scaling_laws.fitting.inference import fit_scaling_law
    from verifig.errors import InputError

    columns = tuple(options.columns.split(","))
    if len(columns) != 3:
        raise InputError(f"--columns {options.columns!r} must name three columns, separated by commas")
    if options.delta <= 0:
        raise InputError(f"--delta {options.delta:g} must be above 0")
    if options.bootstraps < 0 or options.drop_highest < 0:
        raise InputError("--bootstraps and --drop-highest must not be negative")
    if any(compute <= 0 for compute in options.compute or []):
        raise InputError("--compute must be above 0")
    if options.plot is not None and options.plot.suffix != ".svg":
        raise InputError(f"--plot {options.plot} must end in .svg")
    frame = _runs(options.file)
    found = fit_scaling_law(frame, columns, options.delta, options.drop_highest, options.bootstraps)
    print(f"L(N, D) = E + A/N^alpha + B/D^beta, fitted to {found.rows} runs, objective {found.objective:.6g}")
    errors = found.standard_errors
    for name, value in found.coefficients.items():
        error = f" ± {errors[name]:.3g}" if np.isfinite(errors[name]) else ""
        print(f"  {name:<6} {value:.6g}{error}" + ("   (optimal N grows as C^a)" if name == "a" else ""))
    N, D = (frame[name].astype(float) for name in columns[:2])
    for compute in options.compute or [10 * float((6 * N * D).max())]:
        best_N, best_D = found.policy(compute)
        line = f"  {compute:.3g} FLOP: N {best_N:.3g}, D {best_D:.3g}, {best_D / best_N:.3g} tokens per parameter"
        if len(found.bootstrap) >= 20:
            low, high = found.policy_interval(compute)
            line += f" (80 %: N {low[0]:.3g} to {high[0]:.3g}, D {low[1]:.3g} to {high[1]:.3g})"
        print(line)
    if options.plot is not None:
        from replications.scaling_laws.plotting.chinchilla import own_fit
        from verifig import figures

        figures.save(own_fit(frame, columns, found), options.plot, "runs, fitted law and optimal policy")
        print(f"wrote {options.plot}")


def _runs(path: Path):
    """A CSV file with a header as a table.

    Raises:
        InputError: it does not exist, is empty or is not CSV.
    """
    import pandas as pd

    from verifig.errors import InputError

    try:
        frame = pd.read_csv(path)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise InputError(f"{path} is not a readable CSV file ({' '.join(str(error).split())[:120]})") from None
    if not len(frame):
        raise InputError(f"{path} has no rows below its header")
    return frame
