// widgets: small pieces that all views use.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { show } from "./text.js";

// Only these become class names.
const STATES = {
    present: "present",
    late: "late",
    absent: "silent",
    never: "never seen",
    moved: "moved",
    gone: "gone",
    retired: "retired",
};
export const stateWord = state => STATES[state] || "unknown";
const stateClass = state => (state in STATES ? state : "never");

export const Dot = ({ state }) => html`<span class=${"dot " + stateClass(state)} aria-hidden="true"></span>`;
export const State = ({ state, more }) => html`<span class=${"st " + stateClass(state)}><${Dot} state=${state} /><span>${stateWord(state)}${more || ""}</span></span>`;

const FLAGS = {
    clone: "clone",
    multihomed: "several addresses",
    clock: "clock",
    truncated: "cut short",
    unreadable: "unreadable",
    behind: "delayed",
    shared: "shared address",
    regressed: "version went back",
    rebooted: "rebooted",
};
export const FLAG_MEANING = {
    clone: "its machine id is at another address too, with another boot",
    multihomed: "the same machine reports from another address too",
    clock: "its clock is off by more than a minute",
    truncated: "the agent cut command lines to make the record fit",
    unreadable: "its newest file ends with lines that are not rollcall's",
    behind: "its newest record came long after it was collected",
    shared: "several machines report from its address",
    regressed: "its kernel or system version is lower than before",
    rebooted: "it booted since one of its last records",
};
export const flagWord = flag => FLAGS[flag] || show(flag);

export const Flags = ({ row }) =>
    html`${(row.fails || []).map(rule => html`<span class="flag fail">${show(rule)}</span>`)}${row.flags.map(f => html`<span class=${f === "rebooted" || f === "multihomed" ? "flag calm" : "flag"} title=${FLAG_MEANING[f] || null}>${flagWord(f)}</span>`)}`;

// A line with a mark in front: what is wrong, or what changed. The mark is never the only sign.
export const Item = ({ kind, mark, title, sub, count, href, onClick }) => {
    const inner = html`<span class=${"sev " + kind} aria-hidden="true">${mark}</span><span><span class="t">${title}</span>${sub ? html`<span class="sub"> ${sub}</span>` : ""}</span><span class="n">${count}</span>`;
    return html`<li>${href ? html`<a class="item" href=${href}>${inner}</a>` : onClick ? html`<button class="item" onClick=${onClick}>${inner}</button>` : html`<div class="item">${inner}</div>`}</li>`;
};

export const Skeleton = ({ rows = 5 }) => html`<div class="skeleton" role="status" aria-label="Loading">${Array.from({ length: rows }, () => html`<i></i>`)}</div>`;

export const Empty = ({ title, children }) => html`<div class="empty"><strong>${title}</strong><p>${children}</p></div>`;

const WORDS = {
    down: "The collector cannot be reached",
    unauthorized: "You are signed out",
    forbidden: "This token may not read that",
    unavailable: "The collector cannot answer now",
    missing: "There is nothing here",
    wrong: "The collector does not take this question",
    broken: "Something went wrong in the collector",
};
// One failed part of a view; the rest stays.
export const Failed = ({ failure, what = "", again }) =>
    failure.kind === "missing" && failure.reason.startsWith("no such")
        ? html`<div class="empty"><strong>This collector does not answer that yet</strong><p>${what || show(failure.reason)}</p></div>`
        : html`<div class="empty" role="status"><strong>${WORDS[failure.kind] || WORDS.broken}</strong><p>${show(failure.reason)}${failure.status ? ` (${failure.status})` : ""}</p>${again ? html`<button class="icon" onClick=${again}>Try again</button>` : ""}</div>`;

export const Copy = ({ text, label = "Copy" }) => {
    const [said, say] = useState("");
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text());
            say("Copied");
        } catch {
            say("Copy the address bar");
        }
        setTimeout(() => say(""), 2000);
    };
    return html`<button class="icon" onClick=${copy}>${said || label}</button><span class="sr" role="status">${said}</span>`;
};

// useAsk(f, keys): the result of the promise f(signal), asked again when a key changes. What was shown
// stays until the new answer is here.
export function useAsk(f, keys) {
    const [state, set] = useState({ data: null, failure: null, busy: true });
    const [again, ask] = useState(0);
    useEffect(() => {
        const stop = new AbortController();
        set(s => ({ ...s, busy: true }));
        f(stop.signal).then(
            data => stop.signal.aborted || set({ data, failure: null, busy: false }),
            failure => stop.signal.aborted || set(s => ({ data: s.data, failure, busy: false })),
        );
        return () => stop.abort();
    }, [...keys.map(String), again]); // (as texts: NaN is not equal to itself)
    return { ...state, again: () => ask(n => n + 1) };
}

// useSecond(): a new drawing every second.
export function useSecond() {
    const [, tick] = useState(0);
    useEffect(() => {
        const timer = setInterval(() => document.hidden || tick(n => n + 1), 1000);
        return () => clearInterval(timer);
    }, []);
}

export function usePhone() {
    const query = matchMedia("(max-width: 720px)");
    const [is, set] = useState(query.matches);
    useEffect(() => {
        const f = () => set(query.matches);
        query.addEventListener("change", f);
        return () => query.removeEventListener("change", f);
    }, []);
    return is;
}

// Only the rows that can be seen are in the document. The page scrolls, not the list.
export function Rows({ count, height, row, reveal = -1 }) {
    const box = useRef();
    const [range, set] = useState([0, 40]);
    useLayoutEffect(() => {
        let asked = 0;
        const look = () => {
            asked = 0;
            if (!box.current) return;
            const top = -box.current.getBoundingClientRect().top;
            const first = Math.max(0, Math.floor(top / height) - 6);
            const last = Math.min(count, Math.ceil((top + innerHeight) / height) + 6);
            set(r => (r[0] === first && r[1] === last ? r : [first, Math.max(first, last)]));
        };
        const later = () => (asked ||= requestAnimationFrame(look));
        look();
        addEventListener("scroll", later, { passive: true });
        addEventListener("resize", later);
        const size = new ResizeObserver(later);
        size.observe(document.body);
        return () => {
            removeEventListener("scroll", later);
            removeEventListener("resize", later);
            size.disconnect();
            cancelAnimationFrame(asked);
        };
    }, [count, height]);
    useEffect(() => {
        if (reveal < 0 || !box.current) return;
        const top = box.current.getBoundingClientRect().top + reveal * height;
        if (top < 140) scrollBy(0, top - 140);
        else if (top + height > innerHeight - 8) scrollBy(0, top + height - innerHeight + 8);
    }, [reveal]);
    const rows = [];
    // Printing takes the first rows.
    for (let i = range[0]; i < Math.min(range[1], count); i++) rows.push(row(i, { top: `${i * height}px`, height: `${height}px` }));
    return html`<div class="vbody" role="rowgroup" ref=${box} style=${{ height: `${count * height}px` }}>${rows}</div>`;
}
