"""A running openBuild for tests of its commands."""

import pytest

from tests.openbuild import Openbuild


@pytest.fixture(scope="module")
def shared(tmp_path_factory, fresh_database):
    """A running openBuild that the tests of a file share; none of them harms it."""
    openbuild = Openbuild(tmp_path_factory.mktemp("shared") / "var", fresh_database())
    try:
        yield openbuild.up()
    finally:
        openbuild.close()


@pytest.fixture
def openbuild(tmp_path, fresh_database):
    """An openBuild of the test's own, not started yet."""
    openbuild = Openbuild(tmp_path / "var", fresh_database())
    yield openbuild
    openbuild.close()
