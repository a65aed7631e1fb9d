"""`verifig fit-scaling-law runs.csv`: fit L(N, D) to a table of one's own, and say what the table does not determine."""

import argparse
import math
import sys
import time

from verifig.running import arguments

COLUMNS = (
    "columns with parameters, training tokens and loss in nats (default: N,D,L; with --flops: N,L). A name may be an "
    "expression, for example '10**num_token' or 'log(ppl)'; backticks enclose names with blanks"
)
EPILOG = (
    "Sizes may be written 4.2B or 125m. Rows with an empty cell are left out, and counted. "
    "Example: verifig fit-scaling-law chinchilla.csv --columns 'Model Size,loss' --flops 'Training FLOP'"
)
LARGEST_POLICY = 10  # default budget, in units of the largest run
SPOKEN_SECONDS = 5


def register(add) -> None:
    """Add this rule set's command to the command line; `add(name, function, help)` returns an argparse parser."""
    command = add(
        "fit-scaling-law", _fit, "fit L(N, D) = E + A/N^alpha + B/D^beta to a table of runs, with errors and a policy"
    )
    command.epilog = EPILOG
    command.add_argument(
        "file", type=arguments.path, help="CSV or TSV (also .gz) with a header; one row a training run"
    )
    command.add_argument("--columns", metavar="N,D,L", help=COLUMNS)
    command.add_argument("--flops", metavar="COLUMN", help="training compute C in FLOP in place of tokens: D = C / 6N")
    command.add_argument("--delta", type=float, default=1e-3, help="width of Huber's quadratic part (default: 1e-3)")
    command.add_argument("--drop-highest", type=int, default=0, metavar="K", help="leave out the K highest losses")
    command.add_argument("--bootstraps", type=int, default=1000, help="resamples for standard errors (default: 1000)")
    command.add_argument("--compute", type=float, action="append", metavar="FLOP", help="budget to spend (repeatable)")
    command.add_argument("--plot", type=arguments.path, metavar="FILE.svg", help="draw runs, fit and policy")


def _fit(options: argparse.Namespace) -> None:
    from replications.scaling_laws.besiroglu2024.fitting import own, runs

    _check(options)
    table = runs.read(options.file.expanduser(), options.columns, options.flops)
    for note in table.notes:
        print(note)
    with _Progress() as progress:
        found = own.fit_scaling_law(
            table, options.delta, options.drop_highest, options.bootstraps, on_progress=progress.advance
        )
    _print_fit(found)
    _print_policy(found, options.compute)
    if options.plot is not None:
        from replications.scaling_laws.besiroglu2024.plotting.own_runs import own_fit
        from verifig.pages import figures

        figures.save(own_fit(found), options.plot.expanduser(), "runs, fitted law and optimal policy")
        print(f"wrote {options.plot}")


def _check(options: argparse.Namespace) -> None:
    from verifig.ground.errors import InputError

    if not (math.isfinite(options.delta) and options.delta > 0):
        raise InputError(f"--delta {options.delta:g} must be a number above 0")
    if options.bootstraps < 0 or options.drop_highest < 0:
        raise InputError("--bootstraps and --drop-highest must not be negative")
    if any(not (math.isfinite(compute) and compute > 0) for compute in options.compute or []):
        raise InputError("--compute must be a number above 0")
    if options.plot is not None and options.plot.suffix != ".svg":
        raise InputError(f"--plot {options.plot} must end in .svg")


def _print_fit(found) -> None:
    """Parameters with errors, the quality of the fit, and what the runs cover."""
    N, D = found.runs.N, found.runs.D
    print(f"L(N, D) = E + A/N^alpha + B/D^beta, fitted to {found.rows} runs, objective {found.objective:.6g}")
    lost = found.undetermined
    for name, value in found.coefficients.items():
        meaning = "   (optimal N grows as C^a)" if name == "a" else ""
        if name in lost:
            print(f"  {name:<6} not determined by these runs{meaning}")
            continue
        error = found.standard_errors[name]
        print(f"  {name:<6} {value:.6g}" + (f" ± {error:.3g}" if math.isfinite(error) else "") + meaning)
    worst = int(abs(found.residuals).argmax())
    print(
        f"residuals of ln L: spread {found.spread:.3g}, largest {found.residuals[worst]:+.3g} (line {found.runs.line[worst]}); "
        f"the law explains {found.explained:.1%} of the variation"
    )
    print(
        f"runs cover N {N.min():.3g} to {N.max():.3g}, D {D.min():.3g} to {D.max():.3g}, {(6 * N * D).min():.3g} to "
        f"{(6 * N * D).max():.3g} FLOP; correlation of ln N and ln D {found.correlation:.3f}, "
        f"condition of the Hessian {found.condition:.2g}"
    )


def _print_policy(found, budgets: list[float] | None) -> None:
    """The optimal policy, or why there is none and the loss along the runs instead."""
    N, D = found.runs.N, found.runs.D
    compute = 6 * N * D
    if found.no_policy:
        print(f"no optimal policy: {found.no_policy}")
        print("what the runs do determine is the loss among them:")
        for k in (compute.argmin(), compute.argsort()[len(compute) // 2], compute.argmax()):
            print(
                f"  N {N[k]:.3g}, D {D[k]:.3g}: fitted loss {float(found.predict(N[k : k + 1], D[k : k + 1])[0]):.4g}"
            )
        return
    for budget in budgets or [LARGEST_POLICY * float(compute.max())]:
        best_N, best_D = found.policy(budget)
        line = f"  {budget:.3g} FLOP: N {best_N:.3g}, D {best_D:.3g}, {best_D / best_N:.3g} tokens per parameter"
        if len(found.bootstrap) >= 20:
            low, high = found.policy_interval(budget)
            line += f" (80 %: N {low[0]:.3g} to {high[0]:.3g}, D {low[1]:.3g} to {high[1]:.3g})"
        if not compute.min() <= budget <= compute.max():
            far = budget / compute.max() if budget > compute.max() else budget / compute.min()
            line += f"; extrapolated, {far:.3g} times the {'largest' if far > 1 else 'smallest'} run"
        print(line)


class _Progress:
    """A bar on a terminal, elsewhere a line every few seconds; the time taken at the end of long work."""

    def __enter__(self):
        from rich.console import Console
        from rich.progress import Progress

        self._started = self._spoke = time.monotonic()
        self._bar = Progress(console=Console(stderr=True), transient=True) if sys.stderr.isatty() else None
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task("bootstrap", total=None)
        return self

    def advance(self, done: int, total: int) -> None:
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._spoke >= SPOKEN_SECONDS:
            self._spoke = time.monotonic()
            left = (self._spoke - self._started) / done * (total - done)
            print(f"bootstrap: {done:,} of {total:,} fits, {left:.0f} s left", file=sys.stderr, flush=True)

    def __exit__(self, *exception) -> None:
        if self._bar:
            self._bar.stop()
        taken = time.monotonic() - self._started
        if taken >= SPOKEN_SECONDS and exception[0] is None:
            print(f"fitted in {taken:.0f} s", file=sys.stderr)
