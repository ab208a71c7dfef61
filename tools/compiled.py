"""
A hook of the build: DNS's stages compiled into the wheel, for machines like this one.

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true python -m hatchling build -t wheel

mypyc makes C of the modules' own source and annotations, so there is one source and no second
program; without the hook the wheel is pure Python and does the same. Which modules says
pyproject.toml, why those ARCHITECTURE.md.
"""

import sysconfig
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from sys import stderr
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Every worker has it in memory, of which it may have sixty megabytes. Made as small as it can be
# (-Os) it would save half a megabyte and take a sixth more of the CPU for a new name.
_COMPILED = [
    *("-include", str(Path(__file__).with_name("slices.h"))),
    *("-O2", "-fvisibility=hidden", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"),
]
_LINKED = ["-Wl,--strip-all", "-Wl,-z,pack-relative-relocs"]


class CompiledModules(BuildHookInterface[Any]):
    """Compiles *modules*, paths from the project's folder in pyproject.toml, into a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and give hatchling what came of it. Raises SystemExit with what is wrong."""
        if version == "editable":
            return  # a checkout is used as it stands
        header = Path(sysconfig.get_path("include"), "Python.h")
        if not header.exists():
            raise SystemExit(
                f"{header} is needed to compile; Debian's Python has it in python3-dev"
            )
        self._folder = TemporaryDirectory(prefix="schoolgate-compiled-")
        into = Path(self._folder.name)
        for made in _compiled(self.config["modules"], into):
            build_data["force_include"][str(made)] = str(made.relative_to(into / "lib"))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove what stands in the wheel now."""
        if version != "editable":
            self._folder.cleanup()


def _compiled(modules: Iterable[str], into: Path) -> list[Path]:
    # Wanted for this alone, by whoever builds such a wheel.
    from mypyc.build import mypycify  # noqa: PLC0415 - see above
    from setuptools import Distribution  # noqa: PLC0415 - see above
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415 - see above

    with redirect_stdout(stderr):
        extensions = mypycify(
            ["--config-file=pyproject.toml", *modules],
            opt_level="2",
            debug_level="0",
            target_dir=str(into / "c"),
            group_name="schoolgate_dns",
        )
        for each in extensions:
            each.extra_compile_args = [*each.extra_compile_args, *_COMPILED]
            each.extra_link_args = [*each.extra_link_args, *_LINKED]
        command = build_ext(Distribution({"name": "schoolgate", "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(into / "lib"), str(into / "objects")
        command.ensure_finalized()
        command.run()
    return sorted((into / "lib").rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))
