"""The accuracies that the page lets its readers move are those of the law that it judges."""

from made_up import near
from test_exploring import empty_page

from replications.noisy_labels.liu2020 import closed_form, sliders


def test_accuracies_are_those_of_the_judged_law(tmp_path):
    page = empty_page("liu2020", tmp_path)
    used, explorer = page.settings("laws"), sliders.accuracies(page)
    for sigma in used["sigmas"]:
        law = closed_form.one_step(used["wrong"], sigma, used["aspect"])
        expected = [100 * law[name] for name in ("clean", "wrong", "fresh")]
        assert explorer.at(sigma, explorer.start) == near(expected)
    assert explorer.of(explorer.start) == [closed_form.end_of_early_learning(used["wrong"], used["aspect"])]
    assert explorer.at(explorer.start["sigma"], explorer.start)[1] == near(50)
