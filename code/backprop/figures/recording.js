// A recorded run: pictures in order behind a slider. For what no browser should train again.

import { clamp, figure, h, put } from "./parts.js";

/** The number of a frame that exists, whatever was asked for. */
export const present = (frame, count) => clamp(Math.round(frame), 0, count - 1);

function face(ui) {
  const frames = ui.model.get("frames");
  const labels = ui.model.get("labels");
  const count = frames.length;
  const image = h("img", { class: "bp-recorded", alt: "" });
  const at = () => present(ui.get("frame"), count);
  const go = (frame) => ui.set({ frame: present(frame, count) });
  ui.stage.append(image);
  const player = ui.player({
    advance: (steps) => go(at() + steps),
    done: () => at() === count - 1,
    rewind: () => go(0),
    end: () => go(count - 1),
    rate: 8,
  });
  ui.panel.append(
    ui.slider({
      trait: "frame", label: "Frame", name: "frame of the recording", min: 0, max: count - 1,
      step: 1, digits: 0, whole: true,
    }),
    player.root,
  );
  return {
    update() {
      put(image, { src: frames[at()], alt: `${ui.model.get("alt")} Here: ${labels[at()]}.` });
    },
    say: () => `${labels[at()]} (frame ${at() + 1} of ${count}).`,
  };
}

export default figure({
  name: "recording",
  title: "A recorded run",
  traits: ["frame"],
  accept: ({ frame }) => Number.isInteger(frame) && frame >= 0,
  build: face,
});
