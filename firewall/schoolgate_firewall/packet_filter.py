"""The program nft, which checks rulesets and loads them in one transaction each."""

import shutil
import subprocess

from schoolgate_firewall.errors import RulesetError
from schoolgate_policyd.netfilter.names import TABLE
from schoolgate_policyd.rulefiles.mistakes import printable

# Where root's programs are, whatever the caller's PATH says.
PROGRAMS = "/usr/sbin:/sbin:/usr/bin:/bin"
_TIMEOUT_S = 60
_MAX_SHOWN = 1000


class PacketFilter:
    """The kernel's packet filter, through *program*."""

    def __init__(self, program: str = "nft") -> None:
        self._program = program

    def check(self, ruleset: str) -> None:
        """Have nft and the kernel try *ruleset* without loading it. Raises RulesetError."""
        self._feed(ruleset, "--check")

    def load(self, ruleset: str) -> None:
        """Load *ruleset* whole. Raises RulesetError; then everything stands as it stood."""
        self._feed(ruleset)

    def has_set(self, name: str) -> bool:
        """Whether a set of that name stands in our table."""
        return run_program(self._program, "list", "set", "inet", TABLE, name).returncode == 0

    def _feed(self, ruleset: str, *options: str) -> None:
        done = run_program(self._program, *options, "--file", "-", given=ruleset)
        if done.returncode != 0:
            words = shortened(done.stderr) or f"exit code {done.returncode}"
            raise RulesetError(f"nft refuses the ruleset, and nothing was loaded: {words}")


def run_program(
    program: str, *arguments: str, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Raises RulesetError if it is not there or hangs."""
    path = shutil.which(program, path=PROGRAMS)
    if path is None:
        raise RulesetError(f"{program}: not found: install nftables and iproute2")
    try:
        return subprocess.run(  # noqa: S603 - a fixed program; its arguments were parsed
            [path, *arguments],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            # Its words are shown, so they are in one language.
            env={"PATH": PROGRAMS, "LC_ALL": "C"},
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RulesetError(f"{program}: did not run to its end: {error}") from error


def shortened(words: str) -> str:
    """Return what a program said, in printable lines, and not without end."""
    lines = (printable(line.rstrip()) for line in words[:_MAX_SHOWN].splitlines())
    return "\n".join(line for line in lines if line)
