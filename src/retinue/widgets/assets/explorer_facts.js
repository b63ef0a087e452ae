// Sizes with their formula, what a layer like this costs, and what was measured of it.

const MOST_OUTPUTS = 4096; // channels of a layer

function factsView({ take }) {
  const sizes = element("ul", { class: "formulas" });
  const dropped = element("p");
  const costs = element("ul", { class: "formulas" });
  const inputs = element("span");
  const outputs = outputsField((count) => take({ channels_out: count }));
  const measured = measuredView();
  const large = groupOf("How large the output is", [sizes, dropped]);
  const costly = groupOf("What a layer like this costs",
    [element("p", {}, inputs, outputs, " channels:"), costs]);
  const node = element("div", { class: "facts" }, large.node, costly.node,
    measured.node);

  function show(scene) {
    sizes.replaceChildren(...sizeLines(scene).map(factLine));
    dropped.textContent = droppedWords(scene.sizes);
    dropped.hidden = dropped.textContent === "";
    inputs.textContent = `From ${counted(scene.picture.planes.length, "channel")} to `;
    if (!outputs.matches(":focus")) outputs.value = scene.settings.channels_out;
    costs.replaceChildren(...costLines(scene).map(factLine));
    large.say(bySize(scene.sizes.output));
    costly.say(counted(parametersOf(scene), "parameter"));
    measured.show(scene);
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
function measuredView() {
  const here = element("p");
  const source = element("p", { class: "soft" });
  const summary = element("summary");
  const table = element("div");
  const group = groupOf("What was measured",
    [here, source, element("details", {}, summary, table)]);
  group.node.classList.add("measured");

  function show({ measured, source: text, settings }) {
    group.node.hidden = !measured?.length;
    if (group.node.hidden) return;
    const row = measured.find((one) => isMeasured(one, settings));
    here.textContent = row
      ? `With this kernel size, stride and padding: ${accuracyOf(row)} of test pictures right, `
        + `after ${secondsOf(row)} of training.`
      : "No network with this kernel size, stride and padding was measured.";
    source.textContent = text;
    source.hidden = !text;
    summary.textContent = `All ${measured.length} that were measured`;
    const heads = ["kernel", "stride", "padding", "accuracy", "time"];
    const rows = measured.map((one) => measuredRow(one, one === row));
    table.replaceChildren(scrolling("Measured", tableWith(heads, rows)));
    group.say(row ? accuracyOf(row) : "not with these settings");
  }

  return { node: group.node, show };
}

function accuracyOf(row) {
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  return `${percent(row.accuracy)} (${percent(row.low)} to ${percent(row.high)})`;
}

// Another run of the same training takes some percent more or less.
function secondsOf(row) {
  return `${Number(row.seconds.toPrecision(2))} s`;
}

function measuredRow(row, here) {
  const texts = [
    bySize(row.kernel), bySize(row.stride),
    Array.isArray(row.padding) ? bySize(row.padding) : String(row.padding),
    accuracyOf(row), secondsOf(row),
  ];
  return element("tr", { "aria-current": here && "true" },
    ...texts.map((text) => element("td", { text })));
}

function isMeasured(row, settings) {
  return isSame(row.kernel, settings.kernel_size) && isSame(row.stride, settings.stride)
    && isSame(row.padding, settings.padding);
}
