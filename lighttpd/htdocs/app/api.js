// api: questions to the collector. A failure has a kind that the page has words for:
//   down (no answer, 502, 504)  unauthorized (401)  forbidden (403)  unavailable (503)
//   missing (404)  wrong (400, 422)  broken (any other)  aborted (we did not wait)
export class Failure extends Error {
    constructor(kind, reason, status = 0, field = "") {
        super(reason);
        this.reason = reason;
        this.kind = kind;
        this.status = status;
        this.field = field;
    }
}

const KINDS = { 400: "wrong", 401: "unauthorized", 403: "forbidden", 404: "missing", 422: "wrong", 502: "down", 503: "unavailable", 504: "down" };
const TIMEOUT_MS = 30000;

async function send(path, options) {
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
    try {
        return await fetch(path, { credentials: "same-origin", cache: "no-cache", redirect: "error", ...options, signal });
    } catch (e) {
        if (options.signal?.aborted) throw new Failure("aborted", "not waited for");
        throw new Failure("down", late.aborted ? "no answer within 30 s" : "the collector cannot be reached");
    }
}

async function body(response, signal) {
    try {
        return await response.json();
    } catch {
        if (signal?.aborted) throw new Failure("aborted", "not waited for");
        return null;
    }
}

// ask(path, params, signal): `data` of the answer, with `came`: performance.now() of its arrival.
export async function ask(path, params = {}, signal) {
    const query = new URLSearchParams(Object.entries(params).filter(([, v]) => v !== "" && v !== null && v !== undefined)).toString();
    const response = await send(query ? `${path}?${query}` : path, { signal });
    const answer = await body(response, signal);
    if (response.ok && answer?.status === "success") return { ...answer.data, came: performance.now() };
    if (response.ok) throw new Failure("broken", "the answer is not one of rollcall's", response.status);
    throw new Failure(KINDS[response.status] || "broken", answer?.data?.reason || answer?.message || `status ${response.status}`, response.status, answer?.data?.field || "");
}

async function session(method, headers) {
    const response = await send("/api/v1/session", { method, headers });
    const answer = await body(response);
    if (!response.ok) throw new Failure(KINDS[response.status] || "broken", answer?.data?.reason || answer?.message || `status ${response.status}`, response.status);
}

// The token is posted once, and kept nowhere.
export const signIn = token => {
    if (!/^[\x21-\x7e]+$/.test(token)) return Promise.reject(new Failure("unauthorized", "a token has no blanks and only ASCII characters", 401));
    return session("POST", { Authorization: "Bearer " + token });
};
export const signOut = () => session("DELETE", {});

// now(answer): the server's time, in milliseconds.
export const now = answer => Date.parse(answer.as_of) + (performance.now() - answer.came);
