"""A page that was downloaded: what lies beside it for its notebook, and the `Page` that reads that instead of results.

In data/ lie the tables of the figures (see `offered`), and besides: `verdicts.json.gz`, the verdicts, of single units as
many, in as many digits, as a picture shows; `statistics.csv.gz`, the statistics that the page mentions; `run.json.gz`,
of the records of the runs what a page reads, which tables each figure draws, and its words where those do not give them.
"""

import gzip
import io
import json
import tempfile
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from verifig.ground.errors import InputError
from verifig.ground.files import atomic, read_json, write_json
from verifig.ground.paths import Layout
from verifig.ground.version import __version__
from verifig.measuring import compact, tables
from verifig.pages import offered, page
from verifig.pages.cards import Block, escape
from verifig.pages.notices import Absent
from verifig.pages.picture import Picture
from verifig.pages.pictures import SHOWN_UNITS

RUN, VERDICTS, STATISTICS = "data/run.json.gz", "data/verdicts.json.gz", "data/statistics.csv.gz"
COLUMNS = ["experiment", "condition", "statistic", "seed", "value", "status"]  # of a statistic what a page reads
DIGITS = 10  # of statistics and verdicts: so many that rounding once more to the few that are shown changes none
RECORD = ("key", "commit", "finished", "device_name", "cpu_seconds", "peak_memory_mb", "steps")  # of a record likewise
JOB = ("stage", "experiment", "settings", "seeds", "data", "versions", "missing_data")


def keep(shown: page.Page) -> None:
    """Write beside a page what its notebook reads, but for the tables of its figures, which lie there."""
    layout = shown.layout
    stages = [path.name.partition(".")[0] for path in sorted(layout.folder.glob("*.provenance.json"))]
    run = {
        "schema": 1,
        "verifig": __version__,
        "slug": layout.slug,
        "scale": layout.scale,
        "figures": {name: [_described(offer) for offer in offers] for name, offers in shown.offers.items()},
        "told": shown.kept_texts,
        "records": {name: _record(layout, name) for name in stages if name not in ("measure", "report")},
    }
    _pack(layout.page / RUN, _json(run))
    _pack(layout.page / VERDICTS, _json(compact.short(read_json(layout.verdicts), DIGITS, units=SHOWN_UNITS)))
    _pack(layout.page / STATISTICS, _mentioned(shown).to_csv(index=False, lineterminator="\n"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _pack(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))


def unpacked(path: Path) -> str:
    """The text of a packed file.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except FileNotFoundError:
        raise InputError(f"{path} is not there: keep the notebook in the folder of its page") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise InputError(f"{path} is damaged: download it again") from None


def _described(offer: offered.Offer) -> dict:
    return {"file": offer.file, "table": offer.table, "said": offer.said, "columns": offer.columns}


def _record(layout: Layout, stage: str) -> dict:
    record = read_json(layout.provenance(stage))
    job = {name: record["job"][name] for name in JOB if name in record["job"]}
    told = RECORD if job["stage"] == "train" else ("key",)  # when something was judged, and how fast, no page tells
    return {name: record[name] for name in told if name in record} | {"job": job}


def _mentioned(shown: page.Page) -> pd.DataFrame:
    """The statistics that the page has asked for."""
    rows = shown.statistics
    places = zip(rows["experiment"], rows["statistic"], rows["condition"], strict=True)
    wanted = [place in shown.asked or (*place[:2], None) in shown.asked for place in places]
    return compact.rounded(rows.loc[wanted, COLUMNS], DIGITS)


class Page(page.Page):
    """The page of a paper from the files beside a downloaded one; figures go to a temporary folder.

    Args:
        slug: the paper.
        folder: that of the downloaded page; a notebook runs in its own.

    Raises:
        InputError: the folder does not hold the page of this paper.
    """

    def __init__(self, slug: str, folder: Path = Path()):
        self.folder = Path(folder).resolve()
        self.run = json.loads(unpacked(self.folder / RUN))
        if self.run["slug"] != slug:
            raise InputError(f"{self.folder} holds the page of {self.run['slug']}, not of {slug}")
        if self.run["verifig"] != __version__:
            warnings.warn(f"this page was made by verifig {self.run['verifig']}, here is {__version__}", stacklevel=2)
        super().__init__(slug, lay_out(self.folder, self.run))

    def has(self, *curves: str) -> bool:
        """Whether all these tables of curves lie beside the page."""
        there = {offer["table"] for offers in self.run["figures"].values() for offer in offers}
        return there.issuperset(curves)

    def _frames(self, name: str, curves: Sequence[str]) -> list[pd.DataFrame]:
        offers = self.run["figures"].get(name, [])
        return [offered.table((self.folder / each["file"]).read_text("utf-8"), each["columns"]) for each in offers]

    def _draw(self, name: str, picture: Picture, path: Path) -> tuple[str, str] | Absent:
        told = self.run["told"].get(name)
        if told:
            picture = replace(picture, alt=told[0], note=told[1])
        found = super()._draw(name, picture, path)
        self._back[name] = _drawn_from(self.run["figures"].get(name, []), bool(told))
        return found


def lay_out(folder: Path, run: Mapping) -> Layout:
    """A results folder that holds what a page reads, but for its tables of curves, from the files beside a page."""
    layout = Layout(Path(tempfile.mkdtemp(prefix="verifig-")), run["scale"], run["slug"])
    write_json(layout.verdicts, json.loads(unpacked(folder / VERDICTS)))
    for name, record in run["records"].items():
        write_json(layout.provenance(name), record)
    text = io.StringIO(unpacked(folder / STATISTICS))
    statistics = pd.read_csv(text, keep_default_na=False, na_values={"seed": "", "value": ""})
    tables.write(layout.statistics, statistics.reindex(columns=list(tables.COLUMNS)).astype(tables.COLUMNS))
    return layout


def _drawn_from(offers: Sequence[Mapping], told: bool) -> Block:
    """Which files a figure was drawn from, what they leave out, and whether its words are those of the page (`told`)."""
    if not offers:
        return Block("", "")
    files = [each["file"] + (f" ({each['said']})" if each["said"] else "") for each in offers]
    words = "; numbers in its words are the page's, from the whole tables" if told else ""
    text = f"Drawn from {', '.join(files)}; to {offered.DIGITS} digits{words}."
    return Block(f'<p class="small">{escape(text)}</p>', text)
