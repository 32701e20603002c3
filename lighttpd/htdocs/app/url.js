// url: the state of the page is its address. A link shows the same to everybody; Back works.
import { useEffect, useState } from "./html.js";

const listeners = new Set();
const changed = () => listeners.forEach(f => f());

// Where the page was scrolled to; restored when the view that was left is drawn again.
let place = history.state?.scroll || 0;
addEventListener("popstate", () => {
    place = history.state?.scroll || 0;
    changed();
});
export function restorePlace() {
    if (place) scrollTo(0, place);
    place = 0;
}

// The view and what it is asked, from the address.
export function here() {
    const path = location.pathname;
    const params = new URLSearchParams(location.search);
    const host = /^\/hosts\/([^/]+)\/?$/.exec(path);
    let ip = "";
    try {
        ip = host ? decodeURIComponent(host[1]) : "";
    } catch {
        ip = host[1];
    }
    const view = host ? "host" : path === "/changes" ? "changes" : path === "/search" ? "search" : path === "/policies" ? "policies" : path === "/" || path === "/hosts" || path === "/hosts/" ? "fleet" : "nowhere";
    return { view, ip, path, params, get: key => params.get(key) || "" };
}

export function useHere() {
    const [, again] = useState(0);
    useEffect(() => {
        const f = () => again(n => n + 1);
        listeners.add(f);
        return () => listeners.delete(f);
    }, []);
    return here();
}

// path("/hosts", {q: "x", state: ""}): empty parameters are left out.
export function path(base, params = {}) {
    const p = new URLSearchParams();
    for (const [key, value] of Object.entries(params)) if (value !== "" && value !== null && value !== undefined) p.set(key, value);
    const text = p.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
    return text ? `${base}?${text}` : base;
}

export const hostPath = (ip, params) => path("/hosts/" + encodeURIComponent(ip).replaceAll("%3A", ":"), params);

// keep(value): something that comes back with Back and with a reload, such as a scroll position.
export const keep = value => history.replaceState({ ...history.state, ...value }, "");
export const kept = key => history.state?.[key];

export function go(to) {
    keep({ scroll: scrollY });
    history.pushState({}, "", to);
    place = 0;
    changed();
    scrollTo(0, 0);
}

// The same view with other parameters: typing in a filter must not fill the history.
export function amend(params, push = false) {
    const now = here();
    const all = Object.fromEntries(now.params);
    const to = path(location.pathname, { ...all, ...params });
    if (to === location.pathname + location.search) return;
    if (push) history.pushState({}, "", to);
    else history.replaceState(history.state, "", to);
    changed();
}

// Links to our own views are followed without loading the page again.
export function followLinks() {
    history.scrollRestoration = "manual";
    let timer = 0;
    const still = () => keep({ scroll: scrollY });
    addEventListener("scroll", () => (clearTimeout(timer), (timer = setTimeout(still, 150))), { passive: true });
    document.addEventListener("click", e => {
        const a = e.target.closest?.("a[href]");
        if (!a || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        if (a.origin !== location.origin || a.hasAttribute("download") || a.target || a.hash) return;
        if (!/^\/($|hosts|changes$|search$|policies$)/.test(a.pathname)) return;
        e.preventDefault();
        go(a.pathname + a.search);
    });
}
