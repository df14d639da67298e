"""The shipped example behind real HTTP, a real Valkey and two workers, and what GitHub sends it."""

import pytest

from tests import github
from tests.openbuild import Openbuild


@pytest.fixture(scope="session")
def deliveries():
    """All payloads of the package's six folders."""
    return github.deliveries()


@pytest.fixture(scope="module")
def openbuild(tmp_path_factory, fresh_database):
    """A running openBuild with the example live."""
    openbuild = Openbuild(tmp_path_factory.mktemp("github") / "var", fresh_database())
    try:
        openbuild.up("--workers", "2")
        github.install_example(openbuild)
        yield openbuild
    finally:
        openbuild.close()


@pytest.fixture(scope="module")
def owner(openbuild):
    """The cookie of the signed-in owner."""
    return github.become_owner(openbuild)
