// Any record of the chain as a list of facts: the field's name says how its value reads and where it leads.

import {
  accountLink,
  blockLink,
  clu,
  contractLink,
  count,
  el,
  keyLink,
  programLink,
  short,
  taskLink,
  transactionLink,
} from "./dom.js";

const AMOUNTS = new Set([
  "amount",
  "fee",
  "fee_limit",
  "tip",
  "bond_amount",
  "balance",
  "price",
  "price_start",
  "price_end",
  "collateral",
  "escrow",
  "paid",
  "royalty",
  "burnt",
  "refund",
  "min_price",
  "supply",
  "min_provider_bond",
  "min_collateral",
  "bond",
  "stake",
  "self_bond",
  "commission",
  "shared",
  "rewards",
  "burnt_unbonding",
]);
const HEIGHTS = new Set([
  "height",
  "opened_at",
  "registered_at",
  "published_at",
  "active_from",
  "frozen_at",
  "ramp_end",
  "lock_deadline",
  "deadline",
  "expiry_height",
  "scanned_to",
  "bonded_at",
  "tombstoned_at",
]);
const LINKS = {
  task: taskLink,
  program: programLink,
  vk_id: keyLink,
  contract: contractLink,
  transaction: transactionLink,
};
const LONG = 140;

/** A record as facts; `left` names fields that are shown elsewhere, `head` is the newest height. */
export function facts(record, head, left = []) {
  const entries = Object.entries(record).filter(([name]) => !left.includes(name));
  return el(
    "dl",
    { class: "facts" },
    entries.flatMap(([name, value]) => [el("dt", null, label(name)), el("dd", null, shown(name, value, head))]),
  );
}

function label(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shown(name, value, head) {
  if (value === null || value === undefined || value === "") return el("span", { class: "soft" }, "–");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number")
    return HEIGHTS.has(name) && value > 0 && value <= head ? blockLink(value) : count(value);
  if (typeof value === "string") return text(name, value);
  if (Array.isArray(value)) return list(name, value, head);
  return facts(value, head);
}

function text(name, value) {
  if (AMOUNTS.has(name) && /^\d+$/.test(value)) return clu(value);
  if (/^cluster1[0-9a-z]{58}$/.test(value)) return accountLink(value);
  if (/^0x[0-9a-f]{64}$/.test(value) && LINKS[name]) return LINKS[name](value);
  if (/^0x[0-9a-f]*$/.test(value)) return hex(value);
  return /^(\d{20,}|clustervaloper1\w+)$/.test(value) ? el("span", { class: "mono" }, value) : value;
}

function hex(value) {
  const size = value.length / 2 - 1;
  if (value.length <= LONG) return el("span", { class: "mono" }, value);
  return el(
    "details",
    null,
    el("summary", null, `${count(size)} bytes  `, el("span", { class: "mono" }, short(value))),
    el("span", { class: "mono" }, value),
  );
}

function list(name, values, head) {
  if (!values.length) return el("span", { class: "soft" }, "none");
  return el(
    "ul",
    null,
    values.map((value) => el("li", null, shown(name.replace(/s$/, ""), value, head))),
  );
}

/** An event in one line: who, how much. */
export function eventLine(event) {
  const parts = [];
  if (event.provider) parts.push("by ", accountLink(event.provider));
  else if (event.requester) parts.push("for ", accountLink(event.requester));
  for (const name of ["paid", "price", "escrow", "refund"]) {
    if (event[name] && event[name] !== "0") {
      parts.push(parts.length ? ", " : "", `${name} ${clu(event[name])}`);
      break;
    }
  }
  return parts.length ? el("span", null, parts) : null;
}
