"""The tree and its proofs are those of RFC 6962, held against the published test data of certificate transparency, the
definition in the RFC written down once more, and every pair of sizes."""

import hashlib
import sys
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from referral.core.audit.notary import Signer
from referral.core.audit.verifier import (
    Tree,
    consistency_path,
    inclusion_path,
    is_consistent,
    is_included,
    is_signed,
    leaf_hash,
    node_hash,
    read_keys,
    root_of,
)
from tests.proof import scaled

# The reference tree of the certificate transparency project: eight inputs, and its root at every size.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
HASHES = {
    "leaf 0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "leaf 1": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "leaf 2": "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "leaf 3": "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "leaf 4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "leaf 5": "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "leaf 6": "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "leaf 7": "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    "0-1": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "2-3": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "4-5": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "6-7": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0-3": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4-7": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
}
INCLUSION = {
    (0, 1): [],
    (0, 8): ["leaf 1", "2-3", "4-7"],
    (5, 8): ["leaf 4", "6-7", "0-3"],
    (2, 3): ["0-1"],
    (1, 5): ["leaf 0", "2-3", "leaf 4"],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): ["leaf 1", "2-3", "4-7"],
    (6, 8): ["4-5", "6-7", "0-3"],
    (2, 5): ["2-3", "leaf 4"],
    (6, 7): ["4-5", "leaf 6", "0-3"],
}
LEAVES = [leaf_hash(bytes.fromhex(each)) for each in INPUTS]

MOST = 300
AWKWARD = (63, 64, 65, 127, 128, 129, 255, 256, 257, 299, 300)
SIZES = range(1, MOST + 1) if scaled(MOST) == MOST else (*range(1, scaled(MOST) + 1), *AWKWARD)


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash as section 2.1 of the RFC defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = max(1 << power for power in range(20) if 1 << power < len(leaves))
    return node_hash(by_definition(leaves[:half]), by_definition(leaves[half:]))


def test_the_reference_tree_has_the_published_hashes_and_roots() -> None:
    assert [leaf.hex() for leaf in LEAVES] == [HASHES[f"leaf {number}"] for number in range(8)]
    assert [root_of(LEAVES[:size]).hex() for size in range(9)] == list(ROOTS)


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_the_inclusion_proofs_are_the_published_ones(place: tuple[int, int], path: list[str]) -> None:
    index, size = place
    assert [each.hex() for each in inclusion_path(LEAVES[:size], index)] == [HASHES[name] for name in path]


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_the_consistency_proofs_are_the_published_ones(sizes: tuple[int, int], path: list[str]) -> None:
    old, new = sizes
    assert [each.hex() for each in consistency_path(LEAVES[:new], old)] == [HASHES[name] for name in path]


def test_all_pairs_prove_and_nothing_else_does() -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(MOST)]
    roots = [by_definition(leaves[:size]) for size in range(MOST + 1)]
    included = consistent = refused = 0
    for size in SIZES:
        tree = leaves[:size]
        assert root_of(tree) == roots[size]
        for index in range(size):
            path = inclusion_path(tree, index)
            assert is_included(tree[index], index, size, path, roots[size])
            wrong = (index ^ 1, size) if size > 1 else (1, size)
            assert not is_included(tree[index], *wrong, path, roots[size])
            assert not is_included(tree[index], index, size, [*path, tree[0]], roots[size])
            assert not is_included(tree[index], index, size, path, roots[size - 1])
            included, refused = included + 1, refused + 3
        for old in range(1, size + 1):
            path = consistency_path(tree, old)
            assert is_consistent(old, size, roots[old], roots[size], path)
            assert not is_consistent(old, size, roots[old - 1], roots[size], path)
            assert not is_consistent(old, size, roots[old], roots[size - 1], path)
            assert not is_consistent(old, size, roots[old], roots[size], [*path, tree[0]])
            consistent, refused = consistent + 1, refused + 3
    sys.stdout.write(f"{included} inclusion and {consistent} consistency proofs hold, {refused} wrong ones refused\n")


def test_a_tree_goes_on_from_its_tops() -> None:
    """What the sealer keeps between two rounds: never more tops than the size has bits."""
    leaves = [leaf_hash(bytes([number])) for number in range(200)]
    tree = Tree()
    for number, leaf in enumerate(leaves, start=1):
        tree = Tree(tree.size, tree.tops)
        tree.append(leaf)
        assert (tree.size, tree.root()) == (number, by_definition(leaves[:number]))
        assert len(tree.tops) == number.bit_count()


def test_a_leaf_is_never_taken_for_a_node() -> None:
    """The control of the two prefixes: without them an inner node could be shown as an entry."""
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_a_signed_note_is_that_of_others() -> None:
    """The example of the format: the same key signs the same text with the same signature."""
    seed = bytes.fromhex("810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"\u2014 PeterNeumann {signature}"
    assert is_signed(text, line, read_keys(public))
    assert not is_signed(text.replace("answer", "question"), line, read_keys(public))
    assert Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed)).public == public
