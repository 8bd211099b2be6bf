// Four rules race down Himmelblau's surface from one start, on a map, on the surface and as curves;
// the reader chooses the start, the rules, their rates and whose basins are shown.

import {
  REACH, RULES, SIDE, basinSteps, fateOf, heightAt, place, profileOf, sharesOf, sketchOf, startAt,
  startOrder, steepness, surveyed, walkOf, whereabouts,
} from "./descent.js";
import { LOOKS, drawCurves, drawMap, drawSurface, paletteOf, turnTo } from "./himmelblau_views.js";
import { calm, figure, h, num, put, s, short, write } from "./parts.js";

const STEPS = 20000; // the longest race
const percent = (share) => `${(100 * share).toFixed(1)} %`;

// --- Basins in the background -------------------------------------------------------------------

/**
 * Maps of basins, computed a few milliseconds at a time and kept. `show(key, settings)` starts or
 * goes on with one and returns it: { fates, next, total, stage, steps }; `show(null)` stops.
 */
function basinKeeper(ui, survey) {
  const order = startOrder();
  const kept = new Map();
  let now = null;
  let timer = 0;
  let held = false;

  const slice = () => {
    timer = 0;
    const until = performance.now() + 8;
    while (now.next < now.total && performance.now() < until) {
      const [column, row, size] = order[now.next++];
      const fate = now.fate(startAt(column), startAt(row));
      for (let j = row; j < Math.min(SIDE, row + size); j++) {
        now.fates.fill(fate, j * SIDE + column, j * SIDE + Math.min(SIDE, column + size));
      }
    }
    now.stage = now.next === now.total ? "whole" : order[now.next][2];
    go();
    ui.redraw();
  };
  const go = () => {
    if (!timer && now && !held && now.next < now.total) timer = setTimeout(slice);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
  };

  return {
    stop,
    get running() {
      return timer !== 0;
    },
    get current() {
      return now;
    },
    pause() {
      held = !held;
      if (held) stop();
      else go();
      ui.redraw();
    },
    show(key, settings) {
      const name = key && JSON.stringify([key, settings]);
      if (name === (now?.name ?? null)) return now;
      stop();
      held = false;
      now = name && (kept.get(name) ?? fresh(name, key, settings));
      if (name) {
        kept.delete(name); // the oldest stand first
        kept.set(name, now);
        if (kept.size > 12) kept.delete(kept.keys().next().value);
      }
      go();
      return now;
    },
  };

  function fresh(name, key, settings) {
    const steps = basinSteps(key, settings.eta);
    return {
      name, key, eta: settings.eta, steps, next: 0, total: order.length, stage: "none",
      fates: new Int8Array(SIDE * SIDE).fill(-3), fate: fateOf(key, settings, survey, steps),
    };
  }
}

// --- The figure ---------------------------------------------------------------------------------

const SETTINGS = ["eta", "mu", "alpha", "betas"];

function raceFace(ui) {
  const survey = surveyed();
  const palette = paletteOf(ui);
  const map = drawMap(ui, survey, palette);
  const surface = drawSurface(ui, survey, palette);
  const basins = basinKeeper(ui, survey);
  const heightCurves = drawCurves(ui, palette, {
    ylabel: "height f", label: "The height f against the step, logarithmic.",
    range: [1e-12, 1e4], of: "height",
  });
  const slopeCurves = drawCurves(ui, palette, {
    ylabel: "slope ‖∇f‖", label: "The slope against the step, logarithmic.",
    range: [1e-6, 1e4], of: "slope",
  });
  const racing = racePanel(ui);
  const rows = RULES.map((_, n) => ruleRow(ui, n));
  const overlay = basinPanel(ui, basins, survey);
  const spots = pointPanel(ui, survey);
  ui.root.classList.add("bp-himmel");
  ui.stage.classList.add("bp-himmel-stage");
  ui.stage.append(
    h("div", { class: "bp-himmel-view bp-himmel-race" },
      ui.watched(map.canvas), racing.player.root, racing.scrubber),
    h("div", { class: "bp-himmel-view" }, surface.canvas, turnButtons(ui), spots.root),
    heightCurves.root, slopeCurves.root,
  );
  ui.group("Who races, and at which learning rate η", rows.map(({ root }) => root))
    .classList.add("bp-wide", "bp-himmel-rules");
  ui.group("Start, and steps of the race",
    ["x", "y"].map((label, j) => ui.slider({
      trait: "start", index: [j], label, name: `start ${label}`, min: -REACH, max: REACH,
    })),
    racing.steps);
  ui.panel.append(h("div", { class: "bp-himmel-side" }, racing.root, overlay.root));

  const walks = walkKeeper(ui);
  const drawViews = inTurns(ui, [map, surface, heightCurves, slopeCurves]);
  let now;
  let topic = "race";
  return {
    update(changed) {
      const racers = walks();
      const get = (trait) => ui.get(trait);
      const key = get("basins");
      const n = RULES.findIndex((rule) => rule.key === key);
      const basin = basins.show(key || null, n < 0 ? null : settingsOf(ui, n));
      now = {
        racers, basin, start: get("start"), steps: get("steps"),
        step: Math.min(get("step"), get("steps")), point: get("point"), turn: get("view"),
      };
      topic = topicOf(changed) ?? overlay.topic() ?? topic;
      drawViews(now, changed.size > 0);
      rows.forEach((row, k) => row.update(now, racers.find((racer) => racer.n === k), survey));
      racing.update(now);
      overlay.update(now);
      spots.update(now);
    },
    say() {
      if (racing.player.playing) return `Step ${now.step} of ${now.steps}.`;
      if (topic === "point" && now.point >= 0) return spots.sentence(now.point);
      if (topic === "basins" && now.basin) return overlay.sentence(now.basin);
      if (topic === "view") {
        const [azimuth, elevation] = now.turn.map((degrees) => short(degrees));
        return `The surface is turned by ${azimuth}° and seen from ${elevation}° above.`;
      }
      const said = sentenceOf(now, survey);
      heightCurves.name(said);
      slopeCurves.name(said);
      return said;
    },
    stop() {
      basins.stop();
      for (const view of [map, surface, heightCurves, slopeCurves]) view.stop();
    },
  };
}

/**
 * Draws all views, but while the reader's hand drags in one of them only that one each frame, and
 * the others by turns, one a frame: what is under the hand has to follow it.
 */
function inTurns(ui, views) {
  let turn = 0;
  let owed = 0; // views that have not seen the last change
  return (now, changed) => {
    const held = views.find(({ hand }) => hand?.held);
    if (!held) return views.forEach((view) => view.draw(now));
    const others = views.filter((view) => view !== held);
    if (changed) owed = others.length;
    held.draw(now);
    if (!owed) return undefined;
    others[turn++ % others.length].draw(now);
    if (--owed) ui.redraw();
    return undefined;
  };
}

/** What the sentence is about after these traits changed; null where none did. */
function topicOf(changed) {
  if (!changed.size) return null;
  for (const trait of ["point", "basins", "view"]) {
    if (changed.has(trait) && changed.size === 1) return trait;
  }
  return changed.size === 1 && changed.has("speed") ? null : "race";
}

const settingsOf = (ui, n) => ({
  eta: ui.get("eta")[n], mu: ui.get("mu"), alpha: ui.get("alpha"), betas: ui.get("betas"),
});

/** The walks of the rules that race, each computed only where what it depends on has changed. */
function walkKeeper(ui) {
  const kept = RULES.map(() => null);
  return () => RULES.flatMap(({ key }, n) => {
    if (!ui.get("racing").includes(key)) return [];
    const given = settingsOf(ui, n);
    const [start, steps] = [ui.get("start"), ui.get("steps")];
    const name = JSON.stringify([given, start, steps]);
    if (kept[n]?.name !== name) {
      const walk = walkOf(key, given, start, steps);
      let profile; // only the curves need it, and they may have to wait for their turn
      kept[n] = {
        n, name, walk, kept: sketchOf(walk), profile: () => (profile ??= profileOf(walk)),
      };
    }
    return [kept[n]];
  });
}

/** Who is where: rules of which the same is to be said are named together. */
function sentenceOf({ racers, start, steps, step }, survey) {
  const from = `${place(...start)}`;
  if (!racers.length) return "No rule races: switch one on.";
  if (!step) {
    return `At the start ${from} f = ${short(heightAt(...start))} and `
      + `‖∇f‖ = ${short(steepness(...start))}. Press Play, or Step.`;
  }
  const groups = new Map();
  for (const { walk, n } of racers) {
    const words = whereabouts(survey, walk, step);
    groups.set(words[0], { words, names: [...(groups.get(words[0])?.names ?? []), RULES[n].name] });
  }
  const parts = [...groups.values()].map(({ words, names }) => {
    const last = names.pop();
    return names.length ? `${names.join(", ")} and ${last} ${words[1]}` : `${last} ${words[0]}`;
  });
  return `Step ${step} of ${steps} from ${from}: ${parts.join("; ")}.`;
}

// --- Its controls -------------------------------------------------------------------------------

/** Play, step, back, the step under the finger, how many steps, how fast. */
function racePanel(ui) {
  let expected = null;
  const go = (step) => {
    expected = step;
    ui.set({ step });
  };
  const player = ui.player({
    advance: (count) => go(Math.min(ui.get("steps"), ui.get("step") + count)),
    done: () => ui.get("step") >= ui.get("steps"),
    rewind: () => go(0),
    end: () => go(ui.get("steps")),
    rate: () => ui.get("speed"),
  });
  // Somebody else has moved the race: Reset, a link, Python, the finger on the slider.
  ui.follow("step", () => ui.get("step") !== expected && player.stop());
  const range = h("input", {
    type: "range", min: 0, step: 1, "aria-label": "step",
    oninput: () => ui.set({ step: Number(range.value) }),
  });
  const count = h("span", { class: "bp-himmel-count" });
  return {
    player,
    scrubber: h("div", { class: "bp-himmel-scrubber" }, range, count),
    root: h("div", {},
      ui.choice({
        trait: "speed",
        label: calm() ? "Steps a second (Play goes to the end at once)" : "Steps a second",
        options: [10, 60, 300, 1500].map((n) => [n, String(n)]),
      })),
    steps: ui.slider({
      trait: "steps", label: "steps", name: "number of steps", min: 10, max: STEPS,
      log: true, whole: true, digits: 0,
    }),
    update({ step, steps }) {
      put(range, { max: steps, "aria-valuetext": `step ${step} of ${steps}` });
      range.value = step;
      write(count, `${step} / ${steps}`);
    },
  };
}

/** A rule: whether it races, how it is drawn, its rate, and its numbers. */
function ruleRow(ui, n) {
  const { key, name } = RULES[n];
  const { role, dash, mark } = LOOKS[n];
  const box = h("input", {
    type: "checkbox", role: "switch",
    onchange: () => {
      const chosen = (one) => (one === key ? box.checked : ui.get("racing").includes(one));
      ui.set({ racing: RULES.map((rule) => rule.key).filter(chosen) });
    },
  });
  const swatch = s(
    "svg", { viewBox: "0 0 44 16", class: "bp-himmel-swatch", "aria-hidden": "true" },
    s("path", {
      d: "M1 8H43", class: `bp-himmel-curve bp-stroke-${role}`, "stroke-dasharray": dash.join(" "),
    }),
    s("path", { d: mark, transform: "translate(22 8)", class: `bp-himmel-head bp-${role}` }),
  );
  const fixed = h("span", { class: "bp-quiet" });
  const where = h("p", { class: "bp-himmel-where" });
  return {
    root: h("div", { class: "bp-himmel-rule" },
      h("label", { class: "bp-toggle" }, box, swatch,
        h("span", {}, name[0].toUpperCase() + name.slice(1), " ", fixed)),
      ui.slider({
        trait: "eta", index: [n], label: "η", name: `learning rate of ${name}`,
        min: 1e-5, max: 10, log: true,
      }),
      where),
    update({ step }, racer, survey) {
      box.checked = Boolean(racer);
      write(fixed, remembered(ui, key));
      if (!racer) return write(where, "does not race");
      const { walk } = racer;
      const lost = walk.diverged !== null && step >= walk.diverged;
      const end = Math.min(step, walk.last);
      const [x, y] = [walk.x[end], walk.y[end]];
      return write(where, lost
        ? `left the finite numbers at step ${walk.diverged}`
        : `${place(x, y, 4)}  f = ${num(heightAt(x, y))}  ‖∇f‖ = ${num(steepness(x, y))}`
          .replaceAll(" = ", "\u00a0=\u00a0").replace(", ", ",\u00a0"));
    },
  };
}

/** The settings of a rule besides its rate. */
function remembered(ui, key) {
  const [beta1, beta2] = ui.get("betas").map((beta) => short(beta, 6));
  return {
    descent: "",
    momentum: `μ = ${short(ui.get("mu"), 6)}`,
    RMSProp: `α = ${short(ui.get("alpha"), 6)}, ε = 10⁻⁸`,
    Adam: `β₁ = ${beta1}, β₂ = ${beta2}, ε = 10⁻⁸`,
  }[key];
}

function turnButtons(ui) {
  const turn = (text, label, right, up) => ui.button(
    text, () => turnTo(ui, ui.get("view"), right, up), { "aria-label": label, title: label },
  );
  return h("div", { class: "bp-player", role: "group", "aria-label": "View of the surface" },
    turn("⟲", "Turn left", -15, 0), turn("⟳", "Turn right", 15, 0),
    turn("↑", "Tilt, to look from higher", 0, 10), turn("↓", "Tilt, to look from lower", 0, -10));
}

/** Which minimum each start leads to, as an overlay: whose, how far it is, the shares. */
function basinPanel(ui, basins, survey) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Map of basins" });
  const pause = ui.button("Stop", () => basins.pause());
  const work = h("div", { class: "bp-himmel-work" }, bar, pause);
  const legend = h("ul", { class: "bp-himmel-legend" },
    survey.minima.map(({ x, y }, k) => h("li", {},
      h("span", { class: `bp-himmel-ground bp-ground-${k}` }),
      h("span", {}, place(x, y)), h("b", {}))));
  const shares = [...legend.querySelectorAll("b")];
  const note = h("p", { class: "bp-quiet bp-himmel-note" });
  let finished = null;
  return {
    root: h("div", { class: "bp-himmel-basins" },
      ui.choice({
        trait: "basins", label: "Where each start ends: the basins of",
        options: [["", "none"], ...RULES.map(({ key, name }) => [key, name])],
      }),
      work, legend, note),
    /** "basins" once, when a map is complete. */
    topic() {
      const { current } = basins;
      const whole = current?.stage === "whole" ? current.name : null;
      if (whole === finished) return null;
      finished = whole;
      return whole && "basins";
    },
    sentence(basin) {
      const { minima, yet, lost } = sharesOf(basin.fates);
      const rule = RULES.find(({ key }) => key === basin.key).name;
      const name = `${rule} with η = ${short(basin.eta, 6)}`;
      if (basin.stage !== "whole") return `The basins of ${name} are being computed.`;
      const found = survey.minima.map(({ x, y }, k) => `${percent(minima[k])} at ${place(x, y)}`);
      if (yet) found.push(`${percent(yet)} in no valley yet`);
      if (lost) found.push(`${percent(lost)} beyond all numbers`);
      return `Where ${SIDE} times ${SIDE} starts end by ${name} in ${basin.steps} steps: `
        + `${found.join(", ")}.`;
    },
    update({ basin }) {
      for (const part of [legend, note]) put(part, { hidden: !basin });
      put(work, { hidden: !basin || basin.stage === "whole" });
      if (!basin) return;
      bar.value = basin.next / basin.total;
      write(pause, basins.running ? "Stop" : "Go on");
      const { minima, yet, lost } = sharesOf(basin.fates);
      shares.forEach((part, k) => write(part, percent(minima[k])));
      write(note, `${SIDE} × ${SIDE} starts, up to ${basin.steps} steps each`
        + `${yet ? `; ${percent(yet)} in no valley yet` : ""}`
        + `${lost ? `; ${percent(lost)} left the finite numbers` : ""}.`);
    },
  };
}

/** The nine level places: one can be chosen, and a start set down on it. */
function pointPanel(ui, survey) {
  const named = ({ kind, x, y }) => `${kind} ${place(x, y)}`;
  const level = ({ value }) => `f = ${num(value < 1e-9 ? 0 : value)}`;
  const select = h("select", {
    "aria-label": "Level place", onchange: () => ui.set({ point: Number(select.value) }),
  },
    h("option", { value: -1 }, "none chosen"),
    survey.points.map((point, n) => h("option", { value: n }, named(point))));
  const start = ui.button("Set the start here", () => {
    const { x, y } = survey.points[ui.get("point")];
    ui.set({ start: [x, y] });
  });
  const about = h("p", { class: "bp-quiet bp-himmel-note" });
  const curved = ({ eigenvalues: [low, high] }) => `curvatures ${num(low, 2)} and ${num(high, 2)}`;
  return {
    root: h("div", { class: "bp-himmel-points" },
      h("p", { class: "bp-himmel-legendlike", "aria-hidden": "true" }, "The nine level places"),
      h("div", { class: "bp-himmel-pair" }, select, start), about),
    sentence: (n) => `The ${named(survey.points[n])}: ${level(survey.points[n])}, `
      + `∇f = 0, ${curved(survey.points[n])}.`,
    update({ point }) {
      select.value = String(point);
      put(start, { disabled: point < 0 });
      write(about, point < 0
        ? "● minimum   × saddle   ▲ maximum"
        : `${level(survey.points[point])}, ${curved(survey.points[point])}`);
    },
  };
}

/** Whether a linked state is one that the controls can reach. */
function acceptRace(state) {
  const { start, eta, mu, alpha, betas, racing, steps, step, basins, point, view, speed } = state;
  const keys = RULES.map(({ key }) => key);
  const share = (v) => v >= 0 && v < 1;
  const whole = (v, low, high) => Number.isInteger(v) && v >= low && v <= high;
  return start.length === 2 && start.every((v) => Math.abs(v) <= REACH)
    && eta.length === 4 && eta.every((v) => v >= 1e-5 && v <= 10)
    && share(mu) && share(alpha) && betas.length === 2 && betas.every(share)
    && racing.every((key) => keys.includes(key)) && new Set(racing).size === racing.length
    && whole(steps, 1, STEPS) && whole(step, 0, steps)
    && (basins === "" || keys.includes(basins)) && whole(point, -1, 8)
    && view.length === 2 && Math.abs(view[0]) <= 180 && view[1] >= 10 && view[1] <= 90
    && whole(speed, 1, STEPS);
}

export default figure({
  name: "himmelblaudescent",
  title: "A race down Himmelblau’s function",
  traits: ["start", ...SETTINGS, "racing", "steps", "step", "basins", "point", "view", "speed"],
  accept: acceptRace,
  build: raceFace,
});
