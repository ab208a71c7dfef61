"""A client whose connections the firewall would have brought: it goes straight to the door."""

import subprocess
from pathlib import Path

from raw_tunnel import RawTunnel
from running_proxy import Fetched, RunningProxy


def visit(
    proxy: RunningProxy, who: str, url: str, *options: str, trusting: Path | None = None
) -> Fetched:
    """Have curl fetch *url* from the address *who*, as a browser that knows of no proxy."""
    got, heads = proxy.folder / "got", proxy.folder / "heads"
    for file in (got, heads):
        file.write_bytes(b"")
    finished = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--max-time", "20", "--disable"),
            *("--interface", who, "--connect-to", f"::{proxy.inspection}:{proxy.intercept_port}"),
            *("--cacert", str(trusting or proxy.ca), "--noproxy", "*"),
            *("--output", str(got), "--dump-header", str(heads)),
            *("--write-out", "%{http_code} %{http_connect} %{http_version}"),
            *options,
            url,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    status, connect_status, version = finished.stdout.split(" ")
    return Fetched(
        exit_status=finished.returncode,
        status=int(status),
        connect_status=int(connect_status),
        version=version,
        headers=heads.read_text(),
        body=got.read_text(errors="replace"),
        said=finished.stderr,
    )


def caller(proxy: RunningProxy, who: str) -> RawTunnel:
    """Return a connection from *who* to the door that says what it is told to."""
    assert proxy.intercept_port is not None
    return RawTunnel((proxy.inspection, proxy.intercept_port), who)
