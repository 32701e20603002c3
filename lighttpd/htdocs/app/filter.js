// filter: the language of `q` (rollcall-query(8)), for rows that are here: words, all of which match;
// field:value; a leading - negates; quotes hold blanks; ip:10.4.7.0/24 is a network.
export function words(text) {
    const found = [];
    const re = /(-?)((?:[a-z_]+:)?)(?:"([^"]*)"?|(\S+))/gi;
    for (let m; (m = re.exec(text)); ) {
        const value = m[3] ?? m[4] ?? "";
        if (value) found.push({ not: m[1] === "-", field: m[2].slice(0, -1).toLowerCase(), value: value.toLowerCase() });
    }
    return found;
}

const IPV4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
// ipv4("10.0.0.7"): the address as a number, or null.
export function ipv4(text) {
    const m = IPV4.exec(text);
    return m ? ((m[1] << 24) | (m[2] << 16) | (m[3] << 8) | m[4]) >>> 0 : null;
}

function inNetwork(ip, network) {
    const [address, bits] = network.split("/");
    const a = ipv4(ip || "");
    const b = ipv4(address);
    if (a === null || b === null || !/^\d+$/.test(bits) || bits > 32) return false;
    const mask = bits === "0" ? 0 : (~0 << (32 - bits)) >>> 0;
    return (a & mask) === (b & mask);
}

const has = (text, value) => (text || "").toLowerCase().includes(value);
const FIELDS = {
    ip: (row, v) => (v.includes("/") ? inNetwork(row.ip, v) : has(row.ip, v)),
    hostname: (row, v) => has(row.hostname, v),
    label: (row, v) => row.labels.some(l => has(l, v)),
    system: (row, v) => has(row.os_name, v) || has(row.os_pretty_name, v),
    kernel: (row, v) => has(row.os_ver, v),
    state: (row, v) => row.state === v,
    flag: (row, v) => row.flags.includes(v),
    rule: (row, v) => row.fails.some(r => has(r, v)),
};

// IPv6 networks and what only the server has are left to the server.
export const needsServer = text => words(text).some(w => (w.field && !(w.field in FIELDS)) || (w.field === "ip" && w.value.includes("/") && w.value.includes(":")));

export function matcher(text) {
    const list = words(text);
    return row =>
        list.every(w => {
            const test = FIELDS[w.field];
            const yes = test ? test(row, w.value) : row.text.includes(w.field ? `${w.field}:${w.value}` : w.value);
            return yes !== w.not;
        });
}
