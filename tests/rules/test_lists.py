"""
The lists that ship name real, separate things, and never block whom they are made to protect.

These tests read the YAML themselves, so they hold the files to the format without our loader.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host

RULES = Path(__file__).parents[2] / "rules"


def words(text: str) -> list[str]:
    """Return the words of a text: long tables of names read better without quotes."""
    return text.split()


SOCIAL = words("""
    social-network micro-blog forum blog publishing video-sharing image-sharing audio-sharing
    messaging live-stream dating stranger-chat anonymous-questions social-games companion-bots
    membership wiki generative-ai games remote-desktop page-copies
""")
HARMFUL = words("adult extremism self-harm gambling hate drugs violence malware")
CIRCUMVENTION = words("vpn web-proxy unblocked-games doh tor")

# At least so many names each, addresses not counted.
FEWEST = (
    dict.fromkeys(HARMFUL, 30)
    | {"vpn": 60, "web-proxy": 40, "doh": 50, "tor": 30}
    | {"unblocked-games": 30}
)

# Sites that everybody needs, beyond what the files themselves protect. A list that covers one has
# a name that is too wide.
ORDINARY_HOSTS = words("""
    google.com www.google.com translate.google.com www.google.co.uk sites.google.com
    cloudflare.com www.cloudflare.com opendns.com umbrella.com quad9.net
    startpage.com www.startpage.com www.bing.com translator.microsoft.com www.microsoft.com
    apple.com www.apple.com www.icloud.com github.com octocat.github.io s3.amazonaws.com
    cloudfront.net azureedge.net cdn77.org herokuapp.com wordpress.com yandex.com proton.me
    mail.proton.me mozilla.org www.mozilla.org www.eff.org www.riseup.net
    en.wikipedia.org simple.wikipedia.org www.theguardian.com www.telegraph.co.uk news.sky.com
    www.bbc.co.uk www.splcenter.org www.adl.org hopenothate.org.uk jihadology.net www.who.int
    www.redcross.org.uk suicideforum.com nationaleatingdisorders.org www.openvpn.net
    raspberrypi.com archive.org cdn.ampproject.org www.ncsc.gov.uk www.hmd.org.uk www.het.org.uk
""")

# Blocking these makes things worse: the off switches of WannaCry and of SolarWinds' back door, and
# the name by which Firefox learns that a network has a filter.
NEVER_BLOCKED = words("""
    iuqerfsodp9ifjaposdfjhgosurijfaewrwergwea.com ifferfsodp9ifjaposdfjhgosurijfaewrwergwea.com
    avsvmcloud.com use-application-dns.net
""")

# What a child is told of in lessons and on posters.
TOLD_OF = words("""
    www.childline.org.uk www.nspcc.org.uk www.samaritans.org giveusashout.org www.themix.org.uk
    www.papyrus-uk.org refuge.org.uk www.womensaid.org.uk www.nationaldahelpline.org.uk
    www.beateatingdisorders.org.uk www.mind.org.uk www.youngminds.org.uk student.kooth.com
    switchboard.lgbt mermaidsuk.org.uk galop.org.uk www.ceop.police.uk report.iwf.org.uk
    reportharmfulcontent.com anti-bullyingalliance.org.uk www.talktofrank.com www.gamcare.org.uk
    111.nhs.uk www.runawayhelpline.org.uk www.thecalmzone.net www.educationsupport.org.uk
""")

type Entry = Mapping[str, object]


def read(name: str) -> Mapping[str, object]:
    content: Mapping[str, object] = YAML(typ="safe").load(RULES / name)
    return content


def items(content: Mapping[str, object], key: str) -> list[Entry]:
    value = content[key]
    assert isinstance(value, list)
    assert value
    return value


def written(entry: Entry, key: str = "domains") -> list[str]:
    value = entry[key]
    assert isinstance(value, list)
    assert all(isinstance(text, str) for text in value), entry
    return value


LISTS = {
    path.stem: read(f"categories/{path.name}")
    for path in sorted((RULES / "categories").glob("*.yaml"))
    if path.name != "categories.yaml"
}
CATEGORIES = items(read("categories/categories.yaml"), "categories")
HELP_LINES = items(read("help-lines.yaml"), "help_lines")
ESSENTIALS = items(read("essentials.yaml"), "essentials")
NEVER_INSPECTED = items(read("never-inspected.yaml"), "never_inspected")

GROUPED = {
    "help-lines": [text for entry in HELP_LINES for text in written(entry)],
    "essentials": [text for entry in ESSENTIALS for text in written(entry)],
    "never-inspected": [text for entry in NEVER_INSPECTED for text in written(entry)],
}
EVERY_FILE = {name: written(content) for name, content in LISTS.items()} | GROUPED

# Texts stay texts until a test parses them, so a name that cannot be parsed fails one test.
BLOCKED = {text: name for name, content in LISTS.items() for text in written(content)}
OPEN = sorted(set(chain.from_iterable(GROUPED.values())))


def names_above(host: Host) -> Iterator[str]:
    """Yield the names strictly above a host."""
    above = host.parents()
    next(above)
    yield from above


def blocking(text: str) -> list[str]:
    """Return the blocked names that cover a host."""
    return [name for name in parse_host(text).parents() if name in BLOCKED]


def blocked_below(text: str) -> list[str]:
    """Return the blocked names that lie strictly below a host."""
    return [name for name in BLOCKED if text in names_above(parse_host(name))]


def test_every_category_that_policies_and_the_baseline_speak_of_exists_once() -> None:
    expected = Counter(SOCIAL + HARMFUL + CIRCUMVENTION)

    assert expected == Counter(entry["id"] for entry in CATEGORIES)


def test_exactly_the_ways_round_the_filter_are_marked_as_circumvention() -> None:
    marked = {entry["id"] for entry in CATEGORIES if entry.get("circumvention")}

    assert set(CIRCUMVENTION) == marked


def test_category_names_are_words_for_a_page_and_no_two_are_alike() -> None:
    names = [str(entry["name"]) for entry in CATEGORIES]

    assert len(names) == len(set(names))
    assert not [name for name in names if name[0].islower() or not name.isascii()]


def test_ids_of_lists_are_unique_and_no_ids_of_categories() -> None:
    ids = [str(content["list"]) for content in LISTS.values()]

    assert len(ids) == len(set(ids))
    assert not set(ids) & {entry["id"] for entry in CATEGORIES}


@pytest.mark.parametrize("category", FEWEST)
def test_each_baseline_category_has_a_list_of_its_own_that_is_long_enough(category: str) -> None:
    content = LISTS[category]
    names = [text for text in written(content) if isinstance(parse_host(text), DomainName)]

    assert category == content["category"]
    assert FEWEST[category] <= len(names)
    assert content["source"]


def test_lists_are_of_categories_that_exist() -> None:
    assert set(FEWEST) == {content["category"] for content in LISTS.values()}


def test_resolvers_are_also_listed_by_address_in_both_families() -> None:
    addresses = {
        host.text
        for host in map(parse_host, written(LISTS["doh"]))
        if isinstance(host, AddressLiteral)
    }
    expected = {"1.1.1.1", "8.8.8.8", "9.9.9.9", "2606:4700:4700::1111", "2001:4860:4860::8888"}

    assert expected <= addresses


@pytest.mark.parametrize(
    ("category", "host"),
    [
        ("vpn", "api.nordvpn.com"),
        ("vpn", "mask.icloud.com"),
        ("vpn", "mask-h2.icloud.com"),
        ("web-proxy", "www.croxyproxy.com"),
        ("unblocked-games", "classroom6x.com"),
        ("unblocked-games", "ubg365.github.io"),
        ("doh", "dns.google"),
        ("doh", "mozilla.cloudflare-dns.com"),
        ("doh", "one.one.one.one"),
        ("doh", "dns.quad9.net"),
        ("doh", "doh.opendns.com"),
        ("doh", "dns.adguard-dns.com"),
        ("doh", "abcdef.dns.nextdns.io"),
        ("doh", "doh.cleanbrowsing.org"),
        ("doh", "dns.mullvad.net"),
        ("tor", "www.torproject.org"),
        ("tor", "bridges.torproject.org"),
        ("tor", "example.onion"),
        ("tor", "example.onion.ly"),
    ],
)
def test_well_known_ways_round_the_filter_are_covered(category: str, host: str) -> None:
    covered = {name for name in parse_host(host).parents() if name in written(LISTS[category])}

    assert covered


@pytest.mark.parametrize("name", EVERY_FILE)
def test_hosts_are_written_as_browsers_would_send_them(name: str) -> None:
    assert EVERY_FILE[name] == [parse_host(text).text for text in EVERY_FILE[name]]


@pytest.mark.parametrize("name", EVERY_FILE)
def test_no_host_stands_twice_in_a_file_or_below_another_of_the_same_file(name: str) -> None:
    texts = Counter(EVERY_FILE[name])
    covered = [text for text in texts if any(up in texts for up in names_above(parse_host(text)))]

    assert not [text for text, count in texts.items() if count > 1]
    assert not covered


@pytest.mark.parametrize("name", sorted(set(EVERY_FILE) - {"doh"}))
def test_only_resolvers_are_listed_by_address(name: str) -> None:
    hosts = [parse_host(text) for text in EVERY_FILE[name]]

    assert not [host.text for host in hosts if isinstance(host, AddressLiteral)]


def test_no_help_line_essential_or_uninspected_host_is_on_a_block_list() -> None:
    assert not {text: found for text in OPEN if (found := blocking(text))}


def test_no_blocked_name_lies_below_a_help_line_an_essential_or_an_uninspected_host() -> None:
    assert not {text: found for text in OPEN if (found := blocked_below(text))}


@pytest.mark.parametrize("host", ORDINARY_HOSTS)
def test_no_list_covers_an_ordinary_site(host: str) -> None:
    assert not blocking(host)


@pytest.mark.parametrize("host", NEVER_BLOCKED)
def test_no_list_covers_a_name_whose_blocking_does_harm(host: str) -> None:
    assert not blocking(host)


def test_there_are_enough_help_lines_and_essentials_and_uninspected_hosts() -> None:
    assert len(HELP_LINES) >= 30
    assert len(GROUPED["essentials"]) >= 150
    assert len(GROUPED["never-inspected"]) >= 60


def test_every_help_line_says_in_one_plain_sentence_what_it_is_for() -> None:
    for entry in HELP_LINES:
        about = str(entry["about"])
        assert about.endswith("."), about
        assert about.count(". ") == 0, about
        assert len(about.split()) <= 22, about


def test_help_lines_have_their_own_ids_and_phone_numbers_that_can_be_dialled() -> None:
    ids = [entry["id"] for entry in HELP_LINES]
    phones = [str(entry["phone"]) for entry in HELP_LINES if "phone" in entry]

    assert len(ids) == len(set(ids))
    assert not [phone for phone in phones if not _can_be_dialled(phone)]


def _can_be_dialled(phone: str) -> bool:
    digits = phone.replace(" ", "")
    is_short = digits in {"111", "116000", "116123", "08001111"}
    return digits.isdecimal() and (is_short or (digits[0] == "0" and len(digits) in {10, 11}))


@pytest.mark.parametrize("host", TOLD_OF)
def test_the_help_lines_that_a_child_is_told_of_are_among_them(host: str) -> None:
    assert set(GROUPED["help-lines"]) & set(parse_host(host).parents())


@pytest.mark.parametrize("name", GROUPED)
def test_no_open_host_belongs_to_a_service_or_has_a_part_that_does(
    services: list[Service], name: str
) -> None:
    assert not _reached_by(services, GROUPED[name])


def _reached_by(services: list[Service], texts: list[str]) -> list[tuple[str, str]]:
    """Return the hosts that belong to a service, or under which a service has a host or part."""
    hosts = {text: parse_host(text) for text in texts}
    found = []
    for service in services:
        found += [(text, service.id) for text, host in hosts.items() if service.has_host(host)]
        parts = [*service.domains, *(pattern.host for pattern in service.urls)]
        found += [(name, service.id) for part in parts for name in part.parents() if name in hosts]
    return found
