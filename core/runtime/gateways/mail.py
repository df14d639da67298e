"""The one way out over SMTP: guarded, encrypted unless told otherwise, under one deadline."""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from core.engine.http_messages import HttpFailed
from core.engine.mail_connector import MailServer
from core.engine.mail_messages import MailFailed, OutgoingMail
from core.runtime.gateways import http, sockets
from core.runtime.gateways.addresses import MAIL_PORTS, AllowedHosts
from core.runtime.gateways.sockets import Deadline

DEFAULT_SECONDS = 30.0
LONGEST_SAID = 200  # characters of what a server answers
UNREADABLE = re.compile(r"[^\x20-\x7e\u00a1-\uffff]+")
_trust = cache(http.trust)  # of our own: web requests announce their protocol in theirs


def send(
    server: MailServer,
    mail: OutgoingMail,
    content: bytes,
    *,
    allowed: AllowedHosts,
    ca_file: str = "",
    hello: str = "",
    seconds: float = DEFAULT_SECONDS,
) -> None:
    """Hand the mail to the server for all who get it, or for nobody; raises MailFailed."""
    deadline = Deadline.after(seconds)
    try:
        with _told_in_words(server, deadline), _conversation(server, allowed, deadline) as talk:
            talk.begin(ca_file, hello)
            talk.hand_over(mail, content)
    except HttpFailed as failure:
        raise MailFailed(
            failure.message, kind=failure.kind, retryable=failure.retryable
        ) from failure


class Talk(smtplib.SMTP):
    """A conversation with one server, over a connection that has passed the guard."""

    def __init__(self, server: MailServer, connected: socket.socket, deadline: Deadline) -> None:
        self.server = server
        self.connected = connected
        self.deadline = deadline
        super().__init__(local_hostname="[127.0.0.1]")  # else it would ask a name server
        self._host = server.host  # whose certificate is expected

    def begin(self, ca_file: str, hello: str) -> None:
        """Greet, encrypt and log in, as the connection says."""
        self.local_hostname = hello or self.local_hostname
        if self.server.security == "tls":
            self.connected = self._secured(ca_file)
        code, said = self.connect(self.server.host, self.server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if self.server.security == "starttls":
            self._start_tls(ca_file)
        self.ehlo_or_helo_if_needed()
        if self.server.username:
            self.login(self.server.username, self.server.password)

    def hand_over(self, mail: OutgoingMail, content: bytes) -> None:
        """Sender, recipients, content: from the last dot's answer on, the mail is theirs."""
        if mail.sender is None:
            raise MailFailed("the mail has no sender; set one in its connection")
        self._expect(250, *self.mail(mail.sender.email))
        for recipient in mail.recipients:
            code, said = self.rcpt(recipient)
            if code not in (250, 251):
                raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
        self._expect(250, *self.data(content))
        with suppress(smtplib.SMTPException, OSError):
            self.quit()

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Every command has what is left of the time."""
        self._hurry()
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Every answer, too."""
        self._hurry()
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.connected

    def _hurry(self) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.deadline.left())

    def _start_tls(self, ca_file: str) -> None:
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise MailFailed(
                f"{self.server.host} offers no encryption on port {self.server.port}; choose "
                "“Encrypted from the start” and its port, often 465"
            )
        self.starttls(context=_trust(ca_file))

    def _secured(self, ca_file: str) -> socket.socket:
        self.connected.settimeout(self.deadline.left())
        return _trust(ca_file).wrap_socket(self.connected, server_hostname=self.server.host)

    def _expect(self, wanted: int, code: int, said: bytes) -> None:
        if code != wanted:
            raise smtplib.SMTPResponseException(code, said)


@contextmanager
def _conversation(server: MailServer, allowed: AllowedHosts, deadline: Deadline) -> Iterator[Talk]:
    """The connection, closed afterwards; a server that answers drop by drop is cut off in time."""
    connected = sockets.connect(
        server.host, server.port, allowed=allowed, deadline=deadline, ports=MAIL_PORTS
    )
    talk = Talk(server, connected, deadline)
    watch = threading.Timer(deadline.left(), _cut, (talk,))
    watch.daemon = True
    watch.start()
    try:
        yield talk
    finally:
        watch.cancel()
        talk.close()
        talk.connected.close()


def _cut(talk: Talk) -> None:
    with suppress(OSError):
        (talk.sock or talk.connected).shutdown(socket.SHUT_RDWR)


@contextmanager
def _told_in_words(server: MailServer, deadline: Deadline) -> Iterator[None]:
    """Turn what SMTP and TLS raise into one sentence, with what the server said."""
    place = f"{server.host}:{server.port}"
    try:
        yield
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        deadline.left()  # if the time is over, that is why the answer makes no sense
        raise _refusal(error, place) from None
    except smtplib.SMTPNotSupportedError:
        raise MailFailed(f"{place} knows no way to log in that openBuild knows") from None
    except TimeoutError:
        raise sockets.timed_out(deadline) from None
    except ssl.SSLError as error:
        raise sockets.no_tls(error, server.host, deadline) from error
    except (smtplib.SMTPException, OSError) as error:
        deadline.left()
        message = f"{place} broke off the conversation"
        raise MailFailed(message, kind="connection", retryable=True) from error


def _refusal(error: smtplib.SMTPException, place: str) -> MailFailed:
    """What the server answered, with its own words made harmless."""
    said: bytes | str
    match error:
        case smtplib.SMTPRecipientsRefused():
            ((recipient, (code, said)),) = error.recipients.items()
            what = f"{place} does not take mail for {recipient}"
        case smtplib.SMTPResponseException():
            code, said = error.smtp_code, error.smtp_error
            is_login = isinstance(error, smtplib.SMTPAuthenticationError)
            what = f"{place} refused the {'login' if is_login else 'mail'}"
    if code < 0:
        return MailFailed(f"{place} does not speak SMTP", kind="connection")
    text = said if isinstance(said, str) else said.decode("utf-8", "replace")
    shown = UNREADABLE.sub(" ", text).strip()[:LONGEST_SAID]
    message = f"{what} ({code}): {shown}" if shown else f"{what} ({code})"
    return MailFailed(message, retryable=400 <= code < 500)
