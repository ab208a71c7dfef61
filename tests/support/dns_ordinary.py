"""
Queries of ordinary programs that ask for many names, or names that look strange, at a busy pace.

Each family yields (second, name, type, octets of the answer); the names are invented in the shape
that the programs' makers document or that ordinary use shows.
"""

import random
from collections.abc import Callable, Iterator

from dns_tunnels import AAAA, CNAME, HTTPS, MX, PTR, SRV, TXT, A, Sent

_HEX = "0123456789abcdef"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_WORDS = [
    "maths",
    "history",
    "science",
    "castle",
    "river",
    "dragon",
    "recipe",
    "planet",
    "music",
    "paint",
    "garden",
    "chess",
    "puzzle",
    "bird",
    "ocean",
    "forest",
    "winter",
    "summer",
    "poem",
    "story",
    "village",
    "teacher",
    "robot",
    "rocket",
    "pencil",
    "museum",
    "harbour",
    "coach",
]
_SITES = [f"{one}{two}.example" for one in _WORDS for two in _WORDS]


class Ordinary:
    """Makes one client's families of queries; the same *seed* makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test's data

    def _text(self, length: int, alphabet: str = _HEX) -> str:
        return "".join(self._random.choices(alphabet, k=length))

    def _word(self) -> str:
        return self._random.choice(_WORDS)

    def _each(self, per_s: float, seconds: int, *name: Callable[[], Sent]) -> Iterator[Sent]:
        for number in range(int(per_s * seconds)):
            yield self._random.choice(name)()._replace(at_s=number / per_s)

    def _hosts(self, per_s: float, seconds: int, *names: Callable[[], str]) -> Iterator[Sent]:
        """As browsers ask: addresses of both families, and HTTPS."""
        for number in range(int(per_s * seconds)):
            host = self._random.choice(names)()
            for type_number in (A, AAAA, HTTPS):
                yield Sent(number / per_s, host, type_number, 220)

    def content_networks(self) -> Iterator[Sent]:
        """Twenty minutes of pages whose pictures come from customers of content networks."""
        shapes: tuple[Callable[[], str], ...] = (
            lambda: f"d{self._text(13, _LETTERS + '0123456789')}.cloudfront.net",
            lambda: (
                f"e{self._random.randrange(99999)}.dsc{self._text(1, _LETTERS)}.akamaiedge.net"
            ),
            lambda: f"{self._text(12)}.azureedge.net",
            lambda: f"{self._word()}{self._text(6)}.blob.core.windows.net",
            lambda: f"{self._word()}-{self._text(8)}.s3.eu-west-2.amazonaws.com",
            lambda: f"ec2-{self._text(2, '123456789')}-1-2-3.eu-west-2.compute.amazonaws.com",
            lambda: f"{self._text(20)}.global.ssl.fastly.net",
            lambda: f"{self._word()}.{self._word()}.workers.dev",
        )
        return self._hosts(2, 1200, *shapes)

    def video(self) -> Iterator[Sent]:
        """Short videos, each from another server of the same network."""
        shapes: tuple[Callable[[], str], ...] = (
            lambda: (
                f"rr{self._random.randint(1, 8)}---sn-{self._text(8, _BASE32)}.googlevideo.com"
            ),
            lambda: f"scontent-lhr{self._random.randint(1, 8)}-{self._text(1)}.xx.fbcdn.net",
            lambda: f"video.f{self._text(4, _LETTERS)}{self._text(1)}-2.fna.fbcdn.net",
            lambda: f"ipv4-c{self._text(3)}-lhr{self._text(3)}-ix.1.oca.nflxvideo.net",
            lambda: f"v{self._text(2)}-{self._text(3, _LETTERS)}.tiktokcdn.com",
        )
        return self._hosts(0.7, 3600, *shapes)

    def user_sites(self) -> Iterator[Sent]:
        """Ten pages that link to a hundred people's sites each, all looked up beforehand."""
        for page in range(10):
            for number in range(100):
                host = (
                    f"{self._word()}-{self._word()}{self._random.randrange(99)}.tumbling.example"
                )
                yield Sent(page * 180 + number / 50, host, A, 110)

    def telemetry(self) -> Iterator[Sent]:
        """Measurement that makes a name up for each visit."""
        shapes: tuple[Callable[[], str], ...] = (
            lambda: f"{self._text(32)}.safeframe.googlesyndication.com",
            lambda: f"{self._text(32)}.clo.footprintdns.com",
            lambda: f"{self._text(32)}.nel.measure.office.net",
            lambda: f"{self._text(10, '0123456789')}.fls.doubleclick.net",
            lambda: f"{self._text(6, _LETTERS)}.launches.appsflyersdk.com",
            lambda: f"{self._text(12, _BASE32)}-{self._text(6)}.metric.gstatic.com",
        )
        return self._hosts(1, 1800, *shapes)

    def antivirus(self) -> Iterator[Sent]:
        """Every page and file is asked about, in code, for twenty minutes."""
        return self._each(
            2,
            1200,
            lambda: Sent(
                0, f"{self._text(48, _BASE32)}.{self._text(8)}.w.01.s.sophosxl.net", TXT, 160
            ),
            lambda: Sent(
                0, f"4.{self._text(40, _BASE32)}.{self._text(16)}.avts.mcafee.com", A, 90
            ),
            lambda: Sent(0, f"{self._text(52, _BASE32)}.url.trendmicro.com", A, 90),
            lambda: Sent(0, f"{self._text(26, _BASE32)}.u.avast.com", TXT, 120),
            lambda: Sent(0, f"{self._text(32)}.e5.sk", TXT, 100),
            lambda: Sent(0, f"{self._text(40)}.malware.hash.cymru.com", TXT, 100),
            lambda: Sent(0, f"{self._text(32)}.ksn.kaspersky-labs.com", A, 90),
            lambda: Sent(0, f"{self._text(30, _BASE32)}.shasta-rrs.symantec.com", A, 90),
            lambda: Sent(0, f"{self._text(20)}.v1.sba.senderbase.org", TXT, 140),
        )

    def mail_checks(self) -> Iterator[Sent]:
        """A mail server that checks sixty mails a minute for half an hour."""
        for number in range(1_800):
            address = ".".join(str(self._random.randint(1, 254)) for _ in range(4))
            sender = self._random.choice(_SITES)
            at_s = float(number)
            for blocklist in ("zen.spamhaus.org", "bl.spamcop.net", "dnsbl.private.example"):
                yield Sent(at_s, f"{address}.{blocklist}", A, 90)
                yield Sent(at_s, f"{address}.{blocklist}", TXT, 160)
            yield Sent(at_s, f"{self._text(40)}.ebl.msbl.org", A, 90)
            yield Sent(
                at_s,
                f"{self._text(52, _BASE32)}._email.{self._text(26)}.hbl.dq.spamhaus.net",
                A,
                90,
            )
            yield Sent(at_s, f"{sender}.multi.surbl.org", A, 90)
            yield Sent(at_s, f"{address}.in-addr.arpa", PTR, 120)
            yield Sent(at_s, sender, MX, 150)
            yield Sent(at_s, sender, TXT, 600)
            for name in ("_dmarc", "_mta-sts", "_smtp._tls", "selector1._domainkey"):
                yield Sent(at_s, f"{name}.{sender}", TXT, 400)
            yield Sent(at_s, f"{self._text(32, _BASE32)}._domainkey.amazonses.com", TXT, 400)
            yield Sent(at_s, f"{sender}._report._dmarc.reports.example", TXT, 120)
            yield Sent(at_s, f"{address}._spf.mta.sales.example", A, 90)

    def reverse_names(self) -> Iterator[Sent]:
        """A network scanner that names every neighbour, then a range of IPv6."""
        for number in range(8_192):
            high, low = divmod(number, 256)
            yield Sent(number / 100, f"{low}.{high}.168.192.in-addr.arpa", PTR, 120)
        for number in range(2_000):
            nibbles = ".".join(self._text(20)) + ".8.b.d.0.1.0.0.2.0.8.2.0"
            yield Sent(100 + number / 50, f"{nibbles}.ip6.arpa", PTR, 140)

    def windows_domain(self) -> Iterator[Sent]:
        """A domain's own look-ups, asked of us by mistake: twenty controllers, a trust's sites."""
        guids = ["-".join(self._text(length) for length in (8, 4, 4, 4, 12)) for _ in range(20)]
        for number in range(3_600):
            site = f"{self._word()}-school"
            guid = self._random.choice(guids)
            at_s = float(number)
            yield Sent(at_s, f"_ldap._tcp.{site}._sites.dc._msdcs.ad.school.example", SRV, 300)
            yield Sent(at_s, f"{guid}._msdcs.ad.school.example", CNAME, 120)
            yield Sent(at_s, f"_ldap._tcp.{guid}.domains._msdcs.ad.school.example", SRV, 200)

    def service_discovery(self) -> Iterator[Sent]:
        """Sixty printers found with DNS-SD in the school's domain, every ten minutes."""
        for number in range(6 * 60):
            search, printer = divmod(number, 60)
            at_s = 600.0 * search + printer / 6
            yield Sent(at_s, f"_{self._text(6, _LETTERS)}._tcp.school.example", PTR, 300)
            yield Sent(at_s, f"b._dns-sd._udp.{printer}.0.168.192.in-addr.arpa", PTR, 90)
            name = f"{self._word()}-printer-{printer}._ipp._tcp.school.example"
            yield Sent(at_s, name, SRV, 200)
            yield Sent(at_s, name, TXT, 700)

    def certificate_logs(self) -> Iterator[Sent]:
        """Proofs of inclusion asked of certificate logs by DNS."""
        for number in range(1_200):
            yield Sent(
                number / 4, f"{self._text(52, _BASE32)}.hash.pilot.ct.googleapis.com", TXT, 90
            )
            yield Sent(
                number / 4, f"{number % 24}.{number}.tree.pilot.ct.googleapis.com", TXT, 400
            )

    def browsing(self) -> Iterator[Sent]:
        """A class reads: thousands of sites, a few hosts of each, from one address."""
        hosts = (
            "www",
            "static",
            "images",
            "cdn-assets",
            "api",
            "login",
            "img1",
            "fonts",
            "media2",
        )
        return self._hosts(
            4, 900, lambda: f"{self._random.choice(hosts)}.{self._random.choice(_SITES)}"
        )

    def leak_tests(self) -> Iterator[Sent]:
        """Pages that show which resolver somebody has, and chat rooms that check for bots."""
        for visit in range(10):
            for number in range(36):
                name = f"{self._text(32)}.test.dnsleaktest.com"
                yield Sent(visit * 60 + number / 4, name, A, 90)


FAMILIES = (
    "content_networks",
    "video",
    "user_sites",
    "telemetry",
    "antivirus",
    "mail_checks",
    "reverse_names",
    "windows_domain",
    "service_discovery",
    "certificate_logs",
    "browsing",
    "leak_tests",
)
