// beats: the last 24 hours of a host as bars: the height is the number of processes, red is a beat that
// did not come.
import { ask } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { DAY, utcDay } from "./time.js";

// timeline(ip, end, signal): the records of the 24 hours before `end`, the oldest first; with `points`, with
// the sums over their processes, which cost the collector more.
export async function timeline(ip, end, signal, points = "") {
    const path = `/api/v1/hosts/${encodeURIComponent(ip)}/timeline`;
    const days = [utcDay(end - DAY), utcDay(end)];
    const parts = await Promise.all(days.map(date => ask(path, { date, points }, signal)));
    const seen = parts.flatMap(p => p.points || []).map(p => ({ ...p, at: Date.parse(p.received_at) }));
    return seen.filter(p => p.at > end - DAY && p.at <= end + 1000);
}

// interval(points): the usual time between two records, in milliseconds.
export function interval(points) {
    const gaps = [];
    for (let i = 1; i < points.length; i++) gaps.push(points[i].at - points[i - 1].at);
    gaps.sort((a, b) => a - b);
    return gaps.length ? gaps[gaps.length >> 1] : NaN;
}

// slots(points, end, count): per slot the mean process count, and whether beats are missing in it.
// Before the first record nothing was expected.
export function slots(points, end, count, every) {
    const width = DAY / count;
    const start = end - DAY;
    const list = Array.from({ length: count }, () => ({ sum: 0, n: 0, missing: false, last: null }));
    const at = ms => Math.min(count - 1, Math.max(0, Math.floor((ms - start) / width)));
    for (const p of points) {
        const s = list[at(p.at)];
        s.sum += p.process_count;
        s.n++;
        s.last = p.at;
    }
    if (!(every > 0)) return list;
    const missed = (from, to) => {
        for (let ms = from + every * 1.5; ms < to; ms += every) list[at(ms)].missing = true;
    };
    for (let i = 1; i < points.length; i++) missed(points[i - 1].at, points[i].at);
    if (points.length) missed(points[points.length - 1].at, end);
    return list;
}

export function Bars({ list, height }) {
    const full = list.filter(s => s.n).map(s => s.sum / s.n);
    const max = Math.max(...full, 1);
    const min = Math.min(...full, max);
    let on = "";
    let off = "";
    list.forEach((s, i) => {
        const red = s.missing ? (s.n ? 3 : 5) : 0;
        if (red) off += `M${i} ${height - red}h.72v${red}h-.72z`;
        if (!s.n) return;
        const tall = 5 + ((height - 7) * (s.sum / s.n - min + 2)) / (max - min + 4);
        on += `M${i} ${(height - tall).toFixed(1)}h.72v${(tall - red).toFixed(1)}h-.72z`;
    });
    return html`<svg class="beat" viewBox=${`0 0 ${list.length} ${height}`} preserveAspectRatio="none" aria-hidden="true"><path class="off" d=${off} /><path class="on" d=${on} /></svg>`;
}

// The bars of rows in the table: asked for when the row is shown, a few at a time, and kept.
const cache = new Map();
const KEPT = 400;
const waiting = new Set();
let active = 0;
function next() {
    for (const job of waiting) {
        if (active >= 3) return;
        waiting.delete(job);
        active++;
        timeline(job.ip, job.end, job.stop.signal)
            .then(points => {
                cache.set(job.key, points);
                if (cache.size > KEPT) cache.delete(cache.keys().next().value);
                job.done(points);
            })
            .catch(() => {})
            .finally(() => {
                active--;
                next();
            });
    }
}

export function Beats({ row, end, every }) {
    const key = `${row.ip} ${row.last_seen}`;
    const [points, set] = useState(cache.get(key) || null);
    useEffect(() => {
        if (cache.has(key)) {
            set(cache.get(key));
            return undefined;
        }
        if (!row.ip || !row.last_seen) return undefined;
        const job = { key, ip: row.ip, end, done: set, stop: new AbortController() };
        // A row that is scrolled past is not asked for.
        const timer = setTimeout(() => {
            waiting.add(job);
            next();
        }, 120);
        return () => {
            clearTimeout(timer);
            waiting.delete(job);
            job.stop.abort();
        };
    }, [key]);
    if (!points) return html`<span class="beat none"></span>`;
    const usual = every || interval(points);
    const list = slots(points, end, 96, usual);
    const gaps = list.filter(s => s.missing).length;
    return html`<span class="sr">${points.length} records in 24 hours${gaps ? `, gaps in ${gaps} of 96 quarter hours` : ""}</span><${Bars} list=${list} height=${26} />`;
}
