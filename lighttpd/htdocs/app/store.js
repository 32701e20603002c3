// store: the fleet as it is known here, kept up to date by asking what has changed.
//
// A fleet of up to MANY hosts is here as a whole; filters and orders are then made here. Of a larger one
// only the counts and the worst hosts are here, and the table asks for the rows that it shows.
import { ask, now } from "./api.js";
import { ipv4 } from "./filter.js";
import { poll } from "./live.js";

export const MANY = 20000;
const FIELDS = ["ip", "hostname", "labels", "state", "flags", "fails", "os_name", "os_ver", "os_pretty_name", "process_count", "user_count", "last_seen"];
const WHOLE_AGAIN_MS = 15 * 60e3;

export const SHOWN = ["absent", "late", "never", "present"];
export const HIDDEN = ["moved", "gone", "retired"];

export const store = {
    date: "",
    answer: null, // the newest answer: counts, as_of, complete
    rows: new Map(),
    list: [], // the same rows as an array, a new one whenever any changed
    large: false,
    failure: null,
    failingSince: 0, // the server's time of the last answer before the failure
    poll: null,
    whole: 0,
    fields: FIELDS,
};

const listeners = new Set();
const changed = () => listeners.forEach(f => f());
export function subscribe(f) {
    listeners.add(f);
    return () => listeners.delete(f);
}

export const total = answer => SHOWN.reduce((n, s) => n + (answer?.counts.state[s] || 0), 0);

const key = row => `${row.ip} ${row.hostname}`;

// An older collector does not know every field.
export async function listHosts(params, signal) {
    for (;;) {
        try {
            return await ask("/api/v1/hosts", { ...params, fields: store.fields.join(",") }, signal);
        } catch (e) {
            if (e.field !== "fields" || !store.fields.includes("fails")) throw e;
            store.fields = FIELDS.filter(f => f !== "fails");
        }
    }
}

function prepare(row) {
    row.fails ||= [];
    row.seen = row.last_seen ? Date.parse(row.last_seen) : NaN;
    row.place = ipv4(row.ip || "");
    row.text = [row.ip, row.hostname, row.os_name, row.os_pretty_name, row.os_ver, ...row.labels].join("\n").toLowerCase();
    return row;
}

async function loadWhole() {
    const answer = await listHosts({ date: store.date, limit: MANY });
    store.large = total(answer) > MANY;
    store.rows = new Map();
    let clash = 0;
    for (const row of store.large ? [] : answer.hosts) {
        const k = key(row);
        store.rows.set(store.rows.has(k) ? `${k} ${++clash}` : k, prepare(row));
    }
    store.clash = clash > 0;
    if (store.large) await loadWorst();
    store.whole = performance.now();
    take(answer);
}

// Of a large fleet: the hosts that "Look at this first" is about.
async function loadWorst() {
    const parts = await Promise.all([listHosts({ date: store.date, state: "absent,never", limit: 2000 }), listHosts({ date: store.date, flag: "clone,clock", limit: 200 })]);
    store.rows = new Map();
    for (const part of parts) for (const row of part.hosts) store.rows.set(key(row), prepare(row));
}

async function loadChanges() {
    const answer = await listHosts({ date: store.date, limit: MANY, changed_since: store.answer.as_of });
    for (const row of answer.hosts) store.rows.set(key(row), prepare(row));
    // A host that left the list, or two machines of one name: the whole list decides.
    if ((store.clash && answer.hosts.length) || store.rows.size !== total(answer)) return loadWhole();
    take(answer, answer.hosts.length > 0);
    return undefined;
}

async function loadCounts() {
    const answer = await listHosts({ date: store.date, limit: 1 });
    await loadWorst();
    take(answer);
}

function take(answer, rows = true) {
    const { hosts, ...rest } = answer;
    store.answer = rest;
    if (rows) store.list = [...store.rows.values()];
    store.failure = null;
    changed();
}

async function refresh() {
    const closed = store.date && store.date < new Date(store.answer ? now(store.answer) : Date.now()).toISOString().slice(0, 10);
    try {
        if (!store.answer || performance.now() - store.whole > WHOLE_AGAIN_MS) await loadWhole();
        else if (closed) return;
        else if (store.large) await loadCounts();
        else await loadChanges();
    } catch (e) {
        if (!store.failure && store.answer) store.failingSince = now(store.answer);
        store.failure = e;
        changed();
        throw e;
    }
}

// open(date): shows this day; "" for now.
export function open(date) {
    if (store.poll && store.date === date) return;
    store.poll?.stop();
    if (store.date !== date || store.failure?.kind === "unauthorized") {
        store.date = date;
        store.answer = null;
        store.rows = new Map();
        store.list = [];
    }
    store.failure = null;
    store.poll = poll(refresh, changed);
}

// After signing in or out: nothing of before is shown.
export function forget() {
    store.poll?.stop();
    Object.assign(store, { poll: null, answer: null, rows: new Map(), list: [], failure: null });
    changed();
}

export function fail(failure) {
    store.failure = failure;
    changed();
}
