"""Which names of hosts could be somebody else's?"""

import pytest

from machinami.model.host_name import is_public_name


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("", False), ("localhost", False), ("LOCALHOST.", False), ("127.0.0.1", False), ("::1", False),
        ("192.168.0.7", False), ("machinami", False), ("east.localhost", False), ("town.test", False),
        ("machinami.local", False), ("town.home.arpa", False), ("evil.com", True), ("127.0.0.1.evil.com", True),
        ("localhost.evil.com", True), ("evil.COM.", True), ("127.1", True), ("local.evil", True),
    ],
)  # fmt: skip
def test_a_name_that_a_registry_gives_away_is_public(host: str, public: bool) -> None:
    assert is_public_name(host) is public
