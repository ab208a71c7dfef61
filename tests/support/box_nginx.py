"""The internet's websites: nginx, with a private authority and certificates of several names."""

import ssl
import subprocess
import time
from pathlib import Path

import trustme
from box_places import NAMES, SHARED_NAMES, WEBSITES
from netns import Namespace
from started import Started

ENDLESS_OCTETS = 1 << 32
ENDLESS_OCTETS_PER_S = 512 * 1024
_STARTS_WITHIN_S = 5.0
_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.log warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    default_type text/plain;
    ssl_session_tickets off;
    keepalive_requests 100000;
    server {{
{listen}
        server_name _;
        ssl_certificate {folder}/several.pem;
        ssl_certificate_key {folder}/several.pem;
        location / {{ return 200 "site=$host address=$server_addr sni=$ssl_server_name\\n"; }}
        location /endless {{ alias {folder}/endless; limit_rate {rate}; sendfile off; }}
        location /large {{ alias {folder}/endless; }}
        location /ticks {{ proxy_pass http://unix:{folder}/ticks.sock; proxy_buffering off; }}
        location /dns-query {{ proxy_pass http://unix:{folder}/doh.sock; }}
        location /ws {{
            proxy_pass http://unix:{folder}/ws.sock;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_buffering off;
        }}
    }}
}}
"""


class Websites:
    """
    nginx on the addresses of every website, in *namespace*; its files are in *folder*.

    One certificate is for all names and for the shared ones alike: what a site's page says is
    the Host that was asked for and the address at which it was.
    """

    def __init__(self, namespace: Namespace, folder: Path, started: Started) -> None:
        self._namespace = namespace
        self._folder = folder
        self._started = started
        authority = trustme.CA()
        self.authority = folder / "internet-ca.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        names = (*NAMES, *SHARED_NAMES, "hidden.example")
        leaf = authority.issue_cert(*dict.fromkeys(names))
        leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "several.pem"))
        # What an encrypted resolver of the test's own shows is the same.
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self.tls)

    def start(self) -> None:
        """Serve; every site listens when this returns."""
        with (self._folder / "endless").open("wb") as file:
            file.truncate(ENDLESS_OCTETS)
        addresses = [each for place in WEBSITES for each in (place.ipv4, f"[{place.ipv6}]")]
        listen = "\n".join(
            f"        listen {address}:80; listen {address}:443 ssl http2;"
            for address in addresses
        )
        config = self._folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(folder=self._folder, listen=listen, rate=ENDLESS_OCTETS_PER_S)
        )
        command = ("nginx", "-e", str(self._folder / "nginx-errors.log"), "-c", str(config))
        process = subprocess.Popen(
            self._namespace.command(*command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._started.add(process)
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not (self._folder / "nginx.pid").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "nginx-errors.log").read_text())
            time.sleep(0.02)
