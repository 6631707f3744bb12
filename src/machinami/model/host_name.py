"""Can anybody on the internet own this name of a host, and have it mean whatever address they like?"""

import ipaddress

# Names that no registry gives away: RFC 2606, 6761, 6762, 8375, and what ICANN keeps for private use.
_PRIVATE = frozenset({"test", "example", "invalid", "localhost", "local", "internal", "lan", "home.arpa"})


def is_public_name(host: str) -> bool:
    """Whether it is a name with a dot under a domain that registries give away; an address is none."""
    name = host.lower().rstrip(".")
    if "." not in name:
        return False
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return not any(name.endswith(f".{ending}") for ending in _PRIVATE)
    return False
