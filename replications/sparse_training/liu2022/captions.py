"""Sentences of the page that depend on the run: formed from its statistics, settings and tables of curves."""

from dataclasses import dataclass

from verifig.pages.page import Page

NAMES = {"er": "ER", "uniform": "uniform", "snip_ratio": "SNIP ratio", "snip_mask": "SNIP mask", "reversed": "reversed"}


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def setting(self) -> str:
        """What was trained."""
        s = self.page.settings("widths")
        return (
            f"Here networks of {s['hidden_layers']} hidden layers are trained for {s['steps']} steps of SGD (learning rate {s['learning_rate']:g}, momentum "
            f"{s['momentum']:g}, minibatches of {s['batch_size']}) on 4,000 MNIST digits of 14 × 14 pixels and tested on 1,000; the learning rate "
            f"is multiplied by {s['drop_factor']:g} after {100 * s['drops'][0]:g} and {100 * s['drops'][1]:g} % of the steps. A dense network and all sparse ones "
            "of a seed share initial weights and minibatches."
        )

    def gap(self, density: int, width: int) -> str:
        """Mean gap: `1.2 points`."""
        place = {"density": density, "width": width}
        return self.page.number("widths", "gap", place, percent=True).replace(" %", " points")

    def width_alt(self) -> str:
        """Gaps by width at the lowest and the highest density."""

        def told(density: int) -> str:
            return ", ".join(f"{self.gap(density, width)} at width {width}" for width in (32, 64, 128, 256))

        return (
            "Test accuracy of the dense network minus that of the random sparse one against width, by density. On average at density 0.1: "
            f"{told(10)}. At density 0.5: {told(50)}."
        )

    def width_note(self) -> str:
        """What the paper shows, what ours lacks, and how many runs there are."""
        seeds = self.page.seeds("widths", "dense_256")
        return (
            f"Points: runs ({seeds} at each width and density, more at width 64); lines: means. The paper's networks are convolutional "
            "and trained for much longer; its figures by width were not at hand. Networks of no gap or a negative one are not on the logarithmic axis."
        )

    def slope_prose(self) -> str:
        """How fast the gap closes, by density, and what equal counts say."""
        page = self.page
        steep, flat = (page.number("widths", "gap_slope", {"density": density}) for density in (10, 20))
        count = page.number("widths", "gap_slope", {"density": "varied"})
        return (
            f"From width 32 to 128 the gap at density 0.1 falls with a power of the width, with a mean exponent of {steep} ({flat} at density 0.2). Width and density "
            f"are not all: a wider network at equal density has more weights. Where width grows and the number of weights grows little (width 64 at density 0.2, 128 at 0.1, "
            f"256 at 0.05), the exponent is {count}. And with half of the weights there is hardly a gap to close: {self.gap(50, 32)} at width 32 and {self.gap(50, 256)} at width 256."
        )

    def ratios_alt(self) -> str:
        """Mean accuracies by rule."""
        told = [
            f"{name} {self.page.number('ratios', 'test_accuracy', {'condition': rule}, percent=True)}"
            for rule, name in NAMES.items()
        ]
        return f"Test accuracy after training by rule for the densities of the layers, on average: {', '.join(told)}. Right: densities by layer."

    def ratios_note(self) -> str:
        """Settings of the comparison."""
        s = self.page.settings("ratios")
        return (
            f"Width {s['width']}, density {s['density']:g}, {s['steps']} steps; points: runs, bars: means. SNIP mask keeps SNIP's positions, all others have random ones. "
            "Reversed is proportional to the size of a layer, a control."
        )

    def ratios_prose(self) -> str:
        """Why ratios matter so much in these networks."""
        head = {rule: self.page.number("ratios", "density", {"rule": rule, "layer": 3}) for rule in NAMES}
        width = self.page.settings("ratios")["width"]
        return (
            f"The rules differ most in the output layer: ER keeps {head['er']} of its weights, SNIP {head['snip_ratio']} on average, uniform ratios "
            f"{head['uniform']}, which leaves each class a handful of the {width} hidden units. In ResNets ERK protects early layers and shortcuts instead, and the "
            "paper's differences are smaller."
        )

    def depth_alt(self) -> str:
        """The gaps of the paper's figure."""
        told = [
            f"{self.page.number('layers', 'published_gap', {'depth': d})} points at depth {d}"
            for d in (20, 32, 44, 56, 110)
        ]
        return f"Accuracies of the paper's ResNets by depth, and dense minus ERK. At sparsity 0.9: {', '.join(told)}."

    def depth_note(self, ours: bool) -> str:
        """Where the values come from."""
        return (
            f"Read off one figure ({self.page.paper('depth')['source']}), within 0.03 points, 0.1 where markers overlap; the number of runs is unknown to us. "
            + ("Dashes: our runs." if ours else "No run of ours is drawn at this scale.")
        )

    def erk_alt(self) -> str:
        """ERK's densities by kind of layer."""
        kinds = ("stem", "16 to 16", "32 to 32", "64 to 64", "shortcut 16 to 32", "shortcut 32 to 64", "head")
        place = {"network": "20-16", "asked": 0.1}
        told = [f"{kind} {self.page.number('layers', 'density', place | {'layer': kind})}" for kind in kinds]
        return f"Density of every layer of ResNet-20 at an overall density of 0.1 by rule. ERK: {', '.join(told)}."

    def erk_prose(self) -> str:
        """What goes wrong without the check."""
        place = {"network": "20-16", "asked": 0.1}
        largest = self.page.number("layers", "unchecked_largest", place)
        kept = self.page.number("layers", "unchecked_share", place, percent=True)
        return (
            f"Scaled without a check, ERK at density 0.1 would ask a layer of ResNet-20 for a density of {largest}. Cut off at 1, the network would keep {kept} "
            "of the weights that were asked for; so the layer with the largest raw value is made dense and the rest scaled anew, as often as needed."
        )

    def count_alt(self) -> str:
        """Gains of the narrow networks."""
        told = [
            f"{self.page.number('widths', 'narrow_gain', {'dense': width}, percent=True).replace(' %', ' points')} at width {width}"
            for width in (19, 25, 46)
        ]
        return f"Test accuracy against the number of weights. Dense narrow networks are ahead of sparse wide ones, on average by {', '.join(told)}."

    def open_points(self) -> str:
        """What in paper and code a reader should know before numbers are compared."""
        epochs, loader = self.page.paper("imagenet"), self.page.paper("loader")
        return (
            f"On ImageNet sparse networks are trained for {epochs['sparse_epochs']} epochs and dense ones for {epochs['dense_epochs']} ({epochs['source']}), so a sparse network that does as well has had "
            "more training. The abstract on arXiv says that a random sparse Wide ResNet-50 outperforms the dense one, the text of the repository that it matches it. "
            f"The released loader trains on {loader['cifar10_images']:,} images of CIFAR-10 and on {loader['cifar100_images']:,} of CIFAR-100. Masks are drawn weight by weight, so the count of "
            "weights that are kept varies a little from run to run; and the number of runs behind the curves of the depth study is not known to us. None of this is tested here."
        )
