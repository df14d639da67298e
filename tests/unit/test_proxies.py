"""Whose word about the caller counts."""

import pytest

from blueprints.proxies import TrustedProxies, read
from core.config_values import ConfigError


def seen(remote, *networks):
    """What the application sees when this address calls through a proxy's headers."""
    found = {}

    def app(environ, start_response):
        found.update(environ)
        return []

    environ = {
        "REMOTE_ADDR": remote,
        "HTTP_X_FORWARDED_FOR": "203.0.113.7, 198.51.100.9",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "flows.example.com",
        "wsgi.url_scheme": "http",
    }
    TrustedProxies(app, read(networks))(environ, None)
    return found["REMOTE_ADDR"], found["wsgi.url_scheme"]


def test_the_word_of_a_named_proxy_counts():
    assert seen("10.1.2.3", "10.1.0.0/16") == ("198.51.100.9", "https")
    assert seen("::ffff:10.1.2.3", "10.1.0.0/16") == ("198.51.100.9", "https")


def test_nobody_elses_word_counts():
    assert seen("10.2.0.1", "10.1.0.0/16") == ("10.2.0.1", "http")
    assert seen("", "10.1.0.0/16") == ("", "http")


def test_what_is_no_address_is_refused():
    with pytest.raises(ConfigError, match="OPENBUILD_TRUSTED_PROXIES"):
        read(["proxy.lan"])
