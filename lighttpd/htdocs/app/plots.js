// plots: CPU and memory of all processes over the day, with gaps where no record came. uPlot is loaded here
// only.
import { html, useEffect, useRef, useState } from "./html.js";
import { bytes } from "./text.js";
import { DAY, hour } from "./time.js";

let library = null;
function load() {
    library ||= import("/vendor/uplot.js").then(m => {
        const sheet = document.createElement("link");
        sheet.rel = "stylesheet";
        sheet.href = "/vendor/uplot.css";
        document.head.append(sheet);
        return m.default;
    });
    return library;
}

// A null between two records that are far apart: the line breaks there.
function series(points, value, every) {
    const xs = [];
    const ys = [];
    points.forEach((p, i) => {
        if (i && every > 0 && p.at - points[i - 1].at > 2.5 * every) {
            xs.push((points[i - 1].at + every) / 1000);
            ys.push(null);
        }
        xs.push(p.at / 1000);
        ys.push(value(p) ?? null);
    });
    return [xs, ys];
}

function Plot({ label, now, data, color, format, end }) {
    const box = useRef();
    const [dark, turn] = useState(0);
    useEffect(() => {
        const again = () => turn(n => n + 1);
        const scheme = matchMedia("(prefers-color-scheme: dark)");
        const theme = new MutationObserver(again);
        theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
        scheme.addEventListener("change", again);
        return () => {
            theme.disconnect();
            scheme.removeEventListener("change", again);
        };
    }, []);
    useEffect(() => {
        let plot = null;
        let over = false;
        let size = null;
        load().then(uPlot => {
            if (over || !box.current) return;
            const css = getComputedStyle(document.documentElement);
            const of = name => css.getPropertyValue(name).trim();
            plot = new uPlot(
                {
                    width: box.current.clientWidth,
                    height: 130,
                    padding: [8, 6, 0, 0],
                    cursor: { y: false },
                    legend: { show: false },
                    axes: [
                        { stroke: of("--dim"), grid: { show: false }, ticks: { stroke: of("--line") }, font: "12px system-ui", size: 26, space: 80, values: (_, v) => v.map(x => hour(x * 1000)) },
                        { stroke: of("--dim"), grid: { stroke: of("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", size: 58, space: 34, values: (_, v) => v.map(format) },
                    ],
                    scales: { x: { range: [(end - DAY) / 1000, end / 1000] }, y: { range: (_, min, max) => [0, Math.max(max * 1.1, 1)] } },
                    series: [{}, { stroke: of(color), width: 1.5, fill: of(color) + "22", spanGaps: false, points: { show: data[0].length < 3 } }],
                },
                data,
                box.current,
            );
            size = new ResizeObserver(() => box.current && plot.setSize({ width: box.current.clientWidth, height: 130 }));
            size.observe(box.current);
        });
        return () => {
            over = true;
            size?.disconnect();
            plot?.destroy();
        };
    }, [data, dark, Math.round(end / 60000)]);
    return html`<div><div class="l"><span>${label}</span><b>${now}</b></div><div class="plot" ref=${box} role="img" aria-label=${`${label}: ${now}`}></div></div>`;
}

const cpuOf = p => p.cpu;
const rssOf = p => p.rss_bytes;

export function Plots({ points, every, at, end, memory }) {
    const [known, set] = useState({ key: "" });
    const here = points.findLast(p => p.at <= at + 500) || points[points.length - 1];
    const sums = points.some(p => typeof cpuOf(p) === "number" || typeof rssOf(p) === "number");
    const key = `${points.length} ${points[points.length - 1]?.at} ${sums}`;
    useEffect(() => {
        if (known.key !== key) set({ key, cpu: series(points, cpuOf, every), rss: series(points, rssOf, every), count: series(points, p => p.process_count, every), users: series(points, p => p.user_count, every) });
    }, [key]);
    if (!here || known.key !== key) return null;
    const plain = v => String(Math.round(v));
    if (sums)
        return html`<div class="plots"><${Plot} label="CPU of all processes" now=${`${Number(cpuOf(here) || 0).toFixed(1)} %`} data=${known.cpu} end=${end} color="--accent" format=${v => `${Math.round(v)} %`} /><${Plot} label="Resident memory" now=${bytes(rssOf(here)) + (memory ? ` of ${bytes(memory)}` : "")} data=${known.rss} end=${end} color="--ok" format=${bytes} /></div>`;
    return html`<div class="plots"><${Plot} label="Processes" now=${plain(here.process_count)} data=${known.count} end=${end} color="--accent" format=${plain} /><${Plot} label="Users logged in" now=${plain(here.user_count)} data=${known.users} end=${end} color="--ok" format=${plain} /></div>`;
}
