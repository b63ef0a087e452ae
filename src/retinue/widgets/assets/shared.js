// What all widgets share. It stands before each widget's own code, in the same module.
//
// A widget is `function render({ model, el })` by the AFM contract: `model.get`, `set`,
// `save_changes`, `on("change:key", f)`, `off`. It begins with `const root = widgetRoot(model, el,
// "explorer")`, appends to it, and returns a function that ends timers and what listens to document
// or window. The host takes the listeners to the model back when it takes the widget away.
// Text from outside goes through textContent alone.

const SVG = "http://www.w3.org/2000/svg";
const SQUARES = 160; // pixels a side up to which a picture is drawn as squares
const SMALL_SQUARES = 63; // the same for small pictures

// Give a node its attributes: `class`, `text`, `on: { click: f }`, `style` as text; `false`, `null`
// and `undefined` leave an attribute out, `true` sets it empty.
function dress(node, attributes, children) {
  Object.entries(attributes).forEach(([key, value]) => {
    if (value === false || value === null || value === undefined) return;
    if (key === "text") node.textContent = value;
    else if (key === "style") node.style.cssText = value;
    else if (key === "on") {
      Object.entries(value).forEach(([event, f]) => node.addEventListener(event, f));
    } else node.setAttribute(key, value === true ? "" : value);
  });
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// An element of HTML; children are nodes or texts.
function element(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

// An element of SVG.
function svgElement(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

// The section that a widget fills, under the name that the state gives it.
function widgetRoot(model, el, kind) {
  const root = element("section", {
    class: `retinue retinue-${kind}`,
    "aria-label": model.get("name"),
    // In JupyterLab, letters and arrows would otherwise add, move and delete cells.
    on: { focusin: ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true") },
  });
  el.replaceChildren(root);
  // The picture that a notebook keeps for when no kernel runs hides as long as the widget is there.
  const still = model.get("still");
  if (still) el.append(element("style", { text: `.${still} { display: none !important; }` }));
  return root;
}

// A name that no other widget of the page has, for `id`, `for` and `aria-labelledby`.
function uniqueId() {
  return `retinue-${Math.random().toString(36).slice(2, 10)}`;
}

// Set a key, tell the host.
function change(model, changes) {
  Object.entries(changes).forEach(([key, value]) => model.set(key, value));
  model.save_changes();
}

// Call f with the value of a key, now and at every change of it.
function follow(model, key, f) {
  const tell = () => f(model.get(key));
  model.on(`change:${key}`, tell);
  tell();
}

// Call f after a change of any of the keys, at most once a frame; returns what ends it.
function listen(model, keys, f) {
  let waiting = 0;
  const soon = () => {
    waiting ||= requestAnimationFrame(() => { waiting = 0; f(); });
  };
  keys.forEach((key) => model.on(`change:${key}`, soon));
  return () => {
    cancelAnimationFrame(waiting);
    keys.forEach((key) => model.off(`change:${key}`, soon));
  };
}

// An input under its text.
function labelled(text, input) {
  return element("label", { class: "retinue-labelled" }, element("span", { text }), input);
}

// A choice that knows no model: {input, offer(options), show(value)}. Options are texts, or
// [value, text]; values may be of any kind.
function choiceAmong(options, onChoice, attributes = {}) {
  let pairs = [];
  const input = element("select", {
    ...attributes, on: { change: () => onChoice(pairs[input.selectedIndex][0]) },
  });
  const offer = (given) => {
    pairs = given.map((one) => (Array.isArray(one) ? one : [one, String(one)]));
    input.replaceChildren(...pairs.map(([, text]) => element("option", { text })));
  };
  const show = (value) => {
    const same = JSON.stringify(value);
    input.selectedIndex = pairs.findIndex(([one]) => JSON.stringify(one) === same);
  };
  offer(options);
  return { input, offer, show };
}

// A choice among options.
function select(model, key, options, label) {
  const { input, show } = choiceAmong(options, (value) => change(model, { [key]: value }));
  follow(model, key, show);
  return labelled(label, input);
}

// A slider with its value beside it; `show(value)` gives the text of the value.
function slider(model, key, { min, max, step = 1, label, show = String }) {
  const output = element("output", { "aria-live": "off" }); // the slider itself says its value
  const input = element("input", {
    type: "range", min, max, step, "aria-label": label,
    on: { input: () => change(model, { [key]: Number(input.value) }) },
  });
  follow(model, key, (value) => {
    if (Number(input.value) !== value) input.value = value;
    output.textContent = show(value);
    input.setAttribute("aria-valuetext", output.textContent);
  });
  const both = element("span", { class: "retinue-slider" }, input, output);
  return labelled(label, both);
}

// A box to tick that knows no model: {node, show(on)}.
function tickBox(label, onTick) {
  const input = element("input", {
    type: "checkbox", on: { change: () => onTick(input.checked) },
  });
  const text = element("span", { text: label });
  const show = (on) => { input.checked = on; };
  return { node: element("label", { class: "retinue-check" }, input, text), show };
}

// A box to tick.
function checkbox(model, key, label) {
  const { node, show } = tickBox(label, (on) => change(model, { [key]: on }));
  follow(model, key, show);
  return node;
}

// A choice among the layers of a network, of which there may be others later: {node, end}.
function layerChoice(model) {
  const choose = (layer) => change(model, { layer });
  const { input, offer, show } = choiceAmong(model.get("layers"), choose);
  follow(model, "layer", show);
  const end = listen(model, ["layers"], () => {
    offer(model.get("layers"));
    show(model.get("layer"));
  });
  return { node: element("div", { class: "layer" }, labelled("Layer", input)), end };
}

// How strongly colours lie on the picture.
function strengthSlider(model) {
  return slider(model, "strength", {
    min: 0, max: 1, step: 0.05, label: "Strength on the picture",
    show: (value) => `${Math.round(100 * value)} %`,
  });
}

function button(text, onclick, attributes = {}) {
  return element("button", { type: "button", text, on: { click: onclick }, ...attributes });
}

// The line that says what cannot be; empty where all is well.
function problemLine(model) {
  const line = element("p", { class: "retinue-problem", role: "alert" });
  follow(model, "problem", (text) => { line.textContent = text; });
  return line;
}

// A line that is read out when its text changes.
function liveLine(attributes = {}) {
  return element("p", { class: "retinue-says", "aria-live": "polite", ...attributes });
}

// A table under the names of its columns; `rows` are nodes.
function tableWith(heads, rows, attributes = {}) {
  const head = heads.map((text) => element("th", { scope: "col", text }));
  return element("table", attributes, element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows));
}

// What may be wider or higher than its place, with bars to scroll it.
function scrolling(title, ...children) {
  return element("div", {
    class: "scroll", tabindex: 0, role: "region", "aria-label": title,
  }, ...children);
}

// The bytes that the state holds.
function pixelsOf(value) {
  if (!value) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

// Pixels, row by row, onto a canvas of their size; 1 channel is grey, 3 are RGB, 4 RGBA.
function drawPixels(canvas, bytes, width, height, channels) {
  canvas.width = width;
  canvas.height = height;
  if (!width || !height) return;
  const picture = new ImageData(width, height);
  const rgba = picture.data;
  if (channels === 4) rgba.set(bytes.subarray(0, rgba.length));
  else {
    for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
      rgba[to] = bytes[from];
      rgba[to + 1] = bytes[channels === 1 ? from : from + 1];
      rgba[to + 2] = bytes[channels === 1 ? from : from + 2];
      rgba[to + 3] = 255;
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// The same, with pixels that are seen as squares where they are not too many.
function drawSquares(canvas, bytes, width, height, channels, most = SQUARES) {
  drawPixels(canvas, bytes, width, height, channels);
  canvas.classList.toggle("pixels", Math.max(width, height) <= most);
}

// One of several small pictures of a shape (count, height, width, channels), from the bytes of all.
function drawOneOf(canvas, bytes, [, height, width, channels], number) {
  const size = height * width * channels;
  const own = bytes.subarray(number * size, (number + 1) * size);
  drawSquares(canvas, own, width, height, channels, SMALL_SQUARES);
}

// The index nearest to a number among so many.
function within(index, count) {
  return Math.min(Math.max(index, 0), count - 1);
}

// Where on a node an event of the pointer is, never outside: on a canvas in its pixels, on another
// node in parts of a size.
function pointAt(node, event, { width, height } = node) {
  const box = node.getBoundingClientRect();
  const along = (at, start, length, pixels) => {
    const share = length ? (at - start) / length : 0;
    return Math.min(Math.max(share, 0), 1 - 1e-9) * pixels;
  };
  return {
    x: along(event.clientX, box.left, box.width, width),
    y: along(event.clientY, box.top, box.height, height),
  };
}

// Arrow keys on a node, which gets a place in the order of the tab key: f(dx, dy, event).
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function keyMoves(node, f) {
  node.tabIndex = 0;
  node.addEventListener("keydown", (event) => {
    const move = ARROWS[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    f(...move, event);
  });
}

// A colour of the style sheet for a canvas: colourOf(root, "accent").
function colourOf(node, name) {
  return getComputedStyle(node).getPropertyValue(`--retinue-${name}`).trim();
}

// Call f when light turns to dark or back, whether by the system or by the notebook; returns what
// ends it.
function onTheme(f) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(f);
  const attributeFilter = ["class", "theme", "data-theme", "data-retinue-theme",
    "data-jp-theme-light", "data-vscode-theme-kind"];
  [document.documentElement, document.body].forEach((node) => {
    watcher.observe(node, { attributes: true, attributeFilter });
  });
  system.addEventListener("change", f);
  return () => { watcher.disconnect(); system.removeEventListener("change", f); };
}

// A number with all of its digits.
function thousands(number) {
  return number.toLocaleString("en");
}

function counted(number, thing) {
  return `${thousands(number)} ${thing}${number === 1 ? "" : "s"}`;
}

function bySize(sizes) {
  return sizes.join(" × ");
}

// Words as a sentence begins with them.
function capitalised(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

// A number as people read it, with three digits that count.
function tidy(value) {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return thousands(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(2);
  return String(Number(value.toPrecision(3)));
}
