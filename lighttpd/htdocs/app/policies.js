// policies: which rules are broken, where, why that matters and how to mend it. Failing rules come first.
import { ask } from "./api.js";
import { html } from "./html.js";
import { store } from "./store.js";
import { number, plural, show } from "./text.js";
import { amend, hostPath } from "./url.js";
import { Copy, Empty, Failed, Skeleton, useAsk } from "./widgets.js";

const RANK = { critical: 0, high: 1, medium: 2, low: 3 };
const sorted = rules => [...rules].sort((a, b) => (b.fail > 0) - (a.fail > 0) || (RANK[a.severity] ?? 9) - (RANK[b.severity] ?? 9) || b.fail - a.fail || (a.name < b.name ? -1 : 1));
const severity = s => (s in RANK ? s : "low");

function Evidence({ host }) {
    const list = host.evidence || host.processes || [];
    const lines = Array.isArray(list) ? list : [list];
    return html`<li>${host.ip ? html`<a class="link" href=${hostPath(host.ip)}>${show(host.hostname) || show(host.ip)}</a>` : show(host.hostname)} <span class="sub">${show(host.ip)}</span>${lines.map(e => html`<div class="mono evidence">${typeof e === "string" ? show(e) : e.cmd !== undefined ? `${e.pid !== undefined && e.pid !== null ? show(e.pid) + " " : ""}${e.user ? show(e.user) + " " : ""}${show(e.cmd)}` : e.port !== undefined ? `${show(e.proto)} ${show(e.addr)}:${show(e.port)}` : show(e)}</div>`)}${host.found !== null && host.found !== undefined ? html`<div class="mono evidence">is ${show(host.found)}</div>` : ""}${host.matches === 0 && !lines.length && (host.found === null || host.found === undefined) && host.state === "fail" ? html`<div class="sub">nothing found</div>` : ""}${host.reason ? html`<div class="sub">${show(host.reason)}</div>` : ""}</li>`;
}

function Detail({ rule, state }) {
    const { data, failure, busy, again } = useAsk(signal => ask("/api/v1/compliance", { rule: rule.name, state }, signal), [rule.name, state]);
    const hosts = data?.hosts || data?.rules?.find(r => r.name === rule.name)?.hosts || [];
    const choice = (v, n, w) => html`<button aria-pressed=${state === v ? "true" : "false"} onClick=${() => amend({ state: v === "fail" ? "" : v }, true)}>${number(n)} ${w}</button>`;
    return html`<div class="detail"><dl class="kv wide"><dt>Why</dt><dd>${show(rule.why) || "–"}</dd><dt>Fix</dt><dd>${show(rule.fix) || "–"}</dd></dl>
        <span class="seg" role="group" aria-label="Hosts">${choice("fail", rule.fail, "fail")}${choice("pass", rule.pass, "pass")}${choice("unknown", rule.unknown, "unknown")}</span>
        ${failure ? html`<${Failed} failure=${failure} again=${again} />` : !data && busy ? html`<${Skeleton} rows=${3} />` : hosts.length ? html`<ul class="examples">${hosts.map((h, i) => html`<${Evidence} key=${i} host=${typeof h === "string" ? { ip: h } : h} />`)}</ul>` : html`<p class="sub">No host.</p>`}</div>`;
}

export default function Policies({ at }) {
    const open = at.get("rule");
    const { data, failure, busy, again } = useAsk(signal => ask("/api/v1/compliance", {}, signal), [store.answer?.as_of?.slice(0, 16)]);
    const rules = sorted(data?.rules || []);
    const broken = rules.filter(r => r.fail > 0).length;
    return html`<main id="main" tabindex="-1"><h1>${data ? (rules.length ? (broken ? `${number(broken)} of ${plural(rules.length, "rule")} ${broken === 1 ? "is" : "are"} broken.` : `All ${plural(rules.length, "rule")} hold.`) : "There is no policy.") : "Policies"}</h1>
        <div class="sub">Judged from the newest record of every host. Unknown is never a pass: the host is silent, or its record lacks what the rule needs.</div>
        <section class="card list">${failure ? html`<${Failed} failure=${failure} again=${again} what="Policies need a newer rollcall-query." />` : !data && busy ? html`<${Skeleton} rows=${8} />` : rules.length ? html`<div class="tools"><span class="grow"></span><${Copy} text=${() => location.href} label="Link" /></div><ul class="look wide rules">${rules.map(
            r => html`<li key=${r.name}><button class="item" aria-expanded=${open === r.name ? "true" : "false"} onClick=${() => amend({ rule: open === r.name ? "" : r.name, state: "" }, true)}><span class=${"sev " + (r.fail > 0 ? (r.severity === "critical" || r.severity === "high" ? "bad" : "warn") : "ok")} aria-hidden="true">${r.fail > 0 ? "✗" : "✓"}</span><span><span class="t">${show(r.name)}</span><span class="sub"> <span class=${"severity " + severity(r.severity)}>${severity(r.severity)}</span> ${number(r.pass)} pass · ${number(r.unknown)} unknown${r.not_applicable ? ` · ${number(r.not_applicable)} not applicable` : ""}</span></span><span class="n">${r.fail > 0 ? `${number(r.fail)} fail` : "holds"}</span></button>${open === r.name ? html`<${Detail} rule=${r} state=${at.get("state") || "fail"} />` : ""}</li>`,
        )}</ul>` : html`<${Empty} title="No policy file is set">Set <code>policy_file</code> in <code>handler.json</code>; see rollcall-policy(5). A policy to begin with is shipped.<//>`}</section></main>`;
}
