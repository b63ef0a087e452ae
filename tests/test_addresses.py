"""Public addresses and all the others, in every disguise."""

import pytest

from retinue.addresses import is_public

PRIVATE_4 = (
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
)  # fmt: skip
PUBLIC_4 = (
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1",
    "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.0", "223.255.255.255", "168.63.129.17",
)  # fmt: skip
PRIVATE_6 = (
    "::", "::1", "::7f00:1", "::8.8.8.8", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "64:ff9b:1::a00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "4000::1",
)  # fmt: skip
PUBLIC_6 = ("2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001:80b::200e", "2003::1")


def in_hexadecimal(text: str) -> str:
    first, second, third, fourth = (int(part) for part in text.split("."))
    return f"{first << 8 | second:x}:{third << 8 | fourth:x}"


@pytest.mark.parametrize("text", [*PRIVATE_4, *PRIVATE_6])
def test_whatever_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("text", [*PUBLIC_4, *PUBLIC_6])
def test_what_is_public_stays_so_up_to_the_borders(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::"])
def test_an_address_within_an_address_is_judged_itself(prefix: str) -> None:
    for text in PRIVATE_4:
        assert not is_public(prefix + in_hexadecimal(text))
        assert not is_public(prefix + text)
    for text in PUBLIC_4:
        assert is_public(prefix + in_hexadecimal(text))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "2130706433", "1.2.3.4.5"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)
