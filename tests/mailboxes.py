"""A tiny mail server on loopback: says what it is told to, and remembers all that it took."""

import contextlib
import re
import socket
import ssl
import threading
from base64 import b64decode
from email import message_from_bytes, policy


class Mailbox:
    """An SMTP server; `answers` replaces its reply to a command, a function may do anything."""

    def __init__(self, *, certificate=None, is_tls=False, login=None, answers=None):
        self.answers = answers or {}
        self.login = login
        self.context = None
        self.is_tls = is_tls
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.mails = []
        self.commands = []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def messages(self):
        """What was taken, read as mails."""
        return [message_from_bytes(raw, policy=policy.SMTP) for _, _, raw in self.mails]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(2)

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            if self.is_tls:
                connection = self.context.wrap_socket(connection, server_side=True)
            conversation = Conversation(self, connection)
            try:
                conversation.serve()
            finally:
                conversation.file.close()
                conversation.connection.close()


class Conversation:
    """One client's turn."""

    def __init__(self, mailbox, connection):
        self.mailbox = mailbox
        self.connection = connection
        self.file = connection.makefile("rb")
        self.is_secured = mailbox.is_tls
        self.sender, self.recipients = "", []

    def serve(self):
        self.say("GREETING", "220 mailbox.test ready")
        while line := self.file.readline():
            text = line.decode("latin-1").rstrip("\r\n")
            self.mailbox.commands.append(text)
            if not self.take(text):
                return

    def take(self, text):
        verb, _, rest = text.partition(" ")
        answer = getattr(self, f"on_{verb.lower()}", None)
        if answer is None:
            self.say(verb, "250 ok")
        else:
            answer(rest)
        return verb.upper() != "QUIT"

    def on_ehlo(self, _):
        lines = ["mailbox.test", "SIZE 10000000"]
        if self.mailbox.context and not self.is_secured:
            lines.append("STARTTLS")
        if self.mailbox.login:
            lines.append("AUTH PLAIN")
        self.say("EHLO", "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}")

    on_helo = on_ehlo

    def on_starttls(self, _):
        self.say("STARTTLS", "220 go on")
        self.connection = self.mailbox.context.wrap_socket(self.connection, server_side=True)
        self.file, self.is_secured = self.connection.makefile("rb"), True

    def on_auth(self, rest):
        given = tuple(b64decode(rest.split()[-1]).decode().split("\0")[1:])
        is_right = given == self.mailbox.login
        self.say("AUTH", "235 welcome" if is_right else "535 5.7.8 wrong user or password")

    def on_mail(self, rest):
        self.sender, self.recipients = re.search("<(.*)>", rest)[1], []
        self.say("MAIL", "250 ok")

    def on_rcpt(self, rest):
        self.recipients.append(re.search("<(.*)>", rest)[1])
        self.say("RCPT", "250 ok")

    def on_data(self, _):
        self.say("DATA", "354 go on")
        self.data()

    def on_quit(self, _):
        self.say("QUIT", "221 bye")

    def data(self):
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.mailbox.mails.append((self.sender, self.recipients, b"".join(lines)))
        self.say("END", "250 taken")

    def say(self, moment, usual):
        answer = self.mailbox.answers.get(moment, usual)
        if callable(answer):
            answer = answer(self)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer:
            self.connection.sendall(answer.encode() + b"\r\n")
