"""The Merkle tree of RFC 6962 section 2.1 (SHA-256): hashes, and the root of a growing log."""

import hashlib
from collections.abc import Iterable

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of the octets of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children's hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growing:
    """
    A tree that only grows, kept as the roots of its complete subtrees, the largest first.

    *size* leaves make as many subtrees as *size* has bits set, so it takes a kilobyte at most,
    however long the log is.
    """

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        self.size = size
        self.subtrees = list(subtrees)
        if size < 0 or len(self.subtrees) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees")

    def append(self, hash_of_leaf: bytes) -> None:
        """Add a leaf by its hash."""
        self.subtrees.append(hash_of_leaf)
        self.size += 1
        # Each trailing zero bit of the new size is a pair of equal subtrees that becomes one.
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.subtrees.pop()
            self.subtrees.append(node_hash(self.subtrees.pop(), right))

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self.subtrees:
            return EMPTY_ROOT
        *others, root = self.subtrees
        for left in reversed(others):
            root = node_hash(left, root)
        return root


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over leaves with these hashes."""
    tree = Growing()
    for each in leaf_hashes:
        tree.append(each)
    return tree.root()
