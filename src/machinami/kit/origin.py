"""How do clients call this installation, and do they come over TLS?"""

from dataclasses import dataclass

from machinami.kit.http import Request


@dataclass(frozen=True, slots=True)
class Origin:
    """How clients call this installation. url: as it was told; empty: as each request calls it. proxied: whether a
    proxy stands before it, whose word on scheme and host counts. encrypted: whether it is served over TLS itself."""

    url: str = ""
    proxied: bool = False
    encrypted: bool = False

    def of(self, request: Request) -> str:
        """Scheme and host, without a slash at the end, as this installation was told to be called."""
        return self.url.rstrip("/") or self.asked(request)

    def asked(self, request: Request) -> str:
        """Scheme and host as who asks calls them: a town may have a host of its own."""
        host = request.header(b"host") or "localhost"
        if self.proxied:
            host = (request.header(b"x-forwarded-host") or host).partition(",")[0].strip()
        return f"{'https' if self.is_secure(request) else 'http'}://{host}"

    def is_secure(self, request: Request) -> bool:
        """Whether browsers come over TLS, so that a cookie may be bound to it."""
        if self.proxied:
            said = (request.header(b"x-forwarded-proto") or "").partition(",")[0].strip().lower()
            if said in ("http", "https"):
                return said == "https"
        return self.encrypted or self.url.startswith("https://")


AS_ASKED = Origin()
