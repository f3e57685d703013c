// Puts the page together: sections, search, theme, connection; which view shows what the address names.

import { batch, LiveChain, RpcError } from "./node.js";
import { count, el, problem, retell, short } from "./dom.js";
import { overview } from "./overview.js";
import * as lists from "./lists.js";
import * as detail from "./detail.js";

const SECTIONS = [
  ["", "Overview"],
  ["blocks", "Blocks"],
  ["tasks", "Tasks"],
  ["proofs", "Proofs"],
  ["models", "Models"],
  ["providers", "Providers"],
  ["network", "Network"],
];
const VIEWS = {
  "": overview,
  blocks: lists.blocks,
  tasks: lists.tasks,
  proofs: lists.proofs,
  models: lists.models,
  providers: lists.providers,
  network: lists.network,
  block: detail.block,
  tx: detail.transaction,
  task: detail.task,
  account: detail.account,
  model: detail.model,
  program: detail.program,
  key: detail.key,
  contract: detail.contract,
};
const LATE_BLOCKS = 8;

const $ = (id) => document.getElementById(id);
const live = new LiveChain();
let leaving = new AbortController();

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [section = "", parameter = ""] = address();
  const root = el("div", null);
  $("page").replaceChildren(root);
  $("sections").replaceChildren(
    ...SECTIONS.map(([name, title]) =>
      el("a", { href: `#/${name}`, "aria-current": name === section ? "page" : null }, title),
    ),
  );
  window.scrollTo(0, 0);
  const view = Object.hasOwn(VIEWS, section) ? VIEWS[section] : null;
  try {
    if (!view) throw new Error(`There is no page ${section}.`);
    if (!live.status) await new Promise((resolve) => live.addEventListener("status", resolve, { once: true }));
    await view(root, live, parameter, signal);
  } catch (error) {
    if (!signal.aborted)
      root.replaceChildren(
        problem(error instanceof RpcError ? "Not found" : "This cannot be shown now", error.message),
      );
  }
}

/** Section and parameter that the address bar names. */
function address() {
  try {
    return location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  } catch {
    return ["?"]; // not a valid encoding: no such page
  }
}

/** Where what was typed leads: a height, an address, a hash of something, a model's name. */
async function find(query) {
  if (/^[\d,]+$/.test(query)) return `#/block/${Number(query.replaceAll(",", ""))}`;
  if (query.startsWith("cluster1")) return `#/account/${query}`;
  const id = /^(0x)?[0-9a-f]{64}$/i.test(query) ? `0x${query.replace(/^0x/i, "").toLowerCase()}` : null;
  const block = live.blocks.find((known) => known.id === id);
  if (block) return `#/block/${block.height}`;
  const tries =
    id === null
      ? [["model", "model_get", { name: query }]]
      : [
          ["tx", "chain_getTransaction", { hash: id }],
          ["task", "task_get", { id }],
          ["model", "model_get", { id }],
          ["program", "registry_getProgram", { id }],
          ["key", "registry_getKey", { id }],
          ["contract", "contract_get", { id }],
        ];
  const outcomes = await batch(tries.map(([, method, params]) => [method, params]));
  const found = outcomes.findIndex((outcome) => !(outcome instanceof RpcError));
  return found < 0 ? null : `#/${tries[found][0]}/${encodeURIComponent(id ?? query)}`;
}

async function search(event) {
  event.preventDefault();
  const field = event.target.elements.query;
  const query = field.value.trim();
  if (!query) return;
  try {
    const place = await find(query);
    if (place === null) {
      leaving.abort();
      $("page").replaceChildren(
        problem(
          "Nothing found",
          `This node knows no block, transaction, account, task, model, program, key or contract ${query}.`,
        ),
      );
    } else {
      field.value = "";
      location.hash = place;
    }
  } catch {
    tell();
  }
}

/** The dot, the banner, the chain's name. */
function tell() {
  const { state, status, blocks, retryIn } = live;
  const block = blocks.at(-1);
  const silence = block ? Date.now() - block.time : 0;
  const slow = state === "live" && status && silence > LATE_BLOCKS * status.params.block_time_ms;
  $("pulse").dataset.state = slow ? "slow" : state;
  $("pulse").textContent = slow
    ? `no block for ${Math.round(silence / 1000)} s`
    : {
        connecting: "connecting",
        live: status?.catching_up ? "catching up" : "live",
        polling: "polling",
        lost: "no answer",
      }[state];
  const down = state === "lost" || (state === "polling" && blocks.length > 0);
  $("banner").hidden = !down;
  if (down) {
    const what =
      state === "lost"
        ? "The node does not answer."
        : "The live connection is down; this page asks every two seconds instead.";
    $("banner").dataset.state = state;
    const again = el("button", { type: "button" }, "Try now");
    again.addEventListener("click", () => live.retry());
    const wait = Math.ceil(retryIn / 1000);
    $("banner").replaceChildren(`${what} ${wait > 0 ? `Trying again in ${wait} s.` : "Trying again …"}`, again);
  }
  if (status) {
    $("chain").textContent = status.chain_id;
    $("identity").textContent = `${status.moniker}, chain ${status.chain_id}, genesis ${short(status.genesis_hash)}`;
    document.title = `${count(status.height)} · ${status.chain_id} · Cluster`;
  }
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

const kept = localStorage.getItem("theme");
if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
$("theme").addEventListener("click", switchTheme);
$("search").addEventListener("submit", search);
window.addEventListener("hashchange", show);
for (const news of ["state", "status", "blocks"]) live.addEventListener(news, tell);
setInterval(() => {
  tell();
  retell();
}, 1000);
live.start();
show();
