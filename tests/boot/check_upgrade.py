"""What an update does to an installed gateway."""

from check_boot import settled
from check_clients import is_closed, is_open
from findings import Findings
from gateway_steps import CONFIGURATION, PROGRAM
from machine import Gateway
from wires import Wires

_KEPT = "/var/lib/schoolgate"
_UNIT = "/etc/systemd/system/schoolgate-dns.service"
_COUNT = """
import glob, sqlite3
for path in glob.glob("/var/lib/schoolgate/decisions/*.db"):
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for table in ("people", "grants", "access_requests", "signatures"):
        print(table, file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
"""


def check_upgrade(machine: Gateway, wires: Wires, findings: Findings) -> None:
    """Install again over what is there, as after an update of the program."""
    guest = machine.guest
    people = _rows(machine)
    key = guest.get(f"sha256sum {_KEPT}/ca/* {CONFIGURATION}")
    # An older version's unit, which nobody edited, and one that somebody did.
    said = guest.get(f"{PROGRAM} install")
    findings.found(
        "installed again over itself it does nothing",
        "everything is as it" in said,
        said.splitlines()[0],
    )
    guest.get(f"rm {_UNIT}")
    said = guest.get(f"{PROGRAM} install")
    findings.found(
        "what is missing is laid out again", f"wrote {_UNIT}" in said, said.splitlines()[0]
    )
    guest.get("systemctl restart schoolgate.target")
    findings.found("after an update every unit is active", settled(machine) is not None)
    after = _rows(machine)
    is_kept = key == guest.get(f"sha256sum {_KEPT}/ca/* {CONFIGURATION}")
    findings.found("the authority's key and the configuration are kept", is_kept)
    findings.found("and everything in the store", people == after, f"{people} {after}")
    findings.found("and pupils get what they got", is_open(wires, "pupil") and is_closed(wires))


def _rows(machine: Gateway) -> str:
    return " ".join(machine.guest.get("/opt/schoolgate/bin/python -", given=_COUNT).splitlines())
