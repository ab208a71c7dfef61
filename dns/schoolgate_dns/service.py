"""
Everything that answers, put together: whom to ask, what is held, every stage, every socket.

`point` adds what is about policyd: the snapshot in force, and where events go.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from schoolgate_dns.answering import Answering
from schoolgate_dns.decider import Decider
from schoolgate_dns.encrypted import EncryptedServers, start_encrypted
from schoolgate_dns.encrypted.servers import MAX_ENCRYPTED
from schoolgate_dns.finished.reception import Reception
from schoolgate_dns.process.file_limit import raise_file_limit
from schoolgate_dns.process.garbage import collect_at_leisure
from schoolgate_dns.process.sockets import ServerSockets
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.replies.inside import inside_but
from schoolgate_dns.resolvers import Place, upstreams_of
from schoolgate_dns.served import Outsiders, Served
from schoolgate_dns.server import Server
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.stages.discovery import answer_discovery, designation_of
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.source import Links, NoLinks
from schoolgate_dns.stages.steer import inspection_at
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_dns.streams.connections import Connections
from schoolgate_dns.upstream.opening import open_transport
from schoolgate_dns.upstream.room import MAX_IN_FLIGHT, Room
from schoolgate_dns.upstream.upstreams import Upstreams
from schoolgate_dns.upstream.zones import ZonedResolver, wire_name
from schoolgate_dns.ways.firewall import open_firewall
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.settings import Settings

_FORGET_EVERY_TICKS: Final = 30


class Service:
    """
    Answers as *settings* say, on *sockets*; decisions are *decider*'s and events *recording*'s.

    *school_now* and *machine_now* are the two clocks (aware). Raises NoUpstreamError,
    InspectionError and GatewayNameError, which say what to change.
    """

    def __init__(
        self,
        settings: Settings,
        sockets: ServerSockets,
        decider: Decider,
        recording: Recording,
        *,
        school_now: Callable[[], datetime],
        machine_now: Callable[[], datetime],
    ) -> None:
        self.resolver = resolver_of(settings.dns, sockets.port)
        self.replies = HeldReplies(
            ReplyCache(),
            self.resolver,
            time.monotonic,
            is_own_zone=self.resolver.is_own_zone,
            is_inside=inside_but(settings.dns.permitted_destinations),
        )
        self.tunnels = Tunnels(self.resolver.is_own_zone)
        self.crowds = Crowds()
        self.outsiders = Outsiders(time.monotonic)
        served = Served(settings.served_ranges)
        self.firewall = firewall = open_firewall(settings)
        egress = None if firewall is None else firewall.egress
        links: Links = NoLinks() if firewall is None else firewall.links
        self.answering = Answering(
            decider,
            self.replies,
            recording,
            school_now,
            monotonic=time.monotonic,
            zones=self.resolver,
            tunnels=self.tunnels,
            crowds=self.crowds,
            egress=egress,
            served=served,
            outsiders=self.outsiders,
            local=partial(answer_discovery, designation=designation_of(settings.dns)),
            inspection=inspection_at(settings.dns.inspection_addresses),
            links=links,
        )
        self.reception = Reception(
            self.answering,
            decider,
            recording,
            egress,
            crowds=self.crowds,
            served=served,
            monotonic=time.monotonic,
            school_now=school_now,
            machine_now=machine_now,
            links=links,
        )
        # Over a connection an address cannot be forged, and who is not served gets none.
        serves = served.__contains__
        connections = partial(Connections, serves=serves, known_as=links.known_as)
        self.server = Server(
            self.reception,
            self.answering,
            sockets,
            at_rest=self._look_for_garbage,
            connections=connections(),
        )
        self._encrypted_connections = connections(most=MAX_ENCRYPTED)
        self._settings = settings
        self._sockets = sockets
        self._encrypted = EncryptedServers()
        self._ticks = 0

    async def start(self) -> None:
        """Begin to serve. Raises OSError and CertificateFileError, which say what to change."""
        if self.firewall is not None:
            self.firewall.start()
        await self.server.start()
        sockets = [
            (each.tls, each.https)
            for each in self._sockets.addresses
            if each.tls is not None and each.https is not None
        ]
        self._encrypted = await start_encrypted(
            self.answering,
            self._settings.dns,
            connections=self._encrypted_connections,
            sockets=sockets or None,
        )

    async def stop(self) -> None:
        """Serve nobody any more; what was counted is told."""
        await self._encrypted.stop()
        await self.server.stop()
        await self.replies.close()
        await self.resolver.close()
        self.reception.tell_all()
        if self.firewall is not None:
            self.firewall.stop()

    def put_in_force(self, snapshot: Snapshot) -> None:
        """Take note that *snapshot* is in force now."""
        self.reception.put_in_force(snapshot)

    def tick(self) -> None:
        """Do what time asks for; call it about every second."""
        self.reception.tick()
        if self.firewall is not None and self.firewall.tick():
            self.reception.open_anew()
        self._ticks += 1
        if not self._ticks % _FORGET_EVERY_TICKS:
            self.tunnels.tick(time.monotonic())
        self._look_for_garbage()

    def _look_for_garbage(self) -> None:
        collect_at_leisure(lambda: self.server.unanswered)


def resolver_of(dns: DnsSettings, port: int) -> ZonedResolver:
    """
    Return whom to ask about what, for a point that answers at *port*.

    Raises NoUpstreamError, which names the setting.
    """
    encrypted = () if dns.encrypted is None else (dns.encrypted.tls_port, dns.encrypted.https_port)
    # A question has a socket of its own, unless its upstream is on this machine; the other half is
    # for clients and ourselves. A zone whose server is dead must not take the room of all other
    # names.
    room = Room(min(MAX_IN_FLIGHT, raise_file_limit() // 2))

    def asked_at(texts: tuple[str, ...], setting: str, max_in_flight: int) -> Upstreams:
        listening = Place(dns.address, port)
        places = upstreams_of(
            texts,
            listening,
            further_addresses=dns.further_addresses,
            own_ports=encrypted,
            setting=setting,
        )
        timeout_s = dns.upstream_timeout_s
        transports = [open_transport(each, timeout_s, dns.upstream_ca) for each in places]
        return Upstreams(transports, timeout_s, max_in_flight=max_in_flight, room=room)

    return ZonedResolver(
        asked_at(dns.upstreams, "dns.upstreams", room.most),
        {
            wire_name(each.zone): asked_at(
                each.upstreams, f"dns.zones: {each.zone}", room.most // 4
            )
            for each in dns.zones
        },
    )
