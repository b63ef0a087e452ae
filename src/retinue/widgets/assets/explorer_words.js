// Numbers, sums and sizes in words.

const MINUS = "\u2212";
const CHANNELS = ["red", "green", "blue"];

// A number as people write it: whole ones in full, others to four digits.
function shortNumber(value) {
  if (Math.abs(value) < 1e-9) return "0";
  const nearest = Math.round(value);
  let text = String(nearest);
  if (Math.abs(value - nearest) > 1e-9 * Math.max(1, Math.abs(value))) {
    const decimals = 3 - Math.floor(Math.log10(Math.abs(value)));
    text = value.toFixed(Math.min(Math.max(decimals, 0), 6));
    if (text.includes(".")) text = text.replace(/\.?0+$/, "");
  }
  return text === "-0" ? "0" : text.replace("-", MINUS);
}

// Numbers for the cells of a grid, all to that decimal which is the third digit of the largest.
function cellTexts(values) {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(most)), 0), 6);
  return Array.from(values, (value) => (
    Number.isInteger(value) ? shortNumber(value) : shortNumber(Number(value.toFixed(decimals)))
  ));
}

// A number inside a sum, where a negative number stands in brackets.
function inBrackets(value) {
  const text = shortNumber(value);
  return text.startsWith(MINUS) ? `(${text})` : text;
}

// Height, width, and the channels where there are several.
function sizeOf({ height, width, planes }) {
  return bySize([height, width, ...(planes.length > 1 ? [planes.length] : [])]);
}

// How the window moves, in a few words.
function movesInBrief({ stride, padding, dilation }) {
  const both = (pair) => (pair[0] === pair[1] ? String(pair[0]) : bySize(pair));
  const edges = Array.isArray(padding) ? both(padding) : padding;
  const parts = [`stride ${both(stride)}`, padding === "valid" ? "no padding" : `padding ${edges}`];
  if (Math.max(...dilation) > 1) parts.push(`dilation ${both(dilation)}`);
  return parts.join(", ");
}

// What comes after the convolution, in a few words.
function laterInBrief({ activation, pooling }) {
  const parts = activation === "relu" ? ["ReLU"] : [];
  if (pooling !== "none") parts.push(`${pooling} pooling`);
  return parts.join(", ") || "nothing";
}

// The formula of one size of the output, filled in.
function sizeFormula(settings, sizes, axis, size) {
  const [before, after] = sizes.padding[axis];
  const around = before || after ? ` + ${before} + ${after}` : "";
  const inside = `(${size}${around} ${MINUS} ${sizes.reach[axis]}) / ${settings.stride[axis]}`;
  return `⌊${inside}⌋ + 1 = ${sizes.output[axis]}`;
}

// How far a dilated kernel reaches along an axis, filled in; empty where it is not dilated.
function reachFormula(settings, sizes, axis) {
  const [dilation, kernel] = [settings.dilation[axis], settings.kernel_size[axis]];
  if (dilation === 1) return "";
  return `${dilation} × (${kernel} ${MINUS} 1) + 1 = ${sizes.reach[axis]}`;
}

// Which rows and columns no window reaches, because the next step would lead out of the picture.
function droppedWords({ dropped, padding }) {
  const [rows, columns] = dropped;
  const parts = [];
  if (rows) parts.push(rows === 1 ? "the last row" : `the last ${rows} rows`);
  if (columns) parts.push(columns === 1 ? "the last column" : `the last ${columns} columns`);
  if (!parts.length) return "";
  const picture = Math.max(...padding.flat()) ? "padded picture" : "picture";
  return `${capitalised(parts.join(" and "))} of the ${picture} (hatched) `
    + `${parts.length + Math.max(rows, columns) > 2 ? "are" : "is"} under no window: `
    + "one step more would not fit.";
}

// Of many products of a sum those that are shown: all whose weight is not 0 if they are few, else
// the first and the last of them; and how many are left out, in words.
function fewOf(terms, most) {
  if (terms.length <= most) return { first: terms, left: "", last: [] };
  const telling = terms.filter((term) => term.weight !== 0);
  if (telling.length <= most) {
    const left = `${counted(terms.length - telling.length, "product")} with weight 0`;
    return { first: telling, left, last: [] };
  }
  const left = `… ${terms.length - 5} more …`;
  return { first: telling.slice(0, 4), left, last: telling.slice(-1) };
}
