"""
The settings of a school's installation, from a YAML file and the environment.

`SCHOOLGATE_CONFIG` names the file; without it the sample school's is used. `people_file` is
relative to the file that names it, every other path to the directory the program was started in.
"""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.subjects import Audience, DeviceKind

CONFIG_VARIABLE = "SCHOOLGATE_CONFIG"


class ConfigError(SchoolgateError):
    """The configuration cannot be used; the message names the file, the place and the remedy."""


def _cidr(text: str) -> str:
    return str(ipaddress.ip_network(text))


Cidr = Annotated[str, AfterValidator(_cidr)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def default_rules_dir() -> Path:
    """Return the rules that come with the program: inside the wheel, or in the checkout."""
    installed = Path(__file__).parent / "rules_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "rules"


class NetworkSettings(_Section):
    """A range of addresses, what is known of whoever asks from it, and its sample relays."""

    id: str
    cidr: Cidr
    audience: Audience
    device: DeviceKind
    inspectable: bool
    relay_from: str | None = None
    proxy_relay_port: int | None = None
    web_relay_port: int | None = None


class DnsSettings(_Section):
    """
    Where DNS listens and whom it asks.

    *upstreams* are `address` or `address:port`; none means the system's resolv.conf.
    """

    address: str = "127.0.0.1"
    port: int = 5353
    upstreams: tuple[str, ...] = ()
    upstream_timeout_s: float = 2.0


class ProxySettings(_Section):
    """
    Where the proxy listens.

    *permitted_destinations* are private ranges it may connect to all the same (tests' origins);
    *upstream_ca* is a PEM file of further authorities that origins may be signed by.
    """

    address: str = "127.0.0.1"
    port: int = 8080
    permitted_destinations: tuple[Cidr, ...] = ()
    upstream_ca: Path | None = None


class ListSettings(_Section):
    """
    How lists are fetched.

    *permitted_destinations* are ranges inside the school that they may come from all the same;
    *upstream_ca* is a PEM file of further authorities that their servers may be signed by.
    *keep_free_megabytes* of the disk are left alone.
    """

    permitted_destinations: tuple[Cidr, ...] = ()
    upstream_ca: Path | None = None
    answer_timeout_s: float = Field(default=20.0, gt=0)
    whole_timeout_s: float = Field(default=600.0, gt=0)
    keep_free_megabytes: int = Field(default=500, ge=0)


class WebSettings(_Section):
    """Where the pages are served and how people reach them."""

    address: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"


class Settings(_Section):
    """The whole configuration; *school* is the preset's name, *school_name* what pages show."""

    school: str = "twiss-green"
    school_name: str = "The school"
    is_sample: bool = False
    var_dir: Path = Path("var")
    rules_dir: Path = Field(default_factory=default_rules_dir)
    people_file: Path | None = None
    dns: DnsSettings = DnsSettings()
    proxy: ProxySettings = ProxySettings()
    web: WebSettings = WebSettings()
    lists: ListSettings = ListSettings()
    networks: tuple[NetworkSettings, ...] = ()

    @property
    def socket_path(self) -> Path:
        """The Unix socket of policyd."""
        return self.var_dir / "policyd.sock"

    @property
    def decisions_path(self) -> Path:
        """The database of what the school decided."""
        return self.var_dir / "decisions.db"

    @property
    def events_dir(self) -> Path:
        """The folder with a database of events for each day."""
        return self.var_dir / "events"

    @property
    def spool_dir(self) -> Path:
        """The folder in which points keep events until they are stored."""
        return self.var_dir / "spool"

    @property
    def lists_dir(self) -> Path:
        """The folder of subscribed lists: their last good versions and the compiled table."""
        return self.var_dir / "lists"

    @property
    def snapshots_dir(self) -> Path:
        """The folder in which each point keeps the newest snapshot it had."""
        return self.var_dir / "snapshots"

    @property
    def clock_path(self) -> Path:
        """Where the highest time seen, and the sample school's shift, are kept."""
        return self.var_dir / "clock.json"

    @property
    def ca_dir(self) -> Path:
        """The folder of the school's certificate authority, its key included."""
        return self.var_dir / "ca"

    @property
    def ca_certificate_path(self) -> Path:
        """The authority's certificate, for devices to trust."""
        return self.var_dir / "ca.pem"

    def last_snapshot_path(self, point: str) -> Path:
        """Where the point named *point* keeps the newest snapshot it had."""
        return self.snapshots_dir / f"{point}.snapshot"


def load_settings(path: Path | None = None) -> Settings:
    """
    Return the settings in *path*, else of `SCHOOLGATE_CONFIG`, else the sample school's.

    Raises ConfigError.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if path is None and named:
        path = Path(named)
    if path is not None:
        return _read(path)
    rules = default_rules_dir()
    settings = _read(rules / "samples" / "sample-school.yaml")
    # The sample school lives in its checkout, from wherever a command about it is given. Started
    # there its folder stays relative: the path of a Unix socket has little room.
    checkout = rules.parent
    if (checkout / "pyproject.toml").is_file() and checkout != Path.cwd():
        return settings.model_copy(update={"var_dir": checkout / settings.var_dir})
    return settings


def _read(path: Path) -> Settings:
    try:
        raw: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        settings = Settings.model_validate({} if raw is None else raw)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text: {error}") from error
    except YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
            for each in error.errors()
        )
        raise ConfigError(f"{path}: {places}") from error
    if settings.people_file is None:
        return settings
    people_file = path.parent.resolve() / settings.people_file
    return settings.model_copy(update={"people_file": people_file})
