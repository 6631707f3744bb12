// Draws the charts of a page with uPlot: observations with their gaps, the forecast with its band,
// rain from the top, and the levels that matter as labelled lines.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const alpha = (name, share) => colour(name) + Math.round(share * 2.55).toString(16).padStart(2, "0");
  const drawn = new Map();

  const formats = (zone, language) => {
    const locale = language === "en" ? "en-GB" : "ja-JP";
    const options = (rest) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...rest });
    // A month in English is a word: 11/5 would be May to some. The zone is named by the server, as browsers say GMT+9.
    const month = language === "en" ? "short" : "numeric";
    const full = options({ year: "numeric", month, day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return {
      hour: options({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
      day: options({ month, day: "numeric" }),
      full: (at, zone) => `${full.format(at).replace(",", "")} ${zone}`,
    };
  };

  const zoneName = (data, index) => data.zone_names[data.zone_names.length === 1 ? 0 : index ?? 0];

  const font = (size, weight = 400) => `${weight} ${size * devicePixelRatio}px ${colour("--font") || "sans-serif"}`;

  const levels = (data) => (plot) => {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = font(12, 700);
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    let free = Infinity;
    for (const line of [...data.lines].sort((a, b) => a.value - b.value)) {
      const y = Math.round(plot.valToPos(line.value, "y", true));
      if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
      ctx.strokeStyle = colour(`--l${line.level}-ink`);
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash(line.level >= 4 ? [] : [6 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const place = Math.min(y - 2 * ratio, free - 15 * ratio);
      free = place;
      const text = `${line.label} ${line.value.toFixed(data.digits)} ${data.unit}`;
      const width = ctx.measureText(text).width;
      ctx.fillStyle = colour("--card");
      ctx.globalAlpha = 0.8;
      ctx.fillRect(bbox.left + 2 * ratio, place - 14 * ratio, width + 8 * ratio, 15 * ratio);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour(`--l${line.level}-ink`);
      ctx.fillText(text, bbox.left + 6 * ratio, place);
    }
    const x = Math.round(plot.valToPos(data.now, "x", true));
    if (data.middle && x > bbox.left && x < bbox.left + bbox.width) {
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.lineWidth = ratio;
      ctx.strokeStyle = colour("--soft");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillStyle = colour("--soft");
      ctx.font = font(12);
      ctx.textAlign = "left";
      ctx.textBaseline = "top";
      ctx.fillText(data.words.now, x + 5 * ratio, bbox.top + 2 * ratio);
    }
    ctx.restore();
  };

  const range = (data) => (plot, low, high) => {
    const values = [data.observed, data.low, data.high].flatMap((column) => column ?? []).filter((v) => v !== null);
    if (!values.length) return [0, 1];
    const least = Math.min(...values);
    let most = Math.max(...values);
    const next = data.lines.map((line) => line.value).filter((value) => value > most).sort((a, b) => a - b)[0];
    if (next !== undefined) most = Math.max(most, next);
    const room = Math.max(most - least, 0.2);
    return [least - room * 0.08, most + room * (data.rain ? 0.3 : 0.12)];
  };

  const options = (box, data, language) => {
    const say = formats(data.zone, language);
    const midnight = (at) => say.hour.format(new Date(at * 1000)) === "00:00";
    const value = (unit, digits) => (plot, v) => (v === null || v === undefined ? "—" : `${v.toFixed(digits)} ${unit}`);
    const axis = { stroke: colour("--soft"), font: `13px ${colour("--font")}`, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const shown = [
      { label: data.words.time, value: (plot, v, series, index) => (v ? say.full(new Date(v * 1000), zoneName(data, index)) : "—") },
      { label: data.words.observed, stroke: colour("--river"), width: 2.5, points: { show: false }, value: value(data.unit, data.digits), spanGaps: false },
    ];
    const observed = [...data.observed];
    for (const index of data.between) observed[index] = undefined;
    const columns = [data.time, observed];
    const bands = [];
    if (data.middle) {
      shown.push({ label: data.words.low, stroke: "transparent", points: { show: false }, value: value(data.unit, data.digits), spanGaps: true });
      shown.push({ label: data.words.high, stroke: "transparent", points: { show: false }, value: value(data.unit, data.digits), spanGaps: true });
      shown.push({ label: data.words.middle, stroke: colour("--river"), width: 2.5, dash: [6, 5], points: { show: true, size: 6, fill: colour("--card") }, value: value(data.unit, data.digits), spanGaps: true });
      columns.push(data.low, data.high, data.middle);
      bands.push({ series: [3, 2], fill: alpha("--river", 22) });
    }
    if (data.rain) {
      shown.push({ label: data.words.rain, scale: "rain", fill: alpha("--edge-strong", 55), stroke: alpha("--edge-strong", 55), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.9, 40] }), value: value(data.rain_unit, 1) });
      columns.push(data.rain);
    }
    const last = data.observed.reduce((found, value, index) => (value === null ? found : index), 0);
    const rest = (plot) => plot.setLegend({ idx: last }, false);
    const most = Math.max(5, ...(data.rain ?? [0]).filter((v) => v !== null)) * 3.5;
    return [{
      width: box.clientWidth,
      height: Number(box.dataset.height),
      padding: [10, 24, 0, 0],
      cursor: { y: false, points: { size: 8 } },
      legend: { live: true },
      scales: { x: { time: true }, y: { range: range(data) }, rain: { range: () => [0, most], dir: -1 } },
      axes: [
        { ...axis, space: 56, values: (plot, ticks) => ticks.map((at) => (midnight(at) || ticks[1] - ticks[0] >= 86400 ? say.day : say.hour).format(new Date(at * 1000))) },
        { ...axis, size: 58, values: (plot, ticks) => ticks.map((v) => v.toFixed(Math.min(data.digits, 2))), label: undefined },
      ],
      series: shown,
      bands,
      hooks: { draw: [levels(data)], ready: [rest], setCursor: [(plot) => { if (plot.cursor.idx === null) rest(plot); }] },
    }, columns];
  };

  const draw = (box) => {
    const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    drawn.get(box)?.destroy();
    box.textContent = "";
    drawn.set(box, new uPlot(...options(box, data, document.documentElement.dataset.language), box));
  };

  const boxes = () => document.querySelectorAll("[data-chart]");
  const all = () => boxes().forEach((box) => { if (box.clientWidth) draw(box); });
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = drawn.get(target);
      if (!plot && target.clientWidth) draw(target);
      else if (plot && Math.abs(plot.width - target.clientWidth) > 1) plot.setSize({ width: target.clientWidth, height: plot.height });
    }
  });
  const start = () => { drawn.clear(); all(); watch.disconnect(); boxes().forEach((box) => watch.observe(box)); };
  document.fonts.ready.then(start);
  document.body.addEventListener("htmx:afterSettle", start);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
