"""The programs as wholes: what is recorded when, in which row, and that members of other sizes are told apart."""

import numpy as np
from alone import assert_rows_are_members, small_run

from replications.grokking.kumar2024.experiments import committee, identities, modular


def test_committees_are_recorded_by_member_and_step_beside_what_their_first_kernel_finds():
    conditions = {"plain": {}, "more": {"samples": 8}, "other_labels": {"labels": "shuffled"}, "far": {"alpha": 3.0}}
    sizes = {"dimension": 4, "width": 5, "samples": 6, "steps": 12, "log_points": 3, "chunk": 2}
    run = small_run("kumar2024", "committee", seeds=2, conditions=conditions, **sizes)
    found = committee.committee(run)
    assert found["steps"].tolist() == [0, 1, 3, 12]
    assert_rows_are_members(found, run.members, committee.build, [0, 1, 3, 12])
    for row, member in enumerate(run.members):
        for name, value in committee.linearised([member]).items():
            np.testing.assert_allclose(found[name][row], value[0])


def test_networks_on_sums_are_recorded_by_member_and_step():
    conditions = {"plain": {}, "fewer": {"train_fraction": 0.5}, "shuffled": {"shuffle_table": True}}
    sizes = {"modulus": 5, "width": 4, "steps": 5, "log_every": 2, "chunk": 2, "learning_rate": 20.0}
    run = small_run("kumar2024", "modular", seeds=3, conditions=conditions, **sizes)
    found = modular.modular(run)
    assert found["steps"].tolist() == [0, 2, 4, 5]
    assert_rows_are_members(found, run.members, modular.build, [0, 2, 4, 5])


def test_identities_are_recorded_by_seed():
    sizes = {"dimension": 4, "width": 5, "samples": 6, "steps": 4, "log_points": 3, "draws": 50, "spectrum_draws": 50}
    run = small_run("kumar2024", "identities", seeds=2, spectrum_dimension=3, epsilons=[0.3, 0.5, 0.7], **sizes)
    found = identities.identities(run)
    points = found["steps"].tolist()
    assert [points[0], points[-1]] == [0, 4]
    assert found["epsilons"].tolist() == [0.3, 0.5, 0.7]
    for seed in range(2):
        alone = identities.instance(dict(run.settings) | identities.BASE | {"seed": seed}, points)
        for name, value in alone.items():
            np.testing.assert_allclose(found[name][seed], value, err_msg=name)
