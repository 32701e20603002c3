// page.mjs TEST: one test of the page in Chromium, over the stack that page.bats has started.
//
// in the environment: URL, READ_TOKEN (scope read), T (a directory of the test's own), and what the test needs.
// Every test also fails on a report of the Content-Security-Policy, a dialog, or an error of a script.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const REPO = new URL("../..", import.meta.url).pathname;
const require = createRequire(`${REPO}build/node/node_modules/x.js`);
const { chromium } = require("playwright-core");
const { URL: BASE, READ_TOKEN: TOKEN, T } = process.env;
const PICTURES = `${REPO}build/pictures`;
const WAIT = 60000; // for what must come; a slow machine is no fault

const wrong = [];
let browser;

async function open(options = {}) {
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, ...options });
    context.setDefaultTimeout(WAIT);
    const page = await context.newPage();
    page.on("dialog", d => {
        wrong.push(`dialog: ${d.message()}`);
        d.dismiss();
    });
    page.on("pageerror", e => wrong.push(`error of a script: ${e.stack}`));
    page.on("console", m => /Content.Security.Policy|TrustedTypes|Trusted Type/i.test(m.text()) && wrong.push(m.text()));
    await page.addInitScript(() => addEventListener("securitypolicyviolation", e => console.error("Content-Security-Policy: " + e.violatedDirective + " " + e.blockedURI)));
    return page;
}

async function signedIn(path = "/hosts", options = {}) {
    const page = await open(options);
    await page.goto(`${BASE}/#token=${TOKEN}`);
    await page.waitForSelector("[data-sentence]");
    if (path !== "/") await page.goto(BASE + path);
    return page;
}

// The collector is asked at once, not in some seconds.
const pollNow = page => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function until(what, f) {
    const end = Date.now() + WAIT;
    for (;;) {
        const value = await f();
        if (value) return value;
        if (Date.now() > end) throw new Error(`not within ${WAIT / 1000} s: ${what}`);
        await new Promise(r => setTimeout(r, 100));
    }
}
const pollUntil = (page, what, f) =>
    until(what, async () => {
        await pollNow(page);
        return f();
    });
const text = (page, selector) => page.locator(selector).first().innerText();
const api = async path => (await (await fetch(BASE + path, { headers: { Authorization: `Bearer ${TOKEN}` } })).json()).data;
const count = page => page.locator("[data-count]").getAttribute("data-count");
const shell = (...args) => execFileSync(args[0], args.slice(1), { encoding: "utf8" });

const tests = {
    async "sign-in"() {
        const page = await open();
        await page.goto(`${BASE}/hosts?q=kernel%3A6&sort=-last_seen`);
        await page.fill("#token", "wrong-token");
        await page.keyboard.press("Enter");
        await page.waitForSelector("#why");
        assert.match(await text(page, "#why"), /does not know this token/);
        await page.fill("#token", TOKEN);
        await page.keyboard.press("Enter");
        await page.waitForSelector("[data-sentence]");
        assert.equal(page.url(), `${BASE}/hosts?q=kernel%3A6&sort=-last_seen`, "the address is kept");
        const [cookie] = await page.context().cookies();
        assert.equal(cookie.name, `rollcall-${new URL(BASE).port}`);
        assert.ok(cookie.httpOnly && cookie.sameSite === "Strict" && !cookie.value.includes(TOKEN));
        assert.equal(await page.evaluate(() => document.cookie), "");
        const tab = await page.context().newPage();
        await tab.goto(`${BASE}/hosts`);
        await tab.waitForSelector("[data-sentence]");
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForSelector("#token");
        assert.equal((await page.context().cookies()).length, 0);
    },
    async "fragment"() {
        const page = await open();
        const asked = [];
        page.on("request", r => asked.push(r.url()));
        await page.goto(`${BASE}/hosts?state=present#token=${TOKEN}`);
        await page.waitForSelector("[data-sentence]");
        assert.equal(page.url(), `${BASE}/hosts?state=present`);
        assert.ok(!asked.some(u => u.includes(TOKEN)), "no request names the token in its address");
        const other = await open();
        await other.goto(`${BASE}/#token=wrong`);
        await other.waitForSelector("#why");
        assert.equal(other.url(), `${BASE}/`);
    },
    // page.bats revokes the token when the file appears.
    async "revoked"() {
        const page = await signedIn();
        writeFileSync(`${T}/ready`, "");
        await pollUntil(page, "the sign-in form", () => page.locator("#token").isVisible());
        assert.equal(new URL(page.url()).pathname, "/hosts");
    },
    // page.bats takes the scope from the token when `ready` appears, and moves the tokens away when `forbidden` does.
    async "refused"() {
        const page = await signedIn();
        const before = await text(page, "[data-sentence]");
        writeFileSync(`${T}/ready`, "");
        await pollUntil(page, "403", async () => (await page.locator(".banner").isVisible()) && /This token may not read the fleet/.test(await text(page, ".banner")));
        writeFileSync(`${T}/forbidden`, "");
        await pollUntil(page, "503", async () => /The collector cannot answer now/.test(await text(page, ".banner")));
        assert.equal(await text(page, "[data-sentence]"), before, "the data stay");
    },
    async "ways"() {
        const page = await signedIn();
        await page.waitForSelector(".vrow");
        // The answers are the collector's; only what an answer that ran out of time says is put into them.
        let looked = 12;
        await page.route("**/api/v1/hosts?**", async route => {
            const response = await route.fetch();
            const answer = await response.json();
            await route.fulfill({ response, json: { ...answer, data: { ...answer.data, complete: false, looked_at: looked, of: 20 } } });
        });
        await pollUntil(page, "how far it came", async () => (await page.locator(".banner.warn").count()) && /looked at 12 of 20 addresses/.test(await text(page, ".banner.warn")));
        looked = 20;
        await pollUntil(page, "all addresses, not all rows", async () => /all 20 addresses, but could not finish/.test(await text(page, ".banner.warn")));
        await page.unrouteAll({ behavior: "wait" });
        await pollUntil(page, "no banner", async () => !(await page.locator(".banner").count()));

        await page.emulateMedia({ media: "print", colorScheme: "dark" });
        assert.ok(!(await page.locator("nav.main").isVisible()), "no navigation on paper");
        assert.ok(await page.locator(".vrow").first().isVisible());
        assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
        await page.emulateMedia({ media: "screen" });

        const moving = async reducedMotion => {
            await page.emulateMedia({ reducedMotion });
            return page.evaluate(() => document.getAnimations().length);
        };
        await until("the sign of life", async () => (await moving("no-preference")) > 0);
        assert.equal(await moving("reduce"), 0);

        const plain = await open({ javaScriptEnabled: false });
        await plain.goto(`${BASE}/hosts`);
        assert.match(await text(plain, ".noscript"), /\/api\/v1\/hosts/);
    },
    async "numbers"() {
        const page = await signedIn();
        const files = JSON.parse(readFileSync(`${T}/states.json`));
        const all = files.present + files.late + files.absent;
        assert.equal(await text(page, "[data-sentence]"), `${files.present + files.late} of ${all} hosts answered. ${files.absent} are silent.`);
        const chips = await page.locator(".chip").allInnerTexts();
        assert.deepEqual(chips.map(c => c.replace(/\s+/g, " ").trim()), [`${files.absent} silent`, `${files.late} late`, "0 never seen", `${files.present} present`]);
        assert.equal(Number(await count(page)), all);
        assert.match(await text(page, ".look"), new RegExp(`${files.absent} hosts fell silent together`));
        // The first row of each state against the last line of its file.
        for (const state of ["absent", "late", "present"]) {
            await page.locator(".chip", { hasText: { absent: "silent", late: "late", present: "present" }[state] }).last().click();
            await until("the filter", async () => Number(await count(page)) === files[state]);
            const row = page.locator(".vrow").first();
            const ip = (await row.locator("small").first().innerText()).split(/\s/)[0];
            const line = JSON.parse(shell("sh", "-c", `cat ${T}/records/data/*/${ip}_*.json | tail -n 1`));
            assert.equal(await row.locator("b").first().innerText(), line.hostname);
            assert.equal(await row.locator("span.num").first().innerText(), String(line.rollcall.process_count));
            assert.ok((await row.innerText()).includes(line.os_ver));
        }
        await page.goto(`${BASE}/hosts?q=hostname:web`);
        const web = Number(shell("sh", "-c", `for f in ${T}/records/data/*/*.json; do tail -n 1 $f | jq -r .hostname; done | grep -c ^web`));
        await until("the filter", async () => Number(await count(page)) === web);
        const csv = await page.evaluate(async () => (await fetch(document.querySelector("a[download]").href)).text());
        assert.equal(csv.trim().split("\r\n").length, web + 1, "the CSV file has what the filter shows");
    },
    async "keyboard"() {
        const page = await signedIn();
        // The page listens for keys a moment after it is drawn.
        const focused = () => page.evaluate(() => document.activeElement?.tagName === "INPUT");
        await until("the focus on the filter", async () => (await focused()) || (await page.keyboard.press("/")));
        await page.keyboard.type("db-");
        await until("the filter", async () => page.url().includes("q=db-") && (await page.locator(".vrow").count()) > 0);
        await page.keyboard.press("Escape");
        await until("an empty filter", () => !page.url().includes("q="));
        await page.keyboard.press("Escape");
        await page.keyboard.press("j");
        await page.keyboard.press("j");
        await page.waitForSelector(".vrow.chosen[aria-rowindex='3']");
        await page.keyboard.press("k");
        await page.waitForSelector(".vrow.chosen[aria-rowindex='2']");
        const name = await page.locator(".vrow.chosen b").innerText();
        await until("the focus", () => page.evaluate(() => document.activeElement?.dataset.row === "0"));
        await page.keyboard.press("Enter");
        await until("the host", async () => (await page.locator("h1").count()) && (await text(page, "h1")) === name);
        await page.waitForSelector("[data-at]");
        const newest = await page.getAttribute("[data-at]", "data-at");
        await page.keyboard.press("[");
        await until("the record before", async () => (await page.getAttribute("[data-at]", "data-at")) < newest);
        await page.keyboard.press("]");
        await until("the newest record", async () => (await page.getAttribute("[data-at]", "data-at")) === newest);
        await page.goBack();
        for (const [key, path] of [["c", "/changes"], ["s", "/search"], ["p", "/policies"], ["f", "/hosts"]]) {
            await page.keyboard.press("g");
            await page.keyboard.press(key);
            await until(path, () => new URL(page.url()).pathname === path);
        }
        await page.keyboard.press("?");
        await page.waitForSelector("dialog[open]");
        await page.keyboard.press("Escape");
        await page.waitForSelector("dialog[open]", { state: "detached" });
    },
    async "address"() {
        const page = await signedIn("/hosts?state=absent,late&q=fra1&sort=-last_seen");
        await page.waitForSelector(".vrow");
        const rows = await page.locator(".vrow b").allInnerTexts();
        const expected = (await api("/api/v1/hosts?state=absent,late&q=fra1&sort=-last_seen&limit=1000")).hosts.map(h => h.hostname);
        assert.deepEqual(rows, expected.slice(0, rows.length));
        await page.goto(`${BASE}/hosts`);
        await page.waitForSelector(".vrow");
        await page.evaluate(() => scrollTo(0, 3000));
        await until("a row further down", async () => Number(await page.locator(".vrow").first().getAttribute("aria-rowindex")) > 20);
        await until("the place is kept", () => page.evaluate(() => history.state?.scroll > 2500));
        await page.reload();
        await until("the same place after a reload", async () => (await page.evaluate(() => scrollY)) > 2500);
        await page.evaluate(() => scrollTo(0, 0));
        await page.locator(".vrow a").first().click();
        await page.waitForSelector("[data-at]");
        await page.goBack();
        await page.waitForSelector(".vrow");
        await page.goto(`${BASE}/hosts?q=nothing-has-this-name`);
        await page.waitForSelector("text=No host matches this filter");
        await page.goto(`${BASE}/hosts/10.250.250.250`);
        await page.waitForSelector("text=This host is unknown");
        await page.goto(`${BASE}/hosts?date=2020-01-01`);
        await page.waitForSelector("text=There are no records of 2020-01-01 here");
        await page.goto(`${BASE}/hosts/10.4.0.2?since=-1h&p=sshd`);
        await page.waitForSelector(".prow");
        assert.match(await text(page, ".procs"), /sshd/);
    },
    // page.bats stops the agent when the file appears.
    async "states"() {
        const page = await signedIn();
        // Rows are drawn only where they are in sight.
        const state = async () => {
            await page.evaluate(() => document.querySelector("section.list")?.scrollIntoView());
            return page.locator(".vrow .st").first().innerText();
        };
        await pollUntil(page, "present", async () => /present/.test(await state()));
        writeFileSync(`${T}/ready`, "");
        await pollUntil(page, "late", async () => /late/.test(await state()));
        await pollUntil(page, "silent", async () => /silent/.test(await state()));
        assert.match(await text(page, "[data-sentence]"), /^0 of 1 host answered\. 1 is silent\.$/);
    },
    async "host"() {
        const page = await signedIn("/hosts/127.0.0.1");
        await page.waitForSelector(".prow");
        const line = JSON.parse(shell("sh", "-c", `tail -n 1 ${T}/records/data/*/127.0.0.1_*.json`));
        assert.equal(await page.getAttribute("[data-processes]", "data-processes"), String(line.rollcall.process_count));
        assert.equal(await page.getAttribute("[data-at]", "data-at"), line.rollcall.received_at);
        await page.locator("input[data-filter]").fill(process.env.MARK);
        await until("the new process", async () => (await page.locator(".prow:not(.around)").count()) === 1 && /new/.test(await text(page, ".prow:not(.around)")));
        assert.ok((await text(page, ".changed")).includes(process.env.MARK));
        const socket = page.locator("section", { hasText: "Listening" }).locator("dd", { hasText: `:${process.env.LISTENS}` });
        assert.match(await socket.first().innerText(), /new/);
        await page.locator(".prow:not(.around)").click();
        assert.ok((await text(page, ".chosenp")).includes(process.env.MARK));
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "download" }).first().click()]);
        assert.equal(readFileSync(await download.path(), "utf8"), shell("sh", "-c", `cat ${T}/records/data/*/127.0.0.1_*.json`));
    },
    async "hostile"() {
        const page = await signedIn();
        const line = JSON.parse(readFileSync(`${T}/hostile.json`));
        await page.waitForSelector(".vrow");
        for (const path of ["/hosts", "/hosts/10.66.6.6", "/hosts/10.66.6.6?by=cmd", "/changes", "/search?cmd=script", "/policies"]) {
            await page.goto(BASE + path);
            await page.waitForSelector(path.startsWith("/hosts/") ? ".prow" : path === "/hosts" ? ".vrow" : "main h1");
            assert.equal(await page.locator("main img:not([src^='/app/']), main script, main iframe, [onerror], [onload]").count(), 0, path);
            assert.equal(await page.evaluate(() => [...document.querySelectorAll("a[href]")].filter(a => a.protocol === "javascript:").length), 0);
            assert.equal(await page.evaluate(() => window.pwned), undefined);
            const shown = await page.evaluate(() => document.body.innerText);
            assert.ok(!/[\u202e\u2066\u0007]/.test(shown), `${path}: bidi and control characters are escaped`);
            if (path === "/hosts") assert.ok(shown.includes("\\u{202e}") && shown.includes("<img src=x onerror="));
            if (path === "/hosts/10.66.6.6") assert.ok(shown.includes("<script>window.pwned=1</script>") && shown.includes(line.processes[1].cmd.slice(0, 20)));
        }
    },
    // page.bats stops the collector when `ready` appears, and starts it when `again` does.
    async "down"() {
        const page = await signedIn();
        const before = await text(page, "[data-sentence]");
        writeFileSync(`${T}/ready`, "");
        await pollUntil(page, "the banner", () => page.locator(".banner").isVisible());
        assert.match(await text(page, ".banner"), /cannot be reached since \d\d:\d\d:\d\d\. What you see is from \d\d:\d\d:\d\d/);
        assert.equal(await text(page, "[data-sentence]"), before, "the data stay");
        assert.ok(await page.locator(".vrow").count());
        writeFileSync(`${T}/again`, "");
        await until("the collector is back", async () => {
            if (await page.locator(".banner button").isVisible()) await page.locator(".banner button").click().catch(() => {});
            return !(await page.locator(".banner").isVisible());
        });
    },
    // Changes, Search and Policies against the files.
    async "answers"() {
        const page = await signedIn(`/search?cmd=${encodeURIComponent("/usr/sbin/nginx")}&by=cmd`);
        const hosts = Number(shell("sh", "-c", `for f in ${T}/records/data/*/*.json; do tail -n 1 $f; done | jq -s '[.[] | select(any(.processes[]; .cmd | contains("/usr/sbin/nginx")))] | map(.hostname) | unique | length'`));
        await page.waitForSelector("[data-results='1']");
        assert.equal((await text(page, ".results tbody td")).replaceAll(",", ""), String(hosts));
        await page.getByRole("button", { name: "by host" }).click();
        await page.waitForSelector(`[data-results='${hosts}']`);
        await page.locator("input[name=cmd]").fill("nothing-runs-this");
        await page.keyboard.press("Enter");
        await page.waitForSelector("text=No host runs that");
        await page.goto(`${BASE}/policies`);
        const old = Number(shell("sh", "-c", `for f in ${T}/records/data/*/*.json; do tail -n 1 $f; done | jq -s '[.[] | select(.os_ver | test("^[45][.]"))] | map(.hostname) | unique | length'`));
        await page.waitForSelector("ul.rules");
        const rules = await page.locator("ul.rules > li").allInnerTexts();
        assert.ok(rules[0].includes("kernel-6.1") && rules[0].includes(`${old} fail`), rules[0]);
        assert.ok(rules[1].includes("time-sync") && rules[1].includes("holds"), rules[1]);
        await page.locator("ul.rules button").first().click();
        await page.waitForSelector(".examples a");
        assert.equal(await page.locator(".examples > li").count(), old);
        assert.match(await text(page, ".detail"), /Upgrade the kernel/);
        assert.ok(page.url().endsWith("/policies?rule=kernel-6.1"));
        await page.goto(`${BASE}/hosts`);
        await page.waitForSelector(`text=“kernel-6.1” is broken on ${old} hosts`);
        await page.goto(`${BASE}/changes?from=-6h`);
        const changes = await api("/api/v1/changes?from=-6h");
        await until("the changes", async () => (await page.locator("ul.look > li").count()) === changes.changes.length);
        const first = changes.changes[0];
        assert.ok((await text(page, "ul.look > li")).includes(first.cmd ?? first.name ?? ""));
        assert.equal(await text(page, "ul.look > li .n"), String(first.hosts));
        await page.locator("ul.look button").first().click();
        assert.equal(await page.locator(".examples a").count(), first.examples.length);
    },
    async "empty"() {
        const page = await signedIn();
        await page.waitForSelector("text=No host has reported yet");
        assert.ok((await text(page, "main")).includes(`rollcall-agent --url ${BASE}/data`));
    },
    async "many"() {
        const hosts = Number(process.env.HOSTS);
        const page = await signedIn();
        await page.waitForSelector(".vrow");
        assert.equal(Number(await count(page)), hosts);
        assert.equal(await page.getAttribute("[role=table]", "aria-rowcount"), String(hosts + 1));
        assert.ok((await page.locator(".vrow").count()) < 120, "few rows are in the document");
        // The end of the list, by every order, is what the server says.
        for (const sort of ["ip", "-hostname", "-process_count"]) {
            await page.goto(`${BASE}/hosts?sort=${sort}`);
            await page.waitForSelector(".vrow");
            const first = (await api(`/api/v1/hosts?sort=${sort}&limit=1`)).hosts[0];
            const key = { ip: "ip", "-hostname": "hostname", "-process_count": "process_count" }[sort];
            await until(`the first by ${sort}`, async () => (await text(page, ".vrow")).includes(String(first[key])));
            await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
            await until("the last row", async () => (await page.locator(`.vrow:not(.wait)[aria-rowindex="${hosts + 1}"]`).count()) === 1);
        }
        await page.evaluate(() => scrollTo(0, 0));
        const target = (await api(`/api/v1/hosts?limit=1&sort=-ip`)).hosts[0].hostname;
        await page.goto(`${BASE}/hosts`);
        await page.waitForSelector(".vrow");
        await page.locator("input[data-filter]").pressSequentially(target.slice(0, 9));
        const expected = (await api(`/api/v1/hosts?limit=1&q=${target.slice(0, 9)}`)).total;
        await until("the filter", async () => Number(await count(page)) === expected);
    },
    async "processes"() {
        const page = await signedIn("/hosts/10.4.0.2");
        await page.waitForSelector(".prow");
        const all = Number(await page.getAttribute("[data-processes]", "data-processes"));
        assert.ok(all > 20000, `${all} processes`);
        assert.ok((await page.locator(".prow").count()) < 120);
        await page.locator("input[data-filter]").fill("--shard 15123");
        await until("the match and its ancestor", async () => (await page.locator(".prow").count()) === 2);
        await page.getByRole("button", { name: "Table" }).click();
        await until("the match alone", async () => (await page.locator(".prow").count()) === 1);
        await page.locator("input[data-filter]").fill("");
        await page.getByRole("button", { name: "Memory" }).click();
        await until("the order", () => page.url().includes("by=rss"));
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        await until("the end", async () => Number(await page.locator(".prow").last().getAttribute("aria-rowindex")) > 20000);
    },
    // Every view, in both themes and at both widths: no violation of axe-core, nothing scrolls sideways.
    async "axe"() {
        mkdirSync(PICTURES, { recursive: true });
        const source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
        const views = { fleet: "/hosts", host: "/hosts/10.4.0.2", changes: "/changes", search: "/search?cmd=nginx", policies: "/policies", unknown: "/hosts/10.250.0.1", empty: "/hosts?q=nothing-has-this" };
        const found = [];
        for (const width of [1600, 375])
            for (const colorScheme of ["light", "dark"]) {
                const context = { viewport: { width, height: width === 375 ? 812 : 1000 }, colorScheme, reducedMotion: "reduce" };
                const page = await signedIn("/hosts", context);
                const cdp = await page.context().newCDPSession(page);
                for (const [name, path] of [["gate", ""], ...Object.entries(views)]) {
                    const view = path ? page : await open(context);
                    await view.goto(BASE + (path || "/"));
                    await view.waitForSelector(path ? "main h1" : "#token");
                    if (name === "fleet") await view.waitForSelector(".vrow .beat .on");
                    if (name === "host") await view.waitForSelector(".plot canvas");
                    await until("no skeleton", async () => !(await view.locator(".skeleton").count()));
                    // The checker is evaluated by the debugger, which the page's policy does not bind.
                    const session = path ? cdp : await view.context().newCDPSession(view);
                    await session.send("Runtime.evaluate", { expression: source });
                    const result = await session.send("Runtime.evaluate", { expression: "axe.run(document).then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + (n.failureSummary || '').replaceAll('\\n', ' ')).slice(0, 3).join(' | '))))", awaitPromise: true });
                    for (const v of JSON.parse(result.result.value)) found.push(`${name} ${width} ${colorScheme}: ${v}`);
                    const wide = await view.evaluate(() => document.documentElement.scrollWidth);
                    if (wide > width) found.push(`${name} ${width}: ${wide} px wide`);
                    await view.screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}.png` });
                }
                await page.context().close();
            }
        assert.deepEqual(found, []);
    },
};

const name = process.argv[2];
browser = await chromium.launch({ executablePath: existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
let status = 0;
try {
    await tests[name]();
    assert.deepEqual(wrong, []);
} catch (e) {
    console.log(e.stack);
    console.log(wrong.join("\n"));
    for (const context of browser.contexts()) for (const page of context.pages()) {
        console.log(page.url(), (await page.evaluate(() => document.body.innerText).catch(() => "")).slice(0, 1500));
    }
    status = 1;
}
await browser.close();
process.exit(status);
