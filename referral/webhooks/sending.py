"""Sending one message to one address, without letting that address lead the service anywhere else.

The name is resolved once, every answer is checked, and the connection goes to the checked address itself; so a name
that changes its answer in between (DNS rebinding) gains nothing. No redirects, no proxy, and the answer is not read.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from referral.webhooks.addresses import AddressRefused, AddressRules, Destination

STEP_SECONDS = 5.0
WHOLE_SECONDS = 15.0

Resolve = Callable[[str, int], list[str]]


class NotDelivered(Exception):
    """The receiver did not take the message."""


class ReceiverGone(NotDelivered):
    """The receiver answered 410: it wants no more messages here."""


def resolve_name(host: str, port: int) -> list[str]:
    """Every address of this name, as the machine resolves it. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class WebhookSender:
    """Posts messages over TLS with a checked certificate. `ca_file` holds extra roots, such as those of a sector.

    A step may take `step` seconds, and the whole message `whole`, however slowly the receiver answers.
    """

    def __init__(
        self,
        rules: AddressRules,
        *,
        ca_file: str | None = None,
        resolve: Resolve = resolve_name,
        step: float = STEP_SECONDS,
        whole: float = WHOLE_SECONDS,
    ) -> None:
        self.rules = rules
        self.whole = whole
        self._step = step
        self._resolve = resolve
        self._ca_file = ca_file

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post the message; returns when the receiver answered 2xx. Raises `NotDelivered` or `ReceiverGone`."""
        try:
            destination = self.rules.read(url)
            status = self._post(destination, self._checked_address(destination), body, headers)
        except (AddressRefused, OSError, HTTPError, ValueError):
            raise NotDelivered from None
        if status == 410:
            raise ReceiverGone
        if not 200 <= status < 300:
            raise NotDelivered

    def _checked_address(self, destination: Destination) -> str:
        """The first address of the name; refused when any of them is not allowed, since any might be taken next."""
        addresses = self._resolve(destination.host, destination.port)
        if not addresses or not all(self.rules.allows(address) for address in addresses):
            raise AddressRefused
        return addresses[0]

    def _post(self, destination: Destination, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        connection = HTTPSConnection(
            address,
            destination.port,
            timeout=self._step,
            ssl_context=self._context,
            server_hostname=destination.host,
            assert_hostname=destination.host,
        )
        too_late = threading.Event()
        deadline = threading.Timer(self.whole, _cut, [connection, too_late])
        deadline.daemon = True
        deadline.start()
        try:
            sent = {"Host": destination.authority, "User-Agent": "referral-webhooks", "Connection": "close", **headers}
            connection.request("POST", destination.target, body, sent, preload_content=False)
            status = int(connection.getresponse().status)
            # An answer that was cut off still parses: its status was never really given.
            if too_late.is_set():
                raise NotDelivered
            return status
        finally:
            deadline.cancel()
            connection.close()


def _cut(connection: Any, too_late: threading.Event) -> None:
    """End a conversation that takes too long; whoever waits in it goes on at once."""
    too_late.set()
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
