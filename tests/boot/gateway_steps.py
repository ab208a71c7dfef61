"""The steps of docs/install.md from the third on, done in the machine as they are written."""

import io
from pathlib import Path

from box_places import DOCUMENTATION
from box_school import INSPECTION4, INSPECTION6, PUPIL, STAFF
from guest import Commands
from image import ROOT
from ruamel.yaml import YAML

CONFIGURATION = "/etc/schoolgate/schoolgate.yaml"
INTERNET_CA = "/etc/ssl/internet-ca.pem"
PROGRAM = "/opt/schoolgate/bin/schoolgate"
PROXIES = 2
# What of the tests is in the machine, for whoever works there as the pages' user.
ENVIRONMENT = (
    "SCHOOLGATE_CONFIG=/etc/schoolgate/schoolgate.yaml "
    "PYTHONPATH=/opt/paperwork/support:/opt/paperwork/durability"
)
AS_PAGES = (
    "setpriv --reuid schoolgate-webui --regid schoolgate-webui --init-groups "
    f"env {ENVIRONMENT} /opt/schoolgate/bin/python"
)


def edited(template: str, *, has_time_server: bool = True) -> str:
    """Return the configuration *template* as this school's technician edits it."""
    yaml = YAML()
    raw = yaml.load(template)
    raw["school_name"] = "Boot School"
    raw["address_ranges"] = ["10.77.0.0/16", "fd77::/16"]
    raw["networks"] = [
        {
            "id": each.id if family == 4 else f"{each.id}-6",
            "cidr": each.ranges[0 if family == 4 else 1],
            "audience": each.audience,
            "device": each.device,
            "inspectable": each.inspectable,
        }
        for each in (PUPIL, STAFF)
        for family in (4, 6)
    ]
    raw["firewall"]["inside"] = ["eth1", "eth2"]
    raw["firewall"]["mode"] = "enforce"
    raw["firewall"]["administration"] = [STAFF.ranges[0]]
    dns, proxy, web = raw["dns"], raw["proxy"], raw["web"]
    dns["inspection_addresses"] = [INSPECTION4, INSPECTION6]
    dns["address"], dns["further_addresses"] = INSPECTION4, [INSPECTION6]
    proxy["address"], proxy["workers"] = INSPECTION4, PROXIES
    # The internet of the test has addresses of the documentation, and an authority of its own.
    proxy["permitted_destinations"] = list(DOCUMENTATION)
    proxy["upstream_ca"] = INTERNET_CA
    web["address"], web["public_url"] = INSPECTION4, f"http://{INSPECTION4}:8000"
    raw["clock"]["must_be_synchronised"] = has_time_server
    written = io.StringIO()
    yaml.dump(raw, written)
    return written.getvalue()


def installed(guest: Commands) -> str:
    """Do step 3, and return what `schoolgate install` said."""
    return guest.get(f"{PROGRAM} install")


def configured(guest: Commands, internet_ca: Path, *, has_time_server: bool) -> str:
    """Do steps 4 and 5, and return what the commands said."""
    guest.write(INTERNET_CA, internet_ca.read_text())
    template = (ROOT / "systemd" / "schoolgate.yaml").read_text()
    guest.write(CONFIGURATION, edited(template, has_time_server=has_time_server))
    return "\n".join(
        guest.get(command)
        for command in (
            "schoolgate install",
            "schoolgate check-rules",
            "schoolgate-firewall check",
            "systemctl restart unbound",
        )
    )


def enabled(guest: Commands) -> str:
    """Do step 7: start it now, and at every boot."""
    return guest.get(
        "systemctl enable --now schoolgate-firewall-boot.service schoolgate.target 2>&1"
    )
