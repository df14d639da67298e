import pytest

from core.connectors import connectors
from core.connectors.webhook_secret import WebhookSecret
from core.engine.http_messages import HttpFailed, OutgoingRequest


def test_it_signs_no_requests():
    with pytest.raises(HttpFailed, match="can't sign web requests"):
        WebhookSecret().sign(OutgoingRequest("GET", "https://a.example"), {}, {"secret": "a"})


@pytest.mark.parametrize("key", connectors())
def test_every_connector_says_what_it_is(key):
    connector = connectors()[key]

    assert connector.label
    assert connector.help
    assert connector.icon
    assert all(field.label and field.literal for field in connector.plain_fields)
    assert not any(field.default for field in connector.secret_fields)
