"""What clients get of the gateway."""

from box_clients import page_of
from box_places import LESSON_SITE, SOCIAL, SOCIAL_SITE
from box_school import INSPECTION4
from findings import Findings
from wires import Wires

_PATIENCE = ("--max-time", "15")


def dig(wires: Wires, who: str, name: str, *options: str) -> str:
    """Return what DNS says to *who* of *name*."""
    asking = ("dig", "+tries=2", "+time=8", f"@{INSPECTION4}", name, *options)
    return wires.devices[who].run(*asking).stdout


def status_of(wires: Wires, who: str, *options: str) -> str:
    """Return the status and the page that curl gets, `000` without any."""
    got = wires.devices[who].run(
        *("curl", "-sSk", *_PATIENCE, "-o", "-", "-w", "\n%{http_code}", *options)
    )
    page, _, status = got.stdout.rpartition("\n")
    return f"{status} {page_of(page)}"


def is_closed(wires: Wires) -> bool:
    """Whether a pupil gets nothing of what pupils do not get, by name and by address."""
    answer = dig(wires, "pupil", SOCIAL_SITE, "+short", "+tries=1", "+time=2")
    by_address = status_of(
        wires, "pupil", "--resolve", f"{SOCIAL_SITE}:443:{SOCIAL.ipv4}", f"https://{SOCIAL_SITE}/"
    )
    return SOCIAL.ipv4 not in answer and "reached" not in by_address


def is_open(wires: Wires, who: str, site: str = LESSON_SITE) -> bool:
    """Whether *who* gets the page of *site*."""
    return "reached" in status_of(wires, who, f"https://{site}/")


def check_clients(wires: Wires, findings: Findings) -> None:
    """Have a pupil's device ask for what it gets and for what it does not."""
    said = dig(wires, "pupil", SOCIAL_SITE)
    is_refused = "NXDOMAIN" in said or INSPECTION4 in said.partition("ANSWER SECTION")[2]
    findings.found(
        "DNS tells a pupil that a blocked name is blocked",
        is_refused and "EDE: 15" in said,
        "\n".join(line for line in said.splitlines() if "status:" in line or "EDE" in line),
    )
    unknown = dig(wires, "pupil", SOCIAL_SITE, "TXT")
    findings.found(
        "and that it has no other records",
        "EDE: 15" in unknown,
        "\n".join(line for line in unknown.splitlines() if "status:" in line or "EDE" in line),
    )
    for who, site, wanted in (
        ("pupil", f"https://{SOCIAL_SITE}/", "403 ours"),
        ("pupil", f"https://{LESSON_SITE}/", "200 reached"),
        ("staff", f"https://{LESSON_SITE}/", "200 reached"),
    ):
        got = status_of(wires, who, site)
        findings.found(f"{who} gets {wanted} for {site}", got == wanted, got)
    proxied = status_of(
        wires, "pupil", "--proxy", f"http://{INSPECTION4}:8080", f"https://{SOCIAL_SITE}/"
    )
    findings.found(
        "a browser that is told of the proxy gets no blocked site",
        "reached" not in proxied,
        proxied,
    )
    pages = status_of(wires, "staff", "-L", f"http://{INSPECTION4}:8000/")
    findings.found("the pages answer", pages.startswith("200"), pages)
    findings.found("what pupils do not get is closed by address too", is_closed(wires))
