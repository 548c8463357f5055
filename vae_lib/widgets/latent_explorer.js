// The latent space as a map, a point z on it, and the digit that the decoder draws at z.

/** Per digit: its points' indices, and the median of its codes, where its name is written. */
function clusters(/** @type {Float32Array} */ points, /** @type {Uint8Array} */ labels) {
  const median = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[values.length >> 1];
  return Array.from({ length: 10 }, (_, digit) => digit).flatMap((digit) => {
    /** @type {number[]} */
    const members = [];
    for (let i = 0; i < labels.length; i++) if (labels[i] === digit) members.push(i);
    if (members.length === 0) return [];
    return [{ digit, at: [0, 1].map((axis) => median(members.map((i) => points[2 * i + axis]))) }];
  });
}

/** The digit that most codes within `radius` of z have, or null where there are none. */
function mostNear(/** @type {Float32Array} */ points, /** @type {Uint8Array} */ labels, /** @type {number[]} */ z, /** @type {number} */ radius) {
  const counts = new Array(10).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if ((points[2 * i] - z[0]) ** 2 + (points[2 * i + 1] - z[1]) ** 2 < radius ** 2) counts[labels[i]]++;
  }
  const most = Math.max(...counts);
  return most ? counts.indexOf(most) : null;
}

/** The part of the map that does not move: grid, circles of the prior, dots, names of the digits. */
function drawStatic(/** @type {CanvasRenderingContext2D} */ context, /** @type {Plane} */ plane, /** @type {any} */ scene) {
  const { points, labels, medians, palette, words, theme, font, prior } = scene;
  const inks = INKS[/** @type {Theme} */ (theme)];
  const { size } = plane;
  context.fillStyle = inks.paper;
  context.fillRect(0, 0, size, size);
  plane.drawGrid(context, inks);

  // Few dots are drawn large and full, ten thousand of them small and pale.
  const few = points.length / 2 < 1500;
  const radius = (few ? 2.9 : 1.9) * (size < 360 ? 0.8 : 1);
  context.globalAlpha = few ? 0.8 : inks.dot;
  const dots = (labels.length ? palette.digits : [inks.quiet]).map((/** @type {string} */ colour) => dot(radius, colour));
  for (let i = 0; i < points.length / 2; i++) {
    const sprite = dots[labels[i] ?? 0];
    context.drawImage(sprite, plane.x(points[2 * i]) - radius - 1, plane.y(points[2 * i + 1]) - radius - 1, 2 * radius + 2, 2 * radius + 2);
  }
  context.globalAlpha = 1;

  plane.drawLabels(context, { ink: inks.quiet, paper: inks.paper, font }, [words.axis_1, words.axis_2]);
  context.textBaseline = "middle";
  context.textAlign = "center";
  const colour = palette.terms.prior[theme === "dark" ? 1 : 0];
  if (prior) {
    for (const deviations of [1, 2]) {
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.setLineDash([6, 5]);
      context.beginPath();
      context.arc(plane.x(0), plane.y(0), deviations * plane.scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  }
  context.font = `700 ${size < 360 ? 18 : 21}px ${font}`;
  for (const { digit, at } of apart(medians, 20 / plane.scale)) {
    haloText(context, `${digit}`, plane.x(at[0]), plane.y(at[1]), mixed(palette.digits[digit], inks.ink), inks.paper, 6);
  }
  if (prior) {
    context.font = `12.5px ${font}`;
    for (const [deviations, word] of [[1, words.prior_1], [2, words.prior_2]]) {
      const at = freePlace(deviations, medians.map((/** @type {any} */ cluster) => cluster.at));
      haloText(context, word, plane.x(at[0]), plane.y(at[1]), colour, inks.paper, 6);
    }
  }
}

/** Names that would lie on each other, pushed apart to `room`. */
function apart(/** @type {{digit: number, at: number[]}[]} */ names, /** @type {number} */ room) {
  const moved = names.map(({ digit, at }) => ({ digit, at: [...at] }));
  for (let round = 0; round < 30; round++) {
    for (const one of moved) {
      for (const other of moved) {
        if (one === other) continue;
        const [dx, dy] = [other.at[0] - one.at[0], other.at[1] - one.at[1]];
        const distance = Math.hypot(dx, dy);
        if (distance >= room) continue;
        const push = (room - distance) / 2;
        const [ux, uy] = distance > 0 ? [dx / distance, dy / distance] : [1, 0];
        one.at = [one.at[0] - push * ux, one.at[1] - push * uy];
        other.at = [other.at[0] + push * ux, other.at[1] + push * uy];
      }
    }
  }
  return moved;
}

/** A dot to stamp, with room for its soft edge. */
function dot(/** @type {number} */ radius, /** @type {string} */ colour) {
  const canvas = document.createElement("canvas");
  const context = fitCanvas(canvas, 2 * radius + 2, 2 * radius + 2);
  context.fillStyle = colour;
  context.beginPath();
  context.arc(radius + 1, radius + 1, radius, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** The place on a circle about the origin that is farthest from the digits' names and from the axes. */
function freePlace(/** @type {number} */ radius, /** @type {number[][]} */ taken) {
  const places = [45, 30, 60, 120, 135, 150, 210, 225, 240, 300, 315, 330].map((degrees) => {
    const angle = (-degrees * Math.PI) / 180;
    const at = [radius * Math.cos(angle), radius * Math.sin(angle)];
    // Words are wide, so a name to the left or right is nearer than one above or below.
    const room = taken.map((name) => Math.hypot((name[0] - at[0]) / 2, name[1] - at[1]));
    return { at, room: Math.min(radius, ...room) };
  });
  return places.reduce((best, place) => (place.room > best.room + 1e-9 ? place : best)).at;
}

/** The ring at z, with hairlines to the map's edges. */
function drawMarker(/** @type {CanvasRenderingContext2D} */ context, /** @type {Plane} */ plane, /** @type {number[]} */ z, /** @type {Theme} */ theme) {
  const inks = INKS[theme];
  const [x, y] = [plane.x(z[0]), plane.y(z[1])];
  context.globalAlpha = 0.35;
  context.strokeStyle = inks.ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, plane.size);
  context.moveTo(0, y);
  context.lineTo(plane.size, y);
  context.stroke();
  context.globalAlpha = 1;
  drawRing(context, [x, y], { colour: inks.ink, paper: inks.paper });
}

/** @param {{model: Model, el: HTMLElement}} view */
function render(view) {
  const anew = ["weights", "layers", "image_shape", "points", "labels", "extent", "prior"];
  return mount(view, { kind: "vae-latent", anew, followed: ["z"] }, build);
}

/** @param {Model} model @param {HTMLElement} body @param {Scope} scope */
function build(model, body, scope) {
  const words = model.get("words");
  const palette = model.get("palette");
  const extent = model.get("extent");
  const fine = extent <= 6 ? 0.05 : extent <= 12 ? 0.1 : 0.5; // each divides every extent that Python sends
  const points = halfFloats(model.get("points"));
  const labels = bytes(model.get("labels"));
  const [height, width] = model.get("image_shape");
  const network = new Network(model.get("layers"), model.get("weights"));
  if (network.inputs !== 2 || network.outputs !== height * width) {
    throw new ShownError("bad_weights", "the decoder does not draw pictures of this size from two numbers");
  }
  const medians = labels.length ? clusters(points, labels) : [];

  // Elements
  const hintId = freshId();
  const map = element("canvas", {
    class: "vae-map", tabindex: "0", role: "application", ...OWN_KEYS,
    "aria-roledescription": words.map_role, "aria-label": words.map_name, "aria-describedby": hintId,
  });
  const digit = element("canvas", { class: "vae-digit", role: "img", "aria-label": words.digit_name });
  if (width * height < 400) digit.classList.add("vae-coarse");
  digit.style.aspectRatio = `${width} / ${height}`;
  const place = element("p", { class: "vae-place" });
  const near = element("p", { class: "vae-near" });
  const live = announcer(scope);
  const sliders = [0, 1].map((axis) =>
    slider(scope, {
      label: words[`slider_${axis + 1}`], min: -extent, max: extent, step: fine,
      text: (value) => shownNumber(value),
      spoken: (value) => fill(words.slider_text, { axis: words[`axis_${axis + 1}`], value: shownNumber(value) }),
      onInput: (value) => moveTo(z.map((old, i) => (i === axis ? value : old))),
    }));
  body.replaceChildren(
    element("div", {},
      element("p", { class: "vae-caption" }, labels.length || points.length ? words.map_caption : words.map_caption_no_codes), map),
    element("div", { class: "vae-digit-panel" },
      element("p", { class: "vae-caption" }, words.digit_caption), digit,
      element("div", { class: "vae-readout" }, place, near)),
    element("div", { class: "vae-sliders" }, ...sliders.map((one) => one.element)),
    element("p", { class: "vae-hint", id: hintId }, words.hint),
    live.element);

  // Drawing
  const drawDigit = picture(digit, height, width);
  const background = document.createElement("canvas");
  let plane = new Plane(extent, 1);
  let size = 0;
  /** @type {number[]} */
  let z = [0, 0];

  const nearest = () => {
    if (!labels.length) return "";
    const label = mostNear(points, labels, z, extent / 15);
    return label === null ? words.near_none : fill(words.near, { label: `${label}` });
  };
  const placeText = () => fill(words.z, { z1: shownNumber(z[0]), z2: shownNumber(z[1]) });

  const drawMap = scope.perFrame(() => {
    if (size === 0) return;
    const context = fitCanvas(map, size, size);
    context.drawImage(background, 0, 0, size, size);
    drawMarker(context, plane, z, currentTheme());
    near.textContent = nearest();
  });
  const drawBackground = () => {
    size = Math.floor(map.clientWidth);
    if (size === 0) return; // not on the page yet, or hidden
    plane = new Plane(extent, size);
    const font = getComputedStyle(body).fontFamily;
    drawStatic(fitCanvas(background, size, size), plane,
      { points, labels, medians, palette, words, font, theme: currentTheme(), prior: model.get("prior") });
    drawMap();
  };

  /** Shows z: the digit at once, the map in the next frame. @param {number[]} next */
  const show = (next) => {
    z = next;
    drawDigit(network.run(z));
    place.textContent = placeText();
    sliders.forEach((one, axis) => one.set(z[axis]));
    drawMap();
  };
  /** Moves z by the reader's hand. @param {number[]} next */
  const moveTo = (next) => {
    const kept = next.map((value) => clamp(Math.round(value * 1000) / 1000, -extent, extent));
    show(kept);
    model.set("z", kept);
    model.save_changes();
  };
  const follow = () => {
    const given = model.get("z");
    const valid = Array.isArray(given) && given.length === 2 && given.every(Number.isFinite);
    const next = valid ? given.map((value) => clamp(value, -extent, extent)) : [0, 0];
    if (next[0] !== z[0] || next[1] !== z[1]) show(next);
  };
  const announce = () => live.say(() => `${placeText()}. ${nearest()}`);

  // Pointer and keys on the map
  const { signal } = scope;
  draggable(scope, map, {
    take: () => true,
    move: (at) => {
      moveTo(plane.point(...at));
      announce();
    },
  });
  map.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 10 : 2) * fine;
    /** @type {Record<string, number[]>} */
    const targets = {
      ArrowLeft: [z[0] - step, z[1]], ArrowRight: [z[0] + step, z[1]],
      ArrowDown: [z[0], z[1] - step], ArrowUp: [z[0], z[1] + step], Home: [0, 0],
    };
    const target = targets[event.key];
    if (!target) return;
    event.preventDefault(); // or the page would scroll
    moveTo(target);
    announce();
  }, { signal });

  scope.onResize(map, drawBackground);
  window.addEventListener("resize", () => drawBackground(), { signal }); // zooming changes the pixel ratio only
  show(z);
  follow();
  watchTheme(scope, drawBackground);
  return follow;
}

export default { render };
