"""The command line: `python -m verifig`. Every command is a thin function; the work is in the modules it names."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable

from verifig.ground import paths
from verifig.ground.errors import InputError, RunError
from verifig.running import arguments, looking, surroundings
from verifig.running.arguments import checked_scale, results_option, scale_option


def main(line: list[str] | None = None) -> None:
    """Parse and run; a mistake of the user's is one sentence and exit code 2, a failure one sentence and exit code 1."""
    surroundings.settle()
    if note := surroundings.other_checkout():
        print(note, file=sys.stderr)
    try:
        options = parser().parse_args(line)
        sys.exit(options.command(options) or 0)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except RunError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        sys.exit(130)


class _Parser(argparse.ArgumentParser):
    """argparse with its errors in the suite's form."""

    def error(self, message: str) -> None:
        raise InputError(f"{message} (python -m verifig --help)")


def parser() -> argparse.ArgumentParser:
    """All commands with their help."""
    top = _Parser(prog="python -m verifig", description="Replications of deep-learning papers, judged claim by claim.")
    top.set_defaults(command=lambda options: top.print_help())
    commands = top.add_subparsers(metavar="command", parser_class=_Parser)

    def add(name: str, function: Callable, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    _experiment_commands(add)
    _verdict_commands(add)
    looking.register(add)
    _keeping_commands(add)
    for slug in paths.slugs():  # a paper may bring commands of its own
        if (paths.ruleset_dir(slug) / "commands.py").exists():
            importlib.import_module(f"{paths.package(slug)}.commands").register(add)
    return top


def _experiment_commands(add: Callable) -> None:
    """Looking at experiments and running them."""
    command = add("list", _list, "show papers, experiments and settings with their values")
    command.add_argument("slug", nargs="?", help="only this paper")
    command.add_argument("experiment", nargs="?", help="only this experiment")
    scale_option(command)
    command = add("run", _run, "train, measure and judge outside the workflow, with settings of your own")
    command.add_argument("slug", help="paper")
    command.add_argument("experiments", nargs="*", metavar="experiment", help="experiments (default: all of the scale)")
    scale_option(command)
    setting = (
        "a setting or a condition: learning_rate=0.02, conditions.adamw.eps=1e-8 (adds an unknown one), conditions.sgd=null; "
        "several values (width=8,16,32; of several settings every combination) are a sweep"
    )
    command.add_argument("--set", action="append", default=[], metavar="key=value", dest="assignments", help=setting)
    what = "train these conditions only (python -m verifig list <paper> <experiment> shows them)"
    command.add_argument("--only", action="extend", nargs="+", default=[], metavar="condition", help=what)
    configured = "(default: as in config/config.yaml)"
    command.add_argument("--seeds", type=int, help=f"number of seeds of every condition {configured}")
    command.add_argument("--device", help=f"auto, cpu or cuda {configured}")
    _minutes(command)
    _stage(command)
    _out(command)
    what = "train the paper scale in slices of time, what most claims wait for first, and judge what is complete"
    command = add("paper", _paper, what)
    command.add_argument("papers", nargs="*", metavar="paper", help=f"papers or themes {configured}")
    _minutes(command)
    command.add_argument("--device", help=f"auto, cpu or cuda {configured}")
    _stage(command)
    command.add_argument("--forecast", action="store_true", help="print what would be trained and how long, no more")
    what = "results folder (default: the checkout's results, which Snakemake goes on with)"
    command.add_argument("--out", type=arguments.path, default=arguments.results(), help=what)
    what = "check everything, fetch optional data, remove unusable artifacts, forecast the work"
    command = add("prepare", _prepare, what)
    scale_option(command)
    command.add_argument(
        "--cluster", action="store_true", help="jobs run on other machines: a GPU need not be in this one"
    )
    command = add("new", _new, "start a paper from the template; asks for what is not given")
    command.add_argument("slug", nargs="?", default="", help="<theme>/<paper>, both in snake_case")
    for field in ("title", "authors", "venue", "url"):
        command.add_argument(f"--{field}", help=f"{field} of the paper")
    command = add("bench", _bench, "measure speed and memory as ratios within one run, renew reports/benchmarks.md")
    command.add_argument("slug", nargs="*", help="papers (default: all); the others keep their entries")
    command.add_argument("--no-write", action="store_true", help="print only")
    command.add_argument("--check", action="store_true", help="exit 1 if a figure is worse than the committed one")


def _verdict_commands(add: Callable) -> None:
    """Reading verdicts."""
    command = add("check", _check, "exit 1 if a verdict is not what it should be, or not the recorded one")
    scale_option(command)
    results_option(command)
    command.add_argument(
        "--without-data", action="store_true", help="claims whose data is not there need not be judged as recorded"
    )
    command = add("claims", _claims, "check claims.yaml: its form, its bounds, and that each statistic is measured")
    command.add_argument("what", choices=["check"], help="check")
    command.add_argument("slug", nargs="*", help="papers (default: all)")
    scale_option(command)
    results_option(command)
    command = add("verdicts", _verdicts, "print the verdict table")
    command.add_argument("slug", nargs="?", help="every claim of this paper")
    scale_option(command)
    results_option(command)
    command = add("explain", _explain, "one claim: statement, source, bounds, observed values by seed, reasons")
    command.add_argument("claim", help="claim id, for example EN-10 or prieto2025/EN-10")
    scale_option(command)
    results_option(command)


def _keeping_commands(add: Callable) -> None:
    """Publishing, recording, and moving artifacts between machines."""
    results_option(add("publish", _publish, "copy the laptop pages into reports/ where they differ"))
    what = "run the examples of the instruments (docs/instruments) whose code changed, into reports/instruments"
    command = add("gallery", _gallery, what)
    command.add_argument("example", nargs="*", help="run these, changed or not")
    command = add("record", _record, "record verdicts on purpose in replications/<theme>/<paper>/recorded/")
    command.add_argument("slug", nargs="*", help="papers (default: all; at paper scale, those with results)")
    scale_option(command)
    results_option(command)
    what = "put finished and unfinished work of a paper into one file, to judge it or go on elsewhere"
    command = add("pack", _pack, what)
    command.add_argument("slug", help="paper")
    scale_option(command)
    results_option(command)
    command.add_argument("--file", type=arguments.path, required=True, help="the zip file to write")
    what = "verify a pack, measure and judge what is finished in it, lay down what is not, for run to go on with"
    command = add("unpack", _unpack, what)
    command.add_argument("file", type=arguments.path)
    _out(command)
    _stage(command)


def _out(command: argparse.ArgumentParser) -> None:
    what = "folder for artifacts, statistics and verdicts"
    command.add_argument("--out", type=arguments.path, required=True, help=what)


def _minutes(command: argparse.ArgumentParser) -> None:
    what = "end by then, with a checkpoint of what is unfinished; the same command goes on (default: when all is done)"
    command.add_argument("--minutes", type=arguments.minutes, help=what)


def _stage(command: argparse.ArgumentParser) -> None:
    stages = ["train", "measure", "judge", "report"]
    command.add_argument("--stage", choices=stages, default="judge", help="last stage to run (default: judge)")


def _list(options: argparse.Namespace) -> None:
    from verifig.running import listing

    listing.show(options.slug, options.experiment, checked_scale(options))


def _run(options: argparse.Namespace) -> int:
    from verifig.planning import overrides, userconfig
    from verifig.running import alone, sweeps

    user, values = userconfig.load(), overrides.values(options.assignments)
    sweep = any(len(given) > 1 for given in values.values())
    return (sweeps if sweep else alone).run(
        options.slug,
        options.experiments,
        checked_scale(options),
        values if sweep else {name: given for name, (given,) in values.items()},
        user.seeds if options.seeds is None else options.seeds,
        options.device or user.device,
        options.stage,
        options.out,
        options.only,
        options.minutes,
    )


def _paper(options: argparse.Namespace) -> int:
    from verifig.planning import themes, userconfig
    from verifig.running import paper_scale

    user = userconfig.load()
    return paper_scale.run(
        themes.expand(options.papers) if options.papers else list(user.papers),
        options.device or user.device,
        user.seeds,
        options.stage,
        options.out,
        options.minutes,
        options.forecast,
    )


def _prepare(options: argparse.Namespace) -> None:
    from verifig.running import prepare

    prepare.prepare(checked_scale(options), cluster=options.cluster)


def _check(options: argparse.Namespace) -> int:
    from verifig.judging import check

    return check.check(options.results, checked_scale(options), options.without_data)


def _claims(options: argparse.Namespace) -> int:
    from verifig.judging import proofreading

    return proofreading.check(options.results, checked_scale(options), options.slug or paths.slugs())


def _verdicts(options: argparse.Namespace) -> None:
    from verifig.pages import terminal

    terminal.verdict_table(options.results, checked_scale(options), options.slug)


def _explain(options: argparse.Namespace) -> None:
    from verifig.pages import explaining

    explaining.explain(options.results, checked_scale(options), options.claim)


def _publish(options: argparse.Namespace) -> None:
    from verifig.pages import publish

    paths.require_checkout("verifig publish")
    publish.publish(options.results)


def _gallery(options: argparse.Namespace) -> None:
    from verifig.pages import gallery

    paths.require_checkout("verifig gallery")
    gallery.publish(options.example)


def _record(options: argparse.Namespace) -> None:
    from verifig.running import recording

    paths.require_checkout("verifig record")
    recording.record(options.results, checked_scale(options), options.slug)


def _pack(options: argparse.Namespace) -> None:
    from verifig.running import packing

    packing.pack(options.results, checked_scale(options), options.slug, options.file)


def _unpack(options: argparse.Namespace) -> None:
    from verifig.running import packing

    packing.unpack(options.file, options.out, options.stage)


def _new(options: argparse.Namespace) -> None:
    from verifig.running import new

    paths.require_checkout("verifig new")
    slug, fields = options.slug, {name: text for name in new.FIELDS if (text := getattr(options, name))}
    if not slug and sys.stdin.isatty():
        slug, fields = new.ask(fields)
    folder = new.create(slug, fields)
    print(f"wrote {folder}; next: snakemake {folder.name} --config scale=smoke, then replications/README.md")


def _bench(options: argparse.Namespace) -> int:
    from verifig.benchmarking import benchmarks

    paths.require_checkout("verifig bench")
    regressions = benchmarks.run(options.slug, write=not options.no_write)
    return int(options.check and bool(regressions))
