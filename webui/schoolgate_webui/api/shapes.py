"""What several endpoints read and write."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from schoolgate_policyd.workflow.entries import MAX_KEPT

# Beyond this JSON's numbers are not the same in every language.
_LARGEST = 2**53

Number = Annotated[int, Path(ge=1, le=_LARGEST, description="Its number.")]
PersonId = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="A person's id.")]
LineId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$", description="Its id.")]
After = Annotated[
    int | None, Query(ge=1, le=_LARGEST, description="Go on after the one with this number.")
]
Skip = Annotated[int, Query(ge=0, le=1_000_000, description="Leave out so many.")]
Limit = Annotated[int, Query(ge=1, le=100, description="At most so many.")]

# A form says in a sentence what is wrong with an entry; this bounds what reaches it.
Text = Annotated[str, Field(max_length=MAX_KEPT)]
Word = Annotated[str, Field(max_length=200)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]
# JSON has lists alone; strictness is for what is in them.
Ids = Annotated[tuple[Id, ...], Field(max_length=40, strict=False)]


class Shape(BaseModel):
    """What an endpoint gives."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entered(BaseModel):
    """What an endpoint is given: an unknown field is a mistake, and nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def as_form(self) -> dict[str, str]:
        """Return the fields as the pages' forms have them."""
        return {name: _written(value) for name, value in self.model_dump().items()}


class Named(Shape):
    """Somebody or something with its name; *id* is null for what is not told apart."""

    id: str | None
    name: str


def named(id_: str | None, names: Mapping[str, str]) -> Named | None:
    """Return who has *id_*; None for nobody."""
    return None if id_ is None else Named(id=id_, name=names.get(id_, id_))


def known(id_: str, names: Mapping[str, str]) -> Named:
    """Return who has *id_*."""
    return Named(id=id_, name=names.get(id_, id_))


class Page[T](Shape):
    """A part of a list; *next* is where the rest is, null where this is the end."""

    items: list[T]
    next: str | None = None


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
