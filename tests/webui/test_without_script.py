"""The ways through the pages that people go most, in a browser that runs no script."""

from collections.abc import Callable, Iterator

import pytest
from chromium import chromium
from free_ports import free_port
from full_school import LISTENING, filled_school
from scriptless import WAYS, Opening, Scriptless
from web_server import served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scriptless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scriptless]:
    port = free_port(LISTENING)
    full = filled_school(tmp_path_factory.mktemp("full"), port)
    try:
        with chromium() as browser, served(full.school, LISTENING, port) as url:
            opened = Scriptless(browser, url)
            yield opened
            opened.close()
    finally:
        full.school.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_way_is_gone_without_script(
    scriptless: Scriptless, way: Callable[[Opening], None]
) -> None:
    way(scriptless)
