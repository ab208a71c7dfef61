"""
What mypyc is told of a class, which is nothing where Python runs it.

A value that can be a part of no cycle is `acyclic`: compiled, the collector of garbage passes it
over, as it does a Struct with gc=False.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:

    def mypyc_attr(**_attributes: object) -> object:
        """Leave the class as it is."""
        return lambda each: each


__all__ = ["mypyc_attr"]
