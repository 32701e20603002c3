// changewords: changes in words, for the fleet and for a host.
import { number, plural, show } from "./text.js";
import { path } from "./url.js";

const FACTS = { os_ver: "Kernel", kernel: "Kernel", os_name: "System", os_pretty_name: "System", hostname: "Host name", memory_bytes: "Memory" };
export const factWord = fact => FACTS[fact] || show(fact);

const MARKS = { started: "+", opened: "+", in: "+", stopped: "−", closed: "−", out: "−", restarted: "↻", rebooted: "⏻", changed: "↑" };
const WORDS = { started: "started", stopped: "stopped", restarted: "restarted", rebooted: "rebooted", opened: "listens", closed: "listens no more", in: "logged in", out: "logged out", changed: "changed" };

const socket = s => `${show(s.proto)} ${String(s.addr).includes(":") ? `[${show(s.addr)}]` : show(s.addr)}:${show(s.port)}`;
export { socket };

// what(entry): the thing that changed, of an entry of GET /api/v1/changes.
function what(e) {
    if (e.kind === "rebooted") return "Reboot";
    if (e.before !== undefined && e.after !== undefined && (e.fact || e.kind === "changed")) return `${factWord(e.fact || e.what)} ${show(e.before)} → ${show(e.after)}`;
    if (e.port !== undefined) return socket(e);
    return show(e.cmd ?? e.name ?? e.what ?? e.key ?? e.user ?? e.kind);
}

// changeItems(answer): rows to show, the rarest kinds not hidden by the commonest: as the server orders them.
export function changeItems(answer) {
    const list = answer.changes || [];
    return list.map((e, i) => {
        const { hosts, examples } = e;
        const names = examples.slice(0, 3).map(h => show(h.hostname) || show(h.ip)).join(", ");
        const verb = WORDS[e.kind] || show(e.kind);
        return { key: `${e.kind} ${what(e)} ${i}`, kind: e.kind === "stopped" || e.kind === "closed" || e.kind === "out" ? "gone" : e.kind === "restarted" || e.kind === "rebooted" ? "warn" : "info", mark: MARKS[e.kind] || "·", title: what(e), sub: `${verb} on ${plural(hosts, "host")}${e.user && e.cmd ? ` as ${show(e.user)}` : ""}${names ? ` · ${names}${hosts > 3 ? ", …" : ""}` : ""}`, hosts, examples, entry: e, to: path("/changes", { from: "-1h", kind: e.kind }) };
    });
}

// hostItems(machine): what changed at a host: an entry of `machines` of GET /api/v1/hosts/{ip}/changes.
export function hostItems(m) {
    const items = [];
    const add = (k, tone, main, sub) => items.push({ k, tone, main, sub });
    if (m.rebooted) add("⏻", "tilde", "rebooted", "all processes are new");
    for (const c of m.changed || []) add("↑", "tilde", `${show(c.before)} → ${show(c.after)}`, `${factWord(c.fact)} changed`);
    for (const s of m.listening?.opened || []) add("+", "plus", socket(s), `listens now${s.uid !== undefined ? ` · uid ${show(s.uid)}` : ""}`);
    for (const s of m.listening?.closed || []) add("−", "minus", socket(s), "listens no more");
    for (const u of m.users?.in || []) add("+", "plus", `${show(u.name ?? u)}${u.tty ? ` on ${show(u.tty)}` : ""}`, `logged in${u.host ? ` from ${show(u.host)}` : ""}`);
    for (const u of m.users?.out || []) add("−", "minus", `${show(u.name ?? u)}${u.tty ? ` on ${show(u.tty)}` : ""}`, "logged out");
    for (const p of m.processes?.started || []) add("+", "plus", show(p.cmd), `started · pid ${show(p.pid)} · ${show(p.user)}`);
    for (const p of m.processes?.restarted || []) add("↻", "tilde", show(p.after?.cmd), `restarted · pid ${show(p.before?.pid)} → ${show(p.after?.pid)}`);
    for (const p of m.processes?.stopped || []) add("−", "minus", show(p.cmd), `stopped · pid ${show(p.pid)} · ${show(p.user)}`);
    return items;
}

export const kernelWords = m => {
    const n = (m.kernel_threads?.started || 0) + (m.kernel_threads?.stopped || 0);
    return n ? `${number(n)} kernel threads left out` : "";
};
