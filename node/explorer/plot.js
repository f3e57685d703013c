// Small plots, drawn when numbers arrive. One axis each, its top and bottom named; pointing tells a value.

import { svg } from "./dom.js";

const HEIGHT = 140;
const LEFT = 34;
const RIGHT = 6;
const TOP = 12;
const BOTTOM = 18;
const INNER = HEIGHT - TOP - BOTTOM;

/**
 * width in pixels. kind: "line", "bars" or "dots". points: [{value, label}], oldest first. ends: what stands under the first and last.
 * show: a value as text. middle: a value to mark by a dashed line.
 */
export function plot(kind, points, width, { show, ends, middle = null, floor = 0 }) {
  const top = scaleTop(Math.max(floor, ...points.map((point) => point.value)));
  const y = (value) => TOP + INNER * (1 - value / top);
  const step = (width - LEFT - RIGHT) / Math.max(points.length, 2);
  const x = (index) => LEFT + step * (index + 0.5);
  const drawing = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  for (const value of [0, top / 2, top]) {
    drawing.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    drawing.append(
      svg(
        "text",
        { x: LEFT - 5, y: y(value) + 3.5, "text-anchor": "end" },
        show(value).replace(/\.0+$|(\.\d)0$/, "$1"),
      ),
    );
  }
  drawing.append(...marks(kind, points, x, y, step));
  if (middle !== null)
    drawing.append(svg("line", { class: "median", x1: LEFT, x2: width - RIGHT, y1: y(middle), y2: y(middle) }));
  drawing.append(svg("text", { x: LEFT, y: HEIGHT - 4 }, ends[0]));
  drawing.append(svg("text", { x: width - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, ends[1]));
  points.forEach((point, index) => {
    const area = svg("rect", { x: x(index) - step / 2, y: TOP, width: step, height: INNER, fill: "transparent" });
    area.append(svg("title", null, `${point.label}: ${show(point.value)}`));
    drawing.append(area);
  });
  return drawing;
}

function marks(kind, points, x, y, step) {
  if (kind === "bars") {
    const wide = Math.max(1, step * 0.72);
    return points.map((point, index) =>
      svg("rect", {
        class: "column",
        x: x(index) - wide / 2,
        y: y(point.value),
        width: wide,
        height: Math.max(0, y(0) - y(point.value)),
      }),
    );
  }
  if (kind === "dots") {
    return points.map((point, index) => svg("circle", { class: "dot", cx: x(index), cy: y(point.value), r: 2.2 }));
  }
  const path = points.map((point, index) => `${x(index).toFixed(1)},${y(point.value).toFixed(1)}`).join(" ");
  return [svg("polyline", { class: "line", points: path })];
}

/** The least of 1, 2, 5, 10, 20, ... that is not below the value. */
function scaleTop(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= value - 1e-12) ?? value;
}
