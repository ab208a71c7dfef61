"""The rulesets load on a machine without Debian's package netbase, which a small one lacks."""

from pathlib import Path

import pytest
from filter_world import school_settings
from netns import made

from schoolgate_firewall.exceptions import load_exceptions
from schoolgate_firewall.ruleset import boot_ruleset, ruleset_of
from schoolgate_firewall.shared_networks import load_shared_networks
from schoolgate_policyd.config import default_rules_dir

# nft asks these files what a name stands for that it does not know itself.
NAME_FILES = ("/etc/protocols", "/etc/services")
WITHOUT_NAMES = "".join(
    f"mount --bind /dev/null {each} && " for each in NAME_FILES if Path(each).exists()
)


@pytest.mark.parametrize("which", ["closed", "whole"])
def test_a_ruleset_needs_no_file_of_protocols_names(which: str) -> None:
    rules_dir = default_rules_dir()
    whole = ruleset_of(
        school_settings(), load_shared_networks(rules_dir), load_exceptions(rules_dir)
    )
    ruleset = boot_ruleset() if which == "closed" else whole

    with made("gateway") as (gateway,):
        check = f"{WITHOUT_NAMES}nft --check --file -"
        done = gateway.run("unshare", "--mount", "sh", "-c", check, given=ruleset.encode())

    assert "" == done.stderr
    assert 0 == done.returncode
