// time: instants and ages. Ages are always by the server's clock: `as_of` of an answer, plus the time
// since that answer came.
import { remember, recall } from "./prefs.js";

export const parse = text => (text ? Date.parse(text) : NaN);

export const isLocal = () => recall("time") === "local";
export const setLocal = on => remember("time", on ? "local" : "utc");

const two = n => String(n).padStart(2, "0");

function parts(ms) {
    const d = new Date(ms);
    return isLocal()
        ? [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds(), d.getDay()]
        : [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCDay()];
}

// zone(ms): the name of the zone that times are shown in, as of that instant.
export function zone(ms = Date.now()) {
    if (!isLocal()) return "UTC";
    const minutes = -new Date(ms).getTimezoneOffset();
    const sign = minutes < 0 ? "−" : "+";
    const of = Math.abs(minutes);
    return `UTC${sign}${two(Math.floor(of / 60))}:${two(of % 60)}`;
}

export function clock(ms) {
    const [, , , h, m, s] = parts(ms);
    return `${two(h)}:${two(m)}:${two(s)}`;
}

export function hour(ms) {
    const [, , , h, m] = parts(ms);
    return `${two(h)}:${two(m)}`;
}

export function day(ms) {
    const [y, mo, d] = parts(ms);
    return `${y}-${two(mo + 1)}-${two(d)}`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
export function longDay(ms) {
    const [y, mo, d, , , , w] = parts(ms);
    return `${DAYS[w]} ${d} ${MONTHS[mo]} ${y}`;
}

// instant(ms): "2026-11-26 03:12:40 UTC".
export const instant = ms => (Number.isNaN(ms) ? "–" : `${day(ms)} ${clock(ms)} ${zone(ms)}`);

// moment(ms, now): the clock if it is of the same day, else with the day.
export const moment = (ms, now) => (day(ms) === day(now) ? clock(ms) : `${day(ms)} ${hour(ms)}`);

// The UTC day, for the server.
export const utcDay = ms => (Number.isNaN(ms) ? "" : new Date(ms).toISOString().slice(0, 10));

export const MINUTE = 60e3;
export const HOUR = 3600e3;
export const DAY = 86400e3;

// age(ms): "41 s", "38 min", "14 h 50 min", "3 d 2 h".
export function age(ms) {
    if (Number.isNaN(ms)) return "–";
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 90) return `${s} s`;
    const m = Math.floor(s / 60);
    if (m < 90) return `${m} min`;
    const h = Math.floor(m / 60);
    if (h < 48) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
    return h % 24 ? `${Math.floor(h / 24)} d ${h % 24} h` : `${Math.floor(h / 24)} d`;
}

const UNIT = { s: 1e3, m: MINUTE, h: HOUR, d: DAY };
// span("-1h"): milliseconds, or NaN.
export function span(text) {
    const found = /^-(\d+)([smhd])$/.exec(text || "");
    return found ? found[1] * UNIT[found[2]] : NaN;
}
