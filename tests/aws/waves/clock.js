// clock: virtual time. Tasks that run in parallel say so (fork), and sleep; when all of them sleep, time goes on to the
// first that wakes. What really waits, for a reply of the table, takes no time.
export class Clock {
    constructor(now) {
        Object.assign(this, { now, busy: 1, sleepers: [], order: 0 });
    }

    sleep(ms) {
        return new Promise(wake => {
            this.sleepers.push({ at: this.now + ms, order: this.order++, wake });
            this.rest();
        });
    }

    // forked: runs tasks (functions that return promises) side by side.
    async forked(tasks) {
        if (tasks.length === 0)
            return;
        this.busy += tasks.length - 1;
        let left = tasks.length;
        // The last to end hands its place back to the caller.
        const ended = () => { if (--left > 0) this.rest(); };
        const all = await Promise.allSettled(tasks.map(task => task().finally(ended)));
        for (const one of all)
            if (one.status === 'rejected')
                throw one.reason;
    }

    rest() {
        if (--this.busy > 0)
            return;
        this.sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
        const first = this.sleepers.shift();
        if (!first)
            throw new Error('clock: nobody is awake and nobody will wake');
        this.now = Math.max(this.now, first.at);
        this.busy++;
        first.wake();
    }
}
