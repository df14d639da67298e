import ipaddress

import pytest

from core.engine.http_messages import HttpFailed
from core.runtime.gateways.addresses import AllowedHosts, check, is_public

CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.1.1",
    "2606:4700::1111",
]


@pytest.mark.parametrize("text", CLOSED)
def test_no_special_address_is_public(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_plain_unicast_is_public(text):
    assert is_public(ipaddress.ip_address(text))


def reach(host, port, *addresses, allowed=""):
    found = [ipaddress.ip_address(text) for text in addresses]
    return check(host, port, found, AllowedHosts.parse(allowed))


def test_the_refusal_names_the_address_and_the_setting_that_opens_it():
    with pytest.raises(HttpFailed) as refusal:
        reach("erp.lan", 443, "10.0.3.7")

    assert refusal.value.kind == "blocked_address"
    assert not refusal.value.retryable
    assert refusal.value.message == (
        "10.0.3.7 is inside your own network, so it is closed to workflows. "
        "Whoever runs openBuild can open it: OPENBUILD_ALLOWED_HOSTS_OUT=erp.lan:443"
    )


def test_one_private_address_among_public_ones_closes_the_name():
    with pytest.raises(HttpFailed, match="10\\.0\\.0\\.1 is inside"):
        reach("mixed.example", 443, "1.1.1.1", "10.0.0.1")


@pytest.mark.parametrize(
    "allowed",
    [
        "erp.lan",
        "ERP.lan.",
        "erp.lan:443",
        "10.0.0.0/8",
        "10.0.3.7",
        "10.0.3.7:443",
        "10.0.0.0/8:443",
        "other.lan, erp.lan:443",
    ],
)
def test_the_operator_opens_a_host_or_a_network(allowed):
    assert reach("erp.lan", 443, "10.0.3.7", allowed=allowed).is_opened


@pytest.mark.parametrize("allowed", ["", "lan", "xerp.lan", "erp.lan:80", "10.0.3.8", "fd00::/8"])
def test_an_entry_opens_nothing_else(allowed):
    with pytest.raises(HttpFailed):
        reach("erp.lan", 443, "10.0.3.7", allowed=allowed)


def test_entries_for_ipv6_may_have_brackets_and_a_port():
    assert reach("::1", 8080, "::1", allowed="[::1]:8080").is_opened
    assert reach("::1", 8080, "::1", allowed="::1").is_opened
    with pytest.raises(HttpFailed, match="OUT=\\[::1\\]:80"):
        reach("::1", 80, "::1", allowed="[::1]:8080")


@pytest.mark.parametrize("entry", ["http://erp.lan", "erp.lan:0", "erp.lan:99999", "10.0.0.1/8"])
def test_an_entry_that_cannot_be_read_is_quoted(entry):
    with pytest.raises(ValueError, match="“"):
        AllowedHosts.parse(entry)


@pytest.mark.parametrize("port", [22, 25, 110, 465, 587])
def test_ports_of_mail_and_shells_are_closed_until_opened(port):
    with pytest.raises(HttpFailed, match=f"Port {port} of mail.example"):
        reach("mail.example", port, "1.1.1.1")

    assert reach("mail.example", port, "1.1.1.1", allowed=f"mail.example:{port}")


def test_high_ports_of_public_hosts_are_open():
    assert not reach("api.example", 8443, "1.1.1.1").is_opened
