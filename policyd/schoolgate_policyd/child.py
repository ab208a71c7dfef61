"""
`python -m schoolgate_policyd.child MODULE` runs MODULE so that it ends with its supervisor.

A supervisor that is killed cannot stop anything any more; the kernel does it in its place.
"""

import ctypes
import os
import runpy
import signal
import sys

SUPERVISOR_VARIABLE = "SCHOOLGATE_SUPERVISOR"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(supervisor: int) -> bool:
    """
    Have this process told to stop when the process *supervisor* dies; whether that is alive.

    Where the kernel has no such call nothing is arranged.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # It may have died before the call: then somebody else is the parent already.
    return os.getppid() == supervisor


def main() -> None:
    """Run the module that the first argument names as the main program."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is not None and not end_with(int(supervisor)):
        sys.exit(0)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
