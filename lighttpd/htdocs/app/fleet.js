// fleet: who answered, who is silent, what to look at first, and all hosts.
import { ask, now } from "./api.js";
import { html, useEffect, useMemo, useState } from "./html.js";
import { findings, Look } from "./look.js";
import { HIDDEN, SHOWN, store, total } from "./store.js";
import { Table } from "./table.js";
import { number, plural } from "./text.js";
import { age, clock, longDay, utcDay, zone } from "./time.js";
import { amend, path, restorePlace } from "./url.js";
import { Dot, Empty, Failed, Item, Skeleton, stateWord } from "./widgets.js";
import { changeItems } from "./changewords.js";

// useRules(): the policy's rules, asked again every minute; null where there is no policy.
function useRules(ready) {
    const [rules, set] = useState(null);
    useEffect(() => {
        if (!ready) return undefined;
        const load = () =>
            document.hidden ||
            ask("/api/v1/compliance", { state: "fail" }).then(
                a => {
                    store.broken = (a.rules || []).filter(r => r.fail > 0).length;
                    set(a.rules || []);
                },
                () => {},
            );
        load();
        const timer = setInterval(load, 60e3);
        return () => clearInterval(timer);
    }, [ready]);
    return rules;
}

// Command lines have up to 4,096 characters; the table below must stay in sight.
const cut = title => (title.length > 120 ? `${title.slice(0, 119)}…` : title);

// The changes of the last hour come after the table: they cost more.
function LastHour({ ready }) {
    const [state, set] = useState({});
    useEffect(() => {
        if (!ready) return undefined;
        const stop = new AbortController();
        const load = () => document.hidden || ask("/api/v1/changes", { from: "-1h" }, stop.signal).then(data => set({ data }), failure => stop.signal.aborted || set(s => (s.data ? s : { failure })));
        const timer = setTimeout(load, 50);
        const again = setInterval(load, 60e3);
        return () => {
            stop.abort();
            clearTimeout(timer);
            clearInterval(again);
        };
    }, [ready]);
    let body = html`<${Skeleton} rows=${5} />`;
    if (state.data) {
        const items = changeItems(state.data).slice(0, 6);
        body = items.length ? html`<ul class="look">${items.map(i => html`<${Item} key=${i.key} ...${i} title=${cut(i.title)} count=${number(i.hosts)} href=${i.to} />`)}</ul>` : html`<${Empty} title="Nothing changed">No process, user or listening port came or left.<//>`;
    } else if (state.failure) body = html`<${Failed} failure=${state.failure} what="Changes of the whole fleet need a newer rollcall-query." />`;
    return html`<section class="card" aria-labelledby="hour"><div class="head"><h2 id="hour">Changed in the last hour</h2><span class="grow"></span><a class="sub link" href="/changes?from=-1h">all changes</a></div>${body}</section>`;
}

function sentence(answer) {
    const s = answer.counts.state;
    const all = total(answer);
    const silent = s.absent + s.never;
    const answered = `${number(s.present + s.late)} of ${plural(all, "host")} answered.`;
    return silent === 0 ? `${answered} None is silent.` : `${answered} ${number(silent)} ${silent === 1 ? "is" : "are"} silent.`;
}

function Share({ answer }) {
    const s = answer.counts.state;
    return html`<div class="share" aria-hidden="true">${["present", "late", "absent", "never"].map(name => (s[name] ? html`<i class=${name} style=${{ flexGrow: s[name] }}></i>` : ""))}</div>`;
}

function States({ answer, state }) {
    const s = answer.counts.state;
    const chip = name => html`<button class="chip" aria-pressed=${state === name ? "true" : "false"} onClick=${() => amend({ state: state === name ? "" : name, at: "" }, true)}><${Dot} state=${name} /><strong>${number(s[name])}</strong> ${stateWord(name)}</button>`;
    return html`<div class="states" role="group" aria-label="Filter by state">${SHOWN.map(chip)}${HIDDEN.filter(h => s[h] || state === h).map(chip)}</div>`;
}

const everyWords = ms => (ms ? `Expected every ${age(ms)}; late after ${age(2 * ms)}, silent after ${age(10 * ms)}. ` : "");

function NoHosts({ date }) {
    if (date)
        return html`<section class="card"><${Empty} title=${`There are no records of ${date} here`}>The day may be older than what is kept, or in the archive. On the collector, <code>rollcall-archive --restore ${date}</code> brings it back; see rollcall-archive(8).<//></section>`;
    return html`<section class="card"><${Empty} title="No host has reported yet">On each host, with a token that has the scope ingest: <code>rollcall-agent --url ${location.origin}/data --token-file /etc/rollcall/token --every 5m</code><//></section>`;
}

export function Fleet({ at }) {
    const { answer, list, failure } = store;
    const rules = useRules(Boolean(answer));
    const state = at.get("state");
    const time = answer ? now(answer) : NaN;
    const every = answer?.expect_every_seconds ? answer.expect_every_seconds * 1000 : 0;
    const minute = Math.floor(time / 10e3);
    const items = useMemo(() => (answer ? findings(list, answer, time, rules, every || 300e3) : []), [list, answer, minute, rules]);
    const closed = at.get("date") && answer && at.get("date") < utcDay(Date.parse(answer.as_of) + 1);
    useEffect(() => {
        if (answer) restorePlace();
    }, [Boolean(answer)]);
    if (!answer) {
        return html`<main id="main" tabindex="-1" class="flow"><h1>${failure ? "The fleet cannot be shown" : "Calling the roll …"}</h1>${failure ? html`<p class="sub">Nothing has come from the collector yet; this page goes on trying.</p>` : html`<div class="card list"><${Skeleton} rows=${10} /></div>`}</main>`;
    }
    const none = total(answer) === 0 && !HIDDEN.some(h => answer.counts.state[h]);
    return html`<main id="main" tabindex="-1" class="flow">
        <h1 data-sentence>${none ? "No hosts." : sentence(answer)}</h1>
        <div class="sub">${everyWords(every)}${closed ? `As of the end of ${at.get("date")} (UTC).` : `${longDay(Date.parse(answer.as_of))}, ${clock(Date.parse(answer.as_of))} ${zone()}`}</div>
        ${none ? html`<${NoHosts} date=${closed ? at.get("date") : ""} />` : html`<${Share} answer=${answer} /><${States} answer=${answer} state=${state} />
        <div class="cols"><${Look} items=${items} /><${LastHour} ready=${!closed} /></div>
        <${Table} at=${at} time=${time} every=${every} />`}</main>`;
}

export const fleetPath = params => path("/hosts", params);
