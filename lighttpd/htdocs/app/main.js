// main: the frame around all views: header, sign-in, and which view the address asks for.
import { now, signIn, signOut } from "./api.js";
import { Banner } from "./banner.js";
import { Fleet } from "./fleet.js";
import { Gate } from "./gate.js";
import { html, render, useEffect, useReducer, useState } from "./html.js";
import { Help, listen } from "./keyboard.js";
import { applyTheme, nextTheme, theme } from "./prefs.js";
import { fail, forget, open, store, subscribe } from "./store.js";
import { number } from "./text.js";
import { age, isLocal, setLocal, utcDay, zone } from "./time.js";
import { amend, followLinks, useHere } from "./url.js";
import { Empty, Skeleton, useSecond } from "./widgets.js";

// Views that are not needed for the first look are loaded when they are asked for.
const LATER = { host: () => import("./host.js"), changes: () => import("./changes.js"), search: () => import("./search.js"), policies: () => import("./policies.js") };
const loaded = { fleet: Fleet };
const TITLES = { fleet: "Fleet", host: "Host", changes: "Changes", search: "Search", policies: "Policies", nowhere: "Not found" };

function useView(view) {
    const [, again] = useState(0);
    useEffect(() => {
        if (loaded[view] || !LATER[view]) return;
        LATER[view]().then(
            m => {
                loaded[view] = m.default;
                again(n => n + 1);
            },
            () => fail({ kind: "down", reason: "a part of the page could not be loaded" }),
        );
    }, [view]);
    return loaded[view];
}

const Live = () => {
    useSecond();
    const { answer, failure, date } = store;
    if (!answer) return html`<span class="live" role="status"><b class="off"></b>${failure ? "not connected" : "asking …"}</span>`;
    const old = now(answer) - Date.parse(answer.as_of);
    if (date && date < utcDay(now(answer))) return html`<span class="live"><b class="off"></b>closed day</span>`;
    const stale = old > 30000;
    return html`<span class=${stale ? "live stale" : "live"} data-live=${failure ? "failing" : "live"}><b class=${stale ? "amber" : ""}></b>${stale ? "old" : "live"} · ${age(old)} ago</span>`;
};

function Top({ at, signedIn, leave, help }) {
    const [, again] = useReducer(n => n + 1, 0);
    const counts = store.answer?.counts.state;
    const silent = counts ? counts.absent + counts.never : 0;
    const broken = store.broken || 0;
    const link = (view, to, words, badge, what) => html`<a href=${to} aria-current=${at.view === view || (view === "fleet" && at.view === "host") ? "page" : null}>${words}${badge ? html`<span class="badge"><span aria-hidden="true">${number(badge)}</span><span class="sr"> (${number(badge)} ${what})</span></span>` : ""}</a>`;
    const today = utcDay(store.answer ? now(store.answer) : Date.now());
    const choose = e => amend({ date: e.target.value === today ? "" : e.target.value }, true);
    return html`<header class="top"><a class="skip" href="#main">Skip to content</a><div class="bar">
        <a class="brand" href="/hosts"><img src="/app/icon.svg" alt="" />rollcall</a>
        <nav class="main" aria-label="Main">${link("fleet", "/hosts", "Fleet", silent, "silent")}${link("changes", "/changes", "Changes")}${link("search", "/search", "Search")}${link("policies", "/policies", "Policies", broken, "broken")}</nav><span class="grow"></span>
        ${signedIn ? html`<${Live} />` : ""}
        ${signedIn && at.view === "fleet" ? html`<label class="daypick"><span class="sr">Day (UTC)</span><input type="date" value=${at.get("date") || today} max=${today} onChange=${choose} title="Which day, in UTC" /></label>` : ""}
        <button class="icon zone" title="Times are shown in this zone; click for the other" onClick=${() => (setLocal(!isLocal()), again(), store.redraw?.())}>${zone()}</button>
        <button class="icon hide" title="Theme" aria-label=${`Theme: ${theme()}`} onClick=${() => (nextTheme(), again(), store.redraw?.())}><span aria-hidden="true">${{ system: "◐", light: "☀", dark: "☾" }[theme()]}</span></button>
        <button class="icon hide" title="Keys" aria-label="Keys" onClick=${help}>?</button>
        ${signedIn ? html`<button class="icon hide" onClick=${leave}>Sign out</button>` : ""}</div></header>`;
}

function App({ first }) {
    const at = useHere();
    const [, again] = useReducer(n => n + 1, 0);
    const [help, setHelp] = useState(false);
    const View = useView(at.view);
    useEffect(() => subscribe(again), []);
    useEffect(() => listen({ open: () => setHelp(true), close: () => (document.querySelector("dialog[open]") ? (setHelp(false), true) : false) }), []);
    const date = at.view === "fleet" ? at.get("date") : "";
    useEffect(() => {
        if (!first) open(date);
    }, [date]);
    useEffect(() => {
        if (at.view !== "host") document.title = `${TITLES[at.view]} · rollcall`;
        document.getElementById("main")?.focus({ preventScroll: true });
    }, [at.view, at.ip]);
    store.redraw = again;
    const shut = store.failure?.kind === "unauthorized";
    const enter = () => {
        forget();
        open(date);
    };
    const leave = async () => {
        try {
            await signOut();
            forget();
            fail({ kind: "unauthorized", left: true });
        } catch (failure) {
            fail(failure);
        }
    };
    let body;
    if (shut) body = html`<${Gate} done=${enter} first=${store.failure.first} />`;
    else if (at.view === "nowhere") body = html`<main id="main" tabindex="-1"><${Empty} title="There is no such view">The views are <a class="link" href="/hosts">Fleet</a>, <a class="link" href="/changes">Changes</a>, <a class="link" href="/search">Search</a> and <a class="link" href="/policies">Policies</a>.<//></main>`;
    else body = View ? html`<${View} at=${at} />` : html`<main id="main" tabindex="-1"><${Skeleton} rows=${8} /></main>`;
    return html`<${Top} at=${at} signedIn=${!shut} leave=${leave} help=${() => setHelp(true)} /><${Banner} />${body}<${Help} open=${help} close=${() => setHelp(false)} />`;
}

// #token=… is posted once, and is out of the address bar before anything else happens.
async function start() {
    applyTheme();
    followLinks();
    const found = /^#token=([\x21-\x7e]+)$/.exec(location.hash);
    if (location.hash.startsWith("#token=")) history.replaceState(history.state, "", location.pathname + location.search);
    const root = document.getElementById("app");
    if (found) {
        try {
            await signIn(decodeURIComponent(found[1]));
        } catch (failure) {
            fail({ kind: "unauthorized", first: failure });
        }
    }
    render(html`<${App} first=${store.failure} />`, root);
}
start();
