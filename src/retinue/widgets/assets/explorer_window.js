// What happens under the window: values times weights are products.

const MOST_WEIGHT = 1e6;
const CELL_SIZES = { 1: "large", 2: "large", 3: "large", 4: "middle", 5: "middle" };

// `weighed(row, column, channel, weight)` gets a weight that was typed, `lookAt(channel)` which
// channel to show.
function windowView({ weighed, lookAt }) {
  const part = (name, text) => {
    const cells = element("div", { class: `cells ${name}` });
    const title = element("p", { class: "soft", text });
    return { cells, title, node: element("div", { class: "part" }, title, cells) };
  };
  const values = part("values", "");
  const weights = part("weights", "weights, to edit");
  const products = part("products", "products");
  const sign = (text) => element("span", { class: "sign", "aria-hidden": "true", text });
  const row = element("div", { class: "parts" },
    values.node, sign("×"), weights.node, sign("="), products.node);
  const tabs = CHANNELS.map((name, channel) => button(name, () => lookAt(channel)));
  const tabRow = element("div", { class: "tabs", role: "group", "aria-label": "Channel" }, ...tabs);
  let channel = 0;

  function show(scene) {
    const { settings, picture } = scene;
    channel = within(scene.channel, picture.planes.length);
    tabRow.hidden = picture.planes.length === 1;
    tabs.forEach((tab, at) => tab.setAttribute("aria-pressed", String(at === channel)));
    values.title.textContent = scene.normalise
      ? "numbers, as the network gets them" : "numbers";
    row.style.setProperty("--rows", settings.kernel_size[0]);
    row.dataset.size = CELL_SIZES[Math.max(...settings.kernel_size)] ?? "small";
    [values, weights, products].forEach(({ cells }) => {
      cells.style.gridTemplateColumns = `repeat(${settings.kernel_size[1]}, var(--cell))`;
    });
    showWeights(weights.cells, settings, channel, (i, j, weight) => weighed(i, j, channel, weight));
  }

  function point(scene, position) {
    const terms = termsAt(scene.input, scene.settings, position, channel);
    const { limit, normalise } = scene;
    showCells(values.cells, terms.map((term) => term.value), (value) => (
      tintOf(value, limit, Boolean(normalise))
    ));
    [...values.cells.children].forEach((cell, at) => {
      cell.classList.toggle("padding", terms[at].outside);
    });
    const most = Math.max(...terms.map((term) => Math.abs(term.product)));
    const made = terms.map((term) => term.product);
    showCells(products.cells, made, (value) => tintOf(value, most, true));
  }

  return { node: element("div", {}, tabRow, row), show, point };
}

// The weights of a channel in fields; what is being typed stays as it is.
function showWeights(cells, settings, channel, weighed) {
  const [height, width] = settings.kernel_size;
  const key = `${height}x${width}`;
  if (cells.dataset.key !== key) {
    cells.dataset.key = key;
    const places = Array.from(
      { length: height * width }, (_, at) => [Math.floor(at / width), at % width],
    );
    cells.replaceChildren(...places.map(([i, j]) => weightCell(i, j, weighed)));
  }
  const most = Math.max(...settings.values.flat(2).map(Math.abs));
  const weights = sliceFor(settings.values, channel).flat();
  const texts = weights.map((weight) => weightText(weight, Math.max(height, width) > 5 ? 2 : 3));
  fitLetters(cells, texts);
  weights.forEach((weight, at) => {
    const cell = cells.children[at];
    const text = texts[at];
    const typing = cell.matches(":focus") && Number(cell.value) === weight;
    if (!typing && cell.value !== text) cell.value = text;
    tinted(cell, tintOf(weight, most, true));
  });
}

// A weight as a field for numbers takes it, in few letters.
function weightText(weight, digits) {
  const text = String(Number(weight.toPrecision(digits)));
  return text.length > 5 && Math.abs(weight) < 1e-3 ? weight.toExponential(0) : text;
}

function weightCell(row, column, weighed) {
  const fits = (weight) => Math.abs(weight) <= MOST_WEIGHT;
  const label = `Weight, row ${row + 1}, column ${column + 1}`;
  return typedCell({ step: "any", "aria-label": label }, fits, (weight) => {
    weighed(row, column, weight);
  });
}
