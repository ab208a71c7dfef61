"""The Merkle tree and its proofs against RFC 6962's own definition, slow and obvious."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.ledger.proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from schoolgate_policyd.ledger.tree import EMPTY_ROOT, Growing, leaf_hash, root_of

# The leaves and roots that implementations of Certificate Transparency test themselves with.
LEAVES = tuple(
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LOGS = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


def reference_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = max(2**power for power in range(len(leaves)) if 2**power < len(leaves))
    left, right = reference_root(leaves[:split]), reference_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_the_roots_are_those_that_other_implementations_have(size: int, root: str) -> None:
    assert root == root_of(leaf_hash(each) for each in LEAVES[:size]).hex()


@given(leaves=st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_the_definitions_however_the_log_grew(leaves: list[bytes]) -> None:
    tree = Growing()
    for size, leaf in enumerate(leaves):
        assert reference_root(leaves[:size]) == tree.root()
        # What is kept of it is all that is needed to go on.
        tree = Growing(tree.size, tuple(tree.subtrees))
        tree.append(leaf_hash(leaf))

    assert reference_root(leaves) == tree.root()


@given(leaves=LOGS, chosen=st.data())
def test_an_inclusion_proof_shows_its_entry_and_no_other(
    leaves: list[bytes], chosen: st.DataObject
) -> None:
    index = chosen.draw(st.integers(0, len(leaves) - 1))
    hashes = [leaf_hash(each) for each in leaves]
    proof, root, size = inclusion_proof(hashes, index), reference_root(leaves), len(leaves)

    assert verify_inclusion(hashes[index], index, size, root, proof)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, root, proof)
    assert not verify_inclusion(hashes[index], index, size, EMPTY_ROOT, proof)
    assert not verify_inclusion(hashes[index], index, size, root, (*proof, root))
    assert not verify_inclusion(hashes[index], size, size, root, proof)
    if proof:
        assert not verify_inclusion(hashes[index], index, size, root, proof[:-1])
        assert not verify_inclusion(hashes[index], index, size, root, (root, *proof[1:]))


@given(leaves=LOGS, chosen=st.data())
def test_a_consistency_proof_shows_growth_and_no_other_past(
    leaves: list[bytes], chosen: st.DataObject
) -> None:
    earlier = chosen.draw(st.integers(1, len(leaves)))
    hashes = [leaf_hash(each) for each in leaves]
    proof = consistency_proof(hashes, earlier)
    before, after, size = reference_root(leaves[:earlier]), reference_root(leaves), len(leaves)

    assert verify_consistency(earlier, before, size, after, proof)
    assert not verify_consistency(earlier, EMPTY_ROOT, size, after, proof)
    assert not verify_consistency(earlier, before, size, EMPTY_ROOT, proof)
    assert not verify_consistency(earlier, before, size, after, (*proof, after))
    assert not verify_consistency(size + 1, before, size, after, proof)
    if proof:
        assert not verify_consistency(earlier, before, size, after, proof[:-1])


def test_everything_grew_out_of_nothing() -> None:
    root = root_of([leaf_hash(b"a")])

    assert verify_consistency(0, EMPTY_ROOT, 1, root, ())
    assert not verify_consistency(0, root, 1, root, ())
    assert verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_proof_of_what_is_not_in_the_log(index: int) -> None:
    hashes = [leaf_hash(b"a"), leaf_hash(b"b")]

    with pytest.raises(ValueError, match="no entry"):
        inclusion_proof(hashes, index)


@pytest.mark.parametrize("earlier", [0, 3])
def test_there_is_no_proof_of_growth_from_nothing_or_more(earlier: int) -> None:
    with pytest.raises(ValueError, match="did not grow"):
        consistency_proof([leaf_hash(b"a"), leaf_hash(b"b")], earlier)


def test_a_tree_is_made_of_as_many_subtrees_as_its_size_has_bits() -> None:
    with pytest.raises(ValueError, match="2 complete subtrees"):
        Growing(3, [EMPTY_ROOT])
