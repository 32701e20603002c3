// table: all hosts, the worst first; filtered and sorted here, or by the server if there are very many.
import { Beats } from "./beats.js";
import { matcher, needsServer } from "./filter.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { useKeys } from "./keyboard.js";
import { HIDDEN, listHosts, store, total } from "./store.js";
import { name, number, show } from "./text.js";
import { age, instant } from "./time.js";
import { amend, go, hostPath, keep, kept, path } from "./url.js";
import { Copy, Dot, Empty, flagWord, Flags, Rows, Skeleton, stateWord, usePhone } from "./widgets.js";

const ORDER = { absent: 0, late: 1, never: 2, present: 3, moved: 4, gone: 5, retired: 6 };
const trouble = row => row.fails.length * 2 + row.flags.filter(f => f !== "rebooted" && f !== "multihomed").length;
const worst = (a, b) => ORDER[a.state] - ORDER[b.state] || trouble(b) - trouble(a) || (a.state === "present" ? 0 : (a.seen || 0) - (b.seen || 0)) || byAddress(a, b);

const collate = new Intl.Collator("en", { numeric: true });
// IPv4 addresses are compared as numbers: the collator takes most of the time of a sort.
const byAddress = (a, b) => (a.place !== null && b.place !== null ? a.place - b.place : collate.compare(a.ip || "", b.ip || "")) || collate.compare(a.hostname || "", b.hostname || "");
const text = field => (a, b) => collate.compare(a[field] || "", b[field] || "");
const figure = field => (a, b) => (a[field] ?? -1) - (b[field] ?? -1);
const SORTS = {
    ip: byAddress,
    hostname: text("hostname"),
    os_pretty_name: (a, b) => collate.compare(a.os_pretty_name || a.os_name || "", b.os_pretty_name || b.os_name || "") || collate.compare(a.os_ver || "", b.os_ver || ""),
    last_seen: (a, b) => (a.seen || 0) - (b.seen || 0),
    process_count: figure("process_count"),
    user_count: figure("user_count"),
    flags: (a, b) => trouble(a) - trouble(b),
};

export function order(sort) {
    const by = SORTS[sort.replace(/^-/, "")];
    if (!by) return sort === "-state" ? (a, b) => worst(b, a) : worst;
    return sort[0] === "-" ? (a, b) => by(b, a) || byAddress(a, b) : (a, b) => by(a, b) || byAddress(a, b);
}

const COLUMNS = [
    ["state", "State"],
    ["hostname", "Host"],
    ["os_pretty_name", "System"],
    ["last_seen", "Last seen", true],
    ["", "Beats, 24 h"],
    ["process_count", "Processes", true],
    ["user_count", "Users", true],
    ["flags", "Flags and rules", true],
];

function Head({ sort, server }) {
    const turn = (column, down) => {
        const first = down ? "-" + column : column;
        const other = down ? column : "-" + column;
        amend({ sort: sort === first ? other : sort === other ? "" : column === "state" && !sort ? "-state" : first }, true);
    };
    return html`<div class="vhead" role="row">${COLUMNS.map(([column, words, down], i) => {
        const on = column && (sort.replace(/^-/, "") === column || (column === "state" && !sort));
        const up = sort[0] !== "-";
        const fixed = !column || (server && column === "flags");
        return html`<span role="columnheader" aria-sort=${on ? (up ? "ascending" : "descending") : "none"} class=${i === 5 || i === 6 ? "num" : ""}>${fixed ? words : html`<button onClick=${() => turn(column, down)}>${words}<span aria-hidden="true">${on ? (up ? " ↑" : " ↓") : ""}</span></button>`}</span>`;
    })}</div>`;
}

function Row({ row, style, index, chosen, time, every, beats }) {
    const stale = row.state !== "present" && row.state !== "late" ? " stale" : "";
    const system = show(row.os_pretty_name) || show(row.os_name) || "–";
    return html`<div class=${"vrow" + (chosen ? " chosen" : "")} role="row" aria-rowindex=${index + 2} style=${style}>
        <span role="cell" class=${"st " + (row.state in ORDER ? row.state : "never")}><${Dot} state=${row.state} /><span>${stateWord(row.state)}</span></span>
        <span role="cell" class="two">${row.ip ? html`<a class="open" href=${hostPath(row.ip)} data-row=${index}><b>${name(row)}</b></a>` : html`<b>${name(row)}</b>`}<small>${show(row.ip)}${row.moved_to ? ` → ${show(row.moved_to)}` : ""}${row.labels.length ? html` <span class="labels">${row.labels.map(l => show(l)).join(" · ")}</span>` : ""}</small></span>
        <span role="cell" class=${"two" + stale}><span>${system}</span><small> ${show(row.os_ver)}</small></span>
        <span role="cell" title=${row.last_seen ? instant(row.seen) : null}>${row.last_seen ? html`${age(time - row.seen)}<span class="opt"> ago</span>` : "never"}</span>
        <span role="cell">${beats ? html`<${Beats} row=${row} end=${beats} every=${every} />` : ""}</span>
        <span role="cell" class=${"num" + stale}>${number(row.process_count)}</span>
        <span role="cell" class=${"num" + stale}>${number(row.user_count)}</span>
        <span role="cell" class="flags"><${Flags} row=${row} /></span></div>`;
}

// ---- rows that the server filters and sorts, a page at a time

const PAGE = 200;

// Orders that the server knows; "ip" backwards, because its cursor is then a place.
function serverOrder(sort) {
    if (!sort || sort === "state") return { sort: "-state", turn: false };
    if (sort === "-state") return { sort: "state", turn: false };
    if (sort === "ip") return { sort: "-ip", turn: true };
    if (/^-?flags$/.test(sort)) return { sort: "-state", turn: false };
    return { sort, turn: false };
}

function useServerRows(on, params, sort) {
    const [state, set] = useState({ pages: new Map(), total: null, failure: null });
    const wanted = useRef(new Set());
    const key = JSON.stringify([params, sort]);
    const latest = useRef(key);
    const load = async page => {
        const { sort: by, turn } = serverOrder(sort);
        const asked = latest.current;
        const from = page * PAGE;
        let query = { ...params, sort: by, limit: PAGE };
        try {
            if (turn) {
                const all = state.total ?? (await listHosts({ ...params, limit: 1 })).total;
                const start = Math.max(0, all - from - PAGE);
                query = { ...query, limit: Math.max(1, Math.min(PAGE, all - from)), cursor: start ? `@${start}` : "" };
            } else if (from) query.cursor = `@${from}`;
            const answer = await listHosts(query);
            if (asked !== latest.current) return;
            const rows = answer.hosts.map(r => ({ ...r, fails: r.fails || [], seen: r.last_seen ? Date.parse(r.last_seen) : NaN }));
            if (turn) rows.reverse();
            set(s => ({ pages: new Map(s.pages).set(page, rows), total: answer.total, failure: null }));
        } catch (failure) {
            if (asked === latest.current) set(s => ({ ...s, failure }));
        }
    };
    useEffect(() => {
        if (!on) return;
        latest.current = key;
        wanted.current = new Set([0]);
        set({ pages: new Map(), total: null, failure: null });
        load(0);
    }, [on, key]);
    // Each poll brings the pages that were looked at last up to date.
    useEffect(() => {
        if (on && state.total !== null) [...wanted.current].slice(-3).forEach(load);
    }, [store.answer]);
    return {
        ...state,
        row(i) {
            const page = Math.floor(i / PAGE);
            const have = state.pages.get(page);
            if (!have && !wanted.current.has(page)) {
                wanted.current.add(page);
                queueMicrotask(() => load(page));
            }
            return have?.[i % PAGE];
        },
    };
}

// ---- the tools above the rows

function tally(list, of) {
    const n = new Map();
    for (const row of list) {
        const v = of(row);
        if (v) n.set(v, (n.get(v) || 0) + 1);
    }
    return [...n].sort((a, b) => b[1] - a[1]);
}

function Tools({ at, shown, all, server, csv }) {
    const q = at.get("q");
    const systems = useMemo(() => tally(store.list, r => r.os_pretty_name || r.os_name).slice(0, 40), [store.list]);
    const flags = Object.entries(store.answer.counts.flag).filter(([, n]) => n > 0);
    const system = /(?:^| )system:"([^"]*)"/.exec(q)?.[1] || "";
    const setSystem = value => {
        const rest = q.replace(/(?:^| )system:"[^"]*"/, "").trim();
        amend({ q: [rest, value ? `system:"${value.replaceAll('"', "")}"` : ""].filter(Boolean).join(" ") }, true);
    };
    return html`<div class="tools"><label class="search"><span aria-hidden="true">⌕</span><input data-filter aria-label="Filter hosts" placeholder="name, address, system, kernel, label:db, -flag:clock" value=${q} spellcheck="false" autocomplete="off" onInput=${e => amend({ q: e.target.value })} /><kbd aria-hidden="true">/</kbd></label>
        ${server ? "" : html`<select aria-label="System" value=${system} onChange=${e => setSystem(e.target.value)}><option value="">any system</option>${systems.map(([s, n]) => html`<option value=${s}>${show(s)} (${number(n)})</option>`)}</select>`}
        <select aria-label="Flag" value=${at.get("flag")} onChange=${e => amend({ flag: e.target.value }, true)}><option value="">any flag</option>${flags.map(([f, n]) => html`<option value=${f}>${flagWord(f)} (${number(n)})</option>`)}</select>
        <span class="count" role="status" data-count=${shown}>${shown === null ? "…" : number(shown)} of ${number(all)} hosts</span><span class="grow"></span>
        <a class="icon" href=${csv} download="hosts.csv" title="These hosts as CSV">CSV</a><${Copy} text=${() => location.href} label="Link" /></div>`;
}

export function Table({ at, time, every }) {
    const state = at.get("state");
    const q = at.get("q");
    const flag = at.get("flag");
    const label = at.get("label");
    const sort = at.get("sort");
    const phone = usePhone();
    const height = phone ? 92 : 50;
    const server = store.large || HIDDEN.includes(state) || needsServer(q);
    const params = { date: at.get("date"), state, q, flag, label };
    const remote = useServerRows(server, params, sort);
    const states = useMemo(() => new Set(state ? state.split(",") : []), [state]);
    // Sorted once for each order; a keystroke in the filter only leaves rows out.
    const sorted = useMemo(() => (server ? [] : [...store.list].sort(order(sort))), [server, store.list, sort]);
    const rows = useMemo(() => {
        if (server) return [];
        const match = matcher(q);
        return sorted.filter(r => (!states.size || states.has(r.state)) && (!flag || r.flags.includes(flag)) && (!label || r.labels.includes(label)) && match(r));
    }, [server, sorted, states, q, flag, label]);
    const count = server ? remote.total : rows.length;
    const at_ = i => (server ? remote.row(i) : rows[i]);

    // The chosen row is a host, not a place: it stays chosen when others move around it.
    const [chosen, choose] = useState(kept("chosen") || "");
    const index = useMemo(() => (chosen && !server ? rows.findIndex(r => `${r.ip} ${r.hostname}` === chosen) : -1), [rows, chosen, server]);
    const [place, setPlace] = useState(-1);
    const current = server ? place : index;
    const [reveal, setReveal] = useState(-1);
    const move = by => {
        if (!count) return false;
        const to = Math.min(count - 1, Math.max(0, current < 0 ? 0 : current + by));
        const row = at_(to);
        if (row) {
            choose(`${row.ip} ${row.hostname}`);
            keep({ chosen: `${row.ip} ${row.hostname}` });
        }
        setPlace(to);
        setReveal(to);
        requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector(`[data-row="${to}"]`)?.focus({ preventScroll: true })));
        return true;
    };
    useKeys({
        j: () => move(1),
        k: () => move(-1),
        Enter: e => {
            const row = current >= 0 && at_(current);
            if (!row?.ip || e.target.closest?.("a,button")) return false;
            go(hostPath(row.ip));
            return true;
        },
        Escape: () => {
            if (!q && !state && !flag) return false;
            amend({ q: "", state: "", flag: "" }, true);
            return true;
        },
    });
    const csv = path("/api/v1/hosts", { ...params, sort: /flags|^state$|^-state$/.test(sort) ? "" : sort, limit: 20000, format: "csv" });
    const clear = () => amend({ q: "", state: "", flag: "", label: "" }, true);
    const minute = Math.floor(time / 300e3) * 300e3;
    const end = store.date ? Date.parse(store.answer.as_of) : minute + 300e3 > time ? time : minute;
    let body;
    if (count === null) body = html`<${Skeleton} rows=${8} />`;
    else if (count === 0) body = html`<div class="empty" role="status"><strong>No host matches this filter</strong><p>${number(total(store.answer))} hosts are known. ${q ? html`Words must all match; <code>-word</code> excludes, <code>label:db</code> and <code>ip:10.4.0.0/16</code> look at one field.` : ""}</p><button class="icon" onClick=${clear}>Clear the filter</button></div>`;
    else
        body = html`<div role="table" aria-rowcount=${count + 1} aria-label="Hosts"><div role="rowgroup" class="headgroup"><${Head} sort=${sort} server=${server} /></div><${Rows}
            count=${count} height=${height} reveal=${reveal}
            row=${(i, style) => {
                const row = at_(i);
                return row ? html`<${Row} key=${server ? i : `${row.ip} ${row.hostname} ${i}`} row=${row} style=${style} index=${i} chosen=${i === current} time=${time} every=${every} beats=${end} />` : html`<div class="vrow wait" role="row" aria-rowindex=${i + 2} style=${style}><span role="cell">…</span></div>`;
            }} /></div>`;
    return html`<section class="card grid list" aria-label="Hosts"><${Tools} at=${at} shown=${count} all=${total(store.answer)} server=${server} csv=${csv} />${remote.failure ? html`<p class="err" role="alert">${show(remote.failure.reason)}</p>` : ""}${body}</section>`;
}
