// A picture or a map as a learner sees it: its numbers where they are few, else its pixels, and on
// top of them the window, the padding, and what no window reaches.

const SMOOTH = 128; // rows or columns of a map whose single pixels need not be seen
const MOST_CELLS = 16; // rows or columns of a map whose numbers are written
const WIDEST = 28; // rem that a frame is wide or high
const CELL = 2.75; // rem of a cell with a number
const LEAST_SHARE = 0.03; // of the picture: a smaller window gets a ring, for the eye to find it
const RING_SHARE = 0.08;

// Whether the numbers of a map are written into its cells.
function showsNumbers({ planes, height, width }) {
  return planes.length === 1 && Math.max(height, width) <= MOST_CELLS;
}

// A frame with its caption. `onPoint([row, column])` is called for a cell pressed or dragged to,
// `onMove([down, right])` for arrow keys.
function mapFrame(label, { onPoint, onMove }) {
  const view = {
    shape: { height: 1, width: 1 },
    canvas: element("canvas", { class: "pixels", "aria-hidden": "true" }),
    cells: element("div", { class: "cells" }),
    overlay: svgElement("svg", { "aria-hidden": "true", preserveAspectRatio: "none" }),
    dropped: [0, 1].map(() => element("div", { class: "dropped", hidden: true })),
    title: element("strong"),
    note: element("span", { class: "soft" }),
    frame: element("div", { class: "frame", role: "application", "aria-label": label }),
  };
  view.frame.append(view.canvas, view.cells, view.overlay, ...view.dropped);
  keyMoves(view.frame, (right, down) => onMove([down, right]));
  // Inside of a cell the arrows belong to its number.
  view.cells.addEventListener("keydown", (event) => event.stopPropagation());
  followPointer(view.frame, view.shape, onPoint);
  view.node = element("div", { class: "map" },
    element("div", { class: "caption" }, view.title, " ", view.note),
    element("div", { class: "scroller" }, view.frame));
  return view;
}

// Calls `onPoint` with the cell under a press, and under every move while it lasts.
function followPointer(frame, shape, onPoint) {
  const tell = (event) => {
    const { x, y } = pointAt(frame, event, shape);
    onPoint([Math.floor(y), Math.floor(x)]);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    if (!event.target.matches("input")) frame.setPointerCapture(event.pointerId);
    tell(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) tell(event);
  });
}

// Give the frame the proportions of a map.
function layOut(view, { height, width }, asCells) {
  Object.assign(view.shape, { height, width });
  const rem = asCells ? CELL * width : WIDEST * Math.min(1, width / height);
  view.frame.style.aspectRatio = `${width} / ${height}`;
  view.frame.style.maxWidth = `${Math.min(rem, WIDEST).toFixed(2)}rem`;
  view.frame.style.minWidth = asCells ? `${24 * width}px` : "0";
  view.frame.classList.toggle("numbers", asCells);
  view.canvas.hidden = asCells;
  view.cells.hidden = !asCells;
  view.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  view.cells.style.gridTemplateColumns = `repeat(${width}, minmax(0, 1fr))`;
  view.cells.style.setProperty("--columns", width);
}

// Show a map in the colours of a scale; few numbers are written. `data-values` has them in full.
function showMap(view, map, scale) {
  const asCells = showsNumbers(map);
  layOut(view, map, asCells);
  view.frame.dataset.shape = [map.planes.length, map.height, map.width].join("x");
  if (asCells) {
    const signed = scale.kind === "signed" || map.planes[0].some((value) => value < 0);
    const limit = Math.max(-scale.low, scale.high);
    showCells(view.cells, map.planes[0], (value) => tintOf(value, limit, signed));
    view.frame.dataset.values = JSON.stringify([...map.planes[0]]);
  } else {
    view.frame.dataset.values = "";
    view.canvas.classList.toggle("pixels", Math.max(map.width, map.height) < SMOOTH);
    drawPixels(view.canvas, colouredBytes(map, scale), map.width, map.height, 4);
  }
  return asCells;
}

// As many cells as there are numbers, made or removed only where their count has changed.
function cellsFor(cells, count) {
  while (cells.children.length > count) cells.lastChild.remove();
  while (cells.children.length < count) cells.append(element("div", { class: "cell" }));
  return [...cells.children];
}

// Write numbers into cells, each tinted; the longest says how large the letters may be.
function showCells(cells, values, tint) {
  const texts = cellTexts(values);
  cellsFor(cells, values.length).forEach((cell, index) => {
    if (cell.textContent !== texts[index]) cell.textContent = texts[index];
    tinted(cell, tint(values[index]));
  });
  fitLetters(cells, texts);
}

function fitLetters(cells, texts) {
  cells.dataset.letters = Math.min(Math.max(...texts.map((text) => text.length)), 7);
}

function tinted(cell, { name, share }) {
  if (cell.dataset.tint !== name) cell.dataset.tint = name;
  cell.style.setProperty("--share", share);
}

// A cell to type a number into.
function typedCell(attributes, fits, take) {
  const cell = numberField({ class: "cell", ...attributes }, fits, take);
  cell.addEventListener("focus", () => cell.select());
  return cell;
}

// Outlines on top of the cells: [class, [row, column, height, width]] each, squares for taps, and a
// veil over all that lies around a box. Lines on pictures lie on a halo, to be seen anywhere.
function mark(view, rectangles, taps = [], around = null) {
  const rectangle = (name, [row, column, height, width]) => svgElement("rect", {
    class: name, x: column, y: row, width: Math.max(0, width), height: Math.max(0, height),
  });
  const path = (name, d) => svgElement("path", { class: name, "fill-rule": "evenodd", d });
  const nodes = rectangles.flatMap(([name, box]) => [
    ...(name === "window" || name === "ring" ? [rectangle(`${name}-halo`, box)] : []),
    rectangle(name, box),
  ]);
  if (taps.length) {
    const square = ([row, column]) => `M${column + 0.1} ${row + 0.1}h.8v.8h-.8z`;
    nodes.push(path("taps", taps.map(square).join("")));
  }
  if (around) {
    const [row, column, height, width] = around;
    const all = `M0 0h${view.shape.width}v${view.shape.height}h-${view.shape.width}z`;
    nodes.unshift(path("around", `${all}M${column} ${row}h${width}v${height}h-${width}z`));
  }
  view.overlay.replaceChildren(...nodes);
}

// A rectangle around a window that is too small to be found.
function ringAround([row, column, height, width], shape) {
  const least = LEAST_SHARE * Math.max(shape.height, shape.width);
  if (height >= least && width >= least) return [];
  const ring = RING_SHARE * Math.max(shape.height, shape.width);
  const [tall, wide] = [Math.max(ring, height), Math.max(ring, width)];
  return [["ring", [row + (height - tall) / 2, column + (width - wide) / 2, tall, wide]]];
}

// What comes after a cell in reading order: the rest of its row, and the rows below.
function veilAfter([row, column], { height, width }) {
  return [
    ["veil", [row, column + 1, 1, width - column - 1]],
    ["veil", [row + 1, 0, height - row - 1, width]],
  ];
}

// Hatch the last rows and columns.
function hatch(view, [rows, columns]) {
  const { height, width } = view.shape;
  const [bottom, right] = view.dropped;
  bottom.hidden = rows === 0;
  right.hidden = columns === 0;
  bottom.style.inset = `${(100 * (height - rows)) / height}% 0 0 0`;
  // The corner is hatched once.
  right.style.inset = `0 0 ${(100 * rows) / height}% ${(100 * (width - columns)) / width}%`;
}
