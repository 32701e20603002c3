// look: "Look at this first": what is wrong in the fleet, the worst first, six lines at most.
import { html } from "./html.js";
import { name, number, plural } from "./text.js";
import { age, clock, day, hour } from "./time.js";
import { path } from "./url.js";
import { Empty, Item } from "./widgets.js";

const MOST = 6;
const TOGETHER = 3;

function network(ip) {
    if (!ip) return "";
    const four = ip.split(".");
    if (four.length === 4) return four.slice(0, 3).join(".") + ".0/24";
    return "";
}

// Hosts of one network that fell silent within two intervals of each other.
function groups(silent, every) {
    const byNetwork = new Map();
    for (const row of silent) {
        const net = network(row.ip);
        if (!net || Number.isNaN(row.seen)) continue;
        if (!byNetwork.has(net)) byNetwork.set(net, []);
        byNetwork.get(net).push(row);
    }
    const found = [];
    for (const [net, rows] of byNetwork) {
        rows.sort((a, b) => a.seen - b.seen);
        let from = 0;
        for (let i = 1; i <= rows.length; i++) {
            if (i < rows.length && rows[i].seen - rows[i - 1].seen <= 2 * every) continue;
            if (i - from >= TOGETHER) found.push({ net, rows: rows.slice(from, i) });
            from = i;
        }
    }
    return found.sort((a, b) => b.rows.length - a.rows.length);
}

const names = rows => rows.slice(0, 3).map(name).join(", ") + (rows.length > 3 ? ", …" : "");
const SEVERITY = { critical: 2, high: 3, medium: 6, low: 8 };

function aboutSilent(rows, now, every) {
    const silent = rows.filter(r => r.state === "absent");
    const never = rows.filter(r => r.state === "never");
    const items = [];
    const grouped = new Set();
    for (const g of groups(silent, every)) {
        const at = g.rows[g.rows.length - 1].seen;
        g.rows.forEach(r => grouped.add(r));
        const when = day(at) === day(now) ? `at ${hour(at)}` : `on ${day(at)} at ${hour(at)}`;
        items.push({ rank: 0, kind: "bad", mark: "!", count: g.rows.length, href: path("/hosts", { state: "absent", q: `ip:${g.net}` }), title: `${plural(g.rows.length, "host")} fell silent together ${when}`, sub: `all in ${g.net} · a network or power fault?` });
    }
    const single = silent.filter(r => !grouped.has(r)).sort((a, b) => a.seen - b.seen);
    if (single.length === 1) items.push({ rank: 1, kind: "bad", mark: "!", count: 1, row: single[0], href: path("/hosts", { state: "absent" }), title: `${name(single[0])} is silent`, sub: `for ${age(now - single[0].seen)}, since ${clock(single[0].seen)}` });
    else if (single.length) items.push({ rank: 1, kind: "bad", mark: "!", count: single.length, href: path("/hosts", { state: "absent", sort: "last_seen" }), title: `${plural(single.length, "host")} silent${items.length ? " one by one" : ""}`, sub: `longest: ${name(single[0])}, ${age(now - single[0].seen)}` });
    if (never.length) items.push({ rank: 4, kind: "warn", mark: "~", count: never.length, href: path("/hosts", { state: "never" }), title: `${plural(never.length, "host")} of the hosts file never reported`, sub: names(never) });
    return items;
}

function aboutRules(rules) {
    return (rules || [])
        .filter(r => r.fail > 0)
        .map(r => ({ rank: SEVERITY[r.severity] ?? 4, kind: r.severity === "critical" || r.severity === "high" ? "bad" : "warn", mark: "✗", count: r.fail, href: path("/policies", { rule: r.name }), title: `“${r.name}” is broken on ${plural(r.fail, "host")}`, sub: `policy, ${r.severity}` }));
}

function aboutFlags(rows, counts) {
    const with_ = flag => rows.filter(r => r.flags.includes(flag));
    const items = [];
    const add = (flag, rank, kind, title, sub) => {
        const n = counts?.flag?.[flag] || 0;
        if (n) items.push({ rank, kind, mark: "~", count: n, href: path("/hosts", { flag }), title: title(n), sub: `${sub} · ${names(with_(flag))}` });
    };
    add("clone", 5, "warn", n => `One machine id at several addresses: ${plural(n, "host")}`, "cloned without a new machine-id");
    add("clock", 5, "warn", n => `The clock of ${plural(n, "host")} is off by over a minute`, "time synchronisation?");
    add("unreadable", 7, "warn", n => `Files of ${plural(n, "host")} end with lines that are not rollcall's`, "rollcall-verify names them");
    add("regressed", 8, "info", n => `Kernel or system went back on ${plural(n, "host")}`, "restored or downgraded?");
    return items;
}

export function findings(rows, answer, now, rules, every = 300e3) {
    const all = [...aboutSilent(rows, now, every), ...aboutRules(rules), ...aboutFlags(rows, answer?.counts)];
    return all.sort((a, b) => a.rank - b.rank || b.count - a.count);
}

export function Look({ items }) {
    const more = items.length - MOST;
    return html`<section class="card" aria-labelledby="look"><div class="head"><h2 id="look">Look at this first</h2><span class="grow"></span>${more > 0 ? html`<span class="sub">${more} more below</span>` : ""}</div>${
        items.length ? html`<ul class="look">${items.slice(0, MOST).map(i => html`<${Item} key=${i.title} ...${i} count=${number(i.count)} />`)}</ul>` : html`<${Empty} title="Nothing is wrong">Every host that is known answers, and no rule is broken.<//>`
    }</section>`;
}
