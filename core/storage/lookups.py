"""Single rows by their keys, as every call needs some: the driver is asked, not SQLAlchemy."""

from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Dialect, Engine, Select

from core.storage.db import db, read_connection

VALUES_BY_NAME = {"sqlite": "named", "postgresql": "pyformat"}


class Lookup:
    """A query for one row at most, whose values are texts and numbers.

    It is compiled once. SQLAlchemy's own way takes some five times as long, and differs in nothing
    else: whatever fails is asked again in that way, which knows what to say and what to close.
    """

    def __init__(self, query: Select[Any]) -> None:
        self.query = query
        self._prepared: dict[str, _Prepared] = {}

    def find(self, **values: Any) -> Any:
        """The row, its columns by their names, as committed at this moment; None without one."""
        engine = db.engine
        prepared = self._prepared.get(engine.dialect.name) or self._prepare(engine.dialect)
        try:
            with _driver(engine) as driver:
                return prepared.row(driver.execute(prepared.statement, values))
        except engine.dialect.loaded_dbapi.Error:
            with read_connection() as connection:
                found = connection.execute(self.query, values).one_or_none()
            return None if found is None else prepared.shape(*found)

    def _prepare(self, dialect: Dialect) -> "_Prepared":
        prepared = self._prepared[dialect.name] = _Prepared(self.query, dialect)
        return prepared


class _Prepared:
    """A query as one kind of database takes it."""

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        kind: Any = type(dialect)
        named = kind(paramstyle=VALUES_BY_NAME[dialect.name])
        columns = list(query.selected_columns)
        self.statement = str(query.compile(dialect=named))
        names = [str(column.key) for column in columns]
        self.shape: Any = namedtuple("Found", names)  # type: ignore[misc]  # known when it runs
        self._dialect = dialect
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._readers: list[Callable[[Any], Any] | None] = []  # they depend on what the driver says

    def row(self, cursor: Any) -> Any:
        """The row, if there is one, with its values as their columns' types mean them."""
        found = cursor.fetchone()
        if found is None:
            return None
        readers = self._readers or self._find_readers(cursor)
        return self.shape._make(
            read(value) if read else value for read, value in zip(readers, found, strict=True)
        )

    def _find_readers(self, cursor: Any) -> list[Callable[[Any], Any] | None]:
        told = zip(self._types, cursor.description, strict=True)
        self._readers = [one.result_processor(self._dialect, said[1]) for one, said in told]
        return self._readers


@contextmanager
def _driver(engine: Engine) -> Iterator[Any]:
    """The driver's own connection, outside any transaction; one that fails is not used again."""
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    begins_by_itself = engine.dialect.name == "postgresql"
    try:
        if begins_by_itself:
            driver.autocommit = True
        yield driver
        if begins_by_itself:
            driver.autocommit = False
    except BaseException:
        pooled.invalidate()
        raise
    finally:
        pooled.close()
