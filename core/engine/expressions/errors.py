"""What goes wrong in an expression, with its place in the field."""

from core.engine.errors import EngineError


class ExpressionError(EngineError):
    """An expression cannot be read or has no value.

    `column` counts from 1 within the whole text of the field, `path` leads from the value that
    was resolved to that text.
    """

    def __init__(self, message: str, column: int | None = None, source: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.source = source
        self.path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.message} (column {self.column})" if self.column else self.message
