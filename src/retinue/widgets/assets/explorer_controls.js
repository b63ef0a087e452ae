// The settings: sliders, choices, and the learned filters of a run.

const MODES = [
  ["zeros", "zeros"], ["reflect", "reflect: the picture mirrored"],
  ["replicate", "replicate: its edge again"], ["circular", "circular: its other end"],
];
const PADDINGS = [
  ["valid", "none (valid)"], ["same", "so that the size stays (same)"], ["number", "a number"],
];
const CHANNEL_WAYS = [["sum", "added up, as in a network"], ["apart", "each apart"]];
const POOLINGS = [
  ["none", "none"], ["max", "the largest (max)"], ["average", "the mean (average)"],
];
const SHOWN = [
  ["auto", "as suits the kernel"], ["picture", "a picture: 0 is black"],
  ["signed", "below and above 0"],
];

const NARROW = "(max-width: 30rem)"; // a screen on which not all is seen at once

// A slider under its text and value.
function rangeControl(label, { min, max }, onInput) {
  const shown = element("span", { class: "value" });
  const input = element("input", {
    type: "range", min, max, step: 1, "aria-label": label,
    on: { input: () => onInput(Number(input.value)) },
  });
  const head = element("span", { class: "head" }, element("span", { text: label }), shown);
  const show = (value, text = String(value)) => {
    if (Number(input.value) !== value) input.value = value;
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  return { node: element("label", { class: "control" }, head, input), show };
}

// A choice among [value, text].
function choiceControl(label, pairs, onChoice) {
  const { input, show } = choiceAmong(pairs, onChoice, { "aria-label": label });
  const head = element("span", { class: "head", text: label });
  return { node: element("label", { class: "control" }, head, input), show };
}

// A field for a number: `take(number)` gets what fits, the rest is marked.
function numberField(attributes, fits, take) {
  const field = element("input", {
    type: "number", ...attributes,
    on: {
      input: () => {
        const value = field.value === "" ? NaN : Number(field.value);
        const taken = fits(value);
        field.setAttribute("aria-invalid", String(!taken));
        if (taken) take(value);
      },
    },
  });
  return field;
}

// One slider for rows and columns while they are to be alike, else one for each.
function pairControl(label, range, onPair, words = ([rows]) => String(rows)) {
  let now = [range.min, range.min];
  const both = rangeControl(label, range, (value) => onPair([value, value]));
  const rows = rangeControl(`${label}, rows`, range, (value) => onPair([value, now[1]]));
  const columns = rangeControl(`${label}, columns`, range, (value) => onPair([now[0], value]));
  const show = (pair, alike) => {
    now = pair;
    both.node.hidden = !alike;
    rows.node.hidden = alike;
    columns.node.hidden = alike;
    both.show(pair[0], words(pair));
    rows.show(pair[0]);
    columns.show(pair[1]);
  };
  return { node: element("div", { class: "pair" }, both.node, rows.node, columns.node), show };
}

// Filters of a network, each a button with its weights as a small picture.
function filterStrip(learned, onChoice) {
  const buttons = learned.filters.map((filter, index) => {
    const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
    drawPixels(canvas, ...filterPicture(filter.values, learned.largest));
    const name = `Filter ${filter.number}`;
    return element("button", {
      type: "button", "aria-label": name, title: name, on: { click: () => onChoice(index) },
    }, canvas);
  });
  const title = element("span", { class: "head", text: learned.title });
  const strip = element("div", { class: "strip", role: "group", "aria-label": "Learned filters" },
    ...buttons);
  const node = element("div", { class: "control" }, title, strip);
  const show = (preset, channels) => {
    node.hidden = learned.channels !== channels;
    buttons.forEach((one, index) => {
      const chosen = preset === `filter ${learned.filters[index].number}`;
      one.setAttribute("aria-pressed", String(chosen));
    });
  };
  return { node, show };
}

// Weights as [bytes, width, height, channels]: mid-grey is 0, of each channel its own colour.
function filterPicture(slices, largest) {
  const [height, width, channels] = [slices[0].length, slices[0][0].length, slices.length];
  const bytes = new Uint8ClampedArray(height * width * channels);
  slices.forEach((slice, channel) => slice.flat().forEach((weight, index) => {
    bytes[index * channels + channel] = 127.5 + (127.5 * weight) / (largest || 1);
  }));
  return [bytes, width, height, channels];
}

// What belongs together, under a title, to be folded: {node, say(text)}, where the text stands for
// what is folded away. On a narrow screen it begins folded where `folds` says so.
function groupOf(title, nodes, folds = true) {
  const brief = element("span", { class: "soft" });
  const say = (text) => { brief.textContent = text; };
  const open = !(folds && matchMedia(NARROW).matches);
  const summary = element("summary", {}, element("h3", { text: title }), " ", brief);
  const held = element("div", { class: "held" }, ...nodes);
  return { node: element("details", { class: "group", open }, summary, held), say };
}

// All settings; `show(settings, alike)` follows them.
function settingsView(known, actions) {
  const controls = {
    ...kernelControls(known, actions), ...moveControls(known, actions),
    ...laterControls(known, actions),
  };
  const of = (...keys) => keys.map((key) => controls[key]?.node);
  const kernel = groupOf(
    "The kernel", of("preset", "filters", "kernel", "channels", "normalised"), false,
  );
  const moves = groupOf(
    "How it moves", of("stride", "padding", "amount", "mode", "dilation", "alike"),
  );
  const later = groupOf("What follows", of("relu", "pooling", "poolSize", "poolStride", "shown"));
  const node = element("div", { class: "settings" }, kernel.node, moves.node, later.node);

  function show(settings, alike) {
    showKernel(controls, settings, alike, known.learned);
    showMoves(controls, settings, alike);
    controls.relu.show(settings.activation === "relu");
    controls.pooling.show(settings.pooling);
    controls.poolSize.node.hidden = settings.pooling === "none";
    controls.poolStride.node.hidden = settings.pooling === "none";
    controls.poolSize.show(settings.pool_size, bySize([settings.pool_size, settings.pool_size]));
    controls.poolStride.show(settings.pool_stride);
    controls.shown.show(settings.shown);
    kernel.say(bySize(settings.kernel_size));
    moves.say(movesInBrief(settings));
    later.say(laterInBrief(settings));
  }

  return { node, show };
}

function kernelControls({ limits, presets, learned }, actions) {
  const names = presets.map(({ name, label }) => [name, label]);
  names.push(["own", "numbers of your own"]);
  if (learned) names.push(["filter", "learned by a network"]);
  const range = { min: 1, max: limits.kernel };
  return {
    preset: choiceControl("Kernel", names, actions.choosePreset),
    filters: learned && filterStrip(learned, actions.chooseFilter),
    kernel: pairControl("Kernel size", range, actions.resize, bySize),
    channels: choiceControl("Red, green and blue", CHANNEL_WAYS, (channels) => {
      actions.take({ channels });
    }),
    normalised: learned && tickBox("Numbers as the network gets them", (normalised) => {
      actions.take({ normalised });
    }),
  };
}

function moveControls({ limits }, { take, setAlike }) {
  return {
    stride: pairControl("Stride", { min: 1, max: limits.stride }, (stride) => take({ stride })),
    padding: choiceControl("Padding", PADDINGS, (kind) => {
      take({ padding: kind === "number" ? 1 : kind });
    }),
    amount: pairControl("Cells at each edge", { min: 0, max: limits.padding }, (pair) => {
      take({ padding: pair[0] === pair[1] ? pair[0] : pair });
    }),
    mode: choiceControl("Padded with", MODES, (mode) => take({ padding_mode: mode })),
    dilation: pairControl("Dilation", { min: 1, max: limits.dilation }, (dilation) => {
      take({ dilation });
    }),
    alike: tickBox("Rows and columns alike", setAlike),
  };
}

function laterControls({ limits }, { take }) {
  const range = { min: 1, max: limits.pool };
  return {
    relu: tickBox("ReLU: below 0 becomes 0", (on) => {
      take({ activation: on ? "relu" : "none" });
    }),
    pooling: choiceControl("Pooling", POOLINGS, (pooling) => take({ pooling })),
    poolSize: rangeControl("Pooling window", range, (size) => take({ pool_size: size })),
    poolStride: rangeControl("Pooling stride", range, (stride) => take({ pool_stride: stride })),
    shown: choiceControl("Colours of the output", SHOWN, (shown) => take({ shown })),
  };
}

function showKernel(controls, settings, alike, learned) {
  const filter = settings.preset.startsWith("filter ");
  controls.preset.show(filter ? "filter" : settings.preset);
  controls.filters?.show(settings.preset, settings.channel_count);
  controls.kernel.show(settings.kernel_size, alike);
  controls.channels.node.hidden = settings.channel_count === 1;
  controls.channels.show(settings.channels);
  if (!learned) return;
  controls.normalised.node.hidden = learned.channels !== settings.channel_count;
  controls.normalised.show(settings.normalised);
}

function showMoves(controls, settings, alike) {
  const { padding } = settings;
  const numbered = typeof padding !== "string";
  controls.stride.show(settings.stride, alike);
  controls.dilation.show(settings.dilation, alike);
  controls.padding.show(numbered ? "number" : padding);
  controls.amount.node.hidden = !numbered;
  if (numbered) controls.amount.show(Array.isArray(padding) ? padding : [padding, padding], alike);
  controls.mode.node.hidden = Math.max(...paddingOf(settings).flat()) === 0;
  controls.mode.show(settings.padding_mode);
  controls.alike.show(alike);
}
