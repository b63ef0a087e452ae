// Feature maps: those of a layer in a grid, one of them large, and laid over the picture.

const GAP = 5; // pixels between the maps of the grid

// What all parts of the page draw from.
function readState(model) {
  const [height, width] = model.get("map_size");
  return {
    height, width,
    codes: pixelsOf(model.get("maps")),
    palette: pixelsOf(model.get("palette")),
    picture: pixelsOf(model.get("picture")),
    pictureSize: model.get("picture_size"),
    shown: model.get("shown"),
    channel: model.get("channel"),
    signed: model.get("signed"),
    scale: model.get("scale"),
    limit: model.get("limit"),
    limits: model.get("limits"),
    strength: model.get("strength"),
    statistics: model.get("statistics"),
  };
}

// How the maps are laid out on a width: columns, and the side of each, in pixels.
function gridLayout(count, width) {
  const wanted = Math.min(count <= 16 ? 84 : count <= 64 ? 60 : 46, width / 5 - GAP);
  const columns = Math.max(1, Math.min(count, Math.floor((width + GAP) / (wanted + GAP))));
  const side = Math.floor((width - GAP * (columns - 1)) / columns);
  return { columns, side: Math.max(8, Math.min(side, 110)) };
}

// What stands under the picture; one from Python has no name of its own.
function onPictureNamed(name) {
  return name === "picture" ? "On the picture" : `On the picture ${name}`;
}

function describe(one) {
  const value = (number) => (number === null ? "not finite" : tidy(number));
  if (one.dead) return `channel ${one.channel}: zero everywhere on this picture`;
  return `channel ${one.channel}: mean ${value(one.mean)}, from ${value(one.least)} to `
    + `${value(one.largest)}, ${tidy(Math.round(1000 * one.zeros) / 10)}\u00a0% zeros`;
}

// The grid: one canvas, a channel chosen by pointer or keys.
function mapsGrid(model, root) {
  const canvas = element("canvas", {
    class: "grid", role: "slider", "aria-label": "Chosen channel", "aria-valuemin": 0,
  });
  const place = element("div", {}, canvas);
  let state = readState(model);
  let tiles = [];
  let layout = { columns: 1, side: 8 };

  const colour = () => {
    state = readState(model);
    tiles = state.shown.map((_, index) => {
      const tile = element("canvas");
      drawPixels(tile, colouredMap(state, index), state.width, state.height, 4);
      return tile;
    });
  };
  const corner = (index) => [index % layout.columns, Math.floor(index / layout.columns)]
    .map((step) => step * (layout.side + GAP) + 2);
  const mark = (ink, index) => {
    const [x, y] = corner(index);
    ink.lineWidth = 3;
    ink.strokeStyle = colourOf(root, "warm");
    ink.strokeRect(x - 0.5, y - 0.5, layout.side + 1, layout.side + 1);
  };
  const cross = (ink, index) => {
    const [x, y] = corner(index);
    ink.lineWidth = 1.5;
    ink.strokeStyle = "#ffffff";
    ink.beginPath();
    ink.moveTo(x + 4, y + 4);
    ink.lineTo(x + layout.side - 4, y + layout.side - 4);
    ink.moveTo(x + layout.side - 4, y + 4);
    ink.lineTo(x + 4, y + layout.side - 4);
    ink.stroke();
  };
  const draw = () => {
    const sharp = window.devicePixelRatio || 1;
    layout = gridLayout(tiles.length, Math.max(40, place.clientWidth - 4));
    const rows = Math.ceil(tiles.length / layout.columns);
    const [wide, tall] = [layout.columns, rows].map((n) => n * (layout.side + GAP) - GAP + 4);
    canvas.width = Math.round(wide * sharp);
    canvas.height = Math.round(tall * sharp);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${tall}px`;
    const ink = canvas.getContext("2d");
    ink.scale(sharp, sharp);
    const scale = layout.side / Math.max(state.width, state.height);
    ink.imageSmoothingEnabled = scale < 1;
    tiles.forEach((tile, index) => {
      const [x, y] = corner(index);
      const [w, h] = [state.width * scale, state.height * scale];
      ink.drawImage(tile, x + (layout.side - w) / 2, y + (layout.side - h) / 2, w, h);
      if (state.statistics[index].dead) cross(ink, index);
    });
    const channel = model.get("channel");
    const chosen = state.shown.indexOf(channel);
    if (chosen >= 0) mark(ink, chosen);
    canvas.setAttribute("aria-valuemax", model.get("channels") - 1);
    canvas.setAttribute("aria-valuenow", channel);
    if (chosen >= 0) canvas.setAttribute("aria-valuetext", describe(state.statistics[chosen]));
  };
  const choose = (index) => {
    change(model, { channel: state.shown[within(index, state.shown.length)] });
  };
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const [column, row] = [event.clientX - box.left, event.clientY - box.top]
      .map((at) => Math.floor(at / (layout.side + GAP)));
    const index = row * layout.columns + Math.min(column, layout.columns - 1);
    if (index < state.shown.length) choose(index);
  });
  keyMoves(canvas, (dx, dy) => {
    choose(state.shown.indexOf(model.get("channel")) + dx + dy * layout.columns);
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    choose(event.key === "Home" ? 0 : state.shown.length);
  });
  const resized = new ResizeObserver(draw);
  resized.observe(place);
  const ends = [
    () => resized.disconnect(),
    onTheme(draw),
    listen(model, ["maps", "scale", "shown", "limits"], () => { colour(); draw(); }),
    listen(model, ["channel"], draw),
  ];
  colour();
  return { node: place, end: () => ends.forEach((end) => end()) };
}

// The chosen map by itself and on the picture, with the cell that is pointed at on both.
function mapsPair(model) {
  const map = element("canvas", {
    class: "pixels", role: "application",
    "aria-label": "The chosen map; arrow keys point at a cell",
  });
  const laid = element("canvas", { class: "pixels", role: "img" });
  const [onMap, onPicture] = [0, 1].map(() => element("span", { class: "cell", hidden: true }));
  const says = liveLine();
  const [mapCaption, laidCaption] = [0, 1].map(() => element("figcaption"));
  let cell = null;

  const show = (node, [row, column], [rows, columns]) => {
    node.hidden = false;
    node.style.left = `${(100 * column) / columns}%`;
    node.style.top = `${(100 * row) / rows}%`;
    node.style.width = `${100 / columns}%`;
    node.style.height = `${100 / rows}%`;
  };
  const point = (row, column) => {
    const [rows, columns] = model.get("map_size");
    cell = [within(row, rows), within(column, columns)];
    [onMap, onPicture].forEach((node) => show(node, cell, [rows, columns]));
    tell();
  };
  const tell = () => {
    if (!cell) {
      says.textContent = "Point at a cell of the map to read its value.";
      return;
    }
    const known = model.get("values_channel") === model.get("channel");
    const bytes = pixelsOf(model.get("values"));
    const place = 4 * (cell[0] * model.get("map_size")[1] + cell[1]);
    if (!known || place + 4 > bytes.length) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = view.getFloat32(place, true);
    says.textContent = `Row ${cell[0]}, column ${cell[1]}: ${tidy(value)}`;
  };
  const draw = () => {
    const state = readState(model);
    const index = state.shown.indexOf(state.channel);
    if (index < 0) return;
    drawSquares(map, colouredMap(state, index), state.width, state.height, 4);
    drawSquares(laid, overlaid(state, index), state.pictureSize[1], state.pictureSize[0], 4);
    mapCaption.textContent = `Channel ${state.channel}, ${state.height} × ${state.width}`;
    laidCaption.textContent = onPictureNamed(model.get("picture_name"));
    laid.setAttribute("aria-label", `Channel ${state.channel} laid over the picture`);
  };
  const forget = () => {
    cell = null;
    [onMap, onPicture].forEach((node) => { node.hidden = true; });
    tell();
  };
  const at = (event) => {
    const { x, y } = pointAt(map, event);
    point(Math.floor(y), Math.floor(x));
  };
  map.addEventListener("pointermove", at);
  map.addEventListener("pointerdown", at);
  keyMoves(map, (dx, dy) => {
    const [rows, columns] = model.get("map_size");
    const from = cell ?? [Math.floor(rows / 2) - dy, Math.floor(columns / 2) - dx];
    point(from[0] + dy, from[1] + dx);
  });
  const ends = [
    listen(model, ["maps", "map_size"], forget),
    listen(model, ["maps", "map_size", "channel", "scale", "strength", "shown", "picture"], draw),
    listen(model, ["values", "values_channel"], tell),
  ];
  draw();
  tell();
  const framed = (canvas, mark, caption) =>
    element("figure", {}, element("div", { class: "frame" }, canvas, mark), caption);
  const both = [framed(map, onMap, mapCaption), framed(laid, onPicture, laidCaption)];
  return { nodes: [...both, says], end: () => ends.forEach((end) => end()) };
}

// What the colours mean.
function mapsScale(model) {
  const bar = element("canvas", { class: "bar", "aria-hidden": "true" });
  const [low, high] = [element("span"), element("span")];
  const draw = () => {
    drawPixels(bar, pixelsOf(model.get("palette")), 256, 1, 3);
    const index = model.get("shown").indexOf(model.get("channel"));
    const own = model.get("scale") === "channel" && index >= 0;
    const end = own ? model.get("limits")[index] : model.get("limit");
    low.textContent = model.get("signed") ? tidy(-end) : "0";
    high.textContent = `${tidy(end)}${own ? "" : " and more"}`;
  };
  draw();
  const end = listen(model, ["palette", "limit", "limits", "scale", "channel", "signed"], draw);
  return { node: element("p", { class: "scale" }, low, bar, high), end };
}

// The numbers of the chosen channel, and of the layer.
function mapsNumbers(model) {
  const chosen = liveLine();
  const layer = element("p", { class: "soft" });
  const tell = () => {
    const [channel, channels] = [model.get("channel"), model.get("channels")];
    const one = model.get("statistics").find((found) => found.channel === channel);
    if (one) chosen.textContent = `${capitalised(describe(one))}.`;
    const [shown, dead] = [model.get("shown").length, model.get("dead").length];
    const some = shown < channels ? ` The ${shown} strongest of ${channels} are shown.` : "";
    const zero = dead ? ` ${dead} of ${channels} are zero everywhere on this picture (crossed out).`
      : "";
    layer.textContent = `${model.get("kind")}.${some}${zero}`;
  };
  tell();
  const end = listen(model, ["channel", "statistics", "shown", "dead", "kind", "channels"], tell);
  return { nodes: [chosen, layer], end };
}

function render({ model, el }) {
  const root = widgetRoot(model, el, "feature-maps");
  const grid = mapsGrid(model, root);
  const pair = mapsPair(model);
  const scale = mapsScale(model);
  const numbers = mapsNumbers(model);
  const controls = element(
    "div", { class: "controls" },
    select(model, "layer", model.get("layers"), "Layer"),
    select(model, "scale", [["layer", "one for all maps"], ["channel", "each map its own"]],
      "Colour scale"),
    strengthSlider(model),
  );
  const [chosen, layer] = numbers.nodes;
  root.append(
    controls,
    problemLine(model),
    element(
      "div", { class: "columns" },
      element("div", { class: "all" }, layer, grid.node, scale.node),
      element("div", { class: "one" }, chosen, element("div", { class: "pair" },
        pair.nodes[0], pair.nodes[1]), pair.nodes[2]),
    ),
  );
  return () => [grid, pair, scale, numbers].forEach(({ end }) => end());
}

export default { render };
