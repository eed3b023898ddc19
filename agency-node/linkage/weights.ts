/**
 * Weights of evidence in decibans, learned by `node tests/train/main.ts --half 0 DIR…` on 2026-11-22 from
 * negatives, febrl3-no-id, lists-ofac-un, translit-russian, translit-arabic
 * (5556 true pairs, every second one; the others are held out): the mean over the sets of 10 log10 (m / u), where m is
 * how often the fact agrees between records of one person and u how often between records of two.
 */
export const WEIGHTS = {
  // febrl3-no-id: m 0.876, u 0.0011
  // lists-ofac-un: m 1.00, u 0.0013
  // translit-russian: m 0.921, u 0.00033
  // translit-arabic: m 0.957, u 0.00036
  "name.rare": 32,
  // febrl3-no-id: m 0.969, u 0.0051
  // lists-ofac-un: m 1.00, u 0.0049
  // translit-russian: m 0.963, u 0.0035
  // translit-arabic: m 0.987, u 0.0033
  "name.usual": 24,
  // febrl3-no-id: m 0.939, u 0.014
  // lists-ofac-un: m 1.00, u 0.017
  // translit-russian: m 0.966, u 0.0081
  // translit-arabic: m 0.983, u 0.0083
  "name.frequent": 19,
  // febrl3-no-id: m 0.939, u 0.070
  // lists-ofac-un: m 1.00, u 0.16
  // translit-russian: m 0.969, u 0.039
  // translit-arabic: m 0.970, u 0.035
  "name.common": 12,
  // febrl3-no-id: m 0.988, u 0.11
  // lists-ofac-un: m 1.00, u 0.35
  // translit-russian: m 0.995, u 0.082
  // translit-arabic: m 1.00, u 0.080
  "name.start": 9,
  // Assumed: two thirds of a usual name: the names of one person are not independent.
  "third.any": 16,
  // febrl3-no-id: m 0.946, u 0.000041
  // lists-ofac-un: m 0.979, u 0.00027
  // translit-russian: m 1.00, u 0.000066
  // translit-arabic: m 1.00, u 0.000077
  "birth.full": 41,
  // febrl3-no-id: m 0.947, u 0.0038
  // lists-ofac-un: m 0.979, u 0.0047
  // translit-russian: m 1.00, u 0.0042
  // translit-arabic: m 1.00, u 0.0042
  "birth.monthday": 24,
  // febrl3-no-id: m 0.953, u 0.010
  // lists-ofac-un: m 1.00, u 0.035
  // translit-russian: m 1.00, u 0.018
  // translit-arabic: m 1.00, u 0.018
  "birth.year": 17,
  // lists-ofac-un: m 0.969, u 0.023
  "nationality.same": 16,
  // Assumed: one birth place in sixteen, because persons of one name come from one region.
  "birthplace.same": 12,
  // Assumed: one of two.
  "sex.same": 3,
  // febrl3-no-id: m 0.845, u 0.00097
  "street.same": 29,
  // febrl3-no-id: m 0.863, u 0.014
  "house.same": 18,
  // febrl3-no-id: m 0.963, u 0.0024
  "area.same": 26,
} as const;
