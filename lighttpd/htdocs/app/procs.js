// procs: the processes of a record, as a tree or a table. Only the rows that can be seen are drawn, so
// 20,000 are no trouble.
import { html, useMemo, useState } from "./html.js";
import { number, show, bytes } from "./text.js";
import { age, instant } from "./time.js";
import { amend } from "./url.js";
import { Empty, Rows, usePhone } from "./widgets.js";

// Kernel threads are kthreadd (2) and its children, and have no command line: their names are in brackets.
// (In a container 2 is a process like any other.)
const isKernel = p => (p.pid === 2 || p.ppid === 2) && /^\[.*\]$/.test(p.cmd || "");

// tree(list): [{p, depth}], children after their parent, in the order of pid. A process whose parent is
// not there, or that would be its own ancestor, is at the top.
export function tree(list) {
    const byPid = new Map(list.map(p => [p.pid, p]));
    const children = new Map();
    const tops = [];
    for (const p of list) {
        const parent = p.ppid !== null && p.ppid !== p.pid ? byPid.get(p.ppid) : null;
        if (!parent) tops.push(p);
        else if (children.has(parent)) children.get(parent).push(p);
        else children.set(parent, [p]);
    }
    const out = [];
    const seen = new Set();
    const walk = top => {
        const stack = [[top, 0]];
        while (stack.length) {
            const [p, depth] = stack.pop();
            if (seen.has(p)) continue;
            seen.add(p);
            out.push({ p, depth });
            const below = children.get(p) || [];
            for (let i = below.length - 1; i >= 0; i--) stack.push([below[i], depth + 1]);
        }
    };
    tops.forEach(walk);
    list.forEach(p => seen.has(p) || walk(p));
    return out;
}

// A match is shown with its ancestors and its children.
function filtered(rows, matches) {
    const keep = new Array(rows.length).fill(false);
    const path = [];
    let under = -1;
    rows.forEach(({ p, depth }, i) => {
        path.length = depth;
        path[depth] = i;
        if (under >= 0 && depth <= under) under = -1;
        if (matches(p)) {
            for (let d = 0; d <= depth; d++) keep[path[d]] = true;
            if (under < 0) under = depth;
        } else if (under >= 0 && depth > under) keep[i] = true;
    });
    return rows.filter((_, i) => keep[i]);
}

const COLUMNS = [["pid", "PID"], ["user", "User"], ["cpu", "CPU %"], ["rss", "Memory"], ["start", "Started"], ["cmd", "Command"]];
const compare = {
    pid: (a, b) => a.pid - b.pid,
    user: (a, b) => ((a.user || "") < (b.user || "") ? -1 : (a.user || "") > (b.user || "") ? 1 : 0),
    cpu: (a, b) => (Number(b.cpu) || 0) - (Number(a.cpu) || 0),
    rss: (a, b) => (b.rss || 0) - (a.rss || 0),
    start: (a, b) => (Date.parse(b.start) || 0) - (Date.parse(a.start) || 0),
    cmd: (a, b) => ((a.cmd || "") < (b.cmd || "") ? -1 : (a.cmd || "") > (b.cmd || "") ? 1 : 0),
};

const started = (p, now) => {
    const ms = p.start ? Date.parse(p.start) : NaN;
    return Number.isNaN(ms) ? show(p.start) || "–" : age(now - ms);
};
const percent = v => (v === null || v === undefined || v === "" ? "–" : Number.isNaN(Number(v)) ? show(v) : Number(v).toFixed(1));

function Chosen({ p, close }) {
    const fact = (k, v) => (v ? html`<dt>${k}</dt><dd>${v}</dd>` : "");
    return html`<div class="chosenp" role="region" aria-label="Chosen process"><dl class="kv">${fact("PID", show(p.pid))}${fact("Parent", show(p.ppid))}${fact("User", show(p.user))}${fact("State", show(p.state))}${fact("Started", p.start && !Number.isNaN(Date.parse(p.start)) ? instant(Date.parse(p.start)) : show(p.start))}${fact("Memory", p.rss !== null && p.rss !== undefined ? bytes(p.rss) : "")}<dt>Command</dt><dd><code>${show(p.cmd) || "–"}</code></dd></dl><button class="icon" onClick=${close}>Close</button></div>`;
}

export function Processes({ list, started: fresh, now, at }) {
    const phone = usePhone();
    const q = at.get("p").toLowerCase();
    const by = at.get("by");
    const kernel = at.get("kernel") === "1";
    const [chosen, choose] = useState(null);
    const threads = useMemo(() => list.filter(p => isKernel(p)).length, [list]);
    const shown = useMemo(() => (kernel ? list : list.filter(p => !isKernel(p))), [list, kernel]);
    const matches = p => (p.cmd || "").toLowerCase().includes(q) || (p.user || "").toLowerCase().includes(q) || String(p.pid) === q || (q === "new" && fresh.has(p.pid));
    const rows = useMemo(() => {
        if (by) {
            const some = q ? shown.filter(matches) : [...shown];
            return some.sort((a, b) => compare[by]?.(a, b) || a.pid - b.pid).map(p => ({ p, depth: 0 }));
        }
        const all = tree(shown);
        return q ? filtered(all, matches) : all;
    }, [shown, q, by, fresh]);
    const row = (i, style) => {
        const { p, depth } = rows[i];
        const gone = q && !by && !matches(p) ? " around" : "";
        return html`<div class=${"prow" + gone + (p === chosen ? " chosen" : "")} role="row" key=${p.pid ?? i} aria-rowindex=${i + 2} style=${style} onClick=${() => choose(p === chosen ? null : p)}>
            <span role="cell" class="num">${show(p.pid) || "–"}</span><span role="cell" class="cut">${show(p.user) || "–"}</span><span role="cell" class="num">${percent(p.cpu)}</span><span role="cell" class="num">${p.rss === null || p.rss === undefined ? "–" : bytes(p.rss)}</span><span role="cell" class="num">${started(p, now)}</span>
            <span role="cell" class="cmd"><span class="tree" aria-hidden="true">${depth ? "\u00a0\u00a0".repeat(Math.min(depth, 24) - 1) + "└ " : ""}</span>${fresh.has(p.pid) ? html`<span class="new">new</span>` : ""}${show(p.cmd) || "–"}</span></div>`;
    };
    const set = params => amend(params, true);
    return html`<section class="card procs" aria-labelledby="procs"><div class="tools"><h2 id="procs">Processes <span class="sub" data-processes=${list.length}>${number(list.length)}</span></h2><label class="search"><span aria-hidden="true">⌕</span><input data-filter aria-label="Filter processes" placeholder="command, user, pid, new" value=${at.get("p")} spellcheck="false" autocomplete="off" onInput=${e => amend({ p: e.target.value })} /><kbd aria-hidden="true">/</kbd></label><span class="seg" role="group" aria-label="Form"><button aria-pressed=${by ? "false" : "true"} onClick=${() => set({ by: "" })}>Tree</button><button aria-pressed=${by ? "true" : "false"} onClick=${() => set({ by: "cpu" })}>Table</button></span>${threads ? html`<label class="check"><input type="checkbox" checked=${kernel} onChange=${e => set({ kernel: e.target.checked ? "1" : "" })} /> kernel threads (${number(threads)})</label>` : ""}${q ? html`<span class="sub" role="status">${number(rows.length)} shown</span>` : ""}</div>
        ${chosen ? html`<${Chosen} p=${chosen} close=${() => choose(null)} />` : ""}
        ${rows.length ? html`<div role="table" aria-rowcount=${rows.length + 1} aria-label="Processes"><div role="rowgroup" class="headgroup"><div class="phead" role="row">${COLUMNS.map(([c, w], i) => html`<span role="columnheader" class=${i === 0 || (i > 1 && i < 5) ? "num" : ""} aria-sort=${by === c ? "descending" : "none"}>${by ? html`<button onClick=${() => set({ by: c })}>${w}<span aria-hidden="true">${by === c ? " ↓" : ""}</span></button>` : w}</span>`)}</div></div><${Rows} count=${rows.length} height=${phone ? 48 : 30} row=${row} /></div>` : html`<${Empty} title=${list.length ? "No process matches" : "No processes in this record"}>${list.length ? "Clear the filter to see them all." : "The record has an empty list."}<//>`}</section>`;
}
