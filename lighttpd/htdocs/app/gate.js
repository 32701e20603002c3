// gate: the sign-in form. The address stays, so the view that was asked for comes after it.
import { signIn } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { show } from "./text.js";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const safe = () => location.protocol === "https:" || LOOPBACK.includes(location.hostname);

const words = failure =>
    ({
        unauthorized: `The collector does not know this token. (401)`,
        forbidden: show(failure.reason) + ". (403)",
        down: "The collector cannot be reached. Is it running?",
        missing: "This collector has no read side: rollcall-query does not run, or the web server does not pass /api/v1/session to it.",
    })[failure.kind] || `${show(failure.reason)} (${failure.status})`;

export function Gate({ done, first }) {
    const [failure, fail] = useState(first || null);
    const [busy, work] = useState(false);
    const field = useRef();
    useEffect(() => field.current?.focus(), []);
    const submit = async e => {
        e.preventDefault();
        const token = field.current.value.trim();
        if (!token || busy) return;
        work(true);
        try {
            await signIn(token);
            field.current.value = "";
            done();
        } catch (wrong) {
            fail(wrong);
            work(false);
            field.current.select();
        }
    };
    return html`<main id="main" tabindex="-1"><section class="card gate"><div class="brand"><img src="/app/icon.svg" alt="" /><h1>rollcall</h1></div>
        <p class="sub">Sign in with a token that has the scope <strong>read</strong>. Create one on the collector: <code>rollcall-token --scope read --label you</code></p>
        ${safe() ? "" : html`<p class="err" role="alert">This page came without TLS, so a token would be sent in the clear. Open it at https://, or through a tunnel at localhost.</p>`}
        <form onSubmit=${submit}><label for="token">Token</label><input id="token" type="password" autocomplete="current-password" spellcheck="false" ref=${field} disabled=${!safe()} aria-describedby=${failure ? "why" : null} aria-invalid=${failure ? "true" : null} />${failure ? html`<p class="err" role="alert" id="why">${words(failure)}</p>` : ""}<button class="go" disabled=${busy || !safe()}>${busy ? "Signing in …" : "Sign in"}</button></form>
        <p class="sub">The browser gets a cookie that scripts cannot read. It ends after 12 hours, when you sign out, or when the token is revoked.</p></section></main>`;
}
