"""Columns as migrations write them: what they are is fixed here, whatever models become."""

from typing import Any

import sqlalchemy as sa

# Ids that the audit names are never given twice.
NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}


def number(name: str = "id", *, is_key: bool = False, is_optional: bool = False) -> sa.Column[Any]:
    """Return a column of whole numbers."""
    return sa.Column(name, sa.Integer(), primary_key=is_key, nullable=is_optional)


def words(
    name: str, length: int | None, *, is_key: bool = False, is_optional: bool = False
) -> sa.Column[Any]:
    """Return a column of text, at most *length* characters where that is said."""
    kind = sa.Text() if length is None else sa.String(length)
    return sa.Column(name, kind, primary_key=is_key, nullable=is_optional)


def moment(name: str, *, is_optional: bool = False, index: bool = False) -> sa.Column[Any]:
    """Return a column of moments in UTC."""
    return sa.Column(name, sa.DateTime(), nullable=is_optional, index=index)


def yes_no(name: str, *, is_optional: bool = False) -> sa.Column[Any]:
    """Return a column of truth values."""
    return sa.Column(name, sa.Boolean(), nullable=is_optional)


def one_of(
    name: str,
    *values: str,
    is_key: bool = False,
    is_optional: bool = False,
    index: bool = False,
) -> sa.Column[Any]:
    """Return a column that the database keeps to *values*."""
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, primary_key=is_key, nullable=is_optional, index=index)


def ref(
    name: str,
    target: str,
    *,
    on_delete: str | None = None,
    is_key: bool = False,
    is_optional: bool = False,
    index: bool = False,
    unique: bool = False,
) -> sa.Column[Any]:
    """Return a column that names a row of another table (`people.id`)."""
    number_targets = {"access_requests.id", "sessions.id", "policy_versions.number"}
    return sa.Column(
        name,
        sa.Integer() if target in number_targets else sa.String(40),
        sa.ForeignKey(target, ondelete=on_delete),
        primary_key=is_key,
        nullable=is_optional,
        index=index,
        unique=unique,
    )
