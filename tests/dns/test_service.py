"""What the parts that answer do as time goes by."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dns_world import World, run

from schoolgate_dns import service as module
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.server import Server
from schoolgate_dns.service import MANY_UNANSWERED, Service
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_policyd.config import DnsSettings, Settings


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    world = World()
    dns = DnsSettings(port=0, upstreams=("127.0.0.1:9",))
    with closing(open_sockets(dns)[0]) as sockets:
        yield Service(
            Settings(var_dir=tmp_path, dns=dns),
            sockets,
            world.decider,
            world.recording,
            school_now=lambda: world.moment,
            machine_now=lambda: world.machine,
        )


@pytest.mark.parametrize(
    ("unanswered", "prepared"),
    [(MANY_UNANSWERED, []), (MANY_UNANSWERED - 1, ["replies", "tunnels", "garbage"])],
)
def test_a_burst_is_prepared_for_while_there_is_none(
    service: Service, monkeypatch: pytest.MonkeyPatch, unanswered: int, prepared: list[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Server, "unanswered", unanswered)
    monkeypatch.setattr(ReplyCache, "make_room", lambda _: done.append("replies"))
    monkeypatch.setattr(Tunnels, "make_room", lambda _, _now_s: done.append("tunnels"))
    monkeypatch.setattr(module, "collect_at_leisure", lambda: done.append("garbage"))

    async def pass_a_second() -> None:
        service.tick()

    run(pass_a_second())

    assert prepared == done
