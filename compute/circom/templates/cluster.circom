pragma circom 2.0.0;

// A task of a Cluster network as a circom circuit: write the function, the rest stands here. Under GPL-3.0-or-later,
// like circomlib, from which it takes Poseidon and range checks.
//
//     include "cluster.circom";
//
//     template Function(n, m) {          // n inputs, each below 2^bits, m outputs
//         signal input in[n];
//         signal output out[m];
//         ...
//     }
//
//     component main = ClusterTask(n, bits, m);
//
// Public signals, in this order: ctx, task, commitment, ct[m]. They are what `tasks.settle` proves
// (contracts/tasks/statement.py): ctx binds the proof to chain, task, lock and payee, so a copied proof pays nobody;
// the commitment is to the requester's row; ct[i] = out[i] + Poseidon[OUT](salt, task, i) is read by the requester alone.
// Outputs leave as field elements: a negative one is r - x.

include "bitify.circom";
include "poseidon.circom";
include "commitment.circom";

function tagOutput() { return 7877154459513047400657009782577; }

template ClusterTask(n, bits, m) {
    signal input context;
    signal input task_element;
    signal input row[n];
    signal input salt;
    signal output ctx;
    signal output task;
    signal output commitment;
    signal output ct[m];

    ctx <== context;
    task <== task_element;
    signal bound <== ctx * task; // ctx stands in a constraint, so that no optimiser and no setup loses it

    component ranges[n];
    for (var i = 0; i < n; i++) {
        ranges[i] = Num2Bits(bits);
        ranges[i].in <== row[i];
    }

    var per = perElement(bits);
    var length = (n + per - 1) \ per;
    component committed = ClusterCommitment(length);
    committed.salt <== salt;
    for (var e = 0; e < length; e++) {
        var packed = 0;
        for (var i = 0; i < per; i++) {
            if (e * per + i < n) {
                packed += row[e * per + i] * (1 << (bits * i));
            }
        }
        committed.elements[e] <== packed;
    }
    commitment <== committed.out;

    component computed = Function(n, m);
    for (var i = 0; i < n; i++) {
        computed.in[i] <== row[i];
    }
    component pads[m];
    for (var i = 0; i < m; i++) {
        pads[i] = PoseidonEx(3, 1);
        pads[i].initialState <== tagOutput();
        pads[i].inputs[0] <== salt;
        pads[i].inputs[1] <== task;
        pads[i].inputs[2] <== i;
        ct[i] <== computed.out[i] + pads[i].out[0];
    }
}
