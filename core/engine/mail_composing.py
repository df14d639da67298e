"""Write a mail down as the bytes that travel: headers that nobody can add to, text and HTML."""

import re
from base64 import b64encode
from collections.abc import Iterator
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from html.parser import HTMLParser

from core.engine.mail_messages import Addresses, MailAddress, OutgoingMail

# Everything but plain ASCII is encoded: whatever servers lie between, the bytes stay the same.
WIRE = policy.SMTP.clone(cte_type="7bit")
FOLD = "\r\n "
LONGEST_PLAIN = 60  # characters: longer values are folded, as encoded words
OCTETS_OF_A_WORD = 42
BLOCKS = frozenset({"address", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li"}) | {
    "ol", "p", "pre", "section", "table", "tr", "ul"
}  # fmt: skip
UNSEEN = frozenset({"head", "script", "style", "title", "template"})
SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
EMPTY_LINES = re.compile(r"\n\s*\n\s*")


def compose(mail: OutgoingMail) -> bytes:
    """The mail as it goes over the wire; the same mail gives the same bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers(mail))
    return lines.encode("ascii") + _body(mail).as_bytes()


def headers(mail: OutgoingMail) -> tuple[tuple[str, str], ...]:
    """The headers as people read them."""
    return tuple((name, _said(value)) for name, value in _headers(mail))


def _body(mail: OutgoingMail) -> EmailMessage:
    message = EmailMessage(policy=WIRE)
    message.set_content(_clean(mail.text or plain_text(mail.html)), charset="utf-8")
    if mail.html:
        message.add_alternative(_clean(mail.html), subtype="html", charset="utf-8")
        digest = sha256(f"{mail.message_id}\0{mail.text}\0{mail.html}".encode("utf-8", "replace"))
        message.set_boundary(f"=_{digest.hexdigest()[:40]}")
    return message


def _headers(mail: OutgoingMail) -> Iterator[tuple[str, str]]:
    """All of them in ASCII: what isn't is encoded here, since folding it goes wrong elsewhere."""
    people: tuple[tuple[str, Addresses], ...] = (
        ("From", (mail.sender,) if mail.sender else ()),
        ("To", mail.to),
        ("Cc", mail.cc),
        ("Reply-To", mail.reply_to),
    )
    for name, addresses in people:
        if addresses:
            yield name, FOLD.join([f"{_person(each)}," for each in addresses]).rstrip(",")
    yield "Subject", _encoded(_clean(mail.subject))
    if mail.at:
        yield "Date", format_datetime(mail.at)
    yield "Message-ID", mail.message_id
    # So that holiday replies and the like don't answer a machine.
    yield "Auto-Submitted", "auto-generated"


def _person(address: MailAddress) -> str:
    if address.name.isascii() and len(address.name) <= LONGEST_PLAIN:
        return address.written
    return f"{_encoded(_clean(address.name))}{FOLD}<{address.email}>"


def _encoded(text: str) -> str:
    """Short ASCII as it is, anything else as encoded words (RFC 2047), a line each."""
    if text.isascii() and len(text) <= LONGEST_PLAIN and "=?" not in text:
        return text
    words, word = [], b""
    for mark in text:
        more = mark.encode()
        if len(word) + len(more) > OCTETS_OF_A_WORD:
            words.append(word)
            word = b""
        word += more
    return FOLD.join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in (*words, word))


def _said(value: str) -> str:
    return str(make_header(decode_header(value.replace(FOLD, " "))))


def _clean(text: str) -> str:
    """Text without halves of surrogate pairs, which no encoding can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Reader(HTMLParser):
    """Collects what a person would read, a block a line, links with their address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unseen = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, hide what is not shown, remember where a link leads."""
        self.unseen += tag in UNSEEN
        if tag in BLOCKS or tag == "br":
            self.pieces.append("\n" if tag == "br" else "\n\n" * (tag in ("p", "table")) or "\n")
        if tag == "td" or tag == "th":
            self.pieces.append("  ")
        if tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        """End a line; write a link's address behind its words."""
        if tag in UNSEEN and self.unseen:
            self.unseen -= 1
        if tag in BLOCKS and tag not in ("li", "tr"):
            self.pieces.append("\n")
        if tag == "a" and self.links:
            address, begin = self.links.pop()
            said = "".join(self.pieces[begin:]).strip()
            if address.startswith(("http://", "https://")) and said != address:
                self.pieces.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        """Text as it is read: line ends inside it are spaces."""
        if not self.unseen:
            self.pieces.append(SPACES.sub(" ", data.replace("\n", " ")))


def plain_text(html: str) -> str:
    """What a reader of text alone gets from an HTML mail."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [line.strip() for line in "".join(reader.pieces).split("\n")]
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"
