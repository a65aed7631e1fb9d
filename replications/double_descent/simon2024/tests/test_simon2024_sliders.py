"""The errors that the page lets its readers move are those of the eigenframework that it judges."""

from test_exploring import empty_page

from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024 import sliders


def test_errors_are_those_of_the_judged_theory(tmp_path):
    page = empty_page("simon2024", tmp_path)
    used, explorer = page.settings("ridge"), sliders.errors(page)
    task = theory.power_law_task(
        used["task_size"], used["spectral_exponent"], used["target_exponent"], used["noise_variance"]
    )
    for n in used["theorem_sizes"]:
        for ridge in (used["small_ridge"], 1.0):
            expected = theory.risk(task, n, used["theorem_n"], ridge)
            assert tuple(explorer.at(n, explorer.start | {"ridge": ridge})) == expected
