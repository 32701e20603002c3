// keyboard: keys for all views. A view adds its own with useKeys({"[": f}).
import { html, useEffect, useRef } from "./html.js";
import { go } from "./url.js";

const own = [];
export function useKeys(keys) {
    const latest = useRef(keys);
    latest.current = keys;
    useEffect(() => {
        const entry = () => latest.current;
        own.push(entry);
        return () => own.splice(own.indexOf(entry), 1);
    }, []);
}

const typing = e => /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "checkbox";
const PLACES = { f: "/hosts", c: "/changes", s: "/search", p: "/policies" };
let before = 0;

export function listen(help) {
    addEventListener("keydown", e => {
        if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
        if (e.key === "Escape") {
            if (help.close()) return;
            if (typing(e)) {
                if (e.target.value && e.target.type !== "date" && e.target.tagName === "INPUT") {
                    e.target.value = "";
                    e.target.dispatchEvent(new Event("input", { bubbles: true }));
                } else e.target.blur();
            } else for (const entry of own.toReversed()) if (entry().Escape?.(e)) return;
            return;
        }
        if (typing(e) || document.querySelector("dialog[open]")) return;
        const second = before && performance.now() - before < 1500;
        before = 0;
        if (second && PLACES[e.key]) {
            e.preventDefault();
            go(PLACES[e.key]);
        } else if (e.key === "g") {
            before = performance.now();
        } else if (e.key === "?") {
            e.preventDefault();
            help.open();
        } else if (e.key === "/") {
            const field = document.querySelector("input[data-filter]");
            if (field) {
                e.preventDefault();
                field.focus();
                field.select();
            }
        } else
            for (const entry of own.toReversed()) {
                const f = entry()[e.key];
                if (f && f(e) !== false) {
                    e.preventDefault();
                    return;
                }
            }
    });
}

const KEYS = [
    ["/", "filter"],
    ["j k", "next and previous row"],
    ["Enter", "open the row"],
    ["g f", "Fleet"],
    ["g c", "Changes"],
    ["g s", "Search"],
    ["g p", "Policies"],
    ["[ ]", "earlier and later record of a host"],
    ["?", "these keys"],
    ["Esc", "clear the filter, close"],
];

export function Help({ open, close }) {
    const dialog = useRef();
    useEffect(() => {
        if (open && !dialog.current.open) dialog.current.showModal();
        else if (!open && dialog.current.open) dialog.current.close();
    }, [open]);
    return html`<dialog ref=${dialog} class="card help" aria-labelledby="keys" onClose=${close} onClick=${e => e.target === dialog.current && close()}><div class="head"><h2 id="keys">Keys</h2><span class="grow"></span><button class="icon" onClick=${close}>Close</button></div><dl class="kv">${KEYS.map(([k, what]) => html`<dt>${k.split(" ").map(x => html`<kbd>${x}</kbd> `)}</dt><dd>${what}</dd>`)}</dl></dialog>`;
}
