"""XML to objects, without document types or entities of its own."""

from typing import Any, NoReturn
from xml.parsers import expat

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.meter import DEEPEST_VALUE, Meter

ATTRIBUTE = "@"
TEXT = "#text"


class Reader:
    """Builds objects while expat reads; tags that stand twice become a list."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.root: dict[str, Any] = {}
        self.open: list[dict[str, Any]] = [self.root]
        self.texts: list[list[str]] = [[]]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.meter.spend(1 + len(attributes))
        if len(self.open) >= DEEPEST_VALUE:
            raise ExpressionError(f"the XML is nested more than {DEEPEST_VALUE} levels deep")
        self.open.append({ATTRIBUTE + key: value for key, value in attributes.items()})
        self.texts.append([])

    def end(self, tag: str) -> None:
        element = self.open.pop()
        text = "".join(self.texts.pop()).strip()
        if text and element:
            element[TEXT] = text
        _put(self.open[-1], tag, element or text or None)

    def text(self, text: str) -> None:
        self.meter.spend(1)
        self.texts[-1].append(text)


def read(text: str, meter: Meter) -> dict[str, Any]:
    """The object of a document; raises ExpressionError."""
    reader = Reader(meter)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise ExpressionError(f"this is not XML: {error}") from error
    return reader.root


def _put(parent: dict[str, Any], tag: str, value: Any) -> None:
    if tag not in parent:
        parent[tag] = value
    elif isinstance(parent[tag], list):
        parent[tag].append(value)
    else:
        parent[tag] = [parent[tag], value]


def _refuse(*details: object) -> NoReturn:
    raise ExpressionError("a document type is not read")
