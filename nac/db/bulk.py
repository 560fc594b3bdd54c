"""Many rows at once, past SQLAlchemy's machinery: what the drain and posture do most, in the way each engine is fastest
at.

PostgreSQL takes rows as one COPY; SQLite takes them one by one, without a round trip.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Boolean, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Row = tuple[str | int | None, ...]
Rows = Sequence[Row] | bytes
"""Rows, or the octets of one binary COPY: a copy is for PostgreSQL alone, and empty when there are no rows."""

_AT_ONCE: Final = 256
"""Rows that one statement of SQLite looks for: a statement for each costs three times as much."""

_PLACE: Final = "place"

_SENT_AT_ONCE: Final = 64 * 1024
"""Octets of a copy: what a socket takes. Of more, libpq moves the rest to the front of its buffer after each."""

_BY_INDEX: Final = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
"""A batch is small beside what gathers in months; but PostgreSQL does not know how small a table aside is, and would
read the other one as a whole."""


def form(session: Session) -> Literal["tuples", "copy"]:
    """In which form rows that are not made here are best given."""
    return "copy" if _is_postgresql(session) else "tuples"


def append(session: Session, table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Insert rows that are new. Raises SQLAlchemy's errors, as a statement of its own would."""
    if not rows:
        return
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            _copy(cursor, table, table.name, columns, rows)
        else:
            cursor.executemany(_insert(table, columns), rows)


def insert_missing(session: Session, table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Insert rows, except for those that are there. Raises SQLAlchemy's errors."""
    _insert_or(session, table, columns, rows, "ON CONFLICT DO NOTHING")


def upsert(session: Session, table: Table, columns: Sequence[str], rows: Rows, update: str) -> None:
    """Insert rows, or do `update` to what has their primary key: the part of the statement behind DO UPDATE SET.

    No two rows have the same key. Raises SQLAlchemy's errors.
    """
    keys = ", ".join(column.name for column in table.primary_key)
    _insert_or(session, table, columns, rows, f"ON CONFLICT ({keys}) DO UPDATE SET {update}")


def _insert_or(session: Session, table: Table, columns: Sequence[str], rows: Rows, otherwise: str) -> None:
    if not rows:
        return
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            listed = ", ".join(columns)
            source = f"SELECT {listed} FROM {_copy_aside(cursor, table, columns, rows)}"  # noqa: S608 - our names
            cursor.execute(f"INSERT INTO {table.name} ({listed}) {source} {otherwise}")
        else:
            cursor.executemany(f"{_insert(table, columns)} {otherwise}", rows)


def rewrite(session: Session, table: Table, columns: Sequence[str], rows: Rows, update: str, *, placed: int) -> None:
    """`upsert` rows that this transaction has fetched. A copy has the place of each row (`fetch` by a copy) before its
    other columns, `placed` of them one that is not NULL: PostgreSQL goes there, in half of the time.

    Whom another transaction has moved away meanwhile is looked for. Raises SQLAlchemy's errors.
    """
    if not isinstance(rows, bytes):
        upsert(session, table, columns, rows, update)
        return
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    with _cursor(session) as cursor:
        aside = _copy_aside(cursor, table, [_PLACE, *columns], rows)
        # Not by =, for which it would take the index.
        same = " AND ".join(f"{table.name}.{key} IS NOT DISTINCT FROM excluded.{key}" for key in keys)
        there = f"FROM {aside} AS excluded WHERE {table.name}.ctid = excluded.{_PLACE} AND {same}"
        written = cursor.execute(f"UPDATE {table.name} SET {update} {there}").rowcount  # noqa: S608 - our names
        left = f"WHERE {_PLACE} IS NULL" if written == placed else ""
        listed = ", ".join(columns)
        source = f"SELECT {listed} FROM {aside} {left}"  # noqa: S608 - our names
        cursor.execute(
            f"INSERT INTO {table.name} ({listed}) {source} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {update}"
        )


def fetch(
    session: Session, table: Table, columns: Sequence[str], wanted: Rows, by: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """The `columns` of those rows whose keys are among the `wanted`. `by`: what the key is, else the primary key;
    it has an index.

    Wanted by a copy, each row has its place before the first column (`rewrite`).
    """
    if not wanted:
        return []
    at = ("ctid",) if isinstance(wanted, bytes) else ()
    listed = ", ".join(f"{table.name}.{column}" for column in (*at, *columns))
    keys = by or [column.name for column in table.primary_key]
    with _cursor(session) as cursor:
        if _is_postgresql(session) or isinstance(wanted, bytes):
            aside = _copy_aside(cursor, table, keys, wanted)
            cursor.execute(_BY_INDEX)
            found = f"SELECT {listed} FROM {aside} JOIN {table.name} USING ({', '.join(keys)})"  # noqa: S608
            return list(cursor.execute(found, binary=True).fetchall())
        return [row for part in _parts(wanted) for row in cursor.execute(*_select(table, listed, keys, part))]


def among(
    session: Session, table: Table, columns: Sequence[str], key: str, values: Collection[str | int], where: str = "true"
) -> list[tuple[Any, ...]]:
    """The `columns` of those rows whose column `key` is among `values`, in one statement. `where`: one more condition,
    in SQL of ours. An empty `values` asks nothing."""
    if not values:
        return []
    listed, of_all = ", ".join(columns), list(values)
    given: list[Any]
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            one_of, given = f"= ANY(%s::{_type(table, key)}[])", [of_all]
        else:
            one_of, given = "IN (SELECT value FROM json_each(?))", [json.dumps(of_all)]
        cursor.execute(f"SELECT {listed} FROM {table.name} WHERE {where} AND {key} {one_of}", given)  # noqa: S608
        return list(cursor.fetchall())


def change(session: Session, table: Table, key: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set `columns` of the rows that are there. Each of `rows` begins with the value of `key`; no two have the same."""
    if not rows:
        return
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            names = [key, *columns]
            arrays = ", ".join(f"%s::{_type(table, name)}[]" for name in names)
            assigned = ", ".join(f"{column} = given.{column}" for column in columns)
            source = f"unnest({arrays}) AS given ({', '.join(names)})"
            cursor.execute(
                f"UPDATE {table.name} SET {assigned} FROM {source} WHERE {table.name}.{key} = given.{key}",  # noqa: S608
                [list(values) for values in zip(*rows, strict=True)],
            )
        else:
            assigned = ", ".join(f"{column} = ?" for column in columns)
            statement = f"UPDATE {table.name} SET {assigned} WHERE {key} = ?"  # noqa: S608 - our names
            cursor.executemany(statement, [(*row[1:], row[0]) for row in rows])


@contextmanager
def _cursor(session: Session) -> Iterator[Any]:
    connection = session.connection()
    cursor = connection.connection.cursor()
    driver = connection.dialect.loaded_dbapi
    try:
        yield cursor
    except driver.Error as error:
        raise DBAPIError.instance(None, None, error, driver.Error) from error
    finally:
        cursor.close()


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _insert(table: Table, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


def _select(table: Table, listed: str, keys: Sequence[str], wanted: Sequence[Row]) -> tuple[str, Row]:
    """A statement that finds each wanted row by its key, with its values. CROSS: the wanted come first, in any case."""
    marks = f"({', '.join('?' * len(keys))})"
    values = ", ".join([marks] * len(wanted))
    equal = " AND ".join(f"{table.name}.{key} = wanted.column{number}" for number, key in enumerate(keys, 1))
    statement = f"SELECT {listed} FROM (VALUES {values}) AS wanted CROSS JOIN {table.name} ON {equal}"  # noqa: S608 - our names
    return statement, tuple(itertools.chain.from_iterable(wanted))


def _copy_aside(cursor: Any, table: Table, columns: Sequence[str], rows: Rows) -> str:
    """Into a table that only this connection has, and that is empty again at the transaction's end; its name."""
    name = f"{table.name}_aside"
    template = f"SELECT ctid AS {_PLACE}, * FROM {table.name} WITH NO DATA"  # noqa: S608 - our names
    cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS {template}")
    cursor.execute(f"TRUNCATE {name}")
    _copy(cursor, table, name, columns, rows)
    return name


def _copy(cursor: Any, table: Table, name: str, columns: Sequence[str], rows: Rows) -> None:
    with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        if isinstance(rows, bytes):
            for part in range(0, len(rows), _SENT_AT_ONCE):
                copy.write(rows[part : part + _SENT_AT_ONCE])
            return
        copy.set_types([_type(table, column) for column in columns])
        for row in rows:
            copy.write_row(row)


def _type(table: Table, column: str) -> str:
    kind = table.c[column].type
    return "bool" if isinstance(kind, Boolean) else "int8" if isinstance(kind, BigInteger) else "text"
