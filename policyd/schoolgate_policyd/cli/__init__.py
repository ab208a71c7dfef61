"""
The command line, `schoolgate`: it parses, calls and prints; the work is done elsewhere.

Each command is a module that adds itself to the application when it is imported.
"""

from schoolgate_policyd.cli import (
    account,
    audit,
    calendar,
    check,
    explain,
    first_run,
    gateway,
    install,
    lists,
    policy,
    prove,
    replay,
    rule_files,
    signature,
)
from schoolgate_policyd.cli.frame import app

__all__ = [
    "account",
    "app",
    "audit",
    "calendar",
    "check",
    "explain",
    "first_run",
    "gateway",
    "install",
    "lists",
    "main",
    "policy",
    "prove",
    "replay",
    "rule_files",
    "signature",
]


def main() -> None:
    """Run the command line."""
    app()
