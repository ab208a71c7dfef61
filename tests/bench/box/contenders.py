"""What is measured: the kernel alone, our proxy and Debian's Squid, each on the same gateway."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import trustme
from three_namespaces import CLIENT, GATEWAY_INSIDE, ORIGIN, Namespaces
from web_load import NAME

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from proxy_school import school_source

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network
from schoolgate_policyd.core.url_patterns import UrlPattern
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_proxy.authority import ensure_authority

INTERCEPT_PORT = 8443
DNS_PORT = 5300
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_SQUID = "squid"
_CERTIFICATES = "/usr/lib/squid/security_file_certgen"


@dataclass(frozen=True)
class Contender:
    """A gateway that serves; *certificate* is whom clients must trust to be served by it."""

    name: str
    certificate: Path
    processes: tuple[int, ...] = ()

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU that its processes have had."""
        return sum(map(_cpu_s, self.processes))


def _cpu_s(process: int) -> float:
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


@contextmanager
def origin(places: Namespaces, folder: Path) -> Iterator[Path]:
    """Serve NAME by nginx; yield the certificate of who signed the origin's."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "origins.pem"))
    issued = authority.issue_cert(NAME)
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "origin.pem"))
    (folder / "www").mkdir()
    (folder / "www" / "small").write_text("small\n")
    with (folder / "www" / "big").open("wb") as big:
        big.truncate(1 << 30)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; user root;"
        f"error_log {folder}/nginx.log; events {{ worker_connections 4096; }}"
        f"http {{ access_log off; sendfile on; keepalive_requests 1000000; server {{"
        f" listen {ORIGIN}:443 ssl http2; server_name {NAME}; root {folder}/www;"
        f" ssl_certificate {folder}/origin.pem; ssl_certificate_key {folder}/origin.pem;"
        f" ssl_session_cache off; ssl_session_tickets off; }} }}"
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(places, places.origin, command, folder / "nginx.out"):
        yield folder / "origins.pem"


@contextmanager
def kernel(places: Namespaces, _folder: Path, origins: Path) -> Iterator[Contender]:
    """Forward in the kernel, which nobody's CPU is counted for."""
    places.forward_all()
    yield Contender("kernel forwarding", origins)


@contextmanager
def ours(
    places: Namespaces, folder: Path, origins: Path, *, is_inspected: bool
) -> Iterator[Contender]:
    """Have the worker of our proxy pass NAME through, or look inside."""
    folder.mkdir()
    config = folder / "config.yaml"
    config.write_text(
        f"{{is_sample: true, var_dir: {folder}/var,"
        f" firewall: {{inside: [inside], outside: [outside]}},"
        f" dns: {{upstreams: ['127.0.0.1:{DNS_PORT}'],"
        f" inspection_addresses: ['{GATEWAY_INSIDE}']}},"
        f" proxy: {{port: 0, intercept_port: {INTERCEPT_PORT}, upstream_ca: {origins},"
        f" permitted_destinations: ['{ORIGIN}/32']}}}}"
    )
    settings = load_settings(config)
    ensure_authority(settings.ca_dir, settings.ca_certificate_path, datetime.now(UTC))
    _save_school(settings.last_snapshot_path("proxy"), is_inspected=is_inspected)
    places.bring_to(GATEWAY_INSIDE, INTERCEPT_PORT)
    command = [sys.executable, "-m", "schoolgate_proxy"]
    printed = folder / "printed.txt"
    names = [sys.executable, str(Path(__file__).with_name("one_name.py")), ORIGIN, str(DNS_PORT)]
    with (
        _running(places, places.gateway, names, folder / "names.out"),
        _running(
            places, places.gateway, command, printed, SCHOOLGATE_CONFIG=str(config)
        ) as process,
    ):
        _wait(lambda: "ready proxy" in printed.read_text(), printed)
        name = "Schoolgate, inspected" if is_inspected else "Schoolgate, passed through"
        certificate = settings.ca_certificate_path if is_inspected else origins
        yield Contender(name, certificate, (process.pid,))


@contextmanager
def squid(
    places: Namespaces, folder: Path, origins: Path, *, is_inspected: bool
) -> Iterator[Contender]:
    """Have Squid splice NAME, or bump it."""
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.private_key_pem.write_to_path(str(folder / "both.pem"))
    authority.cert_pem.write_to_path(str(folder / "both.pem"), append=True)
    (folder / "hosts").write_text(f"{ORIGIN} {NAME}\n")
    made = str(folder / "made")
    subprocess.run([_CERTIFICATES, "-c", "-s", made, "-M", "4MB"], check=True, capture_output=True)
    (folder / "squid.conf").write_text(
        f"http_port {GATEWAY_INSIDE}:3128\n"
        f"https_port {GATEWAY_INSIDE}:{INTERCEPT_PORT} intercept ssl-bump "
        f"generate-host-certificates=on dynamic_cert_mem_cache_size=4MB "
        f"tls-cert={folder}/both.pem\n"
        f"sslcrtd_program {_CERTIFICATES} -s {made} -M 4MB\nsslcrtd_children 1\n"
        f"tls_outgoing_options cafile={origins}\n"
        f"hosts_file {folder}/hosts\n"
        "acl first at_step SslBump1\nssl_bump peek first\n"
        f"ssl_bump {'bump' if is_inspected else 'splice'} all\n"
        "http_access allow all\ncache deny all\nhost_verify_strict off\n"
        f"access_log none\ncache_log {folder}/cache.log\ncache_store_log none\n"
        f"pid_filename none\ncoredump_dir {folder}\nvisible_hostname gateway\n"
        "cache_effective_user proxy\nshutdown_lifetime 0 seconds\npinger_enable off\n"
    )
    subprocess.run(["chown", "-R", "proxy:", str(folder)], check=True)
    places.bring_to(GATEWAY_INSIDE, INTERCEPT_PORT)
    command = [_SQUID, "-N", "-f", str(folder / "squid.conf")]
    with _running(places, places.gateway, command, folder / "printed.txt") as process:
        log = folder / "cache.log"
        _wait(lambda: log.exists() and "intercepted SSL" in log.read_text(), log)
        name = "Squid bump" if is_inspected else "Squid splice"
        certificate = folder / "ca.pem" if is_inspected else origins
        yield Contender(name, certificate, (process.pid,))


def _save_school(path: Path, *, is_inspected: bool) -> None:
    """Write the school to decide with: *is_inspected* is NAME when a part of it is blocked."""
    source = school_source()
    client = Network("client", f"{CLIENT}/32", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True)
    register = msgspec.structs.replace(source.register, networks=(client,))
    policy = source.policy
    if is_inspected:
        part = UrlPattern(DomainName(NAME), "/talk")
        talk = Service("talk", "Talk", "forum", urls=(part,))
        catalogue = msgspec.structs.replace(
            policy.catalogue, services=(*policy.catalogue.services, talk)
        )
        policy = msgspec.structs.replace(policy, catalogue=catalogue)
    save_last_snapshot(path, msgspec.structs.replace(source, register=register, policy=policy))


@contextmanager
def _running(
    places: Namespaces, where: str, command: list[str], printed: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    process = places.start(where, command, printed, **environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(holds: Callable[[], bool], printed: Path) -> None:
    until = time.monotonic() + 30
    while not holds():
        if time.monotonic() > until:
            said = printed.read_text() if printed.exists() else "nothing"
            raise RuntimeError(f"it does not serve: {said[-2000:]}")
        time.sleep(0.05)
