// Visits the explorer of a running node in Chromium and prints what it saw as JSON. Arguments: Chromium, URL, model id.
// It writes a line when the node may be stopped, and then waits for the page to say that the connection is lost.
import { chromium } from "playwright-core";

const [, , executablePath, url, model] = process.argv;
const HOSTILE = `"><img src=x onerror="window.owned=1"><script>window.owned=1</script><a href="javascript:window.owned=1">x</a>`;
const PLAIN = /^(0x[0-9a-f]*|\d+|cluster\w*1[0-9a-z]+)$/;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const complaints = [];
const foreign = [];

async function open() {
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => new URL(request.url()).host !== new URL(url).host && foreign.push(request.url()));
  return page;
}

const text = (page, selector) => page.locator(selector).first().innerText();
const heights = (page) => page.locator("main table").first().locator("tbody tr td:first-child").allInnerTexts();
const active = (page) =>
  page.evaluate(() => [
    window.owned ?? null,
    document.querySelectorAll("main img, main script, main iframe, main [onerror], main a[href^='javascript']").length,
  ]);

/** Every word that a node could have from somebody else becomes markup; what people cannot choose stays. */
function poisoned(value, key) {
  if (typeof value === "string") return PLAIN.test(value) || key === "jsonrpc" ? value : HOSTILE;
  if (Array.isArray(value)) return value.map((entry) => poisoned(entry, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, poisoned(entry, name)]));
}

const page = await open();
await page.goto(`${url}/`);
await page.waitForSelector("#pulse[data-state=live]");
await page.waitForFunction(() => document.querySelectorAll("main table tbody tr").length > 2);
const first = await heights(page);
await page.waitForFunction((before) => document.querySelector("main table tbody td").innerText !== before, first[0]);
const seen = { first, then: await heights(page), plots: await page.locator("svg.plot").count() };

await page.goto(`${url}/#/models`);
await page.waitForSelector("main table");
seen.models = await text(page, "main");
await page.goto(`${url}/#/model/${model}`);
await page.waitForSelector("main h1");
seen.model = await text(page, "main");
seen.active = await active(page);

await page.fill("#search input", "1");
await page.press("#search input", "Enter");
await page.waitForSelector("main h1:has-text('Block 1')");
seen.block = await text(page, "main h1");
await page.fill("#search input", "no-such-model");
await page.press("#search input", "Enter");
await page.waitForSelector(".error");
seen.nothing = await text(page, ".error");

const poisonedPage = await open();
await poisonedPage.route(`${url}/`, async (route) => {
  if (route.request().method() !== "POST") return route.continue();
  const response = await route.fetch();
  return route.fulfill({ response, json: poisoned(await response.json(), "") });
});
seen.poisoned = [];
for (const place of ["", "blocks", "tasks", "proofs", "models", "providers", "network", `model/${model}`, "block/1"]) {
  await poisonedPage.goto(`${url}/#/${place}`);
  await poisonedPage.waitForTimeout(700);
  seen.poisoned.push([place, (await text(poisonedPage, "main")).includes("onerror"), ...(await active(poisonedPage))]);
}
await poisonedPage.close();

await page.goto(`${url}/#/`);
await page.waitForSelector("svg.plot");
seen.complaints = [...complaints];
seen.foreign = foreign;
process.stdout.write("stop\n");
await page.waitForSelector("#banner[data-state=lost]:not([hidden])");
seen.banner = await text(page, "#banner");
seen.kept = await heights(page);
process.stdout.write(JSON.stringify(seen) + "\n");
await browser.close();
