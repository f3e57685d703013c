pragma circom 2.0.0;

// Somebody's secret polynomial price: 3 x^3 + 2 x y + 7, and x + y, of two private numbers below 2^16.

include "cluster.circom";

template Function(n, m) {
    signal input in[n];
    signal output out[m];

    signal square <== in[0] * in[0];
    signal cube <== square * in[0];
    signal mixed <== in[0] * in[1];
    out[0] <== 3 * cube + 2 * mixed + 7;
    out[1] <== in[0] + in[1];
}

component main = ClusterTask(2, 16, 2);
