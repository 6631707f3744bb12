// Draws the town's map with MapLibre GL JS from our own style, layers, letters and signs; without WebGL it says
// so, and the list beside it stays as useful as before.
"use strict";
(() => {
  const box = document.getElementById("map");
  const note = box.querySelector(".map-note");
  const panel = box.querySelector(".map-panel");
  const words = JSON.parse(box.dataset.words);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const FONT = "Noto Sans JP Variable";
  const GROUPS = ["gauges", "rains", "shelters", "cool"];
  const hidden = new Set();
  let map = null;

  const places = () => JSON.parse(document.getElementById("places-data").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const shut = (back) => {
    panel.hidden = true;
    for (const button of document.querySelectorAll("[data-place][aria-pressed=true]")) {
      button.setAttribute("aria-pressed", "false");
      if (back) button.focus();
    }
  };

  const open = (key, move) => {
    const template = document.querySelector(`template[data-panel="${CSS.escape(key)}"]`);
    const feature = places().features.find((one) => one.properties.key === key);
    if (!template) return;
    shut(false);
    panel.querySelector(".panel-body").replaceChildren(template.content.cloneNode(true));
    panel.hidden = false;
    document.querySelector(`[data-place="${CSS.escape(key)}"]`)?.setAttribute("aria-pressed", "true");
    if (map && feature && move) {
      const view = { center: feature.geometry.coordinates, zoom: Math.max(map.getZoom(), 14) };
      if (calm) map.jumpTo(view); else map.easeTo(view);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-place]");
    if (!button) return;
    open(button.dataset.place, true);
    if (map) box.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  });
  panel.querySelector(".close").addEventListener("click", () => shut(true));
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") shut(true); });

  const without = () => {
    note.hidden = false;
    note.textContent = note.dataset.none;
  };

  // A sign is drawn from the page's own sprite, with the page's own colours, into an image of the map.
  const picture = (markup) => new Promise((resolve, reject) => {
    const image = new Image(64, 64);
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = `data:image/svg+xml,${encodeURIComponent(markup)}`;
  });

  const sign = (sprite, name) => {
    const levelled = name.startsWith("level-");
    const id = levelled ? name : name.split("-")[0];
    const symbol = sprite.getElementById(id);
    const inside = new XMLSerializer().serializeToString(symbol).replace(/^<symbol[^>]*>|<\/symbol>$/g, "");
    const probe = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    probe.setAttribute("class", `mark ${levelled ? name : "level-none"}`);
    document.body.append(probe);
    const value = (variable) => getComputedStyle(probe).getPropertyValue(variable).trim();
    const [fill, on, edge] = ["--fill", "--on", "--edge"].map(value);
    probe.remove();
    const ink = id === "shelter" ? colour("--good") : name === "rain-none" ? colour("--soft") : colour("--river");
    const drawn = inside.replaceAll("var(--fill)", fill).replaceAll("var(--on)", on).replaceAll("var(--edge)", edge).replaceAll("currentColor", ink);
    const head = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 36 36">';
    const shape = id === "shelter" || id === "cool" ? `<circle cx="18" cy="18" r="15" fill="${colour("--card")}" stroke="${ink}" stroke-width="2"/>`
      : `<rect x="4" y="4" width="28" height="28" rx="7" fill="${colour("--card")}" stroke="${ink}" stroke-width="2"${name === "rain-none" ? ' stroke-dasharray="4 3"' : ""}/>`;
    const body = levelled ? `<g transform="translate(2 2)">${drawn}</g>` : `${shape}<g transform="translate(8 8) scale(.83)">${drawn}</g>`;
    return picture(`${head}${body}</svg>`);
  };

  const SIGNS = ["level-0", "level-2", "level-3", "level-4", "level-5", "level-none", "rain", "rain-none", "shelter", "cool"];
  const addSigns = async () => {
    const text = await (await fetch(box.dataset.sprite)).text();
    const sprite = new DOMParser().parseFromString(text, "image/svg+xml");
    await Promise.all(SIGNS.map(async (name) => {
      const image = await sign(sprite, name);
      if (!map.hasImage(name)) map.addImage(name, image, { pixelRatio: 2 });
    }));
  };

  const NAMES = { "gauge-names": ["gauges"], "other-names": ["rains", "shelters", "cool"] };
  const shownKinds = (kinds) => ["in", ["get", "kind"], ["literal", kinds.filter((group) => !hidden.has(group))]];

  // Names are placed after the signs (in layers below), on whichever side is free: no name lies under a sign or on
  // another name. Gauges come first and look for room further away; who finds none is named in the list alone.
  const SIDES = { left: [1, 0], right: [-1, 0], top: [0, 1], bottom: [0, -1], "top-right": [-0.7, 0.7], "top-left": [0.7, 0.7], "bottom-right": [-0.7, -0.7], "bottom-left": [0.7, -0.7] };
  const around = (far) => Object.entries(SIDES).flatMap(([anchor, [x, y]]) => [anchor, [x * far, y * far]]);
  const addPlaces = () => {
    // On a phone long names are broken, so that they stay within the map; Japanese ones are short enough.
    const narrow = box.clientWidth < 500 && document.documentElement.dataset.language === "en";
    map.addSource("places", { type: "geojson", data: places() });
    for (const [name, kinds] of Object.entries(NAMES).reverse()) {
      map.addLayer({
        id: name,
        type: "symbol",
        source: "places",
        filter: shownKinds(kinds),
        layout: {
          "text-field": ["get", "label"],
          "text-font": [FONT],
          "text-size": name === "gauge-names" ? 13.5 : 12,
          "text-variable-anchor-offset": name === "gauge-names" ? [...around(1.6), ...around(3.2)] : around(1.75),
          "text-justify": "auto",
          "text-max-width": narrow ? 10 : 20,
          "symbol-sort-key": ["get", "rank"],
        },
        paint: { "text-color": colour("--ink"), "text-halo-color": colour("--paper"), "text-halo-width": 2 },
      });
    }
    for (const group of [...GROUPS].reverse()) {
      map.addLayer({
        id: group,
        type: "symbol",
        source: "places",
        metadata: { group },
        filter: ["==", ["get", "kind"], group],
        layout: {
          "icon-image": ["get", "sign"],
          "icon-size": group === "gauges" ? 1.05 : 0.82,
          "icon-allow-overlap": true,
        },
      });
    }
    for (const layer of [...GROUPS, ...Object.keys(NAMES)]) {
      map.on("click", layer, (event) => open(event.features[0].properties.key, false));
      map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
    }
  };

  const showGroups = () => {
    box.dataset.drawn = "no";
    for (const layer of map.getStyle().layers) {
      if (layer.metadata?.group) map.setLayoutProperty(layer.id, "visibility", hidden.has(layer.metadata.group) ? "none" : "visible");
    }
    for (const [name, kinds] of Object.entries(NAMES)) {
      if (map.getLayer(name)) map.setFilter(name, shownKinds(kinds));
    }
    map.triggerRepaint(); // "idle" comes even where nothing looks different
  };
  for (const choice of document.querySelectorAll("[data-group]")) {
    choice.addEventListener("change", () => {
      hidden[choice.checked ? "delete" : "add"](choice.dataset.group);
      if (map) showGroups();
    });
  }

  // The letters of the map are drawn in the browser; the fonts they need must be there first.
  const letters = async (style) => {
    const sources = Object.entries(style.sources).filter(([name]) => ["label", "river", "road", "rail"].includes(name));
    const texts = await Promise.all(sources.map(async ([, source]) => {
      const layer = await (await fetch(source.data)).json();
      return layer.features.map((one) => Object.values(one.properties.name ?? {}).join("")).join("");
    }));
    const own = places().features.map((one) => one.properties.label).join("");
    await document.fonts.load(`24px "${FONT}"`, [...new Set(texts.join("") + own + "0123456789.mé")].join(""));
  };

  const load = async () => {
    const style = await (await fetch(`${box.dataset.style}&theme=${dark.matches ? "dark" : "light"}`)).json();
    await letters(style);
    return style;
  };

  const furnish = async () => {
    await addSigns();
    addPlaces();
    showGroups();
    box.dataset.ready = "yes";
  };

  const start = async () => {
    const style = await load();
    const bounds = box.dataset.bounds ? JSON.parse(box.dataset.bounds) : null;
    const [centre, zoom] = JSON.parse(box.dataset.centre);
    const holder = document.createElement("div");
    holder.className = "map-holder";
    box.prepend(holder);
    map = new maplibregl.Map({
      container: holder,
      style,
      ...(bounds ? { bounds } : { center: centre, zoom }),
      fitBoundsOptions: { padding: 36 },
      minZoom: 8,
      maxZoom: 18,
      dragRotate: false,
      cooperativeGestures: false,
      localIdeographFontFamily: `"${FONT}"`,
      attributionControl: { compact: true, customAttribution: words.credit },
      locale: { "NavigationControl.ZoomIn": words.zoom_in, "NavigationControl.ZoomOut": words.zoom_out, "NavigationControl.ResetBearing": words.north, "Map.Title": words.label },
    });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-right");
    map.on("idle", () => { box.dataset.drawn = "yes"; });
    map.on("error", (event) => console.warn(event.error?.message ?? "map error"));
    map.once("load", async () => { await furnish(); note.hidden = true; });
    dark.addEventListener("change", async () => {
      map.setStyle(await load(), { diff: false });
      map.once("styledata", furnish);
    });
  };

  document.body.addEventListener("htmx:afterSettle", () => map?.getSource("places")?.setData(places()));

  const probe = document.createElement("canvas");
  if (probe.getContext("webgl2")) start().catch((error) => { console.warn(error); without(); });
  else without();
})();
