"""Why Schoolgate could not be laid out."""

from schoolgate_policyd.core.errors import SchoolgateError


class InstallationError(SchoolgateError):
    """Schoolgate cannot be laid out there; the message names the place and the remedy."""
