// Draws what a plan sees on the town's map, flat or in 3D, with the heights of buildings; a click on the map writes its
// place into the field that asks for one. Without WebGL it says so, and the lists beside it tell the same.
"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const FONT = "Noto Sans JP Variable";
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ofPlan = (first, second) => ["match", ["get", "plan"], "b", second, first];

  const layers = () => {
    const [a, b, way, zone] = ["--camera-a", "--camera-b", "--camera-way", "--camera-zone"].map(colour);
    return [
      { id: "scene-zones", type: "fill", source: "zones", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": zone, "fill-opacity": 0.25, "fill-outline-color": zone } },
      { id: "scene-areas", type: "fill", source: "targets", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": way, "fill-opacity": 0.2 } },
      { id: "scene-seen", type: "fill", source: "seen", paint: { "fill-color": ofPlan(a, b), "fill-opacity": 0.35, "fill-outline-color": ofPlan(a, b) } },
      { id: "scene-ways", type: "line", source: "targets", paint: { "line-color": way, "line-width": 3, "line-dasharray": [2, 1] }, layout: { "line-cap": "butt" } },
      { id: "scene-buildings", type: "fill-extrusion", source: "buildings", layout: { visibility: "none" }, paint: { "fill-extrusion-color": colour("--camera-wall"), "fill-extrusion-height": ["get", "height"], "fill-extrusion-opacity": 0.85 } },
      { id: "scene-cameras", type: "circle", source: "cameras", paint: { "circle-radius": 6, "circle-color": ofPlan(a, b), "circle-stroke-color": colour("--card"), "circle-stroke-width": 2 } },
    ];
  };

  const begin = async (box) => {
    const words = JSON.parse(box.dataset.words);
    const drawn = JSON.parse(document.getElementById(box.dataset.scene).textContent);
    const note = box.querySelector(".map-note");
    const button = document.querySelector(`[data-tilt="${CSS.escape(box.id)}"]`);
    if (!document.createElement("canvas").getContext("webgl2")) {
      note.textContent = note.dataset.none;
      return;
    }
    const load = async () => (await fetch(`${box.dataset.style}&theme=${dark.matches ? "dark" : "light"}`)).json();
    await document.fonts.load(`24px "${FONT}"`);
    const holder = document.createElement("div");
    holder.className = "map-holder";
    box.prepend(holder);
    const map = new maplibregl.Map({
      container: holder,
      style: await load(),
      bounds: drawn.bounds,
      fitBoundsOptions: { padding: 24 },
      maxZoom: 20,
      maxPitch: 70,
      localIdeographFontFamily: `"${FONT}"`,
      attributionControl: { compact: true, customAttribution: words.credit },
      locale: { "NavigationControl.ZoomIn": words.zoom_in, "NavigationControl.ZoomOut": words.zoom_out, "NavigationControl.ResetBearing": words.north, "Map.Title": words.label },
    });
    map.addControl(new maplibregl.NavigationControl({ visualizePitch: true }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-right");
    map.on("error", (event) => console.warn(event.error?.message ?? "map error"));
    map.on("idle", () => { box.dataset.ready = "yes"; });

    let solid = false;
    const show = () => {
      map.setLayoutProperty("scene-buildings", "visibility", solid ? "visible" : "none");
      button.setAttribute("aria-pressed", String(solid));
      button.querySelector("span").textContent = solid ? words.flat : words.solid;
      box.dataset.solid = solid ? "yes" : "no";
    };
    const furnish = () => {
      for (const name of ["zones", "targets", "seen", "buildings", "cameras"]) {
        if (!map.getSource(name)) map.addSource(name, { type: "geojson", data: drawn[name] });
      }
      for (const layer of layers()) {
        if (!map.getLayer(layer.id)) map.addLayer(layer);
      }
      note.hidden = true;
      button.hidden = false;
      show();
    };
    map.once("load", furnish);
    button.addEventListener("click", () => {
      solid = !solid;
      show();
      const view = { pitch: solid ? 55 : 0, bearing: solid ? -20 : 0 };
      if (calm) map.jumpTo(view); else map.easeTo(view);
    });
    map.on("click", (event) => {
      const field = document.querySelector(`[data-pick="${CSS.escape(box.id)}"]`);
      if (!field || !field.offsetParent) return;
      const line = `${event.lngLat.lng.toFixed(6)}, ${event.lngLat.lat.toFixed(6)}`;
      field.value = field.value.trim() ? `${field.value.trim()}\n${line}` : line;
    });
    dark.addEventListener("change", async () => {
      map.setStyle(await load(), { diff: false });
      map.once("styledata", furnish);
    });
  };

  for (const box of document.querySelectorAll("[data-scene]")) {
    begin(box).catch((error) => {
      console.warn(error);
      const note = box.querySelector(".map-note");
      note.hidden = false;
      note.textContent = note.dataset.none;
    });
  }
})();
