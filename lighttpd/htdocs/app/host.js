// host: one host: its day, what runs there, what changed, who is logged in, what listens, which files.
import { ask } from "./api.js";
import { Bars, interval, slots, timeline } from "./beats.js";
import { hostItems, kernelWords, socket } from "./changewords.js";
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { useKeys } from "./keyboard.js";
import { Plots } from "./plots.js";
import { Processes } from "./procs.js";
import { listHosts, store } from "./store.js";
import { bytes, number, plural, show } from "./text.js";
import { age, DAY, HOUR, hour, instant, MINUTE, moment, span, utcDay, zone } from "./time.js";
import { amend, path, restorePlace } from "./url.js";
import { Dot, Empty, Failed, Flags, Skeleton, stateWord, useAsk, useSecond } from "./widgets.js";

const SLOTS = 144;

// ---- the day as a strip: each bar can be chosen

function Strip({ points, end, every, at, choose }) {
    const box = useRef();
    const list = useMemo(() => slots(points, end, SLOTS, every), [points, end, String(every)]);
    const start = end - DAY;
    const place = Number.isNaN(at) ? -1 : (at - start) / DAY;
    const index = points.findIndex(p => p.at >= at - 500);
    const step = by => {
        const i = index < 0 ? points.length - 1 : index;
        const to = points[Math.min(points.length - 1, Math.max(0, i + by))];
        if (to) choose(to.at, to === points[points.length - 1]);
    };
    const key = e => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 12, PageDown: -12, Home: -1e9, End: 1e9 }[e.key];
        if (!by || !points.length) return;
        e.preventDefault();
        step(by);
    };
    const scrub = e => {
        if (e.type === "pointermove" && !(e.buttons & 1)) return;
        const r = box.current.getBoundingClientRect();
        const ms = start + ((e.clientX - r.left) / r.width) * DAY;
        let best = null;
        for (const p of points) if (!best || Math.abs(p.at - ms) < Math.abs(best.at - ms)) best = p;
        if (best) choose(best.at, best === points[points.length - 1]);
    };
    const marks = [0, 6, 12, 18, 24].map(h => start + h * HOUR);
    return html`<div class="day"><div class="strip" role="slider" tabindex="0" aria-label="Record of the day" aria-valuemin="1" aria-valuemax=${Math.max(1, points.length)} aria-valuenow=${index < 0 ? Math.max(1, points.length) : index + 1} aria-valuetext=${Number.isNaN(at) ? "no record" : instant(at)} ref=${box} onKeyDown=${key} onPointerDown=${scrub} onPointerMove=${scrub}><${Bars} list=${list} height=${44} />${place >= 0 && place <= 1 ? html`<span class="here" style=${{ left: `${(place * 100).toFixed(2)}%` }}></span>` : ""}</div>
        <div class="hours" aria-hidden="true">${marks.map((m, i) => html`<span>${i === 4 && Math.abs(end - m) < 1000 && end > Date.now() - 10 * MINUTE ? "now" : hour(m)}</span>`)}</div></div>`;
}

function dayWords(points, every, end) {
    if (!points.length) return "no records in these 24 hours";
    const expected = every > 0 ? Math.max(points.length, Math.round((end - points[0].at) / every)) : points.length;
    const missed = expected - points.length;
    return `${plural(points.length, "record")}${missed > 0 ? `, ${number(missed)} missed` : ""} · bar height: processes`;
}

// ---- parts

const SINCE = [["previous", "the record before"], ["-1h", "an hour ago"], ["-24h", "yesterday"]];

function Since({ ip, record, since, amendSince }) {
    const received = Date.parse(record.received_at);
    const from = since === "previous" ? record.previous : span(since) ? new Date(received - span(since)).toISOString() : since;
    const { data, failure, busy, again } = useAsk(async signal => (from ? ask(`/api/v1/hosts/${encodeURIComponent(ip)}/changes`, { from, to: record.received_at }, signal) : null), [ip, from, record.received_at]);
    const machines = data?.machines || [];
    const items = machines.flatMap(m => hostItems(m));
    const custom = !SINCE.some(([v]) => v === since);
    return {
        data,
        started: new Set(machines.flatMap(m => (m.processes?.started || []).map(p => p.pid))),
        opened: new Set(machines.flatMap(m => (m.listening?.opened || []).map(socket))),
        card: html`<section class="card changed" aria-labelledby="changed"><div class="head"><h2 id="changed">Changed since</h2><select aria-label="Compare with" value=${custom ? "any" : since} onChange=${e => amendSince(e.target.value === "any" ? new Date(received - 2 * HOUR).toISOString() : e.target.value)}>${SINCE.map(([v, w]) => html`<option value=${v}>${w}</option>`)}<option value="any">a time …</option></select>${custom ? html`<input type="datetime-local" step="1" aria-label="Compare with the record at, in UTC" value=${String(since).slice(0, 19)} onChange=${e => e.target.value && amendSince(e.target.value.padEnd(19, ":00").slice(0, 19) + "Z")} /><span class="sub">UTC</span>` : ""}</div>
        ${failure ? html`<${Failed} failure=${failure} again=${again} what="Changes need a newer rollcall-query." />` : !from ? html`<${Empty} title="No record before">This is the first record that is kept.<//>` : !data && busy ? html`<${Skeleton} rows=${4} />` : items.length ? html`<ul class="ch">${items.slice(0, 200).map((c, i) => html`<li key=${i}><span class=${"k " + c.tone} aria-hidden="true">${c.k}</span><span><code>${c.main}</code><small>${c.sub}</small></span></li>`)}</ul>${items.length > 200 ? html`<div class="foot">200 of ${number(items.length)} changes are shown.</div>` : ""}` : html`<${Empty} title="Nothing changed">Compared with the record ${data?.machines?.[0]?.before ? `of ${moment(Date.parse(data.machines[0].before), received)} ${zone(received)}` : "of then"}.<//>`}
        ${machines.map(kernelWords).filter(Boolean).map(w => html`<div class="foot">${w}</div>`)}</section>`,
    };
}

function Rules({ record }) {
    const verdicts = record.verdicts || record.rules;
    if (!verdicts?.length) return "";
    const broken = verdicts.filter(v => (v.verdict || v.state) === "fail");
    const rank = v => ({ fail: 0, unknown: 1, pass: 2 })[v.verdict || v.state] ?? 3;
    return html`<section class="card" aria-labelledby="rules"><div class="head"><h2 id="rules">Policies</h2><span class="sub">${broken.length ? `${number(broken.length)} of ${number(verdicts.length)} broken` : "all hold"}</span></div><ul class="ch">${[...verdicts].sort((a, b) => rank(a) - rank(b)).map(v => {
        const word = v.verdict || v.state;
        const [mark, tone] = { fail: ["✗", "minus"], pass: ["✓", "plus"] }[word] || ["?", "tilde"];
        return html`<li><span class=${"k " + tone} aria-hidden="true">${mark}</span><span><a class="link" href=${path("/policies", { rule: v.name || v.rule })}>${show(v.name || v.rule)}</a><small>${show(word)}${v.severity ? ` · ${show(v.severity)}` : ""}${v.found !== null && v.found !== undefined ? ` · is ${show(v.found)}` : ""}</small>${(v.evidence || []).slice(0, 5).map(e => html`<small class="mono">${show(e.cmd ?? e)}</small>`)}</span></li>`;
    })}</ul></section>`;
}

function Users({ users }) {
    const list = users.flatMap(u => (typeof u === "string" ? u.split("\n").filter(Boolean).map(n => ({ name: n })) : [u]));
    return html`<section class="card" aria-labelledby="users"><div class="head"><h2 id="users">Logged in</h2><span class="sub">${number(list.length)}</span></div>${list.length ? html`<dl class="kv">${list.map(u => html`<dt>${show(u.name)}</dt><dd>${[show(u.tty ?? u.terminal), u.host ? `from ${show(u.host)}` : "", u.started ? `since ${show(u.started)}` : ""].filter(Boolean).join(" ") || "–"}</dd>`)}</dl>` : html`<${Empty} title="Nobody">No user is logged in.<//>`}</section>`;
}

function Listening({ record, opened }) {
    const list = record.listening;
    return html`<section class="card" aria-labelledby="listening"><div class="head"><h2 id="listening">Listening</h2><span class="sub">${Array.isArray(list) ? number(list.length) : ""}</span></div>${Array.isArray(list) ? html`<dl class="kv">${list.map(s => html`<dt>${show(s.proto)}</dt><dd><code>${String(s.addr).includes(":") ? `[${show(s.addr)}]` : show(s.addr)}:${show(s.port)}</code> <span class="sub">uid ${show(s.uid)}${s.cmd ? ` · ${show(s.cmd)}` : ""}</span>${opened.has(socket(s)) ? html` <span class="new">new</span>` : ""}</dd>`)}</dl>` : html`<${Empty} title="Not reported">The agent of this host does not report listening ports.<//>`}</section>`;
}

function Files({ ip, date }) {
    const { data, failure, again } = useAsk(signal => ask(`/api/v1/hosts/${encodeURIComponent(ip)}/days`, { date }, signal), [ip, date]);
    const today = data?.days?.find(d => d.date === date);
    const file = kind => `/files/${date}/${encodeURIComponent(ip.replaceAll(":", "-").replace(/^-/, "0-"))}_${date}.${kind}`;
    return html`<section class="card" aria-labelledby="files"><div class="head"><h2 id="files">Files of the day</h2><span class="sub">${date}</span></div>${failure ? html`<${Failed} failure=${failure} again=${again} />` : !data ? html`<${Skeleton} rows=${2} />` : html`${today ? html`<dl class="kv"><dt>JSON</dt><dd>${plural(today.records, "record")}, ${bytes(today.json_bytes)} · <a class="link" href=${file("json")} download>download</a></dd><dt>CSV</dt><dd>${bytes(today.csv_bytes)} · <a class="link" href=${file("csv")} download>download</a></dd><dt>chain</dt><dd><code>${show(today.chain).slice(0, 12)}…${show(today.chain).slice(-8)}</code></dd></dl>` : html`<p class="notice">No file of this day.</p>`}
        ${data.days.length > 1 || !today ? html`<div class="foot days">${data.days.filter(d => d.date !== date).slice(0, 14).map(d => html`<a class="link" href=${path(`/hosts/${ip}`, { at: d.last_seen })}>${show(d.date)}</a> `)}</div>` : ""}`}</section>`;
}

// ---- head

function Facts({ r, ip }) {
    const rec = r.record;
    const received = Date.parse(r.received_at);
    const boot = rec.boot_time ? Date.parse(rec.boot_time) : NaN;
    const fact = (label, value) => (value ? html`<span>${label ? label + " " : ""}<b>${value}</b></span>` : "");
    const offset = rec.collected_at ? (Date.parse(rec.collected_at) - received) / 1000 : NaN;
    return html`<div class="facts">${fact("", ip)}${fact("", show(rec.os_pretty_name) || show(rec.os_name))}${fact("kernel", show(rec.os_ver ?? rec.os_version))}${fact("", show(rec.processor))}${fact("cores", rec.cores && show(rec.cores))}${fact("memory", rec.memory_bytes ? bytes(rec.memory_bytes) : "")}${Number.isNaN(boot) ? "" : html`<span>up <b>${age(received - boot)}</b>, since ${instant(boot)}</span>`}${Math.abs(offset) > 60 ? html`<span>clock <b>${offset > 0 ? "+" : "−"}${age(Math.abs(offset) * 1000)}</b></span>` : ""}${rec.agent ? html`<span>agent ${show(rec.agent?.version ?? rec.agent)}</span>` : ""}</div>`;
}

const quote = ip => (ip.includes(":") ? `ip:${ip}/128` : `ip:${ip}/32`);

function Head({ r, ip, rows }) {
    useSecond();
    const row = rows.find(x => x.hostname === r?.record.hostname) || rows[0];
    const answer = rows.answer;
    const now = answer ? Date.parse(answer.as_of) + performance.now() - answer.came : NaN;
    return html`<div class="hosth"><h1>${show(r?.record.hostname) || show(row?.hostname) || ip}</h1>${row ? html`<span class=${"pill " + (row.state === "present" ? "present" : row.state === "late" ? "late" : "bad")}><${Dot} state=${row.state} />${stateWord(row.state)}${row.last_seen ? ` · ${age(now - Date.parse(row.last_seen))} ago` : ""}</span><${Flags} row=${row} />${row.labels.map(l => html`<span class="label">${show(l)}</span>`)}` : ""}</div>`;
}

function Crumb({ ip }) {
    const net = /^\d+\.\d+\.\d+\.\d+$/.test(ip) ? ip.split(".").slice(0, 3).join(".") + ".0/24" : "";
    return html`<nav class="crumb" aria-label="Where"><a href="/hosts">Fleet</a>${net ? html` / <a href=${path("/hosts", { q: "ip:" + net })}>${net}</a>` : ""} / ${ip}</nav>`;
}

const LOOKS = /^[0-9a-fA-F:.-]{2,45}$/;

// The record that is shown, the newest again and again unless a time is asked for.
function useRecord(ip, at, tick) {
    return useAsk(signal => (LOOKS.test(ip) ? ask(`/api/v1/hosts/${encodeURIComponent(ip)}`, { at }, signal) : Promise.reject({ kind: "missing", reason: "an address is expected", status: 404 })), [ip, at, at ? "" : tick]);
}

export default function Host({ at }) {
    const ip = at.ip;
    const time = at.get("at");
    const since = at.get("since") || "previous";
    const tick = store.answer?.as_of || "";
    const rows = useAsk(signal => listHosts({ q: quote(ip), state: "present,late,absent,never,moved,gone,retired", limit: 50 }, signal), [ip, tick]);
    const list = rows.data ? Object.assign(rows.data.hosts.map(x => ({ ...x, fails: x.fails || [] })), { answer: rows.data }) : [];
    const record = useRecord(ip, time, list[0]?.last_seen || tick);
    const r = record.data;
    const received = r ? Date.parse(r.received_at) : NaN;
    // 24 hours up to now, or up to the end of the day that is looked at.
    const newest = rows.data ? Date.parse(rows.data.as_of) : NaN;
    const asked = time ? (span(time) > 0 ? newest - span(time) : Date.parse(time)) : newest;
    const within = !(newest - asked >= DAY - HOUR);
    const end = Number.isNaN(newest) ? NaN : within ? newest : Date.parse(utcDay(asked) + "T23:59:59.999Z");
    const day = useAsk(async signal => (Number.isNaN(end) ? null : { points: await timeline(ip, end, signal), end }), [ip, within ? list[0]?.last_seen : end, Number.isNaN(end)]);
    const points = day.data?.points || [];
    const sums = useAsk(async signal => (day.data ? timeline(ip, day.data.end, signal, 300) : null), [ip, day.data?.end]);
    const every = store.answer?.expect_every_seconds ? Math.max(interval(points) || 0, 1000) : interval(points);
    const changes = Since({ ip, record: r || { received_at: new Date(0).toISOString(), previous: null }, since, amendSince: v => amend({ since: v === "previous" ? "" : v }, true) });
    const choose = (ms, last) => amend({ at: last && within ? "" : new Date(ms).toISOString() });
    const turn = to => to && (amend({ at: to }), true);
    useKeys({ "[": () => turn(r?.previous), "]": () => turn(r?.next) });
    useEffect(() => {
        document.title = `${r?.record.hostname ? show(r.record.hostname) : ip} · rollcall`;
    }, [r?.record.hostname, ip]);
    useEffect(() => {
        if (r) restorePlace();
    }, [Boolean(r)]);

    if (!r && record.failure) {
        const missing = record.failure.kind === "missing";
        return html`<main id="main" tabindex="-1"><${Crumb} ip=${show(ip)} /><div class="hosth"><h1>${missing ? `No record of ${show(ip)}` : show(ip)}</h1></div>${
            missing
                ? html`<section class="card"><${Empty} title=${list.length ? `This host is ${stateWord(list[0].state)}` : "This host is unknown"}>${list.length ? "The hosts file names it, and no record of it is here." : time ? "It has no record at or before this time in the days that are kept. Older days may be in the archive: see rollcall-archive(8)." : "No host with this address has reported in the days that are looked at (absent_days)."} <a class="link" href="/hosts">All hosts</a><//></section>`
                : html`<section class="card"><${Failed} failure=${record.failure} again=${record.again} /></section>`
        }</main>`;
    }
    if (!r) return html`<main id="main" tabindex="-1"><${Crumb} ip=${show(ip)} /><h1>${show(ip)}</h1><section class="card list"><${Skeleton} rows=${10} /></section></main>`;
    const users = Array.isArray(r.record.users) ? r.record.users : [r.record.users || ""];
    return html`<main id="main" tabindex="-1"><${Crumb} ip=${ip} /><${Head} r=${r} ip=${ip} rows=${list} /><${Facts} r=${r} ip=${ip} />
        ${record.failure && record.failure.kind !== "aborted" ? html`<p class="notice" role="status">${record.failure.kind === "missing" ? "There is no record at that time; this is the one that was shown before." : "This record could not be asked for again; it may be old."}</p>` : ""}
        <section class="card dayc" aria-label="The last 24 hours"><div class="head"><h2>${within ? "The last 24 hours" : `The 24 hours of ${utcDay(end)}`}</h2><span class="sub opt">${day.data ? dayWords(points, every, end) : ""}</span><span class="grow"></span>${time ? html`<button class="icon" onClick=${() => amend({ at: "" }, true)}>Newest</button>` : ""}<span class="sub">at</span> <strong data-at=${r.received_at}>${moment(received, newest)} ${zone(received)}</strong><button class="icon" aria-label="Earlier record" disabled=${!r.previous} onClick=${() => turn(r.previous)}>←</button><button class="icon" aria-label="Later record" disabled=${!r.next} onClick=${() => turn(r.next)}>→</button></div>
        ${day.failure ? html`<${Failed} failure=${day.failure} again=${day.again} />` : day.data ? html`<${Strip} points=${points} end=${day.data.end} every=${every} at=${received} choose=${choose} /><${Plots} points=${sums.data || points} every=${every} at=${received} end=${day.data.end} memory=${r.record.memory_bytes} />` : html`<${Skeleton} rows=${3} />`}</section>
        <div class="lay"><div class="stack"><${Processes} list=${r.processes} started=${changes.started} now=${received} at=${at} /></div>
        <div class="stack side">${changes.card}<${Rules} record=${r} /><${Users} users=${users} /><${Listening} record=${r.record} opened=${changes.opened} /><${Files} ip=${ip} date=${utcDay(received)} /></div></div></main>`;
}
