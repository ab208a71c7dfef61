"""
Reading and checking the settings of a school's installation: a YAML file and the environment.

`SCHOOLGATE_CONFIG` names the file; without it the sample school's is used. `people_file` is
relative to the file that names it, every other path to the directory the program was started in.
What the settings are stands in `settings`.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings, ZoneSettings
from schoolgate_policyd.firewall_settings import (
    ExceptionSettings,
    FirewallMode,
    FirewallSettings,
    Transport,
)
from schoolgate_policyd.mail_settings import MailSecurity, MailSettings
from schoolgate_policyd.record_settings import AuditSettings, RetentionSettings
from schoolgate_policyd.setting_kinds import Address, Cidr
from schoolgate_policyd.settings import (
    ClockSettings,
    ListSettings,
    NetworkSettings,
    PageCertificate,
    ProxySettings,
    SecondFactorRule,
    Settings,
    WebSettings,
    default_rules_dir,
)

__all__ = [
    "CONFIG_VARIABLE",
    "Address",
    "AuditSettings",
    "Cidr",
    "ClockSettings",
    "ConfigError",
    "DnsSettings",
    "EncryptedDnsSettings",
    "ExceptionSettings",
    "FirewallMode",
    "FirewallSettings",
    "ListSettings",
    "MailSecurity",
    "MailSettings",
    "NetworkSettings",
    "PageCertificate",
    "ProxySettings",
    "RetentionSettings",
    "SecondFactorRule",
    "Settings",
    "Transport",
    "WebSettings",
    "ZoneSettings",
    "default_rules_dir",
    "load_settings",
    "settings_json",
]

CONFIG_VARIABLE = "SCHOOLGATE_CONFIG"

_READER = TypeAdapter(Settings)


class ConfigError(SchoolgateError):
    """The configuration cannot be used; the message names the file, the place and the remedy."""


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
        return dataclasses.replace(settings, var_dir=checkout / settings.var_dir)
    return settings


def _read(path: Path) -> Settings:
    try:
        raw: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        settings = _READER.validate_python({} if raw is None else raw)
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
    return dataclasses.replace(settings, people_file=people_file)


def settings_json(settings: Settings) -> bytes:
    """Return *settings* as JSON, which is YAML too: a file with it says the same again."""
    return _READER.dump_json(settings, indent=2)
