// changes: what changed in the whole fleet between two times, grouped.
import { ask } from "./api.js";
import { changeItems } from "./changewords.js";
import { html, useState } from "./html.js";
import { number, plural, show } from "./text.js";
import { instant } from "./time.js";
import { amend, hostPath } from "./url.js";
import { Copy, Empty, Failed, Skeleton, useAsk } from "./widgets.js";

const SPANS = [["-15m", "15 minutes"], ["-1h", "hour"], ["-6h", "6 hours"], ["-24h", "24 hours"]];
const KINDS = ["started", "stopped", "restarted", "rebooted", "opened", "closed", "in", "out", "changed"];
const KIND_WORDS = { started: "started", stopped: "stopped", restarted: "restarted", rebooted: "rebooted", opened: "listens", closed: "listens no more", in: "logged in", out: "logged out", changed: "system changed" };

function Group({ item }) {
    const [open, set] = useState(false);
    return html`<li><button class="item" aria-expanded=${open ? "true" : "false"} onClick=${() => set(!open)}><span class=${"sev " + item.kind} aria-hidden="true">${item.mark}</span><span><span class="t mono">${item.title}</span><span class="sub"> ${item.sub}</span></span><span class="n">${number(item.hosts)}</span></button>${
        open ? html`<ul class="examples">${item.examples.map(h => html`<li>${h.ip ? html`<a class="link" href=${hostPath(h.ip)}>${show(h.hostname) || show(h.ip)}</a>` : show(h.hostname)} <span class="sub">${show(h.ip)}</span></li>`)}${item.hosts > item.examples.length ? html`<li class="sub">and ${plural(item.hosts - item.examples.length, "more host", "more hosts")}</li>` : ""}</ul>` : ""
    }</li>`;
}

export default function Changes({ at }) {
    const from = at.get("from") || "-1h";
    const kind = at.get("kind");
    const { data, failure, busy, again } = useAsk(signal => ask("/api/v1/changes", { from, to: at.get("to"), kind }, signal), [from, at.get("to"), kind]);
    const items = data ? changeItems(data) : [];
    return html`<main id="main" tabindex="-1"><h1>What changed in the fleet</h1>
        <div class="sub">${data ? `Between ${instant(Date.parse(data.from))} and ${instant(Date.parse(data.to))}${data.hosts_compared !== undefined ? `, on ${plural(data.hosts_compared, "host")}` : ""}.` : "Processes, users, listening ports, kernels: each change once, with the hosts that have it."}</div>
        <section class="card list" aria-busy=${busy ? "true" : "false"}><div class="tools"><span class="seg" role="group" aria-label="Since when">${SPANS.map(([v, w]) => html`<button aria-pressed=${from === v ? "true" : "false"} onClick=${() => amend({ from: v, to: "" }, true)}>last ${w}</button>`)}</span>
        <select aria-label="Kind of change" value=${kind} onChange=${e => amend({ kind: e.target.value }, true)}><option value="">every kind</option>${KINDS.map(k => html`<option value=${k}>${KIND_WORDS[k]}</option>`)}</select><span class="grow"></span>${busy && data ? html`<span class="sub" role="status">looking …</span>` : ""}<${Copy} text=${() => location.href} label="Link" /></div>
        ${failure ? html`<${Failed} failure=${failure} again=${again} what="Changes of the whole fleet need a newer rollcall-query." />` : ""}
        ${data && data.complete === false ? html`<p class="notice" role="status">Not all hosts were compared: ${show(data.looked_at)} of ${show(data.of)} in the time it may take.</p>` : ""}
        ${!data && busy ? html`<${Skeleton} rows=${8} />` : data && !items.length ? html`<${Empty} title="Nothing changed">No process, user, port or kernel differs between these times.<//>` : html`<ul class="look wide">${items.map(i => html`<${Group} key=${i.key} item=${i} />`)}</ul>`}</section></main>`;
}
