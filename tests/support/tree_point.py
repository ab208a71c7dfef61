"""Our point as a process of its own, in front of the resolver of a tree."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dns_world import source

from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.ready import parse_ready


@contextmanager
def point_before(upstream_port: int, folder: Path) -> Iterator[int]:
    """
    Serve the small school of `dns_world` on a free port, which is given, while it is entered.

    Names are looked up at *upstream_port* of the loopback, as those of the internet are.
    """
    var_dir = folder / "var"
    save_last_snapshot(var_dir / "snapshots" / "dns" / "dns.snapshot", source())
    config = folder / "school.yaml"
    config.write_text(
        f"var_dir: {var_dir}\ndns: {{port: 0, upstreams: ['127.0.0.1:{upstream_port}']}}\n"
    )
    with (folder / "point.err").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "schoolgate_dns"],
            env=os.environ | {"SCHOOLGATE_CONFIG": str(config)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = parse_ready(process.stdout.readline())
        assert ready is not None, (folder / "point.err").read_text()
        yield int(ready[1].rpartition(":")[2])
    finally:
        process.terminate()
        process.communicate(timeout=20)
    logged = (folder / "point.err").read_text()[-4000:]
    assert 0 == process.returncode, logged
    assert "Traceback" not in logged, logged
