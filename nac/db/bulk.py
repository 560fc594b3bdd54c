"""Many rows at once, past SQLAlchemy's machinery: what the drain and posture do most, in the way each engine is fastest
at.

PostgreSQL takes rows as one COPY; SQLite takes them one by one, without a round trip.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, Boolean, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Row = tuple[str | int | None, ...]


def append(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows that are new. Raises SQLAlchemy's errors, as a statement of its own would."""
    if not rows:
        return
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            _copy(cursor, table, table.name, columns, rows)
        else:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608


def upsert(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Row], update: str) -> None:
    """Insert rows, or do `update` to what has their primary key: the part of the statement behind DO UPDATE SET.

    No two rows have the same key. Raises SQLAlchemy's errors.
    """
    if not rows:
        return
    listed = ", ".join(columns)
    keys = ", ".join(column.name for column in table.primary_key)
    otherwise = f"ON CONFLICT ({keys}) DO UPDATE SET {update}"
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            source = f"SELECT {listed} FROM {_copy_aside(cursor, table, columns, rows)}"  # noqa: S608 - our names
            cursor.execute(f"INSERT INTO {table.name} ({listed}) {source} {otherwise}")
        else:
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table.name} ({listed}) VALUES ({marks}) {otherwise}"  # noqa: S608 - our names
            cursor.executemany(statement, rows)


def fetch(session: Session, table: Table, columns: Sequence[str], wanted: Sequence[Row]) -> list[tuple[Any, ...]]:
    """The `columns` of those rows whose primary keys are among the `wanted`."""
    if not wanted:
        return []
    listed = ", ".join(f"{table.name}.{column}" for column in columns)
    keys = [column.name for column in table.primary_key]
    with _cursor(session) as cursor:
        if _is_postgresql(session):
            aside = _copy_aside(cursor, table, keys, wanted)
            cursor.execute(f"SELECT {listed} FROM {aside} JOIN {table.name} USING ({', '.join(keys)})")  # noqa: S608
            return list(cursor.fetchall())
        equal = " AND ".join(f"{key} = ?" for key in keys)
        statement = f"SELECT {listed} FROM {table.name} WHERE {equal}"  # noqa: S608 - our names
        return [row for one in wanted for row in cursor.execute(statement, one)]


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


def _copy_aside(cursor: Any, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Into a table that only this connection has, and that is empty again at the transaction's end; its name."""
    name = f"{table.name}_aside"
    template = f"ON COMMIT DELETE ROWS AS TABLE {table.name} WITH NO DATA"
    cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} {template}")
    cursor.execute(f"TRUNCATE {name}")
    _copy(cursor, table, name, columns, rows)
    return name


def _copy(cursor: Any, table: Table, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([_type(table, column) for column in columns])
        for row in rows:
            copy.write_row(row)


def _type(table: Table, column: str) -> str:
    kind = table.c[column].type
    return "bool" if isinstance(kind, Boolean) else "int8" if isinstance(kind, BigInteger) else "text"
