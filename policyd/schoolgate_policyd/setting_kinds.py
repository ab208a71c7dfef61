"""
The kinds of values that settings are made of, each with its check, and what makes a section.

pydantic finds the checks where it reads a configuration; nothing here loads it.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, dataclass_transform

MAX_WORKERS = 64
# What the kernel takes for the name of an interface (IFNAMSIZ), of characters that mean nothing
# to whoever reads a ruleset.
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
# As pages and the API name it in an address, and as it stands in what is signed.
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}", re.ASCII)
_MAPPED_PREFIX = 96


class Checked:
    """Marks a value that *check* returns in its usual form; it raises ValueError for others."""

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self._check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401 - pydantic's types would have to be imported
        """Have pydantic, which looks for this method, check what it has read."""
        from pydantic_core import core_schema  # noqa: PLC0415 - whoever calls this has it already

        return core_schema.no_info_after_validator_function(self._check, handler(source))


def _cidr(text: str) -> str:
    return str(ipaddress.ip_network(text))


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _interface(text: str) -> str:
    if not _INTERFACE.fullmatch(text):
        raise ValueError("must be the name of a network interface, such as eth0 or br0.10")
    return text


def _network_id(text: str) -> str:
    if not _NETWORK.fullmatch(text):
        raise ValueError(
            "must be of at most 40 letters from A to Z, digits and hyphens, like pupil-computers"
        )
    return text


def _mapping(text: str) -> str:
    prefix = ipaddress.IPv6Network(text)
    if prefix.prefixlen != _MAPPED_PREFIX:
        raise ValueError("must be an IPv6 prefix of 96 bits, below which IPv4 addresses are put")
    return str(prefix)


def _within(least: float, most: float, number: float) -> float:
    if not least <= number <= most:
        raise ValueError(f"must be between {least:g} and {most:g}")
    return number


def _email(text: str) -> str:
    from schoolgate_policyd.workflow.email_addresses import is_address  # noqa: PLC0415 - only where one is set

    if not is_address(text):
        raise ValueError("must be an e-mail address, like schoolgate@school.example")
    return text


def _at_least_one(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("must name at least one")
    return texts


Cidr = Annotated[str, Checked(_cidr)]
Address = Annotated[str, Checked(_address)]
EmailAddress = Annotated[str, Checked(_email)]
Interface = Annotated[str, Checked(_interface)]
NetworkId = Annotated[str, Checked(_network_id)]
Ipv6Mapping = Annotated[str, Checked(_mapping)]
Interfaces = Annotated[tuple[Interface, ...], Checked(_at_least_one)]
AtLeastOne = Annotated[tuple[str, ...], Checked(_at_least_one)]
Workers = Annotated[int, Checked(partial(_within, 1, MAX_WORKERS))]
Seconds = Annotated[float, Checked(partial(_within, 0.001, 86_400))]
Megabytes = Annotated[int, Checked(partial(_within, 0, 1e9))]
Port = Annotated[int, Checked(partial(_within, 1, 65_535))]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def section[T](made: type[T]) -> type[T]:
    """Make *made* an immutable value, of which pydantic knows no further fields."""
    made.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]  # pydantic's name
    return dataclass(frozen=True, kw_only=True)(made)
