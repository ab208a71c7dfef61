"""Errors of the firewall."""

from schoolgate_policyd.core.errors import SchoolgateError


class RulesetError(SchoolgateError):
    """A ruleset cannot be made or loaded; the message names the place and the remedy."""
