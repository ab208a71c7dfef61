"""What happens when the machine starts with a clock that is far back."""

from datetime import UTC, datetime, timedelta

from box_places import SOCIAL_SITE, SOCIAL_SITE_2
from check_boot import settled
from check_clients import is_closed, is_open
from findings import Findings, waited
from gateway_steps import AS_PAGES
from guest import Commands
from machine import Gateway
from wires import Wires

# A dead battery's. systemd does not let it be before its own version's date.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AT_LEAST_BACK = timedelta(days=60)
GRANT_MINUTES, LONGER_MINUTES = 45, 180
GRANTED_SITE, LONGER_SITE = SOCIAL_SITE, SOCIAL_SITE_2
_TEACHER = "10.77.2.10"
_OPENS_WITHIN_S = 240.0
_CLEARS_WITHIN_S = 480.0
_PROGRAM = f"{AS_PAGES} /opt/paperwork/inside/signed_grants.py"
# What the time daemon kept of the time, which it would bring back without any server.
_FORGET = "systemctl stop systemd-timesyncd && rm /var/lib/systemd/timesync/clock"


def give_grants(guest: Commands) -> str:
    """Have the head sign that a teacher may use a site for a while, and another for longer."""
    return guest.get(
        f"{_PROGRAM} {_TEACHER}"
        f" https://{GRANTED_SITE}/ {GRANT_MINUTES} https://{LONGER_SITE}/ {LONGER_MINUTES}"
    )


def check_clock(machine: Gateway, wires: Wires, findings: Findings) -> None:
    """Give grants, start the machine far back without a time server, then bring that back."""
    server = wires.time_server
    findings.found("a site is closed for a teacher", not is_open(wires, "staff", GRANTED_SITE))
    grants = give_grants(machine.guest)
    opened = waited(lambda: _open_sites(wires) == [GRANTED_SITE, LONGER_SITE], _OPENS_WITHIN_S)
    findings.found("grants that the head signed open it and another", opened is not None)
    true_time = server.now()
    machine.guest.get(_FORGET)
    machine.switch_off()
    server.stop()
    machine.boot(LONG_AGO)
    took_s = settled(machine)
    shown = machine.guest.get("date --utc --iso-8601=seconds")
    kept = machine.guest.get("timedatectl show -p NTPSynchronized --value")
    is_back = datetime.fromisoformat(shown) < true_time - AT_LEAST_BACK and kept == "no"
    findings.found(
        "it starts with its clock far back",
        took_s is not None and is_back,
        f"{shown}, every unit active {took_s or 0:.0f} s after power on",
    )
    findings.found(
        "meanwhile the grants open nothing, and lessons go on",
        not _open_sites(wires) and is_open(wires, "pupil") and is_closed(wires),
    )
    # The shorter grant has some minutes left when the right time comes back.
    server.start(true_time + timedelta(minutes=GRANT_MINUTES / 3))
    again = waited(lambda: _open_sites(wires) == [GRANTED_SITE, LONGER_SITE], _CLEARS_WITHIN_S)
    findings.found(
        "some minutes after the clock is right the grants open again",
        again is not None,
        "" if again is None else f"after {again:.0f} s",
    )
    # And the true time passes its end, whatever the machine's clock showed meanwhile. Such a step
    # closes both; the longer one shows when that is over.
    server.start(true_time + timedelta(minutes=GRANT_MINUTES + 1))
    machine.guest.get("systemctl restart systemd-timesyncd")
    stepped = waited(lambda: not _open_sites(wires), _OPENS_WITHIN_S)
    later = waited(lambda: bool(_open_sites(wires)), _CLEARS_WITHIN_S)
    findings.found(
        "the shorter one ends at the moment that was signed, not later",
        stepped is not None and later is not None and _open_sites(wires) == [LONGER_SITE],
        grants,
    )


def _open_sites(wires: Wires) -> list[str]:
    """Return which of the granted sites the teacher gets."""
    return [site for site in (GRANTED_SITE, LONGER_SITE) if is_open(wires, "staff", site)]
