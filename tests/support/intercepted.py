"""A client whose connections the firewall would have brought: it goes straight to the door."""

from pathlib import Path

from raw_tunnel import RawTunnel
from running_proxy import Fetched, RunningProxy


def visit(
    proxy: RunningProxy, who: str, url: str, *options: str, trusting: Path | None = None
) -> Fetched:
    """Have curl fetch *url* from the address *who*, as a browser that knows of no proxy."""
    door = ("--connect-to", f"::{proxy.inspection}:{proxy.intercept_port}", "--noproxy", "*")
    return proxy.fetch(who, url, *door, *options, trusting=trusting)


def caller(proxy: RunningProxy, who: str) -> RawTunnel:
    """Return a connection from *who* to the door that says what it is told to."""
    assert proxy.intercept_port is not None
    return RawTunnel((proxy.inspection, proxy.intercept_port), who)
