"""Nasty bodies: 64 that are hard to read, and 60 values that do not belong where they stand. Each carries a canary."""

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

CANARY = "kanarie7q4x"
BSN = "111222333"
PHONE = "0612345678"

UNREADABLE: Mapping[str, bytes] = {
    "white space": b" \n\t ",
    "open brace": b"{",
    "half a member": b'{"name":',
    "no end": b'{"name": "kanarie7q4x"',
    "open string": b'{"name": "kanarie7q4x',
    "open list": b'{"name": ["kanarie7q4x"',
    "two documents": b'{"name": "kanarie7q4x"}{"name": "kanarie7q4x"}',
    "tail": b'{"name": "kanarie7q4x"} kanarie7q4x',
    "trailing comma": b'{"name": "kanarie7q4x",}',
    "single quotes": b"{'name': 'kanarie7q4x'}",
    "no quotes": b"{name: kanarie7q4x}",
    "comment": b'{"name": "kanarie7q4x"} // kanarie7q4x',
    "block comment": b'/* kanarie7q4x */ {"name": 1}',
    "bare word": b"kanarie7q4x",
    "NaN": b'{"score": NaN, "name": "kanarie7q4x"}',
    "Infinity": b'{"score": Infinity, "name": "kanarie7q4x"}',
    "minus Infinity": b'{"score": -Infinity, "name": "kanarie7q4x"}',
    "1e999": b'{"score": 1e999, "name": "kanarie7q4x"}',
    "minus 1e999": b'{"score": -1e999, "name": "kanarie7q4x"}',
    "20 digits": b'{"score": 12345678901234567890, "name": "kanarie7q4x"}',
    "5,000 digits": b'{"score": ' + b"9" * 5_000 + b', "name": "kanarie7q4x"}',
    "5,000 decimals": b'{"score": 1e' + b"9" * 5_000 + b', "name": "kanarie7q4x"}',
    "leading zero": b'{"score": 01, "name": "kanarie7q4x"}',
    "plus": b'{"score": +1, "name": "kanarie7q4x"}',
    "hexadecimal": b'{"score": 0x10, "name": "kanarie7q4x"}',
    "40 lists deep": b"[" * 40 + b'"kanarie7q4x"' + b"]" * 40,
    "2,000 lists deep": b"[" * 2_000 + b"]" * 2_000,
    "100,000 lists deep": b"[" * 100_000,
    "40 objects deep": b'{"name":' * 40 + b'"kanarie7q4x"' + b"}" * 40,
    "2,000 objects deep": b'{"name":' * 2_000 + b"1" + b"}" * 2_000,
    "100,000 objects deep": b'{"name":' * 100_000,
    "double member": b'{"name": "kanarie7q4x", "name": "kanarie7q4x"}',
    "double member within": b'{"participant": {"name": "kanarie7q4x", "name": 1}}',
    "double member by escape": b'{"name": 1, "n\\u0061me": "kanarie7q4x"}',
    "NUL": b'{"name": "kanarie7q4x\x00"}',
    "escaped NUL": b'{"name": "kanarie7q4x\\u0000"}',
    "NUL in a name": b'{"na\\u0000me": "kanarie7q4x"}',
    "line end in a string": b'{"name": "kanarie7q4x\n"}',
    "high surrogate": b'{"name": "kanarie7q4x\\ud800"}',
    "low surrogate": b'{"name": "kanarie7q4x\\udc00"}',
    "swapped surrogates": b'{"name": "\\udc00\\ud800kanarie7q4x"}',
    "surrogate in a name": b'{"\\ud800": "kanarie7q4x"}',
    "surrogate in UTF-8": b'{"name": "kanarie7q4x\xed\xa0\x80"}',
    "bad escape": b'{"name": "kanarie7q4x\\x41"}',
    "UTF-16": '{"name": "kanarie7q4x"}'.encode("utf-16"),
    "UTF-16 without mark": '{"name": "kanarie7q4x"}'.encode("utf-16-le"),
    "UTF-16 big endian": '{"name": "kanarie7q4x"}'.encode("utf-16-be"),
    "UTF-32": '{"name": "kanarie7q4x"}'.encode("utf-32"),
    "UTF-8 with mark": b'\xef\xbb\xbf{"name": "kanarie7q4x"}',
    "Latin-1": '{"name": "kanarie7q4x é"}'.encode("latin-1"),
    "overlong": b'{"name": "kanarie7q4x\xc0\xaf"}',
    "beyond Unicode": b'{"name": "kanarie7q4x\xf4\x90\x80\x80"}',
    "no UTF-8": b"\xff\xfe\xfd\xfc",
    "gzip": gzip.compress(b'{"name": "kanarie7q4x"}'),
    "gzip bomb": gzip.compress(b" " * 10_000_000),
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;kanarie7q4x</a>',
    "a form": b"name=kanarie7q4x&phone=0612345678",
}
"""Bodies that are no JSON of ours."""

READABLE: Mapping[str, bytes] = {
    "a list": b'["kanarie7q4x"]',
    "an empty list": b"[]",
    "a list of objects": b'[{"name": "kanarie7q4x"}]',
    "a string": b'"kanarie7q4x"',
    "a number": b"12345678",
    "true": b"true",
    "null": b"null",
    "an unknown member": b'{"kanarie": "kanarie7q4x"}',
    "an empty member name": b'{"": "kanarie7q4x"}',
    "a prototype": b'{"__proto__": {"name": "kanarie7q4x"}, "__class__": "kanarie7q4x"}',
    "a value as member name": b'{"kanarie7q4x 111222333": 1, "0612345678": 2}',
    "10,000 unknown members": json.dumps({f"m{n}": CANARY for n in range(10_000)}).encode(),
    "a long list": json.dumps({"skills": [CANARY] * 20_000}).encode(),
    "a long text": json.dumps({"name": CANARY + "x" * 500_000}).encode(),
}
"""Bodies that are JSON, and still no request."""

VALUES: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "minus one": -1,
    "a half": 0.5,
    "minus zero": -0.0,
    "a small number": 1e-300,
    "a large number": 1e300,
    "19 digits": 9_999_999_999_999_999_999,
    "18 digits": -(10**17),
    "32 bits": 2**31,
    "empty": "",
    "spaces": "   ",
    "no-break space": "\u00a0",
    "a canary": CANARY,
    "a canary between spaces": f" {CANARY} ",
    "201 characters": CANARY + "x" * 190,
    "5,000 characters": CANARY + "x" * 4_989,
    "200,000 characters": CANARY + "é" * 199_989,
    "BSN": BSN,
    "BSN with dots": "1112.22.333",
    "BSN in words": f"bsn {BSN}",
    "BSN full width": "１１１２２２３３３",
    "BSN as a number": int(BSN),
    "phone": PHONE,
    "phone in E.164": "+31612345678",
    "e-mail": f"{CANARY}@voorbeeld.example",
    "SQL": f"'; DROP TABLE participant; -- {CANARY}",
    "SQL or": "' OR '1'='1",
    "LIKE": "%_%",
    "HTML": f"<script>alert('{CANARY}')</script>",
    "template": "{{ 7 * 7 }}${7*7}#{7*7}",
    "format": "%s%n{0.__class__}{}",
    "log lines": f"{CANARY}\r\nlevel=critical\x1b[31m",
    "line separator": f"{CANARY}\u2028\u2029\u0085",
    "bell": f"{CANARY}\x07",
    "delete": f"{CANARY}\x7f",
    "right to left": f"\u202e{CANARY}\u2066",
    "zero width": "\u200b\u200d\ufeff",
    "emoji": "👩🏽‍🏫" * 20,
    "combining": "e" + "\u0301" * 180,
    "noncharacter": "\uffff\U0010ffff",
    "path": "../../../../etc/passwd",
    "URL": "http://169.254.169.254/latest/meta-data/",
    "a code of another list": "public_task",
    "a code in capitals": "TAALMETER",
    "a code with a space": "taalmeter ",
    "no day": "2026-02-30",
    "week date": "2026-W45-2",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "no time": "2026-11-03T25:61:61Z",
    "the last moment": "9999-12-31T23:59:59-23:59",
    "the first moment": "0001-01-01T00:00:00+23:59",
    "no zone": "2026-11-03T09:00:00",
    "an id": "00000000-0000-0000-0000-000000000000",
    "a foreign id": "urn:uuid:01936f2a-5c00-7000-8000-00000000b001",
    "empty list": [],
    "list of nulls": [None, None],
    "list of everything": [CANARY, 1, None, {}, []],
    "30 of the same": [CANARY] * 30,
    "a list in a list": [[[CANARY]]],
    "empty object": {},
    "object": {CANARY: CANARY},
    "an object that looks right": {"name": CANARY, "id": CANARY, "description": CANARY, "givenOn": CANARY},
}
"""Values to put into every member of a good body, all members at once."""


def spoiled(body: Mapping[str, Any], keep: tuple[str, ...] = ("event",)) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with the same nasty value in each of its members, for every nasty value."""
    for name, value in VALUES.items():
        yield name, {member: good if member in keep else value for member, good in body.items()}


def deep_members(body: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of every value within a body."""
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in members:
        yield (name,)
        yield from ((name, *path) for path in deep_members(value))


def replaced(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the body with another value at the path."""
    if not path:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = replaced(body[path[0]], path[1:], value)
    return copy
