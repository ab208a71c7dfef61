"""Which addresses the proxy may connect to: the rule is the gateway's, for policyd as well."""

from schoolgate_policyd.destinations import Destinations, is_own_address

__all__ = ["Destinations", "is_own_address"]
