"""The parents below which new names are the rule: `lookup-services.toml` beside this file."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def look_up_parents() -> frozenset[str]:
    """Return them, lower case, as the file that comes with the program has them."""
    text = Path(__file__).with_name("lookup-services.toml").read_text("utf-8")
    services = tomllib.loads(text)["service"]
    return frozenset(parent for each in services for parent in each["parents"])
