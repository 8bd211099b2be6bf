// The views of a race down Himmelblau's surface: a map, the surface turned by hand, curves against
// the step. Each is built once and draws what the figure hands it: { racers, start, step, … }.

import {
  REACH, SIDE, contours, countUpTo, heightAt, hidden, outline, place, projection, startAt, tall,
} from "./descent.js";
import { clamp, h, plot, put, s, short } from "./parts.js";

// --- What both views draw -----------------------------------------------------------------------

const TAIL = 400; // of a walk that hops wildly only so many of its last hops are drawn

/** How each rule is drawn: its colour, its dashes, its mark, told apart by any one of them. */
export const LOOKS = [
  { role: "forward", dash: [], mark: "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z" },
  { role: "backward", dash: [7, 4], mark: "M-4.6 -4.6H4.6V4.6H-4.6Z" },
  { role: "good", dash: [9, 3, 2, 3], mark: "M0 -6L5.6 4.4H-5.6Z" },
  { role: "result", dash: [2, 2.6], mark: "M0 -6.4L6 0L0 6.4L-6 0Z" },
];
const MARKS = {
  minimum: "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
  saddle: "M-4 -4L4 4M4 -4L-4 4",
  maximum: "M0 -5L5 4H-5Z",
};

/**
 * A canvas as wide as its place, sharp on any screen. `begin(key)` clears it and returns a sheet to
 * draw on; null where it has no size, or shows just what the key stands for.
 */
function canvasOf(ui, attributes) {
  const canvas = h("canvas", attributes);
  const watch = new ResizeObserver(() => ui.redraw());
  watch.observe(canvas);
  let shown;
  return {
    canvas,
    stop: () => watch.disconnect(),
    begin(key) {
      const { clientWidth: width, clientHeight: height } = canvas;
      const scale = devicePixelRatio || 1;
      const full = `${key} ${width} ${height} ${scale}`;
      if (!width || !height || full === shown) return null;
      shown = full;
      const wanted = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) {
        [canvas.width, canvas.height] = wanted;
      }
      const pen = canvas.getContext("2d");
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, width, height);
      return { pen, width, height, scale };
    },
  };
}

/** What of a race a view shows, as a key: its walks, how far it has come, where it starts. */
const raceKey = ({ racers, start, step }) =>
  `${racers.map(({ n, name }) => `${n} ${name}`)} ${step} ${start}`;

/** A layer that is drawn anew only where its key changes. */
function layerOf() {
  const canvas = document.createElement("canvas");
  let drawnFor;
  return (key, { width, height, scale }, draw) => {
    const full = `${key} ${width} ${height} ${scale}`;
    if (drawnFor !== full) {
      drawnFor = full;
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      draw(pen);
    }
    return canvas;
  };
}

/** A mark with an edge in the colour of the paper. */
function stamp(pen, shape, x, y, fill, edge, size = 1) {
  pen.save();
  pen.translate(x, y);
  pen.scale(size, size);
  const path = new Path2D(shape);
  pen.setLineDash([]);
  pen.lineJoin = "round";
  pen.lineWidth = 3 / size;
  pen.strokeStyle = edge;
  pen.stroke(path);
  pen.fillStyle = fill;
  pen.strokeStyle = fill;
  pen.lineWidth = 2 / size;
  if (shape === MARKS.saddle) pen.stroke(path);
  else pen.fill(path);
  pen.restore();
}

/** Where the race starts. */
function crosshair(pen, x, y, { ink, paper }) {
  const arms = new Path2D();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    arms.moveTo(x + 4 * dx, y + 4 * dy);
    arms.lineTo(x + 12 * dx, y + 12 * dy);
  }
  pen.setLineDash([]);
  for (const [colour, width] of [[paper, 4.5], [ink, 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke(arms);
  }
}

/** A text that stays readable on lines. */
function haloed(pen, text, x, y, { ink, paper }) {
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.lineJoin = "round";
  pen.setLineDash([]);
  pen.lineWidth = 3.5;
  pen.strokeStyle = paper;
  pen.strokeText(text, x, y);
  pen.fillStyle = ink;
  pen.fillText(text, x, y);
}

/** The theme's colours; read again only where its paper has changed. */
export function paletteOf(ui) {
  let now = { paper: null };
  return () => {
    const paper = ui.colour("paper");
    if (paper === now.paper) return now;
    now = {
      paper, ink: ui.colour("ink"), quiet: ui.colour("quiet"), edge: ui.colour("edge"),
      rules: LOOKS.map(({ role }) => ui.colour(role)),
      grounds: [0, 1, 2, 3].map((k) => channels(ui.colour(`basin-${k}`))),
      deep: channels(ui.colour("deep")), high: channels(ui.colour("high")),
    };
    return now;
  };
}

/** "#0b5fa5" → [11, 95, 165]. */
const channels = (hex) => [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16));
const mixed = (a, b, share) => a.map((value, n) => value + share * (b[n] - value));

/** A level place: its mark, and a ring round the chosen one. */
function drawPoint(pen, kind, [x, y], chosen, { ink, paper }) {
  stamp(pen, MARKS[kind], x, y, ink, paper);
  if (!chosen) return;
  pen.beginPath();
  pen.arc(x, y, 11, 0, 2 * Math.PI);
  pen.setLineDash([]);
  pen.lineWidth = 2.5;
  pen.strokeStyle = ink;
  pen.stroke();
}

/** Where a racer is after so many steps. */
function spotOf({ walk }, step) {
  const end = Math.min(step, walk.last);
  return [walk.x[end], walk.y[end]];
}

/** The pen draws in a rule's colour and dashes. */
function dip(pen, n, colours) {
  pen.strokeStyle = colours.rules[n];
  pen.setLineDash(LOOKS[n].dash);
  pen.lineJoin = "round";
  pen.lineWidth = 2.2;
}

// --- The map ------------------------------------------------------------------------------------

const LEVELS = Array.from({ length: 12 }, (_, n) => 2 * 800 ** (n / 11));

/** Where the square of the map lies on its canvas, and where a point of it lies. */
function mapFrame() {
  const frame = {
    left: 22, top: 6, side: 1,
    fit: ({ width, height }) => (frame.side = Math.min(width - 30, height - 26)),
    x: (v) => clamp(frame.left + ((v + REACH) / (2 * REACH)) * frame.side, -1e4, 1e4),
    y: (v) => clamp(frame.top + ((REACH - v) / (2 * REACH)) * frame.side, -1e4, 1e4),
    at: (x, y) => [frame.x(x), frame.y(y)],
    /** The point of the map under a place on the canvas. */
    under: (right, down) => [
      ((right - frame.left) / frame.side) * 2 * REACH - REACH,
      REACH - ((down - frame.top) / frame.side) * 2 * REACH,
    ],
    /** Draw inside the square only. */
    inside(pen, draw) {
      pen.save();
      pen.beginPath();
      pen.rect(frame.left, frame.top, frame.side, frame.side);
      pen.clip();
      draw();
      pen.restore();
    },
  };
  return frame;
}

/** The ground of the map, a pixel a start: by basin where one is shown, else by height. */
function groundOf() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  let drawnFor;
  return (colours, basin) => {
    const key = `${colours.paper} ${basin ? `${basin.name} ${basin.next}` : ""}`;
    if (key === drawnFor) return canvas;
    drawnFor = key;
    const image = new ImageData(SIDE, SIDE);
    const paper = channels(colours.paper);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const fate = basin?.fates[row * SIDE + column];
        const colour = basin
          ? colours.grounds[fate] ?? paper
          : mixed(colours.deep, colours.high, tall(heightAt(startAt(column), startAt(row))));
        image.data.set([...colour, 255], 4 * ((SIDE - 1 - row) * SIDE + column));
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  };
}

/** Contour lines, ticks and level places: what stays while a race runs. */
function drawChart(pen, frame, { lines, points, point }, colours) {
  pen.beginPath();
  for (const pieces of lines) {
    for (let n = 0; n < pieces.length; n += 4) {
      pen.moveTo(...frame.at(pieces[n], pieces[n + 1]));
      pen.lineTo(...frame.at(pieces[n + 2], pieces[n + 3]));
    }
  }
  pen.strokeStyle = colours.edge;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 0.8;
  pen.stroke();
  pen.globalAlpha = 1;
  pen.strokeRect(frame.left, frame.top, frame.side, frame.side);
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = colours.quiet;
  for (let v = -6; v <= 6; v += 2) {
    const last = v === 6; // it would stand out of the canvas
    pen.textAlign = last ? "right" : "center";
    pen.fillText(short(v), frame.x(v) + (last ? 4 : 0), frame.top + frame.side + 14);
    pen.textAlign = "right";
    pen.fillText(short(v), frame.left - 4, frame.y(v) + (last ? 9 : 4));
  }
  points.forEach(({ x, y, kind }, n) => drawPoint(pen, kind, frame.at(x, y), n === point, colours));
}

/** A walk on the map, as far as the race has come. */
function walkOnMap(pen, frame, racer, step, colours) {
  const { walk, kept } = racer;
  const count = countUpTo(kept, step);
  pen.beginPath();
  for (let i = Math.max(0, count - TAIL); i < count; i++) {
    pen.lineTo(...frame.at(walk.x[kept[i]], walk.y[kept[i]]));
  }
  pen.lineTo(...frame.at(...spotOf(racer, step)));
  dip(pen, racer.n, colours);
  pen.stroke();
}

/** The map: a canvas under the reader's hand that sets the start and shows the race. */
export function drawMap(ui, survey, palette) {
  const field = canvasOf(ui, {
    class: "bp-himmel-map", tabindex: 0, role: "application", "aria-roledescription": "map",
  });
  const { canvas } = field;
  const frame = mapFrame();
  const ground = groundOf();
  const layer = layerOf();
  const lines = contours(LEVELS);
  return {
    ...field,
    hand: setStartBy(ui, canvas, frame),
    draw(now) {
      const { racers, start, step, point, basin } = now;
      put(canvas, {
        "aria-label": `Map of Himmelblau's function from −6 to 6. The start is ${place(...start)}. `
          + "The arrow keys move it by a tenth, with Shift by one.",
      });
      const colours = palette();
      const ownGround = basin ? `${basin.name} ${basin.next}` : "";
      const sheet = field.begin(`${raceKey(now)} ${point} ${ownGround} ${colours.paper}`);
      if (!sheet) return;
      const { pen } = sheet;
      frame.fit(sheet);
      const half = frame.side / (SIDE - 1) / 2; // a pixel's middle is its start
      pen.imageSmoothingEnabled = !basin;
      frame.inside(pen, () => pen.drawImage(
        ground(colours, basin), frame.left - half, frame.top - half,
        frame.side + 2 * half, frame.side + 2 * half,
      ));
      const chart = layer(`${colours.paper} ${point}`, sheet,
        (own) => drawChart(own, frame, { lines, points: survey.points, point }, colours));
      pen.drawImage(chart, 0, 0, sheet.width, sheet.height);
      frame.inside(pen, () => {
        racers.forEach((racer) => walkOnMap(pen, frame, racer, step, colours));
        for (const { x, y } of survey.minima) {
          haloed(pen, place(x, y), frame.x(x), frame.y(y) + 19, colours);
        }
        crosshair(pen, ...frame.at(...start), colours);
        for (const racer of step ? racers : []) {
          const [x, y] = frame.at(...spotOf(racer, step));
          stamp(pen, LOOKS[racer.n].mark, x, y, colours.rules[racer.n], colours.paper);
        }
      });
    },
  };
}

/** The start follows the mouse, a tap, and the arrow keys; `held` while the mouse drags it. */
function setStartBy(ui, canvas, frame) {
  const under = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return frame.under(event.clientX - left, event.clientY - top);
  };
  const move = ([x, y]) => ui.set({
    start: [x, y].map((v) => clamp(Number(v.toFixed(2)), -REACH, REACH)),
  });
  let held = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return; // a finger may want to scroll
    held = true;
    canvas.setPointerCapture(event.pointerId);
    move(under(event));
  });
  canvas.addEventListener("pointermove", (event) => held && move(under(event)));
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      held = false;
      ui.redraw();
    });
  }
  canvas.addEventListener("click", (event) => event.detail && move(under(event)));
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const size = event.shiftKey ? 1 : 0.1;
    const [x, y] = ui.get("start");
    move([x + size * arrow[0], y + size * arrow[1]]);
  });
  return {
    get held() {
      return held;
    },
  };
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// --- The surface --------------------------------------------------------------------------------

const MESH = 40; // quadrilaterals along a side
const meshAt = (n) => -REACH + (2 * REACH * n) / MESH;

/** The heights, 0 to 1, of the corners of the mesh, row by row. */
function meshHeights() {
  const wide = MESH + 1;
  return Float64Array.from({ length: wide * wide }, (_, n) => (
    tall(heightAt(meshAt(n % wide), meshAt(Math.floor(n / wide))))));
}

/** The surface as quadrilaterals of `stride` cells, those far away first. */
function drawMesh(pen, heights, stride, view, colours, basin) {
  drawFrame(pen, view, colours);
  const wide = MESH + 1;
  const corners = Array.from(heights, (z, n) => (
    view.spot(meshAt(n % wide), meshAt(Math.floor(n / wide)), z)));
  const count = MESH / stride;
  const order = (far) => (
    Array.from({ length: count }, (_, n) => stride * (far ? count - 1 - n : n)));
  const columns = order(view.farFirst[0]);
  for (const row of order(view.farFirst[1])) {
    for (const column of columns) {
      const n = row * wide + column;
      const [east, north] = [n + stride, n + stride * wide];
      const opposite = north + stride;
      const lean = [heights[east] - heights[n], heights[north] - heights[n]];
      const base = basin
        ? basinColour(basin, column + stride / 2, row + stride / 2, colours)
        : mixed(colours.deep, colours.high, (heights[n] + heights[opposite]) / 2);
      const quad = [n, east, opposite, north].map((k) => corners[k]);
      fillPlump(pen, quad, lit(base, lean.map((rise) => rise / stride)));
    }
  }
}

/** Fill a quadrilateral that is half a pixel larger all round: no hairlines between neighbours. */
function fillPlump(pen, quad, colour) {
  const [x, y] = [0, 1].map((n) => quad.reduce((sum, corner) => sum + corner[n], 0) / 4);
  pen.beginPath();
  for (const [a, b] of quad) {
    pen.lineTo(a + clamp(a - x, -0.5, 0.5), b + clamp(b - y, -0.5, 0.5));
  }
  pen.fillStyle = colour;
  pen.fill();
}

/** The square at height 0, and the names of its sides that lie in front. */
function drawFrame(pen, view, colours) {
  pen.beginPath();
  for (const [x, y] of [[-6, -6], [6, -6], [6, 6], [-6, 6], [-6, -6]]) {
    pen.lineTo(...view.spot(x, y, 0));
  }
  pen.strokeStyle = colours.edge;
  pen.lineWidth = 1;
  pen.stroke();
  const sides = [["x = −6", -6, 0], ["x = 6", 6, 0], ["y = −6", 0, -6], ["y = 6", 0, 6]];
  for (const [text, x, y] of sides) {
    if (view.toEye[0] * x + view.toEye[1] * y < 0.25 * REACH * REACH) continue;
    const [right, down] = view.spot(1.2 * x, 1.2 * y, 0);
    haloed(pen, text, right, down + 4, { ink: colours.quiet, paper: colours.paper });
  }
}

/** What is known of a walk's kept points in one view: where they are, whether they are hidden. */
function sightOf() {
  const sights = new WeakMap();
  return ({ walk, kept }, view, from, to) => {
    let sight = sights.get(kept);
    if (sight?.key !== view.key) {
      sight = { key: view.key, spots: [], unseen: [] };
      sights.set(kept, sight);
    }
    for (let i = from; i < to; i++) {
      if (sight.spots[i]) continue;
      const [x, y] = [walk.x[kept[i]], walk.y[kept[i]]];
      const onMap = Math.abs(x) <= REACH && Math.abs(y) <= REACH;
      sight.spots[i] = onMap ? view.on(x, y) : [NaN, NaN];
      sight.unseen[i] = onMap && hidden(view, x, y);
    }
    return sight;
  };
}

/** A walk on the surface in two strokes: what is seen, and, paler, what the surface hides. */
function walkOnSurface(pen, sight, racer, step, view, colours) {
  const count = countUpTo(racer.kept, step);
  const from = Math.max(0, count - TAIL);
  const { spots, unseen } = sight(racer, view, from, count);
  dip(pen, racer.n, colours);
  for (const behind of [true, false]) {
    pen.beginPath();
    let drawing = false;
    for (let i = from + 1; i < count; i++) {
      const drawn = unseen[i] === behind && !Number.isNaN(spots[i][0] + spots[i - 1][0]);
      if (drawn && !drawing) pen.moveTo(...spots[i - 1]);
      if (drawn) pen.lineTo(...spots[i]);
      drawing = drawn;
    }
    pen.globalAlpha = behind ? 0.3 : 1;
    pen.stroke();
  }
}

/** How the surface lies on a sheet, seen from an azimuth and an elevation. */
function viewOn({ width, height }, turn) {
  const seen = projection(turn);
  const size = Math.min(width, 1.13 * height) / 2.95;
  const spot = (x, y, z) => {
    const [right, up] = seen.at(x, y, z);
    return [width / 2 + size * right, 0.52 * height - size * up];
  };
  return {
    ...seen, spot, key: `${turn} ${width} ${height}`,
    on: (x, y) => spot(x, y, tall(heightAt(x, y))),
  };
}

/** The surface: a canvas that turns under the reader's hand and shows the race. */
export function drawSurface(ui, survey, palette) {
  const field = canvasOf(ui, {
    class: "bp-himmel-surface", tabindex: 0, role: "application",
    "aria-roledescription": "surface",
  });
  const { canvas } = field;
  const heights = meshHeights();
  const layer = layerOf();
  const sight = sightOf();
  const hand = turnBy(ui, canvas);
  return {
    ...field,
    hand,
    draw(now) {
      const { racers, start, step, point, basin, turn } = now;
      put(canvas, {
        "aria-label": `The surface, turned by ${short(turn[0])} degrees and seen from `
          + `${short(turn[1])} degrees above. The arrow keys turn and tilt it.`,
      });
      const colours = palette();
      const stride = hand.held ? 2 : 1; // coarser in the hand: it has to follow
      const ground = `${stride} ${colours.paper} ${basin ? `${basin.name} ${basin.stage}` : ""}`;
      const sheet = field.begin(`${raceKey(now)} ${point} ${turn} ${ground}`);
      if (!sheet) return;
      const { pen } = sheet;
      const view = viewOn(sheet, turn);
      const mesh = layer(`${view.key} ${ground}`, sheet,
        (own) => drawMesh(own, heights, stride, view, colours, basin));
      pen.drawImage(mesh, 0, 0, sheet.width, sheet.height);
      const standing = (x, y, draw) => {
        if (Math.abs(x) > REACH || Math.abs(y) > REACH) return;
        pen.globalAlpha = hidden(view, x, y) ? 0.35 : 1;
        draw(...view.on(x, y));
        pen.globalAlpha = 1;
      };
      survey.points.forEach(({ x, y, kind }, n) => standing(x, y, (...spot) => (
        drawPoint(pen, kind, spot, n === point, colours))));
      racers.forEach((racer) => walkOnSurface(pen, sight, racer, step, view, colours));
      standing(...start, (x, y) => crosshair(pen, x, y, colours));
      for (const racer of step ? racers : []) {
        standing(...spotOf(racer, step), (x, y) => (
          stamp(pen, LOOKS[racer.n].mark, x, y, colours.rules[racer.n], colours.paper)));
      }
    },
  };
}

/** The colour of a place on the mesh by its basin. */
function basinColour({ fates }, column, row, { grounds, paper }) {
  const nearest = (n) => Math.round((n * (SIDE - 1)) / MESH);
  const fate = fates[nearest(row) * SIDE + nearest(column)];
  return grounds[fate] ?? channels(paper);
}

/** A colour under a light from the upper left, on ground that leans so. */
function lit(colour, [dx, dy]) {
  const steep = (RISE * MESH) / 2;
  const [a, b] = [dx * steep, dy * steep];
  const light = (1 + 0.5 * a - 0.35 * b) / Math.sqrt(1 + a * a + b * b) / Math.sqrt(1.3725);
  const shade = 0.72 + 0.36 * light;
  return `rgb(${colour.map((value) => Math.round(clamp(value * shade, 0, 255))).join(" ")})`;
}

/** The surface turns by dragging and by the arrow keys; `held` while it is dragged. */
function turnBy(ui, canvas) {
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = { x: event.clientX, y: event.clientY, turn: ui.get("view") };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) turnTo(ui, held.turn, 0.5 * (event.clientX - held.x), 0.5 * (event.clientY - held.y));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      held = null;
      ui.redraw();
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    turnTo(ui, ui.get("view"), 5 * arrow[0], 5 * arrow[1]);
  });
  return {
    get held() {
      return held !== null;
    },
  };
}

/** Turn on from a view by degrees to the right and upward. */
export function turnTo(ui, [azimuth, elevation], right, up) {
  const around = ((((azimuth - right + 180) % 360) + 360) % 360) - 180;
  ui.set({ view: [around, clamp(elevation + up, 10, 90)].map((v) => Number(v.toFixed(1))) });
}

// --- Curves -------------------------------------------------------------------------------------

/** A quantity of all walks against the step, uncovered as far as the race has come. */
export function drawCurves(ui, palette, { ylabel, label, range, of }) {
  const size = [340, 190];
  const axes = plot({ width: size[0], height: size[1], xlabel: "step", ylabel, label, log: true });
  const field = canvasOf(ui, { "aria-hidden": "true" });
  const layer = layerOf();
  const held = (value) => clamp(value, range[0], range[1]);
  const drawAll = (pen, racers) => {
    for (const racer of racers) {
      pen.beginPath();
      for (const [t, value] of outline(racer.profile()[of], racer.walk.last)) {
        pen.lineTo(axes.x(t), axes.y(held(value)));
      }
      dip(pen, racer.n, palette());
      pen.stroke();
    }
  };
  return {
    stop: field.stop,
    root: h("div", { class: "bp-himmel-plot" }, axes.root, field.canvas),
    name: (text) => put(axes.root, { "aria-label": `${label} ${text}` }),
    draw({ racers, steps, step }) {
      axes.frame({ x: [0, steps], y: range });
      const key = `${palette().paper} ${racers.map(({ name, n }) => `${n} ${name}`)}`;
      const sheet = field.begin(`${key} ${steps} ${step}`);
      if (!sheet || !step) return;
      const { pen, width, height } = sheet;
      const curves = layer(key, sheet, (own) => {
        own.scale(width / size[0], height / size[1]);
        drawAll(own, racers);
      });
      const share = axes.x(step) / size[0];
      pen.drawImage(curves, 0, 0, share * curves.width, curves.height,
        0, 0, share * width, height);
      pen.scale(width / size[0], height / size[1]);
      for (const { n, walk, profile } of racers) {
        const end = Math.min(step, walk.last);
        const spot = [axes.x(end), axes.y(held(profile()[of][end]))];
        const { rules, paper } = palette();
        stamp(pen, LOOKS[n].mark, ...spot, rules[n], paper, 0.85);
      }
    },
  };
}
