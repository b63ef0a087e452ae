// The output, and what ReLU and pooling make of it, each with its colours and its pointed cell.

function resultView(label, handlers) {
  const view = mapFrame(label, handlers);
  const bar = scaleBar();
  const says = element("p", { class: "cell-says" });
  const node = element("div", { class: "stage" }, view.node, bar.node, says);
  const show = (map, scale, title) => {
    const asCells = showMap(view, map, scale);
    view.title.textContent = title;
    bar.show(scale, map, asCells);
    bar.node.style.maxWidth = `max(9rem, ${view.frame.style.maxWidth})`;
  };
  return { node, view, show, says };
}

// `pointed(cell)` gets a cell of the output, `pooledPointed(cell)` one of the pooled map.
function stagesView({ pointed, pooledPointed, moved }) {
  const handlers = { onPoint: pointed, onMove: moved };
  const output = resultView("Output. Arrow keys move the window.", handlers);
  const active = resultView("After ReLU. Arrow keys move the window.", handlers);
  const pooled = resultView("After pooling. Arrow keys move the window.", {
    onPoint: pooledPointed, onMove: moved,
  });
  const after = element("div", { class: "after" }, element("h3", { text: "After the convolution" }),
    element("div", { class: "maps" }, active.node, pooled.node));

  function show(scene) {
    const { settings, scale, result } = scene;
    output.show(result, scale, `Output ${sizeOf(result)}`);
    after.hidden = !scene.active && !scene.pooled;
    active.node.hidden = !scene.active;
    pooled.node.hidden = !scene.pooled;
    if (scene.active) active.show(scene.active, scale, `After ReLU ${sizeOf(scene.active)}`);
    if (!scene.pooled) return;
    const title = `After ${settings.pooling} pooling ${sizeOf(scene.pooled)}`;
    pooled.show(scene.pooled, scale, title);
  }

  function point(scene, position, playing) {
    const { result } = scene;
    const at = position[0] * result.width + position[1];
    const cell = [...ringAround([...position, 1, 1], result), ["window", [...position, 1, 1]]];
    const pool = scene.pooled && poolAt(scene, position);
    const window = pool ? [["pool", pool.window]] : [];
    mark(output.view, [
      ...(playing ? veilAfter(position, result) : []), ...(scene.active ? [] : window), ...cell,
    ]);
    showPointed(output, result, at, `Row ${position[0] + 1}, column ${position[1] + 1}`);
    if (scene.active) {
      mark(active.view, [...window, ...cell]);
      showPointed(active, scene.active, at, "Not below 0");
    }
    if (!pool) return;
    const box = [...pool.cell, 1, 1];
    mark(pooled.view, [...ringAround(box, scene.pooled), ["window", box]]);
    pooled.says.replaceChildren(...poolWords(scene, pool));
  }

  return { output: output.node, after, show, point };
}

// The pooled cell to which an output cell belongs, or the nearest, and the window of that.
function poolAt({ settings, sizes }, position) {
  const { pool_size: size, pool_stride: stride } = settings;
  const cell = position.map((at, axis) => within(Math.floor(at / stride), sizes.pooled[axis]));
  return { cell, window: [...cell.map((one) => one * stride), size, size] };
}

// A number with its full digits beside it, for whoever reads the page by a program.
function exactNumber(value, attributes = {}) {
  return element("strong", { ...attributes, text: shortNumber(value), "data-value": value });
}

// What a map has at a cell, for each of its channels.
function showPointed({ says }, map, at, words) {
  const values = map.planes.map((plane, channel) => element("span", {},
    map.planes.length > 1 ? `${CHANNELS[channel]} ` : "", exactNumber(plane[at])));
  const joined = values.flatMap((one, index) => (index ? [", ", one] : [one]));
  says.replaceChildren(`${words}: `, ...joined);
}

// `largest of 3, 0, 5, 1 = 5`, for each channel.
function poolWords(scene, { cell, window }) {
  const { settings, pooled } = scene;
  const from = scene.active ?? scene.result;
  const what = settings.pooling === "max" ? "Largest" : "Mean";
  return pooled.planes.map((plane, channel) => {
    const values = valuesUnder(from.planes[channel], from.width, window, settings.pool_size);
    const shown = values.slice(0, values.length > 9 ? 4 : 9).map(shortNumber);
    if (values.length > 9) shown.push("…");
    const name = pooled.planes.length > 1 ? `${CHANNELS[channel]}: ` : "";
    return element("span", { class: "line" }, `${name}${what} of ${shown.join(", ")} = `,
      exactNumber(plane[cell[0] * pooled.width + cell[1]]));
  });
}
