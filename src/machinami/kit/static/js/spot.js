// Chooses a place on the town's map, and shows places that others chose. Without it, or without WebGL, the words beside
// the map do the same. The place of the phone is asked for only when its button is pressed.
"use strict";
(() => {
  const FONT = "Noto Sans JP Variable";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = async (box, pick) => {
    const style = await (await fetch(`${box.dataset.style}&theme=${dark.matches ? "dark" : "light"}`)).json();
    const words = JSON.parse(box.dataset.words);
    const points = JSON.parse(document.getElementById(box.dataset.points)?.textContent ?? '{"features":[]}');
    const [centre, zoom] = JSON.parse(box.dataset.centre);
    const holder = document.createElement("div");
    holder.className = "map-holder";
    box.prepend(holder);
    await document.fonts.load(`16px "${FONT}"`, "街map0123456789").catch(() => {});
    const map = new maplibregl.Map({
      container: holder, style, center: centre, zoom: Math.max(zoom, pick ? 13 : 11), minZoom: 8, maxZoom: 19, dragRotate: false,
      cooperativeGestures: !pick, localIdeographFontFamily: `"${FONT}"`, attributionControl: false,
      locale: { "NavigationControl.ZoomIn": words.zoom_in, "NavigationControl.ZoomOut": words.zoom_out, "Map.Title": words.label,
        "CooperativeGesturesHandler.MobileHelpText": words.two_fingers, "CooperativeGesturesHandler.WindowsHelpText": words.with_ctrl,
        "CooperativeGesturesHandler.MacHelpText": words.with_ctrl },
    });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.on("error", (event) => console.warn(event.error?.message ?? "map error"));
    map.once("load", () => {
      if (points.features.length) show(map, points, box);
      box.querySelector(".map-note").hidden = true;
      box.dataset.ready = "yes";
    });
    return map;
  };

  const show = (map, points, box) => {
    map.addSource("spots", { type: "geojson", data: points });
    const open = ["boolean", ["get", "open"], true];
    map.addLayer({ id: "spots", type: "circle", source: "spots", paint: {
      "circle-radius": ["case", open, 9, 7], "circle-color": ["case", open, colour("--l3"), colour("--good")],
      "circle-stroke-color": colour("--card"), "circle-stroke-width": 2.5 } });
    const all = points.features.map((one) => one.geometry.coordinates);
    const edges = new maplibregl.LngLatBounds();
    all.forEach((one) => edges.extend(one));
    map.fitBounds(edges, { padding: 48, maxZoom: 16, animate: false });
    if (!box.dataset.link) return;
    map.on("click", "spots", (event) => { location.href = `${box.dataset.link}${event.features[0].properties.number}`; });
    map.on("mouseenter", "spots", () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", "spots", () => { map.getCanvas().style.cursor = ""; });
  };

  const picking = (box) => {
    const form = box.closest("form");
    const said = form.querySelector("[data-spot-said]");
    const button = form.querySelector("[data-spot-here]");
    let map = null;
    let mark = null;
    const put = (lon, lat, words, move) => {
      form.elements.lon.value = lon.toFixed(6);
      form.elements.lat.value = lat.toFixed(6);
      said.textContent = words;
      if (form.elements.landmark) form.elements.landmark.required = false;
      if (!map) return;
      if (!mark) {
        mark = new maplibregl.Marker({ color: colour("--l3"), draggable: true });
        mark.on("dragend", () => { const at = mark.getLngLat(); put(at.lng, at.lat, said.dataset.chosen, false); });
        mark.setLngLat([lon, lat]).addTo(map);
      }
      mark.setLngLat([lon, lat]);
      if (move) map.jumpTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 16) });
    };
    const start = async () => {
      map = await draw(box, true);
      map.on("click", (event) => put(event.lngLat.lng, event.lngLat.lat, said.dataset.chosen, false));
      if (form.elements.lon.value) put(Number(form.elements.lon.value), Number(form.elements.lat.value), said.dataset.chosen, true);
      box.put = put;
    };
    if (navigator.geolocation) {
      button.hidden = false;
      button.addEventListener("click", () => {
        said.textContent = said.dataset.asking;
        navigator.geolocation.getCurrentPosition(
          (found) => put(found.coords.longitude, found.coords.latitude, said.dataset.here, true),
          () => { said.textContent = said.dataset.none; (form.elements.landmark ?? form.querySelector("input:not([type=hidden])"))?.focus(); },
          { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
        );
      });
    }
    return start();
  };

  // A photo is made small before it is sent, so that it is quick on the road; what it knows of its place stays here.
  const shrink = async (input) => {
    const preview = input.parentElement.querySelector("img");
    const [file] = input.files;
    if (!file) { preview.hidden = true; return; }
    try {
      const image = await createImageBitmap(file);
      const scale = Math.min(1, 1600 / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      const kept = new DataTransfer();
      kept.items.add(new File([made], "photo.jpg", { type: "image/jpeg" }));
      input.files = kept.files;
      preview.src = URL.createObjectURL(made);
      preview.hidden = false;
    } catch { preview.hidden = true; }  // the town says what is wrong with it
  };

  const asking = (form) => {
    const parts = [...form.querySelectorAll("[data-asks]")];
    const show = () => {
      const chosen = form.elements.category.value;
      for (const part of parts) part.hidden = part.dataset.asks !== chosen;
    };
    form.addEventListener("change", (event) => { if (event.target.name === "category") show(); });
    show();
  };

  // Rectangles drawn over a photo become lines of percentages, which can be typed as well.
  const covering = (frame) => {
    const lines = frame.closest("form").elements.rectangles;
    let begin = null;
    let box = null;
    const at = (event) => {
      const edge = frame.getBoundingClientRect();
      return [(event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height].map((one) => Math.min(1, Math.max(0, one)));
    };
    const part = (one, two) => [Math.min(one[0], two[0]), Math.min(one[1], two[1]), Math.abs(one[0] - two[0]), Math.abs(one[1] - two[1])];
    const place = (drawn, [left, top, width, height]) => Object.assign(drawn.style, {
      left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` });
    const paint = () => {
      frame.querySelectorAll("span").forEach((one) => one.remove());
      for (const line of lines.value.split("\n")) {
        const numbers = line.trim().split(/[ ,]+/).map(Number);
        if (numbers.length !== 4 || numbers.some(Number.isNaN)) continue;
        place(frame.appendChild(document.createElement("span")), numbers.map((one) => one / 100));
      }
    };
    frame.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
      begin = at(event);
      box = frame.appendChild(document.createElement("span"));
    });
    frame.addEventListener("pointermove", (event) => { if (begin) place(box, part(begin, at(event))); });
    frame.addEventListener("pointerup", (event) => {
      if (!begin) return;
      const [left, top, width, height] = part(begin, at(event));
      begin = null;
      if (width > 0.005 && height > 0.005) {
        const line = [left, top, width, height].map((one) => (one * 100).toFixed(1)).join(" ");
        lines.value = `${lines.value.trimEnd()}\n${line}`.trim();
      }
      paint();
    });
    lines.addEventListener("input", paint);
  };

  for (const input of document.querySelectorAll("[data-photo]")) input.addEventListener("change", () => shrink(input));
  for (const form of document.querySelectorAll("[data-report]")) asking(form);
  for (const frame of document.querySelectorAll("[data-cover]")) covering(frame);
  const seen = document.createElement("canvas").getContext("webgl2");
  for (const box of document.querySelectorAll("[data-spot]")) {
    const without = (error) => {
      if (error) console.warn(error);
      box.querySelector(".map-note").textContent = box.querySelector(".map-note").dataset.none;
    };
    if (!seen) without();
    else (box.dataset.spot === "pick" ? picking(box) : draw(box, false)).catch(without);
  }
})();
