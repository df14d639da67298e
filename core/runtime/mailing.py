"""Send one mail through a connection: over SMTP, or by the web request of a service."""

import ipaddress
from dataclasses import replace
from urllib.parse import urlsplit

from core import config
from core.engine import mail_messages
from core.engine.http_messages import HttpFailed
from core.engine.mail_composing import compose
from core.engine.mail_connector import MailConnector, MailServer
from core.engine.mail_messages import MailFailed, OutgoingMail
from core.runtime import marked_addresses
from core.runtime.gateways import mail as gateway
from core.runtime.masking import mask
from core.runtime.outgoing import (
    Outgoing,
    Signer,
    allowed_hosts,
    find_signer,
    note_result,
    secret_forms,
)

NO_DOMAIN = "openbuild.invalid"  # reserved: nobody's, so no two products' names can meet


def deliver(
    workspace_id: int, mail: OutgoingMail, connection: str, *, seconds: float | None = None
) -> None:
    """Send the mail through the named connection; raises MailFailed."""
    seconds = gateway.DEFAULT_SECONDS if seconds is None else seconds
    marked_addresses.check(workspace_id, mail.recipients)
    try:
        signer = find_signer(workspace_id, connection)
        connector = _mail_connector(signer)
        ready = replace(mail, sender=connector.sender(signer.fields))
        server = connector.server(signer.fields, signer.secrets)
        if server is None:
            _by_request(workspace_id, ready, signer, connector, seconds)
        else:
            _by_smtp(ready, signer, server, seconds)
    except HttpFailed as failure:
        raise MailFailed(
            failure.message,
            kind=failure.kind,
            retryable=failure.retryable,
            retry_after=failure.retry_after,
        ) from failure


def sender_of(workspace_id: int, connection: str) -> mail_messages.MailAddress | None:
    """Who mails through this connection come from; None when that can't be told."""
    try:
        signer = find_signer(workspace_id, connection)
        return _mail_connector(signer).sender(signer.fields)
    except (HttpFailed, MailFailed):
        return None


def message_id(key: str) -> str:
    """The Message-ID of what is sent under this key."""
    return mail_messages.message_id(key, domain())


def domain() -> str:
    """The domain for Message-IDs: this product's own, when it has a public name."""
    host = urlsplit(config.current().base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host and host.isascii() else NO_DOMAIN
    return NO_DOMAIN


def _mail_connector(signer: Signer) -> MailConnector:
    if not isinstance(signer.connector, MailConnector):
        raise MailFailed(
            f"The connection “{signer.name}” is of the kind “{signer.connector.label}”, which "
            "sends no mails; choose a mailbox"
        )
    return signer.connector


def _by_smtp(mail: OutgoingMail, signer: Signer, server: MailServer, seconds: float) -> None:
    settings = config.current()
    own = domain()
    try:
        gateway.send(
            server,
            mail,
            compose(mail),
            allowed=allowed_hosts(settings.allowed_hosts_out),
            ca_file=settings.ca_file,
            hello="" if own == NO_DOMAIN else own,
            seconds=seconds,
        )
    except MailFailed as failure:
        note_result(signer, "refused" if "refused the login" in failure.message else "")
        failure.message = mask(failure.message, secret_forms(signer))
        raise
    note_result(signer, "works")


def _by_request(
    workspace_id: int,
    mail: OutgoingMail,
    signer: Signer,
    connector: MailConnector,
    seconds: float,
) -> None:
    request = replace(connector.mail_request(mail, signer.fields), timeout=seconds)
    answer = Outgoing(workspace_id).send(request, connection=signer.name)
    if turned_away := connector.turned_away(answer, mail):
        marked_addresses.mark_turned_away(workspace_id, turned_away, signer.name)
    if (failure := connector.refusal(answer)) is not None:
        raise failure
