/** Precision against recall as SVG. Each axis begins just below the least figure of a grade: the corner is where sets differ. */
import { GRADES } from "./set-result.ts";
import type { CurvePoint, GradeFigures, GradeName, SetResult } from "./set-result.ts";

/** In units of the drawing; about one to a pixel on a phone. */
const WIDTH = 320;
const HEIGHT = 300;
const LEFT = 60;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 44;

const LOWEST_SHARES = [0.95, 0.9, 0.8, 0.5, 0];
const STEPS = 5;

type Place = { readonly precision: number; readonly recall: number };
/** Where the axes begin: the least recall and the least precision shown. */
type Corner = Place;
type Scale = { readonly x: (recall: number) => number; readonly y: (precision: number) => number };

/** `name`: the set's name, as HTML text. */
export function curvePlot({ set, curve, grades }: SetResult, name: string): string {
  const graded = GRADES.filter((grade) => grades[grade].tp + grades[grade].fp > 0);
  const corner = {
    precision: lowestShare(graded.map((grade) => grades[grade].precision)),
    recall: lowestShare(graded.map((grade) => grades[grade].recall)),
  };
  const scale = scaleFrom(corner);
  const id = `clip-${set.replaceAll(/[^A-Za-z0-9-]/g, "-")}`;
  const points = curve.filter(({ tp, fp }) => tp + fp > 0).map((point) => ({ ...point, ...placeOf(point) }));
  const drawn = points.filter((point, i) => i === 0 || !isSamePlace(point, points[i - 1] as Place));
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Precision against recall, ${name}">
<clipPath id="${id}"><rect x="${LEFT - 3}" y="${TOP - 3}" width="${WIDTH - LEFT - RIGHT + 6}" height="${HEIGHT - TOP - BOTTOM + 6}"/></clipPath>
${axes(corner, scale)}
<g clip-path="url(#${id})">
${drawn.length > 0 ? `<path class="curve" d="${pathOf(drawn, scale)}"/>` : ""}
${drawn.map((point) => dot(point, scale)).join("")}
</g>
${graded.map((grade) => gradePoint(grade, grades[grade], scale)).join("\n")}
</svg>`;
}

/** Outlines of three sizes: they can be told apart where they lie on one another. */
export function gradeMarker(grade: GradeName, x: number, y: number): string {
  switch (grade) {
    case "strong":
      return `<rect class="grade" x="${x - 9}" y="${y - 9}" width="18" height="18"/>`;
    case "probable":
      return `<circle class="grade" cx="${x}" cy="${y}" r="6.5"/>`;
    case "possible":
      return `<path class="grade" d="M${x} ${y - 4}L${x + 4} ${y + 3}H${x - 4}Z"/>`;
  }
}

function placeOf({ tp, fp, fn }: CurvePoint): Place {
  return { precision: tp / (tp + fp), recall: tp / (tp + fn) };
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.precision === b.precision && a.recall === b.recall;
}

function lowestShare(figures: readonly number[]): number {
  const least = Math.min(1, ...figures);
  return LOWEST_SHARES.find((lowest) => lowest <= least) ?? 0;
}

function scaleFrom(corner: Corner): Scale {
  const part = (value: number, lowest: number) => (value - lowest) / (1 - lowest);
  return {
    x: (recall) => shortened(LEFT + part(recall, corner.recall) * (WIDTH - LEFT - RIGHT)),
    y: (precision) => shortened(TOP + (1 - part(precision, corner.precision)) * (HEIGHT - TOP - BOTTOM)),
  };
}

/** A threshold either raises an alert or not: between two of them there is nothing to interpolate, so the line is a staircase. */
function pathOf(points: readonly Place[], { x, y }: Scale): string {
  const [first, ...rest] = points as [Place, ...Place[]];
  const steps = rest.map(({ precision, recall }) => `H${x(recall)}V${y(precision)}`);
  return `M${x(first.recall)} ${y(first.precision)}${steps.join("")}`;
}

function dot(point: CurvePoint & Place, { x, y }: Scale): string {
  const { score, precision, recall } = point;
  const title = `from score ${score}: precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}`;
  return `<circle class="point" cx="${x(recall)}" cy="${y(precision)}" r="2"><title>${title}</title></circle>`;
}

function gradePoint(grade: GradeName, { precision, recall }: GradeFigures, { x, y }: Scale): string {
  const title = `${grade}: precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}`;
  return `<g><title>${title}</title>${gradeMarker(grade, x(recall), y(precision))}</g>`;
}

function axes(corner: Corner, { x, y }: Scale): string {
  const valuesFrom = (lowest: number) =>
    Array.from({ length: STEPS + 1 }, (_, i) => lowest + ((1 - lowest) * i) / STEPS);
  const [bottom, end] = [HEIGHT - BOTTOM, WIDTH - RIGHT];
  const across = valuesFrom(corner.precision).map(
    (value) => `<path class="grid" d="M${LEFT} ${y(value)}H${end}"/>
<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  const up = valuesFrom(corner.recall).map(
    (value) => `<path class="grid" d="M${x(value)} ${TOP}V${bottom}"/>
<text x="${x(value)}" y="${bottom + 16}" text-anchor="middle">${label(value)}</text>`,
  );
  return `${across.join("\n")}
${up.join("\n")}
<text x="${(LEFT + end) / 2}" y="${HEIGHT - 8}" text-anchor="middle">Recall</text>
<text transform="translate(11 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">Precision</text>`;
}

function label(value: number): string {
  return String(Number(value.toFixed(2)));
}

function shortened(value: number): number {
  return Number(value.toFixed(1));
}
