"""Where a webhook may lead: to the outside, and never back inside (ASVS 5.0 1.3.6)."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network

import pytest

from referral.webhooks.addresses import AddressRefused, AddressRules
from referral.webhooks.sending import NotDelivered, WebhookSender
from tests.webhooks.receiver import HOST, Receiver

INSIDE = (
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "2130706433", "0",
    "0.0.0.0", "127.0.0.1.", "127。0。0。1", "①②⑦.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]",
    "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fec0::1]",
    "[ff02::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "[2001:db8::1]", "localhost", "LOCALHOST", "localhost.",
    "ip6-localhost", "localhost.localdomain", "printer.local", "metadata.google.internal", "server.lan", "db",
    "intranet", "1.0.0.127.in-addr.arpa",
    "router.home", "ad.corp", "a..example", "-a.example", "example.", "voorbeeld.1",
    "xn--.example-", "exa mple.example", "exa_mple.example", "",
)  # fmt: skip
"""Hosts that lead inside, or that two programs would read differently."""

TRICKS = (
    "http://ontvanger.example/", "ftp://ontvanger.example/", "file:///etc/passwd", "gopher://ontvanger.example/",
    "//ontvanger.example/", "ontvanger.example", "https:ontvanger.example", "https:///ontvanger.example",
    "https://naam:wachtwoord@ontvanger.example/", "https://ontvanger.example@127.0.0.1/", "https://@ontvanger.example/",
    "https://127.0.0.1#@ontvanger.example/", "https://ontvanger.example#", "https://ontvanger.example\\@127.0.0.1/",
    "https://ontvanger.example:22/", "https://ontvanger.example:80/", "https://ontvanger.example:5432/",
    "https://ontvanger.example:0/", "https://ontvanger.example:99999/", "https://ontvanger.example:abc/",
    "https://ontvanger.example:-443/", "https://ontvanger.example: 443/", "https://ontvanger.example/ a",
    "https://ontvanger.example/\tb", "https://ontvanger.example/\r\nHost: x", "https://ontvanger.example/\x00",
    "https://ontvanger.example/é", "https://ontvangér.example/", "https://[ontvanger.example]/", "https://[::1/",
    "https://ontvanger.example/<script>", 'https://ontvanger.example/"', "https://ontvanger.example/`id`",
    "https://ontvanger.example/{x}", "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/",
    "https://ontvanger.example/" + "a" * 500, "javascript:alert(1)", "https://", "", " https://ontvanger.example/",
)  # fmt: skip

NAMES_THAT_LEAD_INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.31.255.254", "192.168.0.1", "169.254.169.254", "100.127.0.1", "0.0.0.0", "192.0.0.9",
    "198.19.0.1", "224.0.0.251", "::1", "::", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "fe80::1%lo", "fc00::1", "fec0::1", "3fff::1", "5f00::1",
)  # fmt: skip
"""What a name server of somebody else may answer."""


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A listener on this machine that hears every connection."""
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(0.05)
        yield listener


def connections(listener: socket.socket) -> int:
    """How many connections came in."""
    count = 0
    try:
        while True:
            listener.accept()[0].close()
            count += 1
    except TimeoutError:
        return count


def test_no_address_leads_inside(record_property: Callable[[str, object], None]) -> None:
    rules = AddressRules()
    addresses = [*(f"https://{host}/" for host in INSIDE), *TRICKS]
    for address in addresses:
        with pytest.raises(AddressRefused) as refusal:
            rules.read(address)
        assert not address or address not in str(refusal.value), "never the value itself"
    record_property("refused", len(addresses))


def test_a_plain_public_address_is_taken() -> None:
    found = AddressRules().read("https://Ontvanger.Example:8443/pad/x?y=1&z=%20")
    assert (found.host, found.port, found.target) == ("ontvanger.example", 8443, "/pad/x?y=1&z=%20")
    assert found.authority == "ontvanger.example:8443"
    assert AddressRules().read("https://ontvanger.example").authority == "ontvanger.example"


def test_a_name_that_leads_inside_is_never_connected_to() -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
        for address in NAMES_THAT_LEAD_INSIDE:
            for answer in ([address], ["93.184.215.14", address]):
                sender = WebhookSender(
                    AddressRules(ports=frozenset({port})), resolve=lambda _host, _port, found=answer: found
                )
                with pytest.raises(NotDelivered):
                    sender.send(f"https://ontvanger.example:{port}/", b"{}", {})
        assert connections(listener) == 0


def test_a_name_that_changes_its_answer_gains_nothing(receiver: Receiver) -> None:
    """The wrong build, which checks and then lets the connection look up again, would end at the second answer."""
    answers = iter([[HOST], ["169.254.169.254"]])
    rules = AddressRules(frozenset({receiver.port}), (ip_network(f"{HOST}/32"),))
    sender = WebhookSender(rules, ca_file=receiver.ca_file, resolve=lambda _host, _port: next(answers))
    sender.send(f"https://ontvanger.example:{receiver.port}/", b"{}", {})
    assert len(receiver.messages) == 1
    assert receiver.messages[0].headers["host"] == f"ontvanger.example:{receiver.port}"
    assert next(answers) == ["169.254.169.254"], "the name was looked up once"


def test_the_certificate_must_be_of_that_name(receiver: Receiver) -> None:
    rules = AddressRules(frozenset({receiver.port}), (ip_network(f"{HOST}/32"),))
    sender = WebhookSender(rules, ca_file=receiver.ca_file, resolve=lambda _host, _port: [HOST])
    with pytest.raises(NotDelivered):
        sender.send(f"https://iemand-anders.example:{receiver.port}/", b"{}", {})
    stranger = WebhookSender(rules, resolve=lambda _host, _port: [HOST])
    with pytest.raises(NotDelivered):
        stranger.send(f"https://ontvanger.example:{receiver.port}/", b"{}", {})
    assert receiver.messages == []


def test_only_the_networks_that_the_operator_named_are_open() -> None:
    rules = AddressRules(networks=(ip_network("10.20.0.0/16"),))
    assert rules.allows("10.20.3.4")
    assert not rules.allows("10.21.3.4")
    assert not rules.allows("::ffff:10.21.3.4")
    assert rules.read("https://10.20.3.4/").host == "10.20.3.4"
    with pytest.raises(AddressRefused):
        AddressRules().read("https://10.20.3.4/")


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_receiver_that_stalls_is_left_in_time(receiver: Receiver, behaviour: str) -> None:
    """The wrong build waits for each byte anew, and so for ever."""
    receiver.behave = lambda _event: behaviour
    rules = AddressRules(frozenset({receiver.port}), (ip_network(f"{HOST}/32"),))
    sender = WebhookSender(rules, ca_file=receiver.ca_file, step=0.3, whole=0.5)
    with pytest.raises(NotDelivered):
        sender.send(receiver.url, b"{}", {})


@pytest.mark.parametrize("status", [199, 300, 301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_only_a_2xx_counts_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.behave = lambda _event: status
    rules = AddressRules(frozenset({receiver.port}), (ip_network(f"{HOST}/32"),))
    with pytest.raises(NotDelivered):
        WebhookSender(rules, ca_file=receiver.ca_file).send(receiver.url, b"{}", {})
    assert len(receiver.messages) == 1
