// The widget ReceptiveField: a picture with what one unit of a layer sees of it, and the layer's
// units to choose from.

const SIDE = 520; // canvas pixels of the picture with its padding, at least
const RIM = 4; // canvas pixels around it, so that lines along the edge are whole
const UNITS_SIDE = 288; // CSS pixels of the units at most
const LARGEST_UNIT = 30;
const GRADIENT = [213, 94, 0];
const COVER = 0.9; // of the picture, where the gradient is largest
const VEIL = 0.74; // of the paper, where the unit does not look

// The gradient as a canvas of the picture's size: its colour, the more so the stronger it is.
function gradientCanvas(heat, height, width) {
  const rgba = new Uint8Array(4 * height * width);
  for (let at = 0; at < height * width; at += 1) {
    rgba.set(GRADIENT, 4 * at);
    rgba[4 * at + 3] = COVER * heat[at];
  }
  const canvas = element("canvas");
  drawPixels(canvas, rgba, width, height, 4);
  return canvas;
}

// Lines from lower left to upper right all over a canvas but for its rim: padding.
function hatch(pen, { width, height }, colour) {
  pen.save();
  pen.beginPath();
  pen.rect(RIM, RIM, width - 2 * RIM, height - 2 * RIM);
  pen.clip();
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = -height; x < width; x += 9) {
    pen.moveTo(x, height);
    pen.lineTo(x + height, 0);
  }
  pen.stroke();
  pen.restore();
}

// A box on the picture; a rim tells it from light and dark.
function outline(pen, [top, left, height, width], { scale, line, colour, dashes, rim }) {
  const box = [left * scale, top * scale, width * scale, height * scale];
  if (rim) {
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 2 * line;
    pen.strokeRect(...box);
  }
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.setLineDash(dashes);
  pen.strokeRect(...box);
  pen.setLineDash([]);
}

// How the picture with its padding stands on the canvas.
function placing(model) {
  const [height, width] = model.get("picture_size");
  const [above, below, before, after] = model.get("frame");
  const [down, across] = [above + height + below, before + width + after];
  return { height, width, above, before, down, across,
    scale: Math.max(1, Math.ceil(SIDE / Math.max(down, across))) };
}

// The picture, pale where the unit does not look, with the gradient, the boxes and the padding.
function drawField(model, root, canvas) {
  const { height, width, above, before, down, across, scale } = placing(model);
  canvas.width = scale * across + 2 * RIM;
  canvas.height = scale * down + 2 * RIM;
  const pen = canvas.getContext("2d");
  hatch(pen, canvas, colourOf(root, "line"));
  pen.imageSmoothingEnabled = Math.max(height, width) >= 64;
  pen.translate(RIM + scale * before, RIM + scale * above);
  const all = [0, 0, scale * width, scale * height];
  const pixels = element("canvas");
  const channels = model.get("picture_size")[2];
  drawPixels(pixels, pixelsOf(model.get("picture")), width, height, channels);
  pen.drawImage(pixels, ...all);
  const seen = model.get("seen");
  if (seen && model.get("show_field")) {
    const [top, left, tall, wide] = seen;
    const inside = new Path2D();
    inside.rect(...all);
    inside.rect(scale * left, scale * top, scale * wide, scale * tall);
    pen.globalAlpha = VEIL;
    pen.fillStyle = colourOf(root, "paper");
    pen.fill(inside, "evenodd");
    pen.globalAlpha = 1;
  }
  if (model.get("show_gradient")) {
    pen.drawImage(gradientCanvas(pixelsOf(model.get("heat")), height, width), ...all);
  }
  const line = Math.max(2, Math.max(canvas.width, canvas.height) / 200);
  const [field, effective] = [model.get("field"), model.get("effective")];
  const fieldShown = model.get("show_field") && field && field[2];
  if (fieldShown) {
    outline(pen, field, { scale, line, colour: "#0072b2", dashes: [], rim: true });
  }
  if (effective && model.get("show_gradient")) {
    // Where both boxes are one, both lines are seen.
    const rim = !fieldShown || effective.some((place, number) => place !== field[number]);
    const dashes = [3 * line, 2 * line];
    outline(pen, effective, { scale, line, colour: "#d55e00", dashes, rim });
  }
}

// Where on the picture an event is, in pixels of the picture.
function pixelAt(model, canvas, event) {
  const { above, before, scale } = placing(model);
  const { x, y } = pointAt(canvas, event);
  return { x: (x - RIM) / scale - before, y: (y - RIM) / scale - above };
}

// The unit in whose field's middle a pixel lies; without fields the one at that share of the map.
function unitAbove(model, { x, y }) {
  const [[rows, columns], [height, width]] = [model.get("grid"), model.get("picture_size")];
  const [field, jump] = [model.get("field"), model.get("jump")];
  if (!field || !jump) return [Math.floor((y * rows) / height), Math.floor((x * columns) / width)];
  const [top, left, tall, wide] = field;
  return [
    model.get("row") + Math.round((y - top - tall / 2) / jump[0]),
    model.get("column") + Math.round((x - left - wide / 2) / jump[1]),
  ];
}

// All units of the layer as squares, the chosen one in colour.
function drawUnits(model, root, canvas) {
  const [rows, columns, count] = model.get("grid");
  const room = UNITS_SIDE / Math.max(rows, columns);
  const side = Math.max(1, Math.min(LARGEST_UNIT, Math.floor(room)));
  const gap = side >= 5 ? 1 : 0;
  canvas.width = columns * side;
  canvas.height = rows * side;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colourOf(root, "line");
  for (let row = 0; row < rows; row += 1) {
    const filled = Math.min(columns, count - row * columns);
    for (let column = 0; gap && column < filled; column += 1) {
      pen.fillRect(column * side, row * side, side - gap, side - gap);
    }
    if (!gap) pen.fillRect(0, row * side, filled * side, side);
  }
  const [row, column] = [model.get("row"), model.get("column")];
  pen.fillStyle = colourOf(root, "accent");
  if (side < 8) { // a small square alone is hard to find
    pen.globalAlpha = 0.35;
    pen.fillRect(0, row * side, canvas.width, side);
    pen.fillRect(column * side, 0, side, canvas.height);
    pen.globalAlpha = 1;
  }
  const mark = Math.max(side - gap, 3);
  pen.fillRect(column * side, row * side, mark, mark);
}

// How the field grew, a row a layer.
function growthTable(rows) {
  const body = rows.map(([name, ...cells], number) => element(
    "tr", { "aria-current": number === rows.length - 1 ? "true" : null },
    element("th", { scope: "row", text: name }),
    ...cells.map((text) => element("td", { text })),
  ));
  return tableWith(["layer", "kernel", "stride", "field"], body);
}

function legend() {
  const keys = [
    ["field", "field by arithmetic"], ["gradient", "gradient, measured"],
    ["effective", "95 % of the gradient"], ["padding", "padding"],
  ];
  return element("p", { class: "keys soft" }, ...keys.map(([kind, text]) => (
    element("span", {}, element("span", { class: `key ${kind}`, "aria-hidden": "true" }), text)
  )));
}

// Choose units by pointer on both canvases and by arrow keys on the second.
function choosing(model, field, units) {
  const choose = (row, column) => {
    const [rows, columns, count] = model.get("grid");
    const to = { row: within(row, rows), column: within(column, columns) };
    if (to.row * columns + to.column < count) change(model, to);
  };
  const atUnit = (event) => {
    const { x, y } = pointAt(units, event);
    const [rows, columns] = model.get("grid");
    choose(Math.floor((y * rows) / units.height), Math.floor((x * columns) / units.width));
  };
  units.addEventListener("click", atUnit);
  units.addEventListener("pointermove", (event) => {
    if (event.buttons & 1 && event.pointerType === "mouse") atUnit(event);
  });
  keyMoves(units, (dx, dy) => choose(model.get("row") + dy, model.get("column") + dx));
  field.addEventListener("click", (event) => {
    if (model.get("is_map")) choose(...unitAbove(model, pixelAt(model, field, event)));
  });
}

function render({ model, el }) {
  const root = widgetRoot(model, el, "receptive-field");
  const layer = layerChoice(model);
  const ends = [layer.end];
  const field = element("canvas", { class: "field", role: "img" });
  const units = element("canvas", { class: "units", role: "application" });
  const heading = element("h3", { text: "units" });
  const title = liveLine({ class: "retinue-says title" });
  const told = element("div", { class: "told" });
  const growth = scrolling("How the field grew");
  root.append(
    element("div", { class: "controls" },
      layer.node,
      checkbox(model, "show_field", "Field by arithmetic"),
      checkbox(model, "show_gradient", "Gradient, measured")),
    problemLine(model),
    element("div", { class: "stage" },
      element("div", { class: "seen" }, field, legend()),
      element("div", { class: "beside" }, heading, units, title, told)),
    element("details", {}, element("summary", { text: "How the field grew, layer by layer" }),
      growth),
  );
  choosing(model, field, units);
  const words = () => {
    const [rows, columns, count] = model.get("grid");
    const size = model.get("is_map") ? `${rows} × ${columns} units` : `${count} units`;
    heading.textContent = `${size}: click, or use the arrow keys`;
    units.setAttribute("aria-label", `${size} of the layer; arrow keys choose one`);
    title.textContent = model.get("title");
    told.replaceChildren(...model.get("sentences").map((text) => element("p", { text })));
    const name = model.get("picture_name");
    field.setAttribute("aria-label", [`${name}.`, ...model.get("sentences")].join(" "));
    growth.replaceChildren(growthTable(model.get("growth")));
  };
  const drawings = [
    [["picture", "picture_size", "heat", "field", "seen", "effective", "frame", "show_field",
      "show_gradient"], () => drawField(model, root, field)],
    [["grid", "row", "column"], () => drawUnits(model, root, units)],
    [["grid", "title", "sentences", "growth"], words],
  ];
  drawings.forEach(([keys, f]) => { f(); ends.push(listen(model, keys, f)); });
  ends.push(onTheme(() => drawings.slice(0, 2).forEach(([, f]) => f())));
  return () => ends.forEach((end) => end());
}

export default { render };
