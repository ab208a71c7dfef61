"""The bank holidays of the four nations, as the library `holidays` has them."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from schoolgate_policyd.core.times import DateRange


class Nation(StrEnum):
    """A nation of the United Kingdom, each with bank holidays of its own."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


_SUBDIVISION = {
    Nation.ENGLAND: "ENG",
    Nation.WALES: "WLS",
    Nation.SCOTLAND: "SCT",
    Nation.NORTHERN_IRELAND: "NIR",
}


def bank_holidays(nation: Nation, terms: Iterable[DateRange]) -> dict[date, str]:
    """Return the days of *terms* that are bank holidays in *nation*, with their names."""
    # Reading the library takes as long as reading all rule files; most calendars do not need it.
    from holidays import country_holidays  # noqa: PLC0415 - as above

    ranges = tuple(terms)
    years = {year for each in ranges for year in range(each.first.year, each.last.year + 1)}
    known = country_holidays("GB", subdiv=_SUBDIVISION[nation], years=years)
    return {
        day: name for day, name in sorted(known.items()) if any(day in each for each in ranges)
    }
