// A line chart in SVG: read with the pointer, a finger, or the arrow keys on its slider.

const PLOT = { width: 360, height: 200, left: 48, right: 12, top: 12, bottom: 24 };

// Round numbers from at most `low` to at least `high`, some four steps apart.
function niceTicks(low, high, whole = false) {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const sizes = whole ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  let step = sizes.find((one) => one * power >= rough * (1 - 1e-9)) * power;
  if (whole) step = Math.max(1, step);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, number) => (first + number) * step);
}

// A share as a percentage; only 1 itself is called 100 %.
function percentage(share, digits = 1) {
  const text = (100 * share).toFixed(digits);
  const most = (100 - 10 ** -digits).toFixed(digits);
  return `${share < 1 && Number(text) >= 100 ? most : text}\u00a0%`;
}

// The path of one series through its points; where a value is missing it is interrupted.
function pathOf(points) {
  let pen = "M";
  return points.map((point) => {
    if (!point) { pen = "M"; return ""; }
    const part = `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    pen = "L";
    return part;
  }).join("");
}

// `x` is { key, label }, each of `series` { key, label, kind }; `show` gives a value as text.
// Gives { node, draw(rows, mark) }: rows are mappings, `mark` a place on the x axis or null.
function lineChart({ title, x, series, show = tidy, most = null }) {
  const [titleId, textId, inputId] = [uniqueId(), uniqueId(), uniqueId()];
  const heading = svgElement("title", { id: titleId, text: `${title} by ${x.label}` });
  const told = svgElement("desc", { id: textId });
  const drawn = svgElement("g");
  const cursor = svgElement("g");
  const svg = svgElement("svg", {
    viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img",
    "aria-labelledby": `${titleId} ${textId}`,
  }, heading, told, drawn, cursor);
  const input = element("input", { type: "range", id: inputId, min: 0, max: 0, step: 1 });
  const says = element("p", { class: "soft says" });
  const legend = element("ul", { class: "legend" }, ...(series.length < 2 ? [] : series).map(
    ({ label, kind }) => element("li", {}, svgElement(
      "svg", { viewBox: "0 0 24 8", width: 24, height: 8, "aria-hidden": "true" },
      svgElement("path", { class: `line ${kind}`, d: "M0 4L24 4" }),
    ), label),
  ));
  const reader = element("div", { class: "reader", hidden: true },
    element("label", { class: "heard", for: inputId, text: `${title}: ${x.label} to read` }),
    input, says);
  const node = element("figure", { class: "chart" },
    element("figcaption", {}, element("h4", {}, title,
      element("span", { class: "soft", text: ` by ${x.label}` })), legend), svg, reader);

  let rows = [];
  let scales = null;

  const read = (place) => {
    const row = rows[place];
    const values = series.filter(({ key }) => Number.isFinite(row[key]));
    const text = values.map(({ key, label }) => `${label}: ${show(row[key])}`).join("; ");
    says.textContent = `${x.label} ${thousands(row[x.key])}. ${text || "no value"}`;
    input.value = place;
    input.setAttribute("aria-valuetext", says.textContent);
    const across = scales.across(row[x.key]);
    cursor.replaceChildren(
      svgElement("line", {
        class: "cursor", x1: across, x2: across, y1: PLOT.top, y2: PLOT.height - PLOT.bottom,
      }),
      ...values.map(({ key, kind }) => svgElement(
        "circle", { class: `dot ${kind}`, cx: across, cy: scales.down(row[key]), r: 4 },
      )),
    );
  };
  const nearest = (event) => {
    if (!rows.length) return;
    const at = pointAt(svg, event, PLOT);
    const far = rows.map((row) => Math.abs(scales.across(row[x.key]) - at.x));
    read(far.indexOf(Math.min(...far)));
  };
  svg.addEventListener("pointermove", nearest);
  svg.addEventListener("pointerdown", nearest);
  input.addEventListener("input", () => read(Number(input.value)));

  const draw = (given, mark = null) => {
    const atEnd = Number(input.value) >= rows.length - 1;
    rows = given.filter((row) => series.some(({ key }) => Number.isFinite(row[key])));
    reader.hidden = !rows.length;
    scales = scalesOf(rows, x, series, most);
    drawn.replaceChildren(...axesOf(scales, x, show), ...markOf(scales, mark, most === null),
      ...series.flatMap(({ key, kind }) => lineOf(rows, scales, x.key, key, kind)));
    told.textContent = rows.length ? summaryOf(rows, series, show) : "no values yet";
    input.max = Math.max(0, rows.length - 1);
    if (!rows.length) cursor.replaceChildren();
    else read(atEnd ? rows.length - 1 : Math.min(Number(input.value), rows.length - 1));
  };
  return { node, draw };
}

// From values to places in the picture, and the round numbers on both axes.
function scalesOf(rows, x, series, most) {
  const all = rows.flatMap((row) => series.map(({ key }) => row[key])).filter(Number.isFinite);
  const lowest = all.reduce((one, two) => Math.min(one, two), most ?? 0);
  const highest = most ?? all.reduce((one, two) => Math.max(one, two), 0);
  const ups = highest > lowest ? niceTicks(lowest, highest)
    : niceTicks(highest - (most === null ? 0 : 1), highest + (most === null ? 1 : 0));
  const places = rows.map((row) => row[x.key]);
  const [first, last] = places.length ? [places[0], places[places.length - 1]] : [0, 1];
  const sides = last > first ? [first, last] : [first - 0.5, first + 0.5];
  const between = (from, to, start, length) => (value) =>
    start + ((value - from) / (to - from)) * length;
  return {
    ups,
    acrosses: niceTicks(...sides, true).filter((one) => one >= sides[0] && one <= sides[1]),
    across: between(...sides, PLOT.left, PLOT.width - PLOT.left - PLOT.right),
    down: between(ups[0], ups[ups.length - 1], PLOT.height - PLOT.bottom,
      PLOT.top + PLOT.bottom - PLOT.height),
  };
}

function axesOf({ ups, acrosses, across, down }, x, show) {
  const right = PLOT.width - PLOT.right;
  const low = PLOT.height - PLOT.bottom;
  return [
    ...ups.flatMap((value) => [
      svgElement("line", {
        class: "grid", x1: PLOT.left, x2: right, y1: down(value), y2: down(value),
      }),
      svgElement("text", {
        class: "tick up", x: PLOT.left - 5, y: down(value) + 4, text: show(value),
      }),
    ]),
    ...acrosses.map((value) => svgElement("text", {
      class: "tick along", x: across(value), y: low + 15, text: thousands(value),
    })),
  ];
}

// The best epoch; its name stands where the lines end least often.
function markOf({ across }, mark, isAbove) {
  if (mark === null || !Number.isFinite(across(mark))) return [];
  const place = across(mark);
  const isRight = place > PLOT.width / 2;
  return [
    svgElement("line", {
      class: "mark", x1: place, x2: place, y1: PLOT.top, y2: PLOT.height - PLOT.bottom,
    }),
    svgElement("text", {
      class: `tick best ${isRight ? "left" : ""}`, x: place + (isRight ? -5 : 5),
      y: isAbove ? PLOT.top + 12 : PLOT.height - PLOT.bottom - 5, text: "best",
    }),
  ];
}

function lineOf(rows, { across, down }, along, key, kind) {
  const points = rows.map((row) => (
    Number.isFinite(row[key]) ? [across(row[along]), down(row[key])] : null));
  const dots = rows.length > 30 ? [] : points.filter(Boolean).map(
    ([cx, cy]) => svgElement("circle", { class: `point ${kind}`, cx, cy, r: 2.2 }));
  return [svgElement("path", { class: `line ${kind}`, d: pathOf(points) }), ...dots];
}

// What the lines show, in words: from where to where each goes.
function summaryOf(rows, series, show) {
  return series.map(({ key, label }) => {
    const values = rows.map((row) => row[key]).filter(Number.isFinite);
    if (!values.length) return "";
    return `${label} from ${show(values[0])} to ${show(values[values.length - 1])}`;
  }).filter(Boolean).join("; ");
}

// Rows as a table that is filled while it is open; gives { node, fill(rows) }.
// Each of `columns` is [key, heading, show].
function foldedTable(title, columns) {
  let rows = [];
  const table = tableWith(columns.map(([, heading]) => heading), []);
  const node = element("details", { on: { toggle: () => fill(rows) } },
    element("summary", { text: title }), scrolling(title, table));
  function fill(given) {
    rows = given;
    if (!node.open) return;
    table.tBodies[0].replaceChildren(...rows.map((row) => element("tr", {}, ...columns.map(
      ([key, , show]) => element("td", {
        text: Number.isFinite(row[key]) ? show(row[key]) : "–",
      })))));
  }
  return { node, fill };
}
