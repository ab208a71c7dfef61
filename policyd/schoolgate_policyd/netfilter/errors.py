"""The one error of everything that speaks to the kernel's packet filter."""

from schoolgate_policyd.core.errors import SchoolgateError


class NetfilterError(SchoolgateError):
    """The kernel refused, did not answer in time, or something said what nobody says."""
