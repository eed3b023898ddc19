import { describe, expect, it } from "vitest";
import { plotsPage } from "./plots.ts";
import { curveOf } from "./set-result.ts";
import type { GradeFigures, SetResult } from "./set-result.ts";

function figures(tp: number, fp: number, fn: number): GradeFigures {
  const precision = tp + fp === 0 ? 1 : tp / (tp + fp);
  const recall = tp + fn === 0 ? 1 : tp / (tp + fn);
  return { tp, fp, fn, precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}

const INVENTED: SetResult = {
  set: "invented",
  curve: [
    { score: 170, tp: 90, fp: 0, fn: 10 },
    { score: 80, tp: 96, fp: 1, fn: 4 },
    { score: 62, tp: 99, fp: 9, fn: 1 },
  ],
  grades: { strong: figures(90, 0, 10), probable: figures(96, 1, 4), possible: figures(99, 9, 1) },
  comparisons: 1_234_567,
  falseAlertsPer10k: 0.0729,
  tokensPerRecord: 15.4,
  seconds: 1.5,
};

const WITHOUT_TRUTH: SetResult = {
  ...INVENTED,
  set: "negatives",
  curve: [{ score: 62, tp: 0, fp: 3, fn: 0 }],
  grades: { strong: figures(0, 0, 0), probable: figures(0, 0, 0), possible: figures(0, 3, 0) },
};

describe("the curve of a set", () => {
  it("adds up right and false alerts from the highest score down, one point for each score", () => {
    const pairs = [
      { score: 62, isTrue: false },
      { score: 170, isTrue: true },
      { score: 62, isTrue: true },
      { score: 80, isTrue: true },
    ];
    expect(curveOf(pairs, 5)).toEqual([
      { score: 170, tp: 1, fp: 0, fn: 4 },
      { score: 80, tp: 2, fp: 0, fn: 3 },
      { score: 62, tp: 3, fp: 1, fn: 2 },
    ]);
  });
});

describe("the page of plots", () => {
  it("needs nothing beside itself: no script, no address, nothing to load", () => {
    const page = plotsPage([INVENTED, WITHOUT_TRUTH]);
    expect(page).not.toMatch(/<script|<link|<img|https?:|@import|\ssrc=|\son\w+=/i);
    expect(page.match(/href="[^"]*"/g)).toEqual(['href="#set-invented"', 'href="#set-negatives"']);
  });

  it("closes every element that it opens", () => {
    const page = plotsPage([INVENTED, WITHOUT_TRUTH]);
    for (const name of [
      "main",
      "section",
      "div",
      "table",
      "tr",
      "th",
      "td",
      "figure",
      "svg",
      "g",
      "text",
      "ul",
      "li",
    ]) {
      const opened = page.match(new RegExp(`<${name}[\\s>]`, "g"))?.length;
      expect([name, opened]).toEqual([name, page.match(new RegExp(`</${name}>`, "g"))?.length]);
    }
  });

  it("gives each threshold's figures at its point, in a corner of the axes that shows all grades", () => {
    const page = plotsPage([INVENTED]);
    expect(page).toContain("from score 80: precision 0.9897, recall 0.9600");
    // The least recall of a grade is 0.9 and the least precision 0.917, so both axes begin at 0.9.
    expect(page).toContain('text-anchor="middle">0.9</text>');
    expect(page).toContain('text-anchor="end">0.9</text>');
    expect(page).not.toMatch(/>0\.[0-8]\d*<\/text>/);
    // A recall of 0.9 stands on the left edge, a precision of 1 on the upper one.
    expect(page).toContain('<circle class="point" cx="60" cy="12" r="2">');
  });

  it("marks no grade that raised no alert", () => {
    const marks = (result: SetResult) => plotsPage([result]).match(/<title>(strong|probable|possible)/g);
    expect(marks(INVENTED)).toHaveLength(3);
    expect(marks({ ...INVENTED, grades: { ...INVENTED.grades, strong: figures(0, 0, 100) } })).toHaveLength(2);
  });

  it("says so, instead of a plot, where a set has no true pair", () => {
    const page = plotsPage([WITHOUT_TRUTH]);
    expect(page).toContain("no true pair");
    expect(page).not.toContain('role="img"');
    expect(page).not.toContain("NaN");
  });

  it("shows recall by script where there are such figures", () => {
    const recall = { strong: 0.5, probable: 0.75, possible: 0.875 };
    const page = plotsPage([{ ...INVENTED, scripts: [{ script: "Arabic, Latin", pairs: 8, recall }] }]);
    expect(page).toContain('<th scope="row">Arabic, Latin</th><td>8</td><td>0.7500</td><td>0.8750</td>');
  });

  it("keeps the name of a set a text", () => {
    const page = plotsPage([{ ...INVENTED, set: '<b onclick="x">&' }]);
    expect(page).toContain("<h2>&lt;b onclick=&quot;x&quot;&gt;&amp;</h2>");
    expect(page).not.toContain("<b onclick");
  });
});
