// live: asks again every 10 s while the page is visible, less often while the collector does not answer.
const EVERY_MS = 10000;
const LATEST_MS = 120000;

// poll(f): calls f() now and then; f returns a promise. The result: {now(), stop(), next}, where `next`
// is performance.now() of the next call.
export function poll(f, changed = () => {}) {
    let timer = 0;
    let failures = 0;
    let running = false;
    let stopped = false;
    const self = {
        next: 0,
        failures: 0,
        now() {
            clearTimeout(timer);
            if (!running && !stopped) run();
        },
        stop() {
            stopped = true;
            clearTimeout(timer);
            document.removeEventListener("visibilitychange", seen);
        },
    };
    async function run() {
        running = true;
        try {
            await f();
            failures = 0;
        } catch {
            failures++;
        }
        running = false;
        self.failures = failures;
        plan();
    }
    function plan() {
        clearTimeout(timer);
        if (stopped || document.hidden) return;
        const wait = Math.min(EVERY_MS * 2 ** failures, LATEST_MS);
        const jittered = wait * (0.9 + Math.random() * 0.2);
        self.next = performance.now() + jittered;
        timer = setTimeout(run, jittered);
        changed();
    }
    function seen() {
        if (document.hidden) clearTimeout(timer);
        else self.now();
    }
    document.addEventListener("visibilitychange", seen);
    self.now();
    return self;
}
