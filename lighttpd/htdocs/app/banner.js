// banner: why what is shown may not be what is.
import { now } from "./api.js";
import { html } from "./html.js";
import { store } from "./store.js";
import { show } from "./text.js";
import { age, clock } from "./time.js";
import { useSecond } from "./widgets.js";

const WHAT = {
    down: "The collector cannot be reached",
    forbidden: "This token may not read the fleet",
    unavailable: "The collector cannot answer now",
    broken: "The collector answers with an error",
    wrong: "The collector does not understand this page",
    missing: "The collector has no read side: rollcall-query does not run",
};

function Incomplete({ answer }) {
    const upTo = answer.looked_at < answer.of ? `looked at ${show(answer.looked_at)} of ${show(answer.of)} addresses` : `looked at all ${show(answer.of)} addresses, but could not finish their rows,`;
    return html`<div class="banner warn" role="status"><span><strong>Not all hosts are shown:</strong> the collector ${upTo} in the time it may take (query_seconds).</span></div>`;
}

export function Banner() {
    useSecond();
    const { failure, answer, poll } = store;
    if (!failure || failure.kind === "unauthorized") {
        return answer?.complete === false ? html`<${Incomplete} answer=${answer} />` : null;
    }
    const wait = poll ? Math.max(0, Math.ceil((poll.next - performance.now()) / 1000)) : 0;
    const old = answer ? ` since ${clock(store.failingSince)}. What you see is from ${clock(Date.parse(answer.as_of))} (${age(now(answer) - Date.parse(answer.as_of))} old).` : ".";
    return html`<div class="banner" role="alert"><span><strong>${WHAT[failure.kind] || WHAT.broken}${old}</strong> <span class="why">${failure.kind === "down" ? "" : show(failure.reason) + ". "}</span><span class="next" aria-hidden="true">${wait ? `Next try in ${wait} s.` : "Trying …"}</span></span><button class="icon" onClick=${() => poll?.now()}>Try now</button></div>`;
}
