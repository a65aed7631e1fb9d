"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from verifig.pages.page import Page

WIDTHS = {64: "64", 256: "256", 1024: "1,024"}


def _by_width(page: Page, statistic: str, arm: str) -> str:
    places = [{"condition": f"{arm}_{width}"} for width in WIDTHS]
    return ", ".join(page.number("linear", statistic, place, take="median", digits=3) for place in places)


def settings(page: Page) -> str:
    """The setting of the linear networks."""
    used = page.settings("linear")
    return (
        f"The linear networks learn a linear teacher on {used['samples']} inputs in {used['dimension']} dimensions by "
        f"{used['steps']} full-batch steps at η = {used['learning_rate']:g}. These are settings of ours."
    )


def sharpness_alt(page: Page) -> str:
    return (
        "Three panels of sharpness over steps, a line a width. Under μP all widths rise along one path; under NTP and with the "
        "rate not rescaled the lines stay where they begin, the narrowest highest."
    )


def sharpness_note(page: Page) -> str:
    return (
        f"{page.seeds('linear', 'mup_64')} seeds a line. Last over first sharpness at widths of {', '.join(WIDTHS.values())} (medians): "
        f"{_by_width(page, 'growth', 'mup')} under μP, {_by_width(page, 'growth', 'ntp')} under NTP. Largest over smallest "
        f"sharpness at the end: {_ratio(page, 'mup')} under μP, {_ratio(page, 'ntp')} under NTP, "
        f"{_ratio(page, 'unscaled')} with the rate not rescaled."
    )


def _ratio(page: Page, arm: str) -> str:
    return page.number("linear", "width_ratio", {"arm": arm}, take="median", digits=3)


def _shift(page: Page, arm: str, widths: str) -> str:
    return page.number("digits", "shift", {"arm": arm, "widths": widths}, take="mean", digits=2)


def rates_alt(page: Page) -> str:
    return (
        "Three panels of final loss over the learning rate on log axes, a line a width, dots at the lowest medians. Under μP the dots stand at "
        "about one rate; under NTP they move to the right with the width; over the weights' own rate those of μP move farther."
    )


def rates_note(page: Page) -> str:
    used = page.settings("digits", "mup_16")
    return (
        f"Three-layer ReLU networks, {used['steps']} steps of {used['batch_size']} of {used['samples']:,} images of digits, "
        f"{page.seeds('digits', 'mup_16')} seeds. From width 16 to 256 the best rate moves by {_shift(page, 'mup', '256/16')} factors of two "
        f"under μP and by {_shift(page, 'ntp', '256/16')} under NTP (means); from 16 to 64 under NTP by {_shift(page, 'ntp', '64/16')}. "
        "The right panel is the left one over the rate of the weights, η times the width: "
        "that axis belongs to rates that are not rescaled."
    )


def loss(page: Page) -> str:
    """How the loss depends on the width."""
    ratio = page.number("digits", "loss_ratio", {"arm": "mup", "widths": "256/16"}, take="median", digits=2)
    later = page.number("digits", "loss_ratio", {"arm": "mup", "widths": "256/64"}, take="median", digits=2)
    return (
        f"At η = 1 under μP the loss at width 16 ends at {ratio} times that at width 256, the one at width 64 at {later} times "
        "(medians): the rate transfers although the loss is not the same."
    )


def edge_alt(page: Page) -> str:
    return (
        "Two panels of learning rate times sharpness over 2. At the large rate all widths rise to 1, the stability level, and stay; at the "
        "small rate they stay far below."
    )


def edge_note(page: Page) -> str:
    large, small = (page.settings("linear", name)["learning_rate"] for name in ("edge_64", "mup_64"))
    lowest = page.number("linear", "edge", {"condition": "edge_64"}, take="min", digits=2)
    left = page.number("linear", "loss_left", {"condition": "edge_64"}, take="max", digits=2)
    return (
        f"η = {large:g} and {small:g}. At the end of the large rate the medians at widths of {', '.join(WIDTHS.values())} are "
        f"{_by_width(page, 'edge', 'edge')}, at the small one {_by_width(page, 'edge', 'mup')}. Single runs end below the level, the lowest of "
        f"width 64 at {lowest}; the largest share of the first loss that is left in a run of that width is {left}."
    )


def hessian_alt(page: Page) -> str:
    return (
        "Two panels of the share of the Gauss-Newton part in the Hessian's largest eigenvalue over steps. Under μP it begins near "
        "one half and rises to 1; under NTP it is close to 1 from the start, the closer the wider the network."
    )


def hessian_note(page: Page) -> str:
    return (
        f"At the start the share is {_by_width(page, 'gauss_newton_ratio_at_start', 'mup')} under μP and {_by_width(page, 'gauss_newton_ratio_at_start', 'ntp')} under "
        f"NTP at widths of {', '.join(WIDTHS.values())}; the smallest from step 50 on is {_by_width(page, 'gauss_newton_ratio_settled', 'mup')} and "
        f"{_by_width(page, 'gauss_newton_ratio_settled', 'ntp')} (medians)."
    )
