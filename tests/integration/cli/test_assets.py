"""Front-end files: where they are, that they change their address, and how long they are kept."""

import json
import re

import pytest

from blueprints import assets
from blueprints.cli import Refused
from blueprints.cli import assets as fetching


@pytest.fixture(scope="module", autouse=True)
def fetched():
    fetching.ensure()


def test_every_listed_file_is_there_with_the_licences():
    listed = json.loads((assets.ROOT / "package.json").read_text())
    folder = assets.vendor_folder()

    missing = [name for name in listed["openbuild"]["files"] if not (folder / name).exists()]

    assert not missing
    assert len(list((folder / "licences").iterdir())) == len(listed["dependencies"])


def test_the_sprite_has_every_icon_of_the_list_and_our_own():
    sprite = (assets.vendor_folder() / "icons.svg").read_text()

    wanted = set((assets.STATIC / "icons.txt").read_text().split()) | {"mark"}
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == wanted


def test_fonts_have_their_plain_names_and_come_from_here():
    faces = (assets.vendor_folder() / "fonts.css").read_text()

    assert set(re.findall(r'font-family: "([^"]+)"', faces)) == {"Inter", "JetBrains Mono"}
    files = re.findall(r"url\(([^)]+)\)", faces)
    assert files
    assert all((assets.vendor_folder() / name).exists() for name in files)


def test_an_address_changes_with_its_content_and_is_kept_for_a_year(app, client):
    with app.test_request_context():
        address = assets.asset_url("css/tokens.css")
        vendor = assets.vendor_url("htmx.min.js")

    assert re.fullmatch(r"/static/css/tokens\.css\?v=[0-9a-f]{12}", address)
    for url in (address, vendor):
        with client.get(url) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == assets.A_YEAR
    with client.get("/static/css/tokens.css") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]


def test_an_unknown_icon_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    (tmp_path / "icons.txt").write_text("no-such-icon\n")

    with pytest.raises(Refused, match="no-such-icon"):
        fetching.sprite(tmp_path)


def test_without_npm_and_network_it_says_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")

    with pytest.raises(Refused, match="npm is missing"):
        fetching.npm()


def test_without_network_npm_says_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))

    with pytest.raises(Refused, match="the network is needed"):
        fetching.install_modules(tmp_path, what="The front-end files")
