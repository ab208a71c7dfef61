"""
Having no more memory than is needed: sixty megabytes are all that a worker has.

What is asked of the C library does nothing where that is another than glibc.
"""

import asyncio
import ctypes
import gc
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Final

_M_ARENA_MAX: Final = -8  # malloc.h
_DONTNEED: Final = 4  # sys/mman.h
_UNCOUNTED: Final = 0xFFFF_FFFF  # CPython's Include/object.h of 3.12 and 3.13, for 64 bits
# Whose ends are of meaning, or that go on.
_MORTAL: Final = frozenset(
    {types.FrameType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType}
)


def keep_one_heap() -> None:
    """Have threads take memory from the one heap there is; call it before there are any."""
    _call("mallopt", _M_ARENA_MAX, 1)


def give_back() -> None:
    """
    Collect what nobody can reach, and return to the system what is not used.

    Importing leaves four megabytes of holes in the heap behind, which glibc keeps until it is
    asked, and three of code that ran once.
    """
    let_go_of_code()
    gc.collect()
    _call("malloc_trim", 0)


def let_go_of_code(maps: Path = Path("/proc/self/maps")) -> int:
    """
    Unmap the machine code that has run by now; return how many octets of code there are.

    Most of it ran for starting and never will again, and what does is mapped anew from its file.
    Nothing is lost by that where code is as its file has it, which is so of all but what has
    relocations in its code (no library for 64 bits) or a debugger's breakpoints. Where *maps*
    cannot be read nothing is done.
    """
    advise = getattr(ctypes.CDLL(None), "madvise", None)
    try:
        mappings = maps.read_bytes().split(b"\n")
    except OSError:
        return 0
    octets = 0
    for each in mappings:
        match each.split(maxsplit=5):
            case [place, b"r-xp", _, _, inode, *_] if inode != b"0" and advise is not None:
                start, end = (int(edge, 16) for edge in place.split(b"-"))
                advise(ctypes.c_size_t(start), ctypes.c_size_t(end - start), _DONTNEED)
                octets += end - start
    return octets


class GivingBack:
    """
    Has memory given back *after_s* after the last change of several in a row.

    All else waits while that is done, so workers that change together take turns.
    """

    def __init__(self, after_s: float, give_back: Callable[[], None] = give_back) -> None:
        self.after_s = after_s
        self._give_back = give_back
        self._timer: asyncio.TimerHandle | None = None

    def note_change(self) -> None:
        """Take note of a change; needs a running loop."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(self.after_s, self._end)

    def stop(self) -> None:
        """Leave undone what was still to come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def is_pending(self) -> bool:
        """Whether something is still to come."""
        return self._timer is not None

    def _end(self) -> None:
        self._timer = None
        self._give_back()


def _is_known_python() -> bool:
    """Whether an object begins with its count, and that of None says that it is not counted."""
    return (
        sys.implementation.name == "cpython"
        and (3, 12) <= sys.version_info < (3, 14)
        and sys.maxsize > 2**32
        and sys.byteorder == "little"
        and "t" not in sys.abiflags  # as a Python without the one lock has it (PEP 703)
        and not hasattr(sys, "gettotalrefcount")
        and ctypes.c_uint32.from_address(id(None)).value == _UNCOUNTED
    )


def leave_uncounted(*, is_known: Callable[[], bool] = _is_known_python) -> bool:
    """
    Have references to what is there now not be counted any more; return whether that is so.

    Python writes to whatever it looks at, to count references to it, and what one process writes
    to it no longer shares: two or three megabytes of each worker. For None and the like it counts
    nothing since 3.12 (PEP 683), and what a parent keeps for its workers need not be counted
    either, since it is never to be given back. There is no call for that: an object's count is
    given the value that None's has. With any other Python than is known for that nothing is done.
    Modules that mypyc compiled count references to lists and to their own objects all the same:
    those are written to, and, their count being what it is, never given back either.
    """
    if not is_known():
        return False
    count_at = ctypes.c_uint32.from_address
    # Objects that the collector does not know (texts, numbers) are found through those it knows.
    layer: list[object] = gc.get_objects()
    # Made after that, or it would be for ever too.
    found = set[int]()
    while layer:
        # Asked for its class, a proxy would ask what it stands for, which may be gone.
        fresh = [each for each in layer if id(each) not in found and type(each) not in _MORTAL]
        found.update(map(id, fresh))
        layer = gc.get_referents(*fresh)
    del fresh, layer
    for address in found:
        count_at(address).value = _UNCOUNTED
    return True


def _call(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
