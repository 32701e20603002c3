// search: which hosts run something. The answer comes in parts: the first results are shown while the
// rest is looked at, and it can be cancelled.
import { ask } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { number, plural, show } from "./text.js";
import { amend, hostPath } from "./url.js";
import { Copy, Empty, Failed, Skeleton } from "./widgets.js";

const BY = [["host", "by host"], ["process", "by process"], ["cmd", "by command"]];

function useSearch(params) {
    const [state, set] = useState({ rows: [], busy: false });
    const stop = useRef(null);
    const run = async () => {
        stop.current?.abort();
        const own = (stop.current = new AbortController());
        let rows = [];
        let cursor = "";
        set({ rows, by: params.by, busy: true, looked: 0, of: 0 });
        try {
            do {
                const answer = await ask("/api/v1/search", { ...params, cursor }, own.signal);
                rows = [...rows, ...answer.results];
                cursor = answer.cursor || "";
                const more = Boolean(cursor) && (answer.complete === false || rows.length < 5000);
                set({ rows, by: params.by, busy: more, looked: answer.looked_at, of: answer.of, total: answer.total, complete: answer.complete !== false && !cursor });
                if (!more) break;
            } while (cursor);
        } catch (failure) {
            if (failure.kind !== "aborted") set(s => ({ ...s, busy: false, failure }));
        }
    };
    useEffect(() => {
        if (params.cmd || params.user || params.port) run();
        else set({ rows: [], busy: false, idle: true });
        return () => stop.current?.abort();
    }, [JSON.stringify(params)]);
    const cancel = () => {
        stop.current?.abort();
        set(s => ({ ...s, busy: false, cancelled: true }));
    };
    return { ...state, cancel, again: run };
}

function Result({ r, by }) {
    const ip = r.ip || r.client_ip;
    const hosts = Array.isArray(r.hosts) ? r.hosts : r.examples || [];
    const count = typeof r.hosts === "number" ? r.hosts : (r.host_count ?? r.count ?? hosts.length);
    if (by === "cmd")
        return html`<tr><td class="num">${number(count)}</td><td class="cmd">${show(r.cmd)}</td><td>${hosts.slice(0, 5).map(h => (typeof h === "string" ? h : h.ip)).filter(Boolean).map(h => html`<a class="link" href=${hostPath(h)}>${show(h)}</a> `)}</td></tr>`;
    const list = r.processes || [r];
    return html`<tr><td>${ip ? html`<a class="link" href=${hostPath(ip)}>${show(r.hostname) || show(ip)}</a>` : show(r.hostname)}<br /><span class="sub">${show(ip)}</span></td><td>${list.slice(0, 20).map(p => html`<div class="cmdline"><span class="sub">${show(p.pid)} ${show(p.user)}</span> <span class="mono">${show(p.cmd)}</span></div>`)}${(r.matches ?? list.length) > Math.min(20, list.length) ? html`<div class="sub">and ${number((r.matches ?? list.length) - Math.min(20, list.length))} more</div>` : ""}</td></tr>`;
}

export default function Search({ at }) {
    const by = at.get("by") || "host";
    const params = { cmd: at.get("cmd"), user: at.get("user"), port: at.get("port"), date: at.get("date"), at: at.get("at"), by };
    const s = useSearch(params);
    const form = useRef();
    const submit = e => {
        e.preventDefault();
        const f = new FormData(form.current);
        amend({ cmd: f.get("cmd").trim(), user: f.get("user").trim(), port: f.get("port").trim() }, true);
    };
    const share = s.of ? Math.round((100 * s.looked) / s.of) : 0;
    return html`<main id="main" tabindex="-1"><h1>Which hosts run …</h1><div class="sub">In the newest record of every host. Text is a part of the command line; with <code>*</code> <code>?</code> <code>[</code> it is a pattern for the whole of it.</div>
        <section class="card list"><form class="tools" ref=${form} onSubmit=${submit} role="search"><label class="search"><span aria-hidden="true">⌕</span><input data-filter name="cmd" aria-label="Command line" placeholder="command, such as telnetd or *python3 -m http.server*" value=${params.cmd} spellcheck="false" autocomplete="off" /><kbd aria-hidden="true">/</kbd></label><input class="short" name="user" aria-label="User" placeholder="user" value=${params.user} autocomplete="off" /><input class="short" name="port" aria-label="Port" placeholder="port" inputmode="numeric" value=${params.port} autocomplete="off" /><button class="go small">Search</button>
        <span class="seg" role="group" aria-label="Results">${BY.map(([v, w]) => html`<button type="button" aria-pressed=${by === v ? "true" : "false"} onClick=${() => amend({ by: v }, true)}>${w}</button>`)}</span><span class="grow"></span><${Copy} text=${() => location.href} label="Link" /></form>
        ${s.busy ? html`<div class="progress" role="status"><progress max="100" value=${s.of ? share : undefined} aria-label="Searching"></progress><span>${s.of ? `${number(s.looked)} of ${number(s.of)} hosts looked at, ${plural(s.rows.length, "result")} so far` : "Searching …"}</span><button class="icon" onClick=${s.cancel}>Cancel</button></div>` : s.idle ? "" : html`<div class="progress" role="status"><span data-results=${s.rows.length}>${s.cancelled ? `Cancelled; ${plural(s.rows.length, "result")} until then.` : `${plural(s.rows.length, "result")}${s.complete === false ? ", and more" : ""}.`}</span></div>`}
        ${s.failure ? html`<${Failed} failure=${s.failure} again=${s.again} what="Searching needs a newer rollcall-query." />` : ""}
        ${s.idle ? html`<${Empty} title="Nothing is searched for yet">Type a command, a user or a port, and press Enter.<//>` : s.busy && !s.rows.length ? html`<${Skeleton} rows=${6} />` : s.rows.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="Results"><table class="p results"><thead><tr>${s.by === "cmd" ? html`<th class="num">Hosts</th><th>Command</th><th>Such as</th>` : html`<th>Host</th><th>Processes</th>`}</tr></thead><tbody>${s.rows.slice(0, 1000).map((r, i) => html`<${Result} key=${`${s.by} ${i}`} r=${r} by=${s.by} />`)}</tbody></table></div>${s.rows.length > 1000 ? html`<div class="foot">1,000 of ${number(s.rows.length)} are shown.</div>` : ""}` : s.failure || s.busy ? "" : html`<${Empty} title="No host runs that">Nothing in the newest records matches.<//>`}</section></main>`;
}
