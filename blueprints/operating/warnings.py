"""What stands over every page as long as it is true."""

from urllib.parse import urlsplit

from flask import request

from core import config
from core.runtime import holding


def is_holding() -> bool:
    """Whether nothing is sent since a restore."""
    return holding.is_on()


def is_address_wrong() -> bool:
    """Whether links lead to this machine alone although the reader is on another one."""
    here = urlsplit(request.host_url).hostname
    there = urlsplit(config.current().base_url).hostname
    return there in config.LOOPBACK and here not in config.LOOPBACK


def is_forgetful() -> bool:
    """Whether a power cut can lose what was accepted."""
    return config.current().durability != "full"
