import { describe, expect, it } from "vitest";
import { evaluate } from "../eval/run.ts";
import { person } from "./subjects.ts";

describe("the measurement of matching quality", () => {
  it("counts hits, misses and false alerts per grade and above", () => {
    const left = [
      { id: "a", subject: person("Zdenka Musterova", { birthDates: ["1980-03-24"] }) },
      { id: "b", subject: person("Ferdinand Beispiel", { documents: [{ type: "passport", number: "X1234567" }] }) },
      { id: "c", subject: person("Nobody Anywhere", { birthDates: ["1955"] }) },
    ];
    const right = [
      { id: "A", subject: person("Musterova Zdenka", { birthDates: ["1980-03-24"] }) },
      { id: "B", subject: person("Somebody Else", { documents: [{ type: "passport", number: "X1234567" }] }) },
    ];
    const { report } = evaluate("invented", left, right, new Set(["a,A", "c,B"]));
    expect(report.grades.strong).toMatchObject({ tp: 0, fp: 1, fn: 2 });
    expect(report.grades.probable).toMatchObject({ tp: 1, fp: 1, fn: 1, precision: 0.5, recall: 0.5, f1: 0.5 });
    expect(report).toMatchObject({ comparisons: 6, falseAlertsPer10k: 1666.666667 });
  });
});
