// The nodes of the machine: how they are joined, what belongs to which part, and where the equation and the code say
// them.

/** In the order in which their numbers come about. */
export const BOXES = [
  "x",
  "encoder",
  "mean",
  "log_var",
  "exp",
  "epsilon",
  "times",
  "plus",
  "z",
  "decoder",
  "f",
  "likelihood",
  "prior",
  "kl",
  "reconstruction",
  "elbo",
];

/** The term whose colour a node has; ink where it has none. @type {Record<string, string>} */
export const TERM = {
  mean: "posterior",
  log_var: "posterior",
  exp: "posterior",
  times: "posterior",
  plus: "posterior",
  z: "posterior",
  prior: "prior",
  kl: "kl",
  gap: "gap",
  likelihood: "reconstruction",
  reconstruction: "reconstruction",
  elbo: "evidence",
  evidence: "evidence",
};

/** What is in full strength. @type {Record<string, string[]>} */
export const PARTS = {
  machine: BOXES,
  objective: ["likelihood", "prior", "kl", "reconstruction", "elbo"],
  reparameterization: ["mean", "log_var", "exp", "epsilon", "times", "plus", "z"],
  training: BOXES,
};

/** Which boxes are meant by what has none. @type {Record<string, string[]>} */
const MEANT = { evidence: ["elbo"], gap: [], backward: ["elbo", "encoder", "decoder"], step: ["encoder", "decoder"] };

/** The boxes that are lit for a name. @param {string} name */
export function boxesOf(name) {
  return MEANT[name] ?? [name];
}

/** The line of code that computes each node, from 0. @type {Record<string, number>} */
const LINES = {
  x: 0,
  encoder: 0,
  mean: 0,
  log_var: 0,
  exp: 1,
  epsilon: 2,
  times: 3,
  plus: 3,
  z: 3,
  decoder: 4,
  f: 4,
  likelihood: 5,
  reconstruction: 5,
  prior: 6,
  kl: 6,
  elbo: 7,
  backward: 8,
  step: 9,
};

/** The line of code for a name, or -1. @param {string} name */
export function lineOf(name) {
  return LINES[name] ?? -1;
}

/** What each line of code stands for. */
export const LINE_NODES = [
  "encoder",
  "exp",
  "epsilon",
  "plus",
  "f",
  "reconstruction",
  "kl",
  "elbo",
  "backward",
  "step",
];

/** Eq. (4) in pieces: [what it stands for, its word, its term]; the signs between them stand for nothing. */
export const EQUATION = /** @type {[string, string, string][]} */ ([
  ["evidence", "eq_evidence", "evidence"],
  ["", "minus", ""],
  ["gap", "eq_gap", "gap"],
  ["", "equals", ""],
  ["plus", "eq_draw", "reconstruction"],
  ["reconstruction", "eq_likelihood", "reconstruction"],
  ["", "minus", ""],
  ["kl", "eq_kl", "kl"],
  ["mean", "eq_q", "posterior"],
  ["", "eq_bars", "kl"],
  ["prior", "eq_prior", "prior"],
  ["", "eq_end", "kl"],
]);

/** The pieces of Eq. (4) that are lit for a name, by their places. @type {Record<string, number[]>} */
const PIECES = {
  x: [0, 5],
  encoder: [4, 8],
  mean: [4, 8],
  log_var: [4, 8],
  exp: [4, 8],
  epsilon: [4],
  times: [4],
  plus: [4],
  z: [4],
  decoder: [5],
  f: [5],
  likelihood: [5],
  reconstruction: [4, 5],
  prior: [10],
  kl: [7, 8, 9, 10, 11],
  elbo: [4, 5, 7, 8, 9, 10, 11],
  evidence: [0],
  gap: [2],
  backward: [4, 5, 7, 8, 9, 10, 11],
};

/** @param {string} name */
export function piecesOf(name) {
  return PIECES[name] ?? [];
}

/**
 * The lines between the nodes. A place is a side of a node and how far along it; `way` are corners in between, each
 * the place of one coordinate: "x" or "y", a node's side, and pixels from there. `label` is the side of the longest
 * piece on which the number of the way back stands, and how far along it.
 * @typedef {{from: string, to: string, start: string, end: string, way: string[], label: string}} Wire
 */

/** @param {string} text as "x r.5 encoder l.5", the corners behind it, and the label's place @returns {Wire} */
function wire(text) {
  const [from, start, to, end, ...rest] = text.split(" ");
  const [way, [label = ""]] = [":", "@"].map((sign) => rest.filter((one) => one.includes(sign)));
  return { from, start, to, end, way, label: label.slice(1) };
}

/** In a row. */
export const WIDE = [
  "x r.5 encoder l*",
  "encoder r* mean l.5",
  "encoder r* log_var l.5",
  "log_var r.5 exp l.5",
  "exp r.5 times l.5",
  "epsilon t.5 times b.5 @r.5",
  "times r.5 plus b.5",
  "mean r.5 plus l.5",
  "plus r.5 z l.5",
  "z r.5 decoder l*",
  "decoder r* f l.5",
  "f b.5 likelihood t*",
  "likelihood b.5 reconstruction t.5",
  "x b.5 reconstruction b.5 y:elbo.b+12",
  "mean l.82 kl l.3 x:mean.l-16 @l.5",
  "log_var l.82 kl l.7 x:mean.l-9 @l.66",
  "prior b.5 kl t.5",
  "kl r.5 elbo l.5",
  "reconstruction l.5 elbo r.5",
].map(wire);

/** In the score function's place: from the reconstruction to Q. */
export const WIDE_SCORE = [
  "reconstruction t.07 mean b.7 y:epsilon.b+16 x:times.l-14 y:mean.b+7 @a.4",
  "reconstruction t.07 log_var t.7 y:epsilon.b+16 x:times.l-14 y:mean.b+7 @u.4",
].map(wire);

/** In a column. */
export const TALL = [
  "x r.5 encoder l*",
  "encoder r* mean l.5",
  "encoder t.5 log_var t.5 y:encoder.t-8",
  "log_var b.5 exp t.5",
  "exp b.5 times t.5",
  "epsilon t.5 times b.5 @l.5",
  "times l.5 plus r.5",
  "mean b.5 plus t.5 @r.75",
  "plus b.5 z t.5",
  "z l.5 decoder r*",
  "decoder l* f r.5",
  "f b.5 likelihood t*",
  "likelihood r* reconstruction l.5",
  "x b.5 reconstruction b.3 y:x.b+6 x:x.l-7 y:likelihood.b+7",
  "mean b.25 kl r.3 y:encoder.b+3 x:kl.r+9 @l.3",
  "log_var b.2 kl r.7 y:encoder.b+10 x:kl.r+16 @r.7",
  "prior r* kl l.5",
  "kl b.5 elbo t.2 y:decoder.t-7 x:kl.r+8 y:likelihood.b+14",
  "reconstruction b.8 elbo t.8",
].map(wire);

export const TALL_SCORE = [
  "reconstruction t.6 mean b.8 y:reconstruction.t-8 x:exp.l-10 y:mean.b+9 @l.12",
  "reconstruction t.6 log_var b.2 y:reconstruction.t-8 x:exp.l-10 y:mean.b+9 @l.25",
].map(wire);
