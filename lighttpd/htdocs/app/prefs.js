// prefs: what this browser remembers: theme and time zone. No token, and nothing of a host.
const memory = new Map();

export function recall(key) {
    if (memory.has(key)) return memory.get(key);
    try {
        return localStorage.getItem("rollcall." + key);
    } catch {
        return null;
    }
}

export function remember(key, value) {
    memory.set(key, value);
    try {
        localStorage.setItem("rollcall." + key, value);
    } catch {
        // A browser that keeps nothing still works until it is closed.
    }
}

const THEMES = ["system", "light", "dark"];
export const theme = () => (THEMES.includes(recall("theme")) ? recall("theme") : "system");

export function applyTheme() {
    document.documentElement.dataset.theme = theme();
}

export function nextTheme() {
    remember("theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
    applyTheme();
}
