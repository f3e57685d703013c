// Pages that list: blocks, tasks, proofs, models, providers, validators and peers.

import { batch, call, RpcError } from "./node.js";
import {
  accountLink,
  ago,
  blockLink,
  bytes,
  card,
  clu,
  count,
  digits,
  el,
  modelLink,
  problem,
  programLink,
  short,
  table,
  taskLink,
} from "./dom.js";
import { median, proposerName, tone } from "./overview.js";
import { plot } from "./plot.js";

const PROOF_BLOCKS = 900;
const PROOFS_SHOWN = 50;
const REFRESH = 3000;

/** A page that is drawn now and whenever blocks came, but not more often than every REFRESH ms. */
function refreshing(draw) {
  return async (root, live, parameters, signal) => {
    let drawnAt = Date.now();
    const again = async () => {
      if (Date.now() - drawnAt < REFRESH) return;
      drawnAt = Date.now();
      try {
        const pieces = await draw(live, parameters, root);
        if (!signal.aborted) root.replaceChildren(...pieces);
      } catch {
        // what stands on the page stays; the banner tells that the node does not answer
      }
    };
    root.replaceChildren(...(await draw(live, parameters, root)));
    live.addEventListener("blocks", again, { signal });
  };
}

export const blocks = async (root, live, _parameters, signal) => {
  const draw = () => {
    const rows = [...live.blocks]
      .reverse()
      .map((block) => [
        blockLink(block.height),
        ago(block.time),
        count(block.transactions.length),
        proposerName(live, block.proposer),
        el("span", { class: "mono soft" }, short(block.id)),
      ]);
    root.replaceChildren(
      el("h1", null, "Blocks"),
      el(
        "section",
        { class: "card" },
        table(
          [
            { name: "Height" },
            { name: "Age" },
            { name: "Transactions", number: true },
            { name: "Proposer" },
            { name: "Block id" },
          ],
          rows,
          "No block yet.",
        ),
      ),
    );
  };
  live.addEventListener("blocks", draw, { signal });
  draw();
};

export const tasks = refreshing(async () => {
  const [open, locked, late] = await batch(
    ["open", "locked", "lock-expired"].map((state) => ["task_list", { state, limit: 100 }]),
  );
  const all = [open, locked, late].flatMap((outcome) => (outcome instanceof RpcError ? [] : outcome.tasks));
  return [
    el("h1", null, "Tasks", el("small", null, "that are open or locked; ended ones are found by their id")),
    el("section", { class: "card" }, taskTable(all, "No task is open or locked.")),
  ];
});

export function taskTable(tasks, nothing) {
  const rows = tasks.map((task) => [
    taskLink(task.id),
    el("span", { class: `tag ${tone(task.phase)}` }, task.phase),
    programLink(task.terms.program),
    clu(task.lock ? task.lock.price : task.terms.price_end),
    accountLink(task.requester),
    task.lock ? accountLink(task.lock.provider) : "–",
    blockLink(task.opened_at),
  ]);
  return table(
    [
      { name: "Task" },
      { name: "State" },
      { name: "Program" },
      { name: "Price", number: true },
      { name: "Requester" },
      { name: "Provider" },
      { name: "Opened at", number: true },
    ],
    rows,
    nothing,
  );
}

export const proofs = refreshing(async (live, _parameters, root) => {
  const first = Math.max(1, (live.status?.height ?? 1) - PROOF_BLOCKS);
  const [verifier, settled, called] = await batch([
    ["verifier_status"],
    ["chain_getEvents", { first, type: "tasks.settled" }],
    ["chain_getEvents", { first, type: "confidential.called" }],
  ]);
  if (verifier instanceof RpcError) throw verifier;
  const events = [settled, called]
    .flatMap((outcome) => (outcome instanceof RpcError ? [] : outcome.events))
    .sort((left, right) => right.height - left.height)
    .slice(0, PROOFS_SHOWN);
  const rows = events.map((event) => [
    blockLink(event.height),
    el("span", { class: `tag ${tone(event.type)}` }, event.type),
    event.task ? taskLink(event.task) : "–",
    event.provider ? accountLink(event.provider) : "–",
    event.paid ? clu(event.paid) : "–",
  ]);
  const times = verifier.recent_ms.map((value, index) => ({ value, label: `proof ${index + 1}` }));
  const note = `${count(verifier.verified)} verified by this node, ${count(verifier.refused)} refused`;
  return [
    el("h1", null, "Proofs", el("small", null, note)),
    card(
      "Time to verify",
      times.length ? `median ${digits(median(verifier.recent_ms))} ms` : "",
      times.length
        ? plot("dots", times, root.clientWidth - 42, {
            show: (value) => digits(value),
            middle: median(verifier.recent_ms),
            ends: [`last ${times.length}`, "now"],
            floor: 1,
          })
        : el("div", { class: "empty" }, "This node has verified no proof yet."),
    ),
    card(
      "Accepted lately",
      `from height ${count(first)} on`,
      table(
        [{ name: "Height" }, { name: "Event" }, { name: "Task" }, { name: "Prover" }, { name: "Paid", number: true }],
        rows,
        "No proven result in these blocks.",
      ),
    ),
  ];
});

export const models = refreshing(async () => {
  const { models } = await call("model_list");
  const rows = models.map((model) => [
    modelLink(model.id, model.model),
    model.version,
    model.description,
    programLink(model.program),
    accountLink(model.publisher),
    blockLink(model.published_at),
  ]);
  return [
    el("h1", null, "Models"),
    el(
      "section",
      { class: "card" },
      table(
        [
          { name: "Name" },
          { name: "Version" },
          { name: "Description", wrap: true },
          { name: "Program" },
          { name: "Publisher" },
          { name: "Since", number: true },
        ],
        rows,
        "No model has been published.",
      ),
    ),
  ];
});

export const providers = refreshing(async () => {
  const { providers } = await call("provider_list");
  const rows = providers.map((provider) => [
    accountLink(provider.account),
    clu(provider.bond_amount),
    clu(provider.min_price),
    provider.kinds.join(", "),
    count(provider.locks),
    count(provider.settled),
    count(provider.forfeited),
    blockLink(provider.registered_at),
  ]);
  return [
    el("h1", null, "Providers"),
    el(
      "section",
      { class: "card" },
      table(
        [
          { name: "Account" },
          { name: "Bond", number: true },
          { name: "Asks at least", number: true },
          { name: "Evidence" },
          { name: "Locks", number: true },
          { name: "Settled", number: true },
          { name: "Forfeited", number: true },
          { name: "Since", number: true },
        ],
        rows,
        "Nobody has registered as a provider.",
      ),
    ),
  ];
});

export const network = refreshing(async (live) => {
  const [peers, info, consensus] = await batch([["net_peers"], ["net_info"], ["consensus_status"]]);
  const failed = [peers, info, consensus].find((outcome) => outcome instanceof RpcError);
  if (failed) return [problem("Not to be had", failed.message)];
  return [
    el(
      "h1",
      null,
      "Network",
      el(
        "small",
        null,
        `this node stands at height ${count(consensus.height)}, round ${consensus.round}, ${consensus.step}`,
      ),
    ),
    card("Validators", "", validatorTable(live)),
    card("Peers", `this node is ${short(info.node_id)}`, peerTable(peers.peers)),
    banCard(peers.bans),
    refusedCard(live, consensus.refused_blocks),
  ].filter(Boolean);
});

function validatorTable(live) {
  const all = [...live.validators.values()];
  const total = all.reduce((sum, entry) => sum + entry.power, 0);
  const proposed = new Map();
  for (const block of live.blocks) proposed.set(block.proposer, (proposed.get(block.proposer) ?? 0) + 1);
  const rows = all.map((entry) => [
    entry.moniker,
    el("span", { class: "mono" }, short(entry.validator)),
    accountLink(entry.operator),
    el("span", { class: `tag ${entry.status === "active" ? "good" : "bad"}` }, entry.status),
    `${count(entry.power)} (${digits((100 * entry.power) / total)} %)`,
    clu(entry.stake),
    `${digits(entry.commission_bps / 100)} %`,
    count(proposed.get(entry.validator) ?? 0),
  ]);
  return table(
    [
      { name: "Moniker", wrap: true },
      { name: "Validator" },
      { name: "Operator" },
      { name: "Status" },
      { name: "Power", number: true },
      { name: "Stake", number: true },
      { name: "Commission", number: true },
      { name: `Of the last ${live.blocks.length} blocks`, number: true },
    ],
    rows,
    "The validators are not known yet.",
  );
}

function peerTable(peers) {
  const rows = peers.map((peer) => [
    el("span", { class: "mono" }, short(peer.node_id)),
    el("span", { class: "mono" }, peer.address),
    peer.direction,
    peer.height === null ? "–" : count(peer.height),
    peer.round_trip_ms === null ? "–" : `${digits(peer.round_trip_ms)} ms`,
    bytes(peer.bytes_in),
    bytes(peer.bytes_out),
    peer.reasons.length ? `${digits(peer.score)}: ${peer.reasons.join("; ")}` : digits(peer.score),
  ]);
  return table(
    [
      { name: "Node" },
      { name: "Address" },
      { name: "Direction" },
      { name: "Height", number: true },
      { name: "Round trip", number: true },
      { name: "In", number: true },
      { name: "Out", number: true },
      { name: "Score", number: true },
    ],
    rows,
    "No peer is connected.",
  );
}

function banCard(bans) {
  return bans.length
    ? card(
        "Bans",
        "",
        table(
          [{ name: "Node" }, { name: "Reason", wrap: true }],
          bans.map((ban) => [el("span", { class: "mono" }, short(ban.node_id)), ban.reason]),
          "",
        ),
      )
    : null;
}

function refusedCard(live, refused) {
  return refused.length
    ? card(
        "Blocks that this node refused",
        "",
        table(
          [{ name: "Height" }, { name: "Proposer" }, { name: "Rule", number: true }, { name: "Reason", wrap: true }],
          refused.map((block) => [count(block.height), short(block.proposer), block.code, block.reason]),
          "",
        ),
      )
    : null;
}
