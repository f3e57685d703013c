// The first page: figures, three plots, the newest blocks and transactions, what happens to tasks.

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
  short,
  table,
  taskLink,
  transactionLink,
} from "./dom.js";
import { plot } from "./plot.js";
import { eventLine } from "./facts.js";

const PLOTTED = 60;
const LISTED = 10;
const RATE_BLOCKS = 20;
const TASK_BLOCKS = 200;

/** Shows the overview in `root` until `signal` aborts. */
export async function overview(root, live, _parameters, signal) {
  const places = Object.fromEntries(
    ["stats", "plots", "blocks", "transactions", "tasks"].map((name) => [name, el("div", null)]),
  );
  places.stats.className = "";
  places.plots.className = "plots";
  root.replaceChildren(
    places.stats,
    places.plots,
    el("div", { class: "columns" }, places.blocks, places.transactions),
    places.tasks,
  );
  const transactions = new RecentTransactions(live, places.transactions);
  const tasks = new RecentTasks(live, places.tasks);
  const draw = () => {
    if (!live.status) return;
    places.stats.replaceChildren(stats(live));
    places.plots.replaceChildren(...plots(live, Math.min(root.clientWidth, 1140)));
    places.blocks.replaceChildren(blocks(live));
  };
  live.addEventListener("status", draw, { signal });
  live.addEventListener(
    "blocks",
    (event) => {
      draw();
      transactions.add(event.detail);
    },
    { signal },
  );
  live.addEventListener("task", (event) => tasks.add([event.detail]), { signal });
  window.addEventListener("resize", draw, { signal });
  draw();
  await Promise.all([transactions.add(live.blocks), tasks.load()]);
}

function stat(name, value, unit) {
  return el(
    "div",
    { class: "stat" },
    el("dt", null, name),
    el("dd", null, value, unit ? el("small", null, unit) : null),
  );
}

function stats({ status, mempool, verifier, validators, blocks }) {
  const recent = blocks.slice(-RATE_BLOCKS - 1);
  const seconds = recent.length > 1 ? (recent.at(-1).time - recent[0].time) / 1000 : 0;
  const transactions = recent.slice(1).reduce((sum, block) => sum + block.transactions.length, 0);
  return el(
    "dl",
    { class: "stats" },
    stat("Height", count(status.height)),
    stat("Block interval", seconds ? digits(seconds / (recent.length - 1)) : "–", "s"),
    stat("Transactions", seconds ? digits(transactions / seconds) : "–", "per s"),
    stat("Waiting", count(mempool.count ?? 0), bytes(mempool.bytes ?? 0)),
    stat(
      "Proofs verified",
      count(status.proofs_verified),
      status.proofs_refused ? `${count(status.proofs_refused)} refused` : null,
    ),
    stat("Verification", verifier.recent_ms?.length ? digits(median(verifier.recent_ms)) : "–", "ms"),
    stat("Validators", count(validators.size), `${count(status.peers)} ${status.peers === 1 ? "peer" : "peers"}`),
    stat("Base fee", count(Number(status.base_fee)), "nano"),
  );
}

export function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

function plots({ blocks, verifier, status }, width) {
  const each = width > 860 ? (width - 36) / 3 - 2 : width - 2;
  const shown = blocks.slice(-PLOTTED);
  const between = shown.slice(1).map((block, index) => ({
    value: (block.time - shown[index].time) / 1000,
    label: `block ${block.height}`,
  }));
  const filled = shown.map((block) => ({ value: block.transactions.length, label: `block ${block.height}` }));
  const ends = shown.length ? [count(shown[0].height), count(shown.at(-1).height)] : ["", ""];
  const times = (verifier.recent_ms ?? []).map((value, index) => ({ value, label: `proof ${index + 1}` }));
  const target = status.params.block_time_ms / 1000;
  return [
    card(
      "Block interval",
      "seconds",
      between.length
        ? plot("line", between, each, { show: (value) => digits(value), ends, middle: target, floor: 2 * target })
        : nothing("Waiting for two blocks."),
    ),
    card(
      "Transactions per block",
      "",
      filled.length
        ? plot("bars", filled, each, {
            show: (value) => (Number.isInteger(value) ? count(value) : digits(value)),
            ends,
            floor: 2,
          })
        : nothing("Waiting for a block."),
    ),
    card(
      "Proof verification",
      "milliseconds",
      times.length
        ? plot("dots", times, each, {
            show: (value) => digits(value),
            middle: median(verifier.recent_ms),
            ends: [`last ${count(times.length)}`, "now"],
            floor: 1,
          })
        : nothing("This node has verified no proof yet."),
    ),
  ];
}

function nothing(text) {
  return el("div", { class: "empty" }, text);
}

export function proposerName(live, validator) {
  return live.validators.get(validator)?.moniker ?? short(validator);
}

function blocks(live) {
  const rows = live.blocks
    .slice(-LISTED)
    .reverse()
    .map((block) => [
      blockLink(block.height),
      ago(block.time),
      count(block.transactions.length),
      proposerName(live, block.proposer),
    ]);
  return card(
    "Latest blocks",
    "",
    table(
      [{ name: "Height" }, { name: "Age" }, { name: "Transactions", number: true }, { name: "Proposer" }],
      rows,
      "No block yet.",
    ),
  );
}

class RecentTransactions {
  #live;
  #place;
  #rows = [];
  #busy = false;

  constructor(live, place) {
    [this.#live, this.#place] = [live, place];
    this.#draw();
  }

  /** Look up the last few transactions of new blocks; while that runs, others are left out. */
  async add(blocks) {
    const wanted = blocks
      .flatMap((block) => block.transactions.slice(-LISTED).map((hash) => ({ hash, block })))
      .slice(-LISTED);
    if (!wanted.length || this.#busy) return;
    this.#busy = true;
    try {
      const found = await batch(wanted.map(({ hash }) => ["chain_getTransaction", { hash }]));
      const fresh = wanted.map(({ hash, block }, index) => ({ hash, block, transaction: found[index] }));
      this.#rows = [...this.#rows, ...fresh.filter((row) => !(row.transaction instanceof RpcError))].slice(-LISTED);
      this.#draw();
    } catch {
      // the banner tells that the node does not answer
    } finally {
      this.#busy = false;
    }
  }

  #draw() {
    const rows = [...this.#rows]
      .reverse()
      .map(({ hash, block, transaction }) => [
        transactionLink(hash),
        what(transaction),
        accountLink(transaction.fee_source.signer),
        ago(block.time),
      ]);
    this.#place.replaceChildren(
      card(
        "Latest transactions",
        "",
        table(
          [{ name: "Hash" }, { name: "Action" }, { name: "From" }, { name: "Age" }],
          rows,
          "No transaction in the last blocks.",
        ),
      ),
    );
  }
}

/** The actions of a transaction in a few words. */
export function what(transaction) {
  const [first, ...others] = transaction.actions;
  return others.length ? `${first.type} + ${others.length}` : first.type;
}

class RecentTasks {
  #live;
  #place;
  #events = [];

  constructor(live, place) {
    [this.#live, this.#place] = [live, place];
    this.#draw();
  }

  async load() {
    const height = this.#live.status?.height ?? 0;
    const kinds = ["tasks.settled", "tasks.locked", "tasks.opened"];
    const first = Math.max(1, height - TASK_BLOCKS);
    const found = await batch(kinds.map((type) => ["chain_getEvents", { first, type }]));
    const events = found.flatMap((outcome) => (outcome instanceof RpcError ? [] : outcome.events));
    this.add(events.sort((left, right) => left.height - right.height).slice(-LISTED));
  }

  add(events) {
    this.#events = [...this.#events, ...events].slice(-LISTED);
    this.#draw();
  }

  #draw() {
    const rows = [...this.#events]
      .reverse()
      .map((event) => [
        blockLink(event.height),
        el("span", { class: `tag ${tone(event.type)}` }, event.type.replace("tasks.", "")),
        event.task ? taskLink(event.task) : "–",
        eventLine(event),
      ]);
    this.#place.replaceChildren(
      card(
        "Tasks, as they happen",
        el("a", { href: "#/tasks" }, "all live tasks"),
        table(
          [{ name: "Height" }, { name: "Event" }, { name: "Task" }, { name: "" }],
          rows,
          "Nothing has happened to a task lately. `cluster task post` asks for one.",
        ),
      ),
    );
  }
}

/** The colour of an event or a phase. */
export function tone(name) {
  if (/settled|registered|published/.test(name)) return "good";
  if (/forfeited|expired|dissolved|frozen/.test(name)) return "bad";
  return /locked/.test(name) ? "warn" : "";
}
