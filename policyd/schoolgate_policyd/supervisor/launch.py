"""The composition root of `schoolgate up`: what is checked and prepared before the start."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from schoolgate_policyd.child import SUPERVISOR_VARIABLE
from schoolgate_policyd.clock import open_school_clock, set_school_clock
from schoolgate_policyd.config import CONFIG_VARIABLE, Settings, settings_json
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.last_snapshot import load_last_snapshot
from schoolgate_policyd.ipc.listening import check_path_length
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.ready import LIVE_VARIABLE
from schoolgate_policyd.logs import LEVEL_VARIABLE
from schoolgate_policyd.rulefiles import load_policy
from schoolgate_policyd.supervisor.accounts import accounts_of, first_run_code
from schoolgate_policyd.supervisor.greeting import Account, first_run, greeting, people
from schoolgate_policyd.supervisor.ports import check_ports, wanted_ports
from schoolgate_policyd.supervisor.up import StartError, Supervisor
from schoolgate_policyd.whole_files import write_whole

MODULES = {
    "policyd": "schoolgate_policyd",
    "dns": "schoolgate_dns",
    "proxy": "schoolgate_proxy",
    "webui": "schoolgate_webui",
}
# Only where the configuration asks for it: it needs a gateway's kernel to itself.
FIREWALL = {"firewall": "schoolgate_firewall"}
DEFAULT_ZONE = "Europe/London"


def run(settings: Settings, at: str | None) -> int:
    """
    Run Schoolgate until it is told to stop; return the exit status.

    *at* sets the sample school's clock. Raises SchoolgateError, naming cause and remedy, when
    it cannot start.
    """
    check_path_length(settings.socket_path)
    settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings):
        check_ports(wanted_ports(settings))
        set_school_clock(settings, at, school_zone(settings))
        start = _Start(settings, accounts_of(settings), first_run_code(settings))
        try:
            asyncio.run(start.supervise())
        finally:
            start.close()
    return 0


class _Start:
    """One start: what it prints, and that passwords made by it are shown whatever happens."""

    def __init__(
        self, settings: Settings, accounts: tuple[Account, ...], code: str | None = None
    ) -> None:
        self._settings = settings
        self._code = code
        self._accounts = accounts
        self._printer = LivePrinter()
        self._has_greeted = False

    async def supervise(self) -> None:
        """Run everything until it is told to stop."""
        supervisor = Supervisor(
            self._settings,
            commands(self._settings),
            environment_of(self._settings),
            show=self._printer.show,
            greet=self._greet,
        )
        await supervisor.run()
        self._printer.show("stopped")

    def close(self) -> None:
        """Print what is left to print."""
        if not self._has_greeted and any(each.password is not None for each in self._accounts):
            self._show(people(self._accounts))
        self._printer.close()

    def _greet(self) -> None:
        now = open_school_clock(self._settings).now()
        zone = school_zone(self._settings)
        self._show(greeting(self._settings, self._accounts, now, zone).splitlines())
        if self._code is not None:
            self._show(first_run(self._settings, self._code))
        self._has_greeted = True

    def _show(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._printer.show(line)


def commands(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return how each process is started that *settings* ask for."""
    modules = MODULES if settings.firewall is None else {**MODULES, **FIREWALL}
    processes = {name: (module,) for name, module in modules.items()}
    further = {
        f"proxy-{number}": (MODULES["proxy"], str(number))
        for number in range(2, settings.proxy.workers + 1)
    }
    return {
        name: (sys.executable, "-m", "schoolgate_policyd.child", *arguments)
        for name, arguments in {**processes, **further}.items()
    }


def environment_of(settings: Settings) -> dict[str, str]:
    """
    Return the environment of every process, and write the settings that it names.

    They all read the same, however long ago they were started and whatever became of the file.
    """
    path = settings.var_dir / "settings.json"
    try:
        write_whole(path, settings_json(settings))
    except OSError as error:
        raise StartError(f"{path}: cannot be written: {error.strerror}") from error
    # Beside live lines only what somebody should look at; `SCHOOLGATE_LOG=info` shows the rest.
    return {
        LEVEL_VARIABLE: "warning",
        **os.environ,
        CONFIG_VARIABLE: str(path),
        LIVE_VARIABLE: "1",
        SUPERVISOR_VARIABLE: str(os.getpid()),
    }


def school_zone(settings: Settings) -> ZoneInfo:
    """Return the school's time zone: of the last source, else the rule files, else London."""
    try:
        last = load_last_snapshot(settings.last_snapshot_path("policyd"))
        if last is not None:
            return ZoneInfo(last.policy.school_time.zone)
        policy = load_policy(settings.rules_dir, settings.school)
        return ZoneInfo(policy.school_time.zone)
    except (SchoolgateError, OSError):
        # policyd says what is wrong with the files; here it is a matter of how a time is read.
        return ZoneInfo(DEFAULT_ZONE)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    path = settings.var_dir / "supervisor.lock"
    try:
        lock_file = path.open("ab")
    except OSError as error:
        raise StartError(f"{path}: cannot be written: {error.strerror}") from error
    with lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(
                f"Schoolgate already runs in {settings.var_dir}: stop it with Ctrl-C where it was "
                "started, or give this one another `var_dir`"
            ) from error
        yield
