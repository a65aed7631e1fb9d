"""Sentences of the page that depend on the run: formed from its statistics and settings."""

from dataclasses import dataclass

from verifig.pages.page import Page


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def setting(self) -> str:
        """What was searched and trained."""
        s = self.page.settings("nodes")
        return (
            f"A reconstruction: only the abstract of the paper was read. Networks of {s['hidden_layers']} hidden layers of {s['width']} units see 4,000 MNIST digits of "
            f"14 × 14 pixels; a candidate keeps {s['keep']} units of each layer with the weights between them. Of {s['candidates']} candidates of a seed the one of lowest loss on "
            f"{s['scored']:,} training images is picked, and the first one as a random one; both train for {s['steps']} steps of SGD "
            f"(learning rate {s['learning_rate']:g}, momentum {s['momentum']:g}, minibatches of {s['batch_size']}) and are tested on 1,000 digits."
        )

    def gain(self, first: str, step: int, experiment: str = "nodes", second: str = "random") -> str:
        """Mean difference of test accuracies: `1.2 points`."""
        place = {"first": first, "second": second, "step": step}
        return self.page.number(experiment, "difference", place, percent=True).replace(" %", " points")

    def search_alt(self) -> str:
        """Differences to the random pick."""
        told = [f"{self.gain('best', step)} at step {step}" for step in (0, 50, 100, 200, 800)]
        return f"Test accuracy against training step by pick, and differences to a random pick. Lowest loss before training minus random: {', '.join(told)}."

    def search_note(self) -> str:
        """How many runs."""
        seeds = [self.page.seeds("nodes", name) for name in ("best", "worst", "trained")]
        few = self.page.settings("nodes", "trained")["candidates"]
        return (
            f"{seeds[0]} seeds for the best and the random one, {seeds[1]} for the worst, {seeds[2]} for the search after 50 steps (among {few}). "
            "Grey: a difference of at most 1 point, the band of the claims."
        )

    def search_prose(self) -> str:
        """What the head start is."""
        begin = [
            self.page.number("nodes", "test_accuracy", {"condition": name, "step": 0}, percent=True)
            for name in ("best", "random")
        ]
        return (
            f"Before training the picked network has a test accuracy of {begin[0]}, the random one {begin[1]}: a low loss at initialisation is a little of what training then teaches. "
            f"The difference is {self.gain('best', 50)} at step 50, {self.gain('best', 100)} at step 100 and {self.gain('best', 800)} at the end. So the search buys a head start "
            "here and no better network; whether the paper would call that convergence is unknown to us."
        )

    def scores_alt(self) -> str:
        """Spread of the losses."""
        gain = self.page.number("nodes", "score_gain")
        spread = self.page.number("nodes", "score_spread")
        return f"Losses of all candidates before training. Best less random one of a seed: {gain} on average; range within a seed: {spread}."

    def scores_note(self) -> str:
        """What the dashed line is."""
        return "Dashed: ln 10, the loss of a network that gives every class the same probability."

    def sizes_alt(self) -> str:
        """Final accuracies by size."""
        told = [
            f"{name} {self.page.number('nodes', 'test_accuracy', {'condition': key, 'step': 800}, percent=True)}"
            for key, name in (("whole", "whole network"), ("random", "a quarter"), ("eighth", "an eighth"))
        ]
        return f"Test accuracy against training step. At the end: {', '.join(told)}."

    def weights_alt(self) -> str:
        """Differences of the search over weights."""
        told = [f"{self.gain('best', step, 'weights')} at step {step}" for step in (0, 10, 50, 100, 800)]
        return f"The search over masks of single weights. Lowest loss before training minus random: {', '.join(told)}."

    def weights_note(self) -> str:
        """Settings of the search over weights."""
        s = self.page.settings("weights")
        return f"Width {s['width']}, density {s['density']:g} with ERK densities by layer, {s['candidates']} candidates, {s['seeds']} seeds."
