"""
Proofs about the tree: that a leaf is in it, and that it grew out of an earlier one.

Made as RFC 6962 sections 2.1.1 and 2.1.2 define them, checked as RFC 9162 sections 2.1.3.2 and
2.1.4.2 say. A proof is a sequence of hashes; whoever checks one trusts nothing in it.
"""

from collections.abc import Sequence

from schoolgate_policyd.ledger.tree import EMPTY_ROOT, node_hash, root_of


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the proof that leaf *index* is in the tree over *leaf_hashes*. Raises ValueError."""
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"a log of {len(leaf_hashes)} entries has no entry {index}")
    if len(leaf_hashes) == 1:
        return ()
    split = _split(len(leaf_hashes))
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if index < split:
        return (*inclusion_proof(left, index), root_of(right))
    return (*inclusion_proof(right, index - split), root_of(left))


def consistency_proof(leaf_hashes: Sequence[bytes], earlier: int) -> tuple[bytes, ...]:
    """
    Return the proof that the tree over *leaf_hashes* grew out of its first *earlier* leaves.

    Raises ValueError unless 0 < *earlier* <= the number of leaves.
    """
    if not 0 < earlier <= len(leaf_hashes):
        raise ValueError(f"a log of {len(leaf_hashes)} entries did not grow out of {earlier}")
    return _subproof(leaf_hashes, earlier, is_known=True)


def verify_inclusion(
    leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether *proof* shows that the leaf with hash *leaf* stands at *index* under *root*."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(each, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, each)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether *proof* shows that the tree with *root* begins with the one with *earlier_root*."""
    if not 0 <= earlier <= size:
        return False
    if earlier == size:
        return not proof and earlier_root == root
    if earlier == 0:
        # Everything grew out of nothing.
        return not proof and earlier_root == EMPTY_ROOT
    path = (earlier_root, *proof) if earlier.bit_count() == 1 else tuple(proof)
    if not path:
        return False
    return _grows(earlier - 1, size - 1, path) == (earlier_root, root)


def _grows(node: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the earlier and the later root that *path* leads to, None if it does not fit."""
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, each)
        node, last = node >> 1, last >> 1
    return (before, after) if last == 0 else None


def _subproof(leaf_hashes: Sequence[bytes], earlier: int, *, is_known: bool) -> tuple[bytes, ...]:
    if earlier == len(leaf_hashes):
        return () if is_known else (root_of(leaf_hashes),)
    split = _split(len(leaf_hashes))
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if earlier <= split:
        return (*_subproof(left, earlier, is_known=is_known), root_of(right))
    return (*_subproof(right, earlier - split, is_known=False), root_of(left))


def _split(size: int) -> int:
    """Return the largest power of two below *size*, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1
