"""What follows from the school's configuration: the proxies, and whom the pages answer."""

from pathlib import PurePosixPath

from schoolgate_policyd.installation.contents import UNITS, File
from schoolgate_policyd.setting_kinds import MAX_WORKERS
from schoolgate_policyd.settings import Settings

_PAGES = UNITS / "schoolgate-webui.service.d" / "school.conf"
_WANTS = UNITS / "schoolgate.target.wants"
_PROXY = "schoolgate-proxy@{number}.service"
PROXY_UNIT = PurePosixPath("..") / _PROXY.format(number="")


def generated_files(settings: Settings) -> tuple[File, ...]:
    """Return the files that follow from *settings*."""
    ranges = "".join(f"IPAddressAllow={each}\n" for each in settings.served_ranges)
    pages = (
        "# Made by `schoolgate install` from the configuration's ranges: run it again when they\n"
        "# change. Nobody else reaches the pages, and the pages reach nobody else.\n"
        f"[Service]\n{ranges}"
    )
    return (File(_PAGES, pages),)


def proxy_links(settings: Settings) -> dict[PurePosixPath, bool]:
    """Return the places of links to the proxies' unit, and whether *settings* want each."""
    return {
        _WANTS / _PROXY.format(number=number): number <= settings.proxy.workers
        for number in range(1, MAX_WORKERS + 1)
    }
