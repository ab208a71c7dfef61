"""
The command line, `schoolgate`: it parses, calls and prints; the work is done elsewhere.

Each command is a module that adds itself to the application when it is imported.
"""

from schoolgate_policyd.cli import check, gateway, rule_files
from schoolgate_policyd.cli.frame import app

__all__ = ["app", "check", "gateway", "main", "rule_files"]


def main() -> None:
    """Run the command line."""
    app()
