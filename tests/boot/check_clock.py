"""What happens when the machine starts with its clock years back."""

from datetime import UTC, datetime, timedelta

from check_boot import settled
from check_clients import is_closed, is_open
from findings import Findings, waited
from gateway_steps import AS_PAGES
from guest import Commands
from machine import Gateway
from wires import Wires

# A dead battery's.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
GRANT_MINUTES = 45
GRANTED_SITE = "www.tiktok.com"
_TEACHER = "10.77.2.10"
_OPENS_WITHIN_S = 240.0
_PROGRAM = f"{AS_PAGES} /opt/paperwork/inside/one_grant.py"


def give_grant(guest: Commands) -> str:
    """Have the head sign that a teacher may use a site for a while."""
    return guest.get(f"{_PROGRAM} https://{GRANTED_SITE}/ {GRANT_MINUTES} {_TEACHER}")


def check_clock(machine: Gateway, wires: Wires, findings: Findings) -> None:
    """Give a grant, start the machine years back without a time server, then bring that back."""
    server = wires.time_server
    grant = give_grant(machine.guest)
    opened = waited(lambda: is_open(wires, "staff", GRANTED_SITE), _OPENS_WITHIN_S)
    findings.found("a grant that the head signed opens a site for a teacher", opened is not None)
    true_time = server.now()
    machine.switch_off()
    server.stop()
    machine.boot(LONG_AGO)
    took_s = settled(machine)
    shows = machine.guest.get("date --iso-8601=seconds; timedatectl show -p NTPSynchronized")
    findings.found("it starts with its clock years back", took_s is not None, shows)
    findings.found(
        "meanwhile the grant opens nothing, and lessons go on",
        not is_open(wires, "staff", GRANTED_SITE) and is_open(wires, "pupil") and is_closed(wires),
    )
    # The grant has some minutes left when the right time comes back.
    server.start(true_time + timedelta(minutes=GRANT_MINUTES / 3))
    again = waited(lambda: is_open(wires, "staff", GRANTED_SITE), _OPENS_WITHIN_S * 2)
    findings.found(
        "some minutes after the clock is right the grant opens again",
        again is not None,
        "" if again is None else f"after {again:.0f} s",
    )
    # And the true time passes its end, whatever the machine's clock showed meanwhile.
    server.start(true_time + timedelta(minutes=GRANT_MINUTES + 1))
    machine.guest.get("systemctl restart systemd-timesyncd")
    over = waited(lambda: not is_open(wires, "staff", GRANTED_SITE), _OPENS_WITHIN_S)
    findings.found("and ends at the moment that was signed, not later", over is not None, grant)
