// Sizes with their formula, what a layer like this costs, and what was measured of it.

const MOST_OUTPUTS = 4096; // channels of a layer

function factsView({ take }) {
  const sizes = element("ul", { class: "formulas" });
  const dropped = element("p");
  const costs = element("ul", { class: "formulas" });
  const inputs = element("span");
  const outputs = outputsField((count) => take({ channels_out: count }));
  const measured = element("div", { class: "held measured" });
  const large = groupOf("How large the output is", [sizes, dropped]);
  const costly = groupOf("What a layer like this costs",
    [element("p", {}, inputs, outputs, " channels:"), costs]);
  const node = element("div", { class: "facts" }, large.node, costly.node, measured);

  function show(scene) {
    sizes.replaceChildren(...sizeLines(scene).map(factLine));
    dropped.textContent = droppedWords(scene.sizes);
    dropped.hidden = dropped.textContent === "";
    inputs.textContent = `From ${counted(scene.picture.planes.length, "channel")} to `;
    if (!outputs.matches(":focus")) outputs.value = scene.settings.channels_out;
    costs.replaceChildren(...costLines(scene).map(factLine));
    large.say(bySize(scene.sizes.output));
    costly.say(counted(parametersOf(scene), "parameter"));
    showMeasured(measured, scene);
  }

  return { node, show };
}

function outputsField(onCount) {
  const label = "Output channels of the layer";
  const fits = (count) => Number.isInteger(count) && count >= 1 && count <= MOST_OUTPUTS;
  return numberField({ min: 1, max: MOST_OUTPUTS, step: 1, "aria-label": label }, fits, onCount);
}

function factLine([name, text]) {
  return element("li", {},
    element("span", { class: "soft", text: `${name}: ` }), element("span", { text }));
}

// The formulas that lead to the size of the output, and to that after pooling.
function sizeLines({ settings, sizes, picture }) {
  const axes = [["Height", picture.height, "rows"], ["Width", picture.width, "columns"]];
  const lines = axes.flatMap(([name, size, words], axis) => {
    const reach = reachFormula(settings, sizes, axis);
    const window = reach ? [[`Window, ${words}`, reach]] : [];
    return [...window, [name, sizeFormula(settings, sizes, axis, size)]];
  });
  const words = `(picture + padding ${MINUS} window) / stride, rounded down (⌊\u00a0⌋), plus 1`;
  lines.unshift(["Each side", words]);
  if (settings.pooling === "none") return lines;
  const { pool_size: size, pool_stride: stride } = settings;
  return [...lines, ...axes.map(([name], axis) => [
    `${name} after pooling`,
    `⌊(${sizes.output[axis]} ${MINUS} ${size}) / ${stride}⌋ + 1 = ${sizes.pooled[axis]}`,
  ])];
}

// The weights of a layer like this, a bias for each of its channels among them.
function parametersOf({ settings, picture }) {
  const [height, width] = settings.kernel_size;
  return settings.channels_out * (picture.planes.length * height * width + 1);
}

function costLines(scene) {
  const { settings, sizes, picture } = scene;
  const [inputs, outputs] = [picture.planes.length, settings.channels_out];
  const [height, width] = settings.kernel_size;
  const work = sizes.output[0] * sizes.output[1] * outputs * inputs * height * width;
  const weights = `${outputs} × (${bySize([inputs, height, width])} + 1)`;
  return [
    ["Parameters", `${weights} = ${thousands(parametersOf(scene))}`],
    ["Multiply-adds for one picture",
      `${bySize([...sizes.output, outputs, inputs, height, width])} = ${thousands(work)}`],
  ];
}

// What was measured of networks with kernels like this; nothing where nothing was.
function showMeasured(node, { measured, settings }) {
  node.hidden = !measured?.length;
  if (node.hidden) return;
  const heads = ["kernel", "stride", "padding", "accuracy", "time"];
  const rows = measured.map((row) => measuredRow(row, isMeasured(row, settings)));
  const here = measured.some((row) => isMeasured(row, settings));
  const text = `${here ? "The marked row has" : "None of them has"} the settings chosen here.`;
  node.replaceChildren(element("h3", { text: "What was measured" }),
    scrolling("Measured", tableWith(heads, rows)), element("p", { class: "soft", text }));
}

function measuredRow(row, here) {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const texts = [
    bySize(row.kernel), bySize(row.stride),
    Array.isArray(row.padding) ? bySize(row.padding) : String(row.padding),
    `${percent(row.accuracy)} (${percent(row.low)} to ${percent(row.high)})`,
    `${shortNumber(row.seconds)} s`,
  ];
  return element("tr", { "aria-current": here && "true" },
    ...texts.map((text) => element("td", { text })));
}

function isMeasured(row, settings) {
  return isSame(row.kernel, settings.kernel_size) && isSame(row.stride, settings.stride)
    && isSame(row.padding, settings.padding);
}
