"""Looking for values in places where they may not be: in every spelling in which bytes may hide."""

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from email import message_from_bytes, policy
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
ALIKE = 6
MOST_UNPACKED = 1_000_000
LOG = "current_setting('data_directory') || '/../log'"
MOST_LOGGED = 1_000_000_000
Places = dict[str, bytes]


def spellings(value: str) -> Mapping[str, bytes]:
    """The value as bytes: plain, as a Windows program keeps it, in base64 at each of three places, and in hex."""
    plain = value.encode()
    return {
        "utf-8": plain,
        "utf-16": value.encode("utf-16-le"),
        "base64": _in_base64(plain, 0),
        "base64 from the second byte": _in_base64(plain, 1),
        "base64 from the third byte": _in_base64(plain, 2),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
    }


def _in_base64(plain: bytes, before: int) -> bytes:
    """What of the text in base64 depends on the value alone, with that many bytes before it."""
    coded = base64.b64encode(bytes(before) + plain).rstrip(b"=")
    return coded[(0, 2, 3)[before] : len(coded) - bool((before + len(plain)) % 3)]


def find(values: Mapping[str, str], places: Places) -> list[tuple[str, str, str]]:
    """The name of every value that stands in a place, and how it is spelled there; packed or not (gzip, zlib).

    Values that begin alike are looked for by their common beginning first, and one by one only where that stands.
    """
    searched = {place: content + b"".join(unpacked(content)) for place, content in places.items()}
    found = []
    for beginning, group in groupby(sorted(values.items(), key=itemgetter(1)), lambda item: item[1][:ALIKE]):
        alike = dict(group)
        for spelling, needle in spellings(beginning).items():
            for place in (place for place, content in searched.items() if needle in content):
                needles = {name: spellings(value)[spelling] for name, value in alike.items()}
                found += [(name, place, spelling) for name, whole in needles.items() if whole in searched[place]]
    return found


def unpacked(content: bytes) -> Iterator[bytes]:
    """Whatever in these bytes is packed, unpacked."""
    rest = memoryview(content)  # A slice of it copies nothing; bytes that look packed by chance are many.
    for start in PACKED.finditer(content):
        try:
            yield zlib.decompressobj(wbits=47).decompress(rest[start.start() :], MOST_UNPACKED)
        except zlib.error:
            continue


def sqlite_places(path: Path) -> Places:
    """The file, what is written beside it, and everything as SQL."""
    places = {found.name: found.read_bytes() for found in sorted(path.parent.glob(f"{path.name}*"))}
    with closing(sqlite3.connect(path)) as connection:
        return {**places, "SQL dump": "\n".join(connection.iterdump()).encode()}


class PostgresPlaces:
    """What a PostgreSQL server has written since this moment, read through a superuser: its own files included.

    `everything_logged` makes its log as talkative as it can be.
    """

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        # What other tests left in pages and in the log would only be searched along.
        self.connection.execute("VACUUM (FULL)")
        self.log_size = int(self._one(f"SELECT size FROM pg_stat_file({LOG})"))
        self.first_segment = self._one("SELECT pg_walfile_name(pg_switch_wal())")

    def log_everything(self, *, on: bool) -> None:
        """Have new connections log every statement with its parameters, or end that."""
        level = sql.SQL("SET log_statement = 'all'" if on else "RESET log_statement")
        name = sql.Identifier(self.connection.info.dbname)
        self.connection.execute(sql.SQL("ALTER DATABASE {} {}").format(name, level))

    def read(self) -> Places:
        """Tables, indexes, write-ahead log, server log, and a dump of every table."""
        wal = "SELECT pg_read_binary_file('pg_wal/' || name) FROM pg_ls_waldir() WHERE name >= %s ORDER BY name"
        log = f"SELECT pg_read_binary_file({LOG}, %s, {MOST_LOGGED}, true)"
        return {
            "tables and indexes": self.tables(),
            "what all databases share": self._folder("global"),
            "write-ahead log": self._many(wal, [self.first_segment]),
            "server log": self._many(log, [self.log_size]),
            "dump": b"".join(self._dump()),
        }

    def tables(self) -> bytes:
        """The files of this database: every table and index, with what lies unused in their pages."""
        self.connection.execute("CHECKPOINT")
        return self._folder(f"base/{self._one('SELECT oid FROM pg_database WHERE datname = current_database()')}")

    def close(self) -> None:
        """Let go of the server, with its log as it was."""
        self.log_everything(on=False)
        self.connection.close()

    def _dump(self) -> Iterator[bytes]:
        for (table,) in self.connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            copy_all = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
            with self.connection.cursor().copy(copy_all) as copy:
                yield from map(bytes, copy)

    def _folder(self, folder: str) -> bytes:
        heap = "SELECT pg_read_binary_file(%s || '/' || name, true) FROM pg_ls_dir(%s) AS name"
        return self._many(heap, [folder, folder])

    def _one(self, query: str) -> str:
        return str(self.connection.execute(query).fetchone()[0])

    def _many(self, query: str, parameters: list[Any]) -> bytes:
        rows = self.connection.cursor(binary=True).execute(query, parameters)
        return b"".join(row[0].rstrip(b"\0") for row in rows if row[0])


def mail_places(folder: Path) -> Places:
    """Every mail as it went out, and as its reader sees it."""
    mails = [path.read_bytes() for path in sorted(folder.glob("*.eml"))]
    read = [message_from_bytes(mail, policy=policy.default).get_content().encode() for mail in mails]
    return {"mail": b"\n".join(mails), "mail as read": b"\n".join(read)}
