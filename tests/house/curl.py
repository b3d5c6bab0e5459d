"""As much of `curl` as the tour of the README uses, for a machine that has none."""

import argparse
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HTTP_ERROR = 22
"""The exit status of curl for an answer of 400 and above."""


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The options, under the names that curl gives them."""
    parser = argparse.ArgumentParser("curl", allow_abbrev=False)
    for flag in ("-sS", "--fail-with-body"):
        parser.add_argument(flag, action="store_true", required=True)
    parser.add_argument("-X", dest="method", default="GET")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="body", type=str.encode)
    parser.add_argument("url")
    return parser.parse_args(arguments)


def main() -> int:
    """Send the request, write the answer's body, and say whether it went well."""
    asked = read_arguments(sys.argv[1:])
    headers = dict(header.split(": ", 1) for header in asked.headers)
    try:
        with urlopen(Request(asked.url, asked.body, headers, method=asked.method)) as answer:
            sys.stdout.buffer.write(answer.read())
    except HTTPError as refusal:
        with refusal:
            sys.stdout.buffer.write(refusal.read())
        return HTTP_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
