"""
The internet of the box's tests: who is where.

Addresses of the documentation stand for servers with an address of their own; shared content
networks have addresses of their real ranges. Nothing ever leaves the namespaces.
"""

from dataclasses import dataclass

TTL_S = 120


@dataclass(frozen=True)
class Place:
    """A server's address in each family."""

    ipv4: str
    ipv6: str

    def at(self, family: int) -> str:
        """Return its address of *family*, 4 or 6."""
        return self.ipv4 if family == 4 else self.ipv6

    def written(self, family: int) -> str:
        """Return its address as it stands in a URL."""
        return self.ipv4 if family == 4 else f"[{self.ipv6}]"


def _server(number: int) -> Place:
    return Place(f"203.0.113.{number}", f"2001:db8:1::{number}")


# Ranges that the gateway would not connect to by itself.
DOCUMENTATION = ("203.0.113.0/24", "2001:db8:1::/48")

UPSTREAM = _server(53)  # whom the gateway asks
OTHER_RESOLVER = _server(54)  # whom nobody behind the gateway is to ask, nor the next one
OTHER_RESOLVER_2 = _server(56)
DOH = _server(55)
LESSONS = _server(10)
NEWS = _server(11)  # stays open while others close
SOCIAL = _server(20)
SOCIAL_2 = _server(21)
LOOKED_INTO = _server(31)  # a translator, of which some pages are blocked
TWO_FACED = _server(30)  # an address of its own, of an allowed and of a blocked site
ODD = _server(60)  # ports of all kinds, here and at the next two
ODD_2 = _server(57)
ODD_3 = _server(58)
SSH_443 = _server(61)
VPN_443 = _server(62)
MAIL = _server(63)
CLOCK = _server(64)
TWO_FACED_2 = _server(32)  # another such, of which nobody asked for the blocked one
HIDDEN = _server(66)  # no name leads there, and neither to the next ones
HIDDEN_2 = _server(67)
TOR = _server(68)
STAFF_ROOM = _server(69)  # asked for by staff alone
MEANWHILE = _server(71)
LATER = _server(72)
TUNNELS = _server(70)  # iodined
SHARED = Place("104.16.0.10", "2606:4700::6810:10")  # Cloudflare's

WEBSITES = (
    *(LESSONS, NEWS, SOCIAL, SOCIAL_2, TWO_FACED, TWO_FACED_2, LOOKED_INTO),
    *(HIDDEN, HIDDEN_2, SHARED, TOR, DOH, STAFF_ROOM),
)
EVERY_PLACE = (
    *WEBSITES,
    *(UPSTREAM, OTHER_RESOLVER, OTHER_RESOLVER_2, ODD, ODD_2, ODD_3, MAIL, SSH_443, VPN_443),
    *(CLOCK, TUNNELS, MEANWHILE, LATER),
)

LESSON_SITE = "lessons.example"
NEWS_SITE = "news.example"
SHARED_LESSON_SITE = "lessons-shared.example"
SOCIAL_SITE = "www.tiktok.com"
SOCIAL_SITE_2 = "www.snapchat.com"
SHARED_SOCIAL_SITE = "www.instagram.com"
ADULT_SITE = "www.pornhub.com"
LOOKED_INTO_SITE = "translate.google.com"
TWO_FACED_SITE = "club.example"
TWO_FACED_SOCIAL_SITE = "www.reddit.com"
TWO_FACED_SITE_2 = "choir.example"
TWO_FACED_SOCIAL_SITE_2 = "www.pinterest.com"
DOH_SITE = "dns.google"
DOH_SITE_2 = "dns.quad9.net"
ODD_SITE = "server.example"
ODD_SITE_2 = "server-2.example"
ODD_SITE_3 = "server-3.example"
SSH_SITE = "shell.example"
VPN_SITE = "office.example"
CLOCK_SITE = "time.example"
MAIL_SITE = "imap.mail.example"
STAFF_ROOM_SITE = "staffroom.example"
TUNNEL_ZONE = "t.evil.example"

NAMES: dict[str, Place] = {
    LESSON_SITE: LESSONS,
    NEWS_SITE: NEWS,
    SHARED_LESSON_SITE: SHARED,
    SOCIAL_SITE: SOCIAL,
    SOCIAL_SITE_2: SOCIAL_2,
    SHARED_SOCIAL_SITE: SHARED,
    ADULT_SITE: HIDDEN,
    LOOKED_INTO_SITE: LOOKED_INTO,
    TWO_FACED_SITE: TWO_FACED,
    TWO_FACED_SOCIAL_SITE: TWO_FACED,
    TWO_FACED_SITE_2: TWO_FACED_2,
    TWO_FACED_SOCIAL_SITE_2: TWO_FACED_2,
    DOH_SITE: DOH,
    DOH_SITE_2: DOH,
    ODD_SITE: ODD,
    ODD_SITE_2: ODD_2,
    ODD_SITE_3: ODD_3,
    SSH_SITE: SSH_443,
    VPN_SITE: VPN_443,
    CLOCK_SITE: CLOCK,
    MAIL_SITE: MAIL,
    STAFF_ROOM_SITE: STAFF_ROOM,
    "www.bbc.co.uk": NEWS,
    "www.childline.org.uk": LESSONS,
}
# Names of one certificate: a browser may put requests for both on one connection.
SHARED_NAMES = (SHARED_LESSON_SITE, SHARED_SOCIAL_SITE)
