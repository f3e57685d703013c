pragma circom 2.0.0;

// The commitment to a vector that all of Cluster uses: crypto/poseidon.py, `commit_vector`. Under GPL-3.0-or-later.

include "poseidon.circom";

function tagInput() { return 30770134607472841408715304753; }

// Values that one committed element holds, lowest first: it stays below 2^253.
function perElement(bits) { return 253 \ bits; }

// Elements beside the chaining value that one permutation takes: as crypto/poseidon.py, `vector_chunks`.
function permutations(length) { return length <= 15 ? 1 : (length + 14) \ 15; }
function chunk(length) { return (length + permutations(length) - 1) \ permutations(length); }

// commit_vector[IN](salt, elements) of crypto/poseidon.py.
template ClusterCommitment(length) {
    signal input salt;
    signal input elements[length];
    signal output out;

    var count = permutations(length);
    var size = chunk(length);
    component hashes[count];
    for (var i = 0; i < count; i++) {
        hashes[i] = PoseidonEx(size + 1, 1);
        hashes[i].initialState <== (tagInput() * 4294967296 + size + 1) * 4294967296 + length;
        if (i == 0) {
            hashes[i].inputs[0] <== salt;
        } else {
            hashes[i].inputs[0] <== hashes[i - 1].out[0];
        }
        for (var j = 0; j < size; j++) {
            if (i * size + j < length) {
                hashes[i].inputs[j + 1] <== elements[i * size + j];
            } else {
                hashes[i].inputs[j + 1] <== 0;
            }
        }
    }
    out <== hashes[count - 1].out[0];
}
