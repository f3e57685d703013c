// Builds the page. Whatever comes from the chain becomes a text node, never markup: people choose names and descriptions.

const ATTRIBUTES = new Set([
  "class",
  "href",
  "title",
  "type",
  "colspan",
  "datetime",
  "aria-current",
  "data-state",
  "open",
  "id",
]);

/** An element with attributes and children; strings and numbers become text, null and undefined nothing. */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (!ATTRIBUTES.has(name)) throw new Error(`attribute ${name} is not used on this page`);
    if (name === "href" && !String(value).startsWith("#/")) throw new Error("links lead within this page only");
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(
    ...children
      .flat()
      .filter((child) => child !== null && child !== undefined)
      .map(asNode),
  );
  return element;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** An SVG element; attribute values are numbers and class names of this page. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.map(asNode));
  return element;
}

/** A titled box. */
export function card(title, aside, ...children) {
  return el(
    "section",
    { class: "card" },
    el("header", null, el("h2", null, title), el("span", { class: "soft" }, aside)),
    children,
  );
}

/** A table in its box; columns are {name, number, wrap}, rows are arrays of children. */
export function table(columns, rows, nothing) {
  if (!rows.length) return el("div", { class: "empty" }, nothing);
  const head = columns.map((column) => el("th", { class: column.number ? "number" : null }, column.name));
  const body = rows.map((cells) =>
    el(
      "tr",
      null,
      cells.map((cell, index) =>
        el("td", { class: columns[index].number ? "number" : columns[index].wrap ? "wrap" : null }, cell),
      ),
    ),
  );
  return el(
    "div",
    { class: "scroll" },
    el("table", null, el("thead", null, el("tr", null, head)), el("tbody", null, body)),
  );
}

/** What is shown where something could not be shown. */
export function problem(title, reason) {
  return el("section", { class: "card error" }, el("h2", null, title), el("p", null, reason));
}

// Links

const at = (section, id) => `#/${section}/${encodeURIComponent(id)}`;
const linked = (href, label, title) => el("a", { class: "mono", href, title }, label);

export const blockLink = (height) => el("a", { href: at("block", height) }, count(height));
export const transactionLink = (hash) => linked(at("tx", hash), short(hash), hash);
export const accountLink = (address) => linked(at("account", address), short(address), address);
export const taskLink = (id) => linked(at("task", id), short(id), id);
export const programLink = (id) => linked(at("program", id), short(id), id);
export const keyLink = (id) => linked(at("key", id), short(id), id);
export const contractLink = (id) => linked(at("contract", id), short(id), id);
export const modelLink = (id, name) => el("a", { href: at("model", id) }, name);

// Numbers and times

const grouped = new Intl.NumberFormat("en-GB");

/** 1234567 -> 1,234,567 */
export const count = (value) => grouped.format(value);

/** nano-CLU as a decimal string -> CLU, exact. */
export function clu(nano) {
  const value = BigInt(nano);
  const whole = grouped.format(value / 1000000000n);
  const rest = (value % 1000000000n).toString().padStart(9, "0").replace(/0+$/, "");
  return `${whole}${rest ? "." + rest : ""} CLU`;
}

/** A few significant digits. */
export function digits(value) {
  const places = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(places);
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${digits(value / 1024)} KiB` : `${digits(value / 1048576)} MiB`;
}

export function short(text) {
  if (text.startsWith("cluster")) return text.length > 24 ? `${text.slice(0, 13)}…${text.slice(-5)}` : text;
  return text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}

/** How long ago, in words; `retell` keeps it true. */
export function ago(milliseconds) {
  return el(
    "time",
    { datetime: new Date(milliseconds).toISOString(), title: new Date(milliseconds).toLocaleString() },
    since(milliseconds),
  );
}

function since(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(milliseconds).toLocaleDateString();
}

/** Bring every age on the page up to date. */
export function retell() {
  for (const time of document.querySelectorAll("time")) {
    const told = since(Date.parse(time.dateTime));
    if (time.textContent !== told) time.textContent = told;
  }
}
