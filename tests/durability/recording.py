"""
What SQLite asks of the disk, written down: every write, truncation, synchronisation and deletion.

SQLite reaches files through a table of functions, its VFS. A second one, which hands everything
on to the first and writes down what changes files, is put in front of it while a test runs. So a
power cut can be simulated from what SQLite really did and not from what we believe it does.
"""

import _sqlite3
import ctypes
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, NamedTuple

_OK = 0
_NAME = b"schoolgate-recording"
# From the second on a file may be mapped into memory, and what is written there is not seen.
_WITHOUT_MAPPING = 2

_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


class Created(NamedTuple):
    """The file *name* was not there and is now, empty."""

    name: str


class Written(NamedTuple):
    """*octets* were written at *offset*."""

    name: str
    offset: int
    octets: bytes


class Truncated(NamedTuple):
    """The file was cut to *size* octets."""

    name: str
    size: int


class Synchronised(NamedTuple):
    """What was written to the file before is on the disk for certain."""

    name: str


class Deleted(NamedTuple):
    """The file was deleted; *is_certain* once its folder is synchronised."""

    name: str
    is_certain: bool


type Operation = Created | Written | Truncated | Synchronised | Deleted


class _Methods(Structure):
    _fields_ = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("truncate", c_void_p),
        ("sync", c_void_p),
        ("rest", c_void_p * 13),
    ]


class _File(Structure):
    _fields_ = [("methods", POINTER(_Methods))]


class _Vfs(Structure):
    _fields_ = [
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("app", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        ("rest", c_void_p * 14),
    ]


@contextmanager
def recording(folder: Path, note: Callable[[Operation], None]) -> Iterator[None]:
    """
    Tell *note* whatever SQLite changes in *folder*, for connections that are opened meanwhile.

    They must be closed before this ends. The index of a write-ahead log (`-shm`) is memory that
    no power cut leaves, and goes another way.
    """
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_libversion.restype = c_char_p
    if library.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        raise AssertionError("the library that was found is not the one that Python uses")
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    recorder = _Recorder(library.sqlite3_vfs_find(None), folder, note)
    vfs = ctypes.byref(recorder.vfs)
    if library.sqlite3_vfs_register(vfs, 1) != _OK:
        raise AssertionError("SQLite takes no further VFS")
    try:
        yield
    finally:
        library.sqlite3_vfs_unregister(vfs)


class _Recorder:
    """The VFS in front of *first*; it must live as long as a file that was opened by it."""

    def __init__(
        self, first: "ctypes._Pointer[_Vfs]", folder: Path, note: Callable[[Operation], None]
    ) -> None:
        self._first = first
        self._folder = folder
        self._note = note
        self._names: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        self.vfs = _Vfs()
        ctypes.pointer(self.vfs)[0] = first.contents
        self.vfs.next, self.vfs.name = None, _NAME
        self._first_open = _OPEN(first.contents.open)
        self._first_delete = _DELETE(first.contents.delete)
        self.vfs.open = self._kept_pointer(_OPEN(self._open))
        self.vfs.delete = self._kept_pointer(_DELETE(self._delete))

    def _kept_pointer(self, function: "ctypes._CFunctionType") -> int | None:
        """Return the address of *function*, which is kept from being collected."""
        self._kept.append(function)
        return ctypes.cast(function, c_void_p).value

    def _name_of(self, path: int | None) -> str | None:
        """Return the name of what is recorded, None for what is not."""
        if path is None:
            return None
        found = Path(ctypes.string_at(path).decode())
        return found.name if found.parent == self._folder else None

    def _open(self, _: int, path: int | None, file: int, flags: int, out: int | None) -> int:
        name = self._name_of(path)
        is_new = name is not None and not (self._folder / name).exists()
        first = ctypes.cast(self._first, c_void_p).value
        answer: int = self._first_open(first, path, file, flags, out)
        if answer == _OK and name is not None:
            if is_new:
                self._note(Created(name))
            self._names[file] = name
            opened = _File.from_address(file)
            opened.methods = ctypes.pointer(self._recorded(opened.methods))
        return answer

    def _delete(self, _: int, path: int | None, is_synchronised: int) -> int:
        first = ctypes.cast(self._first, c_void_p).value
        answer: int = self._first_delete(first, path, is_synchronised)
        name = self._name_of(path)
        if answer == _OK and name is not None:
            self._note(Deleted(name, bool(is_synchronised)))
        return answer

    def _recorded(self, first: "ctypes._Pointer[_Methods]") -> _Methods:
        """Return the functions of a file, with those that change it written down."""
        address = ctypes.addressof(first.contents)
        if address in self._methods:
            return self._methods[address]
        methods = _Methods()
        ctypes.pointer(methods)[0] = first.contents
        methods.version = min(methods.version, _WITHOUT_MAPPING)
        write, truncate = _WRITE(methods.write), _TRUNCATE(methods.truncate)
        sync, close = _SYNC(methods.sync), _CLOSE(methods.close)

        def on_write(file: int, octets: int, count: int, offset: int) -> int:
            self._note(Written(self._names[file], offset, ctypes.string_at(octets, count)))
            return int(write(file, octets, count, offset))

        def on_truncate(file: int, size: int) -> int:
            self._note(Truncated(self._names[file], size))
            return int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            answer = int(sync(file, flags))
            self._note(Synchronised(self._names[file]))
            return answer

        def on_close(file: int) -> int:
            del self._names[file]
            return int(close(file))

        methods.write = self._kept_pointer(_WRITE(on_write))
        methods.truncate = self._kept_pointer(_TRUNCATE(on_truncate))
        methods.sync = self._kept_pointer(_SYNC(on_sync))
        methods.close = self._kept_pointer(_CLOSE(on_close))
        self._methods[address] = methods
        return methods
