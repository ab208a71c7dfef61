"""On the gateway the kernel says which user speaks, and that decides what they may say."""

import asyncio
import os
from pathlib import Path

import pytest
from ipc_world import revision

from schoolgate_policyd.ipc.frames import encode_frame
from schoolgate_policyd.ipc.messages import Hello, PointKind
from schoolgate_policyd.ipc.peers import USERS, WEBUI_USER, Peer, Peers
from schoolgate_policyd.ipc.server import PolicydServer

POLICYD, DNS, PROXY, FIREWALL, WEBUI, SOMEBODY, ROOT = 900, 901, 902, 903, 904, 1000, 0
UIDS = {
    USERS[PointKind.POLICYD]: POLICYD,
    USERS[PointKind.DNS]: DNS,
    USERS[PointKind.PROXY]: PROXY,
    USERS[PointKind.FIREWALL]: FIREWALL,
    WEBUI_USER: WEBUI,
}
GATEWAY = Peers(UIDS.get, own=POLICYD)
SAMPLE_SCHOOL = Peers(lambda _: None, own=SOMEBODY)


@pytest.mark.parametrize("uid", [DNS, PROXY, FIREWALL, WEBUI, SOMEBODY, ROOT])
def test_each_user_is_its_own_kind_of_point_and_no_other(uid: int) -> None:
    expected = {kind for kind in PointKind if UIDS[USERS[kind]] == uid}

    assert expected == {kind for kind in PointKind if GATEWAY.may_be(Peer(1, uid), kind)}


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (WEBUI, True),
        (ROOT, True),
        (POLICYD, True),
        (DNS, False),
        (PROXY, False),
        (FIREWALL, False),
    ],
)
def test_pages_and_commands_ask_and_no_point_does(uid: int, expected: bool) -> None:
    assert expected is GATEWAY.may_ask(Peer(1, uid))


def test_in_the_sample_school_one_user_is_everything() -> None:
    assert all(SAMPLE_SCHOOL.may_be(Peer(1, SOMEBODY), kind) for kind in PointKind)
    assert SAMPLE_SCHOOL.may_ask(Peer(1, SOMEBODY))
    assert not any(SAMPLE_SCHOOL.may_be(Peer(1, DNS), kind) for kind in PointKind)


def test_a_users_name_is_looked_up_where_the_machine_has_it() -> None:
    assert not Peers(own=POLICYD).may_be(Peer(1, ROOT), PointKind.DNS)


@pytest.mark.parametrize("is_dns", [True, False])
def test_policyd_turns_away_who_is_not_the_point_they_say(folder: Path, is_dns: bool) -> None:
    me = os.geteuid()

    async def greeted() -> bool:
        server = PolicydServer(
            folder / "policyd.sock",
            on_wake=nothing,
            on_events=nothing,
            on_ahead=nothing,
            peers=Peers({USERS[PointKind.DNS]: me if is_dns else me + 2}.get, own=me + 1),
        )
        await server.start()
        server.publish(revision(1))
        reader, writer = await asyncio.open_unix_connection(folder / "policyd.sock")
        writer.write(encode_frame(Hello(PointKind.DNS, "dns", "boot", 0)))
        answer = await asyncio.wait_for(reader.read(1), 10)
        points = server.status().points
        writer.close()
        await writer.wait_closed()
        await server.stop()
        assert bool(answer) is bool(points)
        return bool(answer)

    assert is_dns is asyncio.run(greeted())


async def nothing(*_: object) -> None:
    pass
