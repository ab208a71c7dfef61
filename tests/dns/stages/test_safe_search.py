"""Which name is looked up instead of a search service's own, for whom."""

import pytest
from dns_asked import FINDER, asked_for, searching
from dns_world import PUPIL, STAFF, STRANGER

from schoolgate_dns.messages import Lookup
from schoolgate_dns.stages.safe_search import safe_lookup, safe_name
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.safe_search import SafeSearch, SafeSearchMode

STRICT, MODERATE, OFF = SafeSearchMode.STRICT, SafeSearchMode.MODERATE, SafeSearchMode.OFF


@pytest.mark.parametrize(
    ("client", "modes", "name"),
    [
        (PUPIL, SafeSearch(), FINDER.strict),
        (STRANGER, SafeSearch(), FINDER.strict),
        (STAFF, SafeSearch(), None),
        (PUPIL, SafeSearch(pupil=MODERATE), FINDER.moderate),
        (STRANGER, SafeSearch(pupil=MODERATE), FINDER.moderate),
        (STAFF, SafeSearch(pupil=MODERATE), None),
        (STAFF, SafeSearch(staff=STRICT), FINDER.strict),
        (STAFF, SafeSearch(staff=MODERATE), FINDER.moderate),
    ],
)
@pytest.mark.parametrize("type_", ["A", "HTTPS", "TXT"])
def test_the_name_depends_on_whom_the_school_filters(
    client: str, modes: SafeSearch, name: DomainName | None, type_: str
) -> None:
    asked = asked_for("WWW.finder.example", type_, client=client, school=searching(modes))

    assert name == safe_name(asked)


@pytest.mark.parametrize(
    "name", ["finder.example", "x.www.finder.example", "safe.finder.example", "a.example"]
)
def test_names_beside_the_listed_ones_are_looked_up_as_they_are(name: str) -> None:
    assert safe_name(asked_for(name, school=searching())) is None


def test_the_lookup_differs_in_the_name_alone() -> None:
    query = asked_for("www.finder.example", "AAAA", want_dnssec=True).query

    assert Lookup(b"\4safe\6finder\7example\0", query.type, query.lookup.dnssec_ok) == safe_lookup(
        query, FINDER.strict
    )
    assert query.lookup.dnssec_ok
