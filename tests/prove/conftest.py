"""Everything here is slow; what the proofs found goes to reports/trust.json and reports/trust.md."""

from pathlib import Path

import pytest

from prove import evidence, suites

HERE = Path(__file__).parent
FOUND = pytest.StashKey[evidence.Found]()


@pytest.hookimpl(tryfirst=True)  # before cases are chosen
def pytest_collection_modifyitems(config, items):
    here = [item for item in items if item.path.is_relative_to(HERE)]
    for item in here:
        item.add_marker(pytest.mark.slow)
    if not any("::" in argument for argument in config.args):
        config.stash[FOUND].exists(here)


def pytest_configure(config):
    config.stash[FOUND] = evidence.Found()


@pytest.fixture
def show(request):
    """Figures of a case for the page: `show(kills=20)`."""
    return request.config.stash[FOUND].case(request.node).figures.update


@pytest.fixture(scope="session")
def smoke_suite(tmp_path_factory):
    """A copy of the suite whose smoke scale has run undisturbed (see `suites.finished`); tests leave it as it was."""
    return suites.finished(tmp_path_factory.mktemp("smoke") / "suite", "smoke")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.path.is_relative_to(HERE):
        item.config.stash[FOUND].finished(item, report)
        if call.when == "teardown":  # a proof of hours that is stopped has shown what it has shown
            evidence.write(item.config.stash[FOUND])
    return report
