"""Check whether an address is the loopback address of this machine."""

from ipaddress import ip_address


def is_loopback(name: str) -> bool:
    """Return whether a name or address is loopback; other addresses of this machine are not.

    >>> [is_loopback(name) for name in ("localhost", "127.0.0.8", "::1", "::ffff:127.0.0.1")]
    [True, True, True, True]
    >>> [is_loopback(name) for name in ("0.0.0.0", "192.168.1.7", "localhost.example.org", "", "::")]
    [False, False, False, False, False]
    """
    try:
        address = ip_address(name)
    except ValueError:
        return name.lower() == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
