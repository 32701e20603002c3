// text: what comes from a host, as it is shown. Characters that have no shape, or that turn the text
// around them, are shown by their number: a name cannot look like another one.
const SHAPELESS =
    /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

const escaped = c => {
    const code = c.codePointAt(0);
    if (c === "\n") return "\\n";
    if (c === "\t") return "\\t";
    return code < 0x100 ? "\\x" + code.toString(16).padStart(2, "0") : `\\u{${code.toString(16)}}`;
};

// show(value): the text of a value; "" for what is not known.
export function show(value) {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
    return text.replace(SHAPELESS, escaped);
}

// name(row): what a host is called.
export const name = row => show(row.hostname) || show(row.ip) || "(no name)";

const grouped = new Intl.NumberFormat("en-US");
export const number = n => (n === null || n === undefined || Number.isNaN(n) ? "–" : grouped.format(n));

// plural(3, "host"): "3 hosts".
export const plural = (n, word, words = word + "s") => `${number(n)} ${n === 1 ? word : words}`;

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];
export function bytes(n) {
    if (n === null || n === undefined) return "–";
    let unit = 0;
    for (; n >= 1024 && unit < UNITS.length - 1; unit++) n /= 1024;
    return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}
