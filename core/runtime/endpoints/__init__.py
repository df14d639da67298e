"""Receive calls: find the endpoint, know the caller, read what came, start a run, respond."""

from core.runtime.endpoints.addresses import Address
from core.runtime.endpoints.bodies import BodyTooLarge
from core.runtime.endpoints.reception import Doorway, receive
from core.runtime.endpoints.refusals import Refused
from core.runtime.endpoints.responses import Response
from core.runtime.endpoints.status import run_status

__all__ = ["Address", "BodyTooLarge", "Doorway", "Refused", "Response", "receive", "run_status"]
