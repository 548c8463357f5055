// What the decoder draws everywhere on the map.

import { channels } from "../shared/canvas.js";
import { paintExample } from "../shared/example.js";

/**
 * @import { Look } from "../shared/example.js"
 * @import { Network } from "../shared/network.js"
 * @import { Plane } from "../shared/plane.js"
 * @import { Scene } from "../shared/stage.js"
 * @import { Scope } from "../shared/view.js"
 */

const BACKDROP_INK = 0.6; // how dark its pictures are

/** What the decoder draws at the middle of each cell of a grid over the map. */
export class Backdrop {
  /** @param {Scope} scope @param {Network} network @param {Look} look */
  constructor(scope, network, look) {
    this.network = network;
    this.look = look;
    this.sheet = document.createElement("canvas");
    /** @type {{columns: number, rows: number, values: Uint32Array} | null} */
    this.grid = null;
    this.timer = 0;
    this.asked = this.inked = "";
    scope.onEnd(() => clearTimeout(this.timer));
  }

  /**
   * Decodes the grid for a map of this size in short tasks, unless that is done or under way, then calls back.
   * @param {Plane} plane @param {() => void} ready
   */
  prepare(plane, ready) {
    const { height, width } = this.look;
    const cell = 32 / Math.max(height, width);
    const [columns, rows] = [width, height].map((pixels) =>
      Math.max(1, Math.round(plane.size / Math.max(8, cell * pixels)))
    );
    const asked = `${columns} ${rows}`;
    if (asked === this.asked) return;
    clearTimeout(this.timer);
    this.asked = asked;
    const values = new Uint32Array(columns * (width + 2) * rows * (height + 2)); // with an empty pixel about each
    const pixels = new Uint32Array(height * width);
    let done = 0;
    const slice = () => {
      for (const end = performance.now() + 8; done < columns * rows && performance.now() < end; done++) {
        const [column, row] = [done % columns, Math.floor(done / columns)];
        const z = plane.point(((column + 0.5) * plane.size) / columns, ((row + 0.5) * plane.size) / rows);
        paintExample(this.look, this.network.run(z), pixels);
        for (let i = 0; i < height * width; i++) {
          const [x, y] = [column * (width + 2) + 1 + (i % width), row * (height + 2) + 1 + Math.floor(i / width)];
          values[y * columns * (width + 2) + x] = pixels[i];
        }
      }
      if (done < columns * rows) {
        this.timer = setTimeout(slice);
        return;
      }
      this.grid = { columns, rows, values };
      this.inked = "";
      ready();
    };
    this.timer = setTimeout(slice);
  }

  /**
   * The grid as one picture in a theme's ink, paler than the example itself; null until it is ready.
   * @param {Pick<Scene, "theme" | "inks">} scene
   */
  drawn({ theme, inks }) {
    if (!this.grid || this.inked === theme) return this.grid && this.sheet;
    const { columns, rows, values } = this.grid;
    const { height, width } = this.look;
    [this.sheet.width, this.sheet.height] = [columns * (width + 2), rows * (height + 2)];
    const context = /** @type {CanvasRenderingContext2D} */ (this.sheet.getContext("2d"));
    const image = context.createImageData(this.sheet.width, this.sheet.height);
    const pixels = new Uint32Array(image.data.buffer);
    const [paper, ink] = [inks.paper, inks.ink].map((hex) => channels(hex).reverse());
    const pale = (/** @type {number[]} */ towards, share = 1) =>
      paper.reduce(
        (all, channel, i) => (all << 8) | Math.round(channel + (towards[i] - channel) * BACKDROP_INK * share),
        0xff,
      );
    const shades = Uint32Array.from({ length: 256 }, (_, value) => pale(ink, value / 255));
    values.forEach((value, i) => {
      pixels[i] = value < 256 ? shades[value] : pale([16, 8, 0].map((shift) => (value >> shift) & 255));
    });
    context.putImageData(image, 0, 0);
    this.inked = theme;
    return this.sheet;
  }
}
