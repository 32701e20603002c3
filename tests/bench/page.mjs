// page.mjs: the figures of the page, for tests/bench/page.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../build/node/node_modules/x.js", import.meta.url));
const { chromium } = require("playwright-core");
const BASE = process.env.URL;
const POLLS = Number(process.env.POLLS || 360); // an hour
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-precise-memory-info"] });
const page = await (await browser.newContext({ viewport: { width: 1600, height: 1000 } })).newPage();
const cdp = await page.context().newCDPSession(page);
await cdp.send("Network.enable");
const names = new Map();
let files = 0;
let polls = [];
cdp.on("Network.responseReceived", e => names.set(e.requestId, e.response.url));
cdp.on("Network.loadingFinished", e => {
    const url = names.get(e.requestId) || "";
    if (/\/(app|vendor)\/|\/hosts$|\/index\.html$/.test(url) && !url.includes("/api/")) files += e.encodedDataLength;
    if (url.includes("changed_since")) polls.push(e.encodedDataLength);
});
const row = (what, value, aim) => console.log(`| ${what} | ${value} | ${aim} |`);
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];

await page.goto(`${BASE}/#token=bench-read`);
await page.waitForSelector(".vrow");
const paints = [];
for (let i = 0; i < 5; i++) {
    files = 0;
    await page.goto("about:blank");
    await cdp.send("Network.clearBrowserCache");
    await page.goto(`${BASE}/hosts`, { waitUntil: "commit" });
    paints.push(await page.evaluate(() => new Promise(done => {
        const look = () => (document.querySelector(".vrow") ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look));
        look();
    })));
    await page.waitForLoadState("networkidle");
}
row("first useful paint, empty cache, median of 5", `${Math.round(median(paints))} ms`, "500 ms");
row("files of the page, before data", `${(files / 1024).toFixed(1)} KB`, "60 KB");

const keys = await page.evaluate(async () => {
    const field = document.querySelector("input[data-filter]");
    const times = [];
    for (const text of ["w", "we", "web", "web-", "web-0", "web-00", "web-001", "db", "d", ""]) {
        const start = performance.now();
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(r => requestAnimationFrame(() => setTimeout(r)));
        times.push(performance.now() - start);
    }
    return times;
});
row("keystroke in the filter to the next frame, median / most", `${Math.round(median(keys))} / ${Math.round(Math.max(...keys))} ms`, "100 ms");

const heap = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await cdp.send("Runtime.getHeapUsage")).usedSize / 1048576;
};
// What changes in 10 s at a beat of 5 minutes: 330 of 10,000 hosts.
const report = async n => {
    const hosts = await page.evaluate(async limit => (await (await fetch(`/api/v1/hosts?limit=${limit}`)).json()).data.hosts, n);
    for (const h of hosts) {
        const record = { hostname: h.hostname, processor: h.processor, os_name: h.os_name, os_ver: h.os_ver, os_pretty_name: h.os_pretty_name, users: [], processes: [{ pid: 1, cmd: "/sbin/init" }] };
        const answer = await fetch(`${BASE}/data`, { method: "POST", body: JSON.stringify(record), headers: { Authorization: "Bearer bench-ingest", "Content-Type": "application/json", "X-Forwarded-For": h.ip } });
        if (answer.status !== 200) throw new Error(`POST /data: ${answer.status} ${await answer.text()}`);
    }
};
const poll = async n => {
    for (let i = 0; i < n; i++) {
        const done = page.waitForResponse(r => r.url().includes("changed_since"));
        await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
        await (await done).finished();
        await page.waitForTimeout(20);
    }
};
await poll(5);
const before = await heap();
polls = [];
await poll(POLLS);
row("a poll when nothing has changed", `${(median(polls) / 1024).toFixed(2)} KB`, "1 KB");
row(`heap of the tab, before and after ${POLLS} polls`, `${before.toFixed(1)} / ${(await heap()).toFixed(1)} MB`, "flat");
await report(330);
polls = [];
await poll(1);
row("a poll after 330 hosts have reported", `${(polls[0] / 1024).toFixed(1)} KB`, "40 KB");
await browser.close();
