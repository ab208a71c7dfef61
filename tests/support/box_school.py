"""The school of the box: its networks, its people, and the gateway's configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from box_places import DOCUMENTATION, UPSTREAM
from ruamel.yaml import YAML

INSPECTION4, INSPECTION6 = "10.77.53.53", "fd77:53::53"
OUTSIDE = "wan0"
PROXY_PORT, INTERCEPT_PORT = 8080, 8443
DNS_WORKERS, PROXY_WORKERS = 2, 1
PEOPLE = """
classes: [{id: 4B, name: 4B}]
people:
  - {id: heron, name: Amara Quillfeather, audience: staff}
  - {id: swift, name: Ngozi Thistlewood, audience: staff, duties: [head]}
  - {id: robin, name: Priya Larkspurr, audience: staff, duties: [online-safety-lead]}
  - {id: acorn, name: Idris Pebblethwaite, audience: pupil, classes: [4B], year_group: 4, age: 8}
devices:
  - {address: 10.77.1.10, id: pupil-computer-10, owner: acorn}
  - {address: 10.77.2.10, id: teacher-laptop, owner: heron}
standing:
  - name: staff-break-access
    permitted_by: swift
    permission: Staff may use social media in official breaks and at lunch.
    confirmed_by: robin
    controls: Staff rooms only, and the filter blocks again at the bell.
    review_after_days: 365
"""


@dataclass(frozen=True)
class School:
    """One of the school's networks: its number is the third octet of its addresses."""

    id: str
    number: int
    audience: str
    device: str
    inspectable: bool

    @property
    def inside(self) -> str:
        """The gateway's interface towards it."""
        return f"lan{self.number}"

    @property
    def ranges(self) -> tuple[str, str]:
        """Its range of each family."""
        return f"10.77.{self.number}.0/24", f"fd77:{self.number}::/64"

    def address(self, family: int, host: int) -> str:
        """Return the address of *host* in it."""
        return f"10.77.{self.number}.{host}" if family == 4 else f"fd77:{self.number}::{host}"


PUPIL = School("pupil", 1, "pupil", "school-computer", inspectable=True)
STAFF = School("staff", 2, "staff", "own-device", inspectable=True)
GUEST = School("guest", 3, "visitor", "own-device", inspectable=False)
NETWORKS = (PUPIL, STAFF, GUEST)


def write_config(config: Path, folder: Path, internet_ca: Path) -> None:
    """Write the configuration of a gateway that keeps everything in *folder*."""
    people = folder / "people.yaml"
    people.write_text(PEOPLE)
    networks: list[Mapping[str, object]] = [
        {
            "id": each.id if family == 4 else f"{each.id}-6",
            "cidr": each.ranges[0 if family == 4 else 1],
            "audience": each.audience,
            "device": each.device,
            "inspectable": each.inspectable,
        }
        for each in NETWORKS
        for family in (4, 6)
    ]
    raw = {
        "school": "twiss-green",
        "school_name": "Box School",
        "is_sample": True,
        "var_dir": str(folder / "var"),
        "people_file": str(people),
        "networks": networks,
        "dns": {
            "address": INSPECTION4,
            "further_addresses": [INSPECTION6],
            "port": 53,
            "workers": DNS_WORKERS,
            "upstreams": [UPSTREAM.ipv4],
            "upstream_timeout_s": 1.0,
            "inspection_addresses": [INSPECTION4, INSPECTION6],
        },
        "proxy": {
            "address": INSPECTION4,
            "port": PROXY_PORT,
            "intercept_port": INTERCEPT_PORT,
            "workers": PROXY_WORKERS,
            "permitted_destinations": list(DOCUMENTATION),
            "upstream_ca": str(internet_ca),
        },
        "web": {"public_url": "https://schoolgate.example"},
        "firewall": {
            "inside": [each.inside for each in NETWORKS],
            "outside": [OUTSIDE],
        },
    }
    YAML().dump(json.loads(json.dumps(raw)), config)
