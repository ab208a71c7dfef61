"""
The tree of errors that the core raises.

    SchoolgateError
    ├── NameSyntaxError      a host or URL that no browser would open
    ├── PolicyError          a policy that contradicts itself or leaves an audience uncovered
    └── (other packages add their own branches)
"""


class SchoolgateError(Exception):
    """The root of every error that Schoolgate raises on purpose."""


class NameSyntaxError(SchoolgateError, ValueError):
    """A text is not a host name, an address or a URL that a browser would open."""


class PolicyError(SchoolgateError, ValueError):
    """A policy is unusable: it contradicts itself or leaves an audience uncovered."""
