"""The declarations of system calls that were read when the program was made."""

import importlib.util
from pathlib import Path


def test_they_are_those_of_the_tool() -> None:
    path = Path(__file__).parents[3] / "tools" / "system_calls.py"
    spec = importlib.util.spec_from_file_location("system_calls_tool", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    assert tool.written() == tool.TARGET.read_text()
