"""The lengths that the page lets its readers move are those of its figure."""

import pytest
from test_exploring import empty_page

from replications.neural_collapse.dang2023 import closed_form, sliders
from replications.neural_collapse.dang2023.plotting.sweep import predicted_lengths


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_lengths_are_those_of_the_staircase(tmp_path, depth):
    page = empty_page("dang2023", tmp_path)
    used = page.settings("sweep", "staircase") | {"depth": depth}
    explorer = sliders.lengths(page)
    settings = explorer.start | {"depth": depth}
    places = [used["sizes"].index(size) for size in sorted(set(used["sizes"]), reverse=True)]
    for decay in used["decays"]:
        assert explorer.at(decay, settings) == list(predicted_lengths(used, decay)[places])
    for k, critical in enumerate(explorer.of(settings)):
        assert critical == closed_form.critical_decay(used["sizes"][places[k]], sum(used["sizes"]), depth)
        assert explorer.at(1.001 * critical, settings)[k] == 0 < explorer.at(0.999 * critical, settings)[k]
