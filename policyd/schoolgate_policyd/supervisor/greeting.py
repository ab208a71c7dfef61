"""What `schoolgate up` prints once everything serves: where it is, who signs in, what to try."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schoolgate_policyd.config import NetworkSettings, Settings
from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.subjects import Audience

BLOCKED_EXAMPLE = "www.tiktok.com"


class Account(NamedTuple):
    """Somebody who can sign in; *password* only when it was made at this start."""

    username: str
    name: str
    duties: str
    password: str | None


def greeting(
    settings: Settings, accounts: Iterable[Account], school_now: datetime, zone: ZoneInfo
) -> str:
    """Return the whole of it, *school_now* (aware) shown on the clocks of *zone*."""
    parts = [_places(settings, school_now, zone)]
    relays = list(_relays(settings.networks))
    if relays:
        parts.append(["To browse as somebody in another network:", *relays])
    if who := people(accounts):
        parts.append(who)
    parts.append(["To try:", *_commands(settings), "", "Ctrl-C stops everything."])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _places(settings: Settings, school_now: datetime, zone: ZoneInfo) -> list[str]:
    shown = school_now.astimezone(zone)
    shifted = " (the sample school's own time)" if settings.is_sample else ""
    return [
        "Schoolgate is running.",
        f"  DNS             {settings.dns.address} port {settings.dns.port}, UDP and TCP",
        f"  proxy           {settings.proxy.address} port {settings.proxy.port}",
        f"  web pages       {settings.web.public_url}",
        f"  CA certificate  {settings.ca_certificate_path}",
        f"  school's clock  {weekday_words(shown)}, {shown:%H:%M:%S}{shifted}",
    ]


def _relays(networks: Iterable[NetworkSettings]) -> Iterator[str]:
    for network in networks:
        if network.relay_from is None:
            continue
        ways = []
        if network.proxy_relay_port is not None:
            ways.append(f"proxy 127.0.0.1:{network.proxy_relay_port}")
        if network.web_relay_port is not None:
            ways.append(f"web pages http://localhost:{network.web_relay_port}")
        if ways:
            yield f"  {network.id:<18} {', '.join(ways)} (from {network.relay_from})"


def people(accounts: Iterable[Account]) -> list[str]:
    """Return the lines that say who can sign in; none when nobody can."""
    lines = []
    are_new = False
    for each in accounts:
        who = ", ".join(part for part in (each.name, each.duties) if part)
        password = "" if each.password is None else f"  password {each.password}"
        are_new = are_new or each.password is not None
        lines.append(f"  {each.username:<16} {who}{password}")
    if not lines:
        return []
    title = (
        "Who can sign in; these passwords are shown this once:"
        if are_new
        else "Who can sign in, with the passwords that the first start showed:"
    )
    return [title, *lines]


def first_run(settings: Settings, code: str) -> list[str]:
    """Return the lines that say how the first-run guide is opened."""
    return [
        "Nobody can sign in yet. To set the school up, open",
        f"  {settings.web.public_url}/first-run",
        f"and enter this code, which works once: {code}",
    ]


def _commands(settings: Settings) -> Iterator[str]:
    dns, proxy = settings.dns, settings.proxy
    dig = f"@{dns.address} -p {dns.port} {BLOCKED_EXAMPLE}"
    for audience in (Audience.PUPIL, Audience.STAFF):
        source = _address_of(settings, audience)
        if source is not None:
            yield f"  dig -b {source} {dig}"
    source = _address_of(settings, Audience.PUPIL)
    interface = "" if source is None else f"--interface {source} "
    yield (
        f"  curl {interface}-x http://{proxy.address}:{proxy.port} "
        f"--cacert {settings.ca_certificate_path} https://{BLOCKED_EXAMPLE}/"
    )


def _address_of(settings: Settings, audience: Audience) -> str | None:
    return next(
        (
            network.relay_from
            for network in settings.networks
            if network.audience is audience and network.relay_from is not None
        ),
        None,
    )
