"""The gateway's users as real user ids, without accounts on this machine; needs root."""

import os
import pwd
import re
import subprocess
import sys
from collections.abc import Sequence

from schoolgate_policyd.installation.contents import data_dir
from schoolgate_policyd.installation.folders import Owners

_FIRST_ID = 61_500
_MEMBER = re.compile(r"^m (\S+) (\S+)", re.MULTILINE)
_NAME = re.compile(r"^[ug] (\S+)", re.MULTILINE)
_USER = re.compile(r"^u (\S+)", re.MULTILINE)
# What is loaded is loaded by root, since the interpreter may lie where others see nothing; then
# each user has a process of its own, one after the other.
_BECOME = """
import os, sys
identities, source = sys.argv[1], sys.argv[2]
sys.argv = ["-", *sys.argv[3:]]
for identity in identities.split():
    uid, _, groups = identity.partition(":")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setgroups([int(each) for each in groups.split(",") if each])
        os.setresgid(int(uid), int(uid), int(uid))
        os.setresuid(int(uid), int(uid), int(uid))
        os.umask(0o077)
        exec(source)
        sys.exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
"""


class GatewayUsers:
    """Users and groups of `sysusers.conf`, each with a number that this machine does not use."""

    def __init__(self) -> None:
        text = (data_dir() / "sysusers.conf").read_text(encoding="utf-8")
        names = dict.fromkeys(_NAME.findall(text))
        self._ids = {name: _FIRST_ID + number for number, name in enumerate(names)}
        assert not {each.pw_uid for each in pwd.getpwall()} & set(self._ids.values())
        self._members: list[tuple[str, str]] = _MEMBER.findall(text)
        self.users: list[str] = _USER.findall(text)

    @property
    def owners(self) -> Owners:
        """How the installer finds them."""
        return Owners(self.id_of, self.id_of)

    def id_of(self, name: str) -> int:
        """Return the number of a user or group."""
        return 0 if name == "root" else self._ids[name]

    def run(self, users: Sequence[str], before: str, source: str, *arguments: object) -> str:
        """
        Run the Python *source* as each of *users*, with its groups; return what they printed.

        *before* is run as root, to load what the other needs; `sys.argv[1:]` are *arguments*.
        """
        running = self.start(users, before, source, *arguments)
        said = running.communicate(timeout=60)[0]
        assert 0 == running.returncode
        return said.strip()

    def start(
        self, users: Sequence[str], before: str, source: str, *arguments: object
    ) -> subprocess.Popen[str]:
        """Start what `run` runs; it ends when its input does."""
        identities = " ".join(self._identity(user) for user in users)
        return subprocess.Popen(
            [sys.executable, "-c", before + _BECOME, identities, source, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _identity(self, user: str) -> str:
        groups = (str(self._ids[group]) for member, group in self._members if member == user)
        return f"{self._ids[user]}:{','.join(groups)}"


def may_become_others() -> bool:
    """Whether this process may run others as other users."""
    return os.geteuid() == 0
