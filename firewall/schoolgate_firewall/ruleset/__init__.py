"""
The packet filter's ruleset, as text for nft, made from the configuration alone.

- `plan`: what the ruleset needs of the configuration, checked and parsed.
- `sets`: the sets that outlive a reload, and those that are filled by one.
- `matches`: exceptions and tunnels as the matches of rules.
- `schoolgate.nft.jinja`: the rules themselves, each once for both families of addresses.
- `closed.nft.jinja`: what is in force while nothing else is.
- `making`: plan and templates made one text.
"""

from schoolgate_firewall.ruleset.making import boot_ruleset, ruleset_of, schema_of

__all__ = ["boot_ruleset", "ruleset_of", "schema_of"]
