// Kernels that are known by a name, of any size, and what a change of size makes of one's own.

// The weights of a preset at a size; null where it has none of that size.
function presetWeights(preset, [height, width]) {
  if (preset.values) return fixedWeights(preset.values, [height, width]);
  const [down, across] = [preset.rows[height - 1], preset.columns[width - 1]];
  return down && across ? down.map((one) => across.map((other) => one * other)) : null;
}

function fixedWeights(values, [height, width]) {
  const fits = height >= values.length && width >= values[0].length;
  return fits ? centred(values, [height, width]) : null;
}

// Weights with zeros around them, or without their edge, so that the middle stays the middle.
function centred(weights, [height, width]) {
  const middle = (count) => Math.floor((count - 1) / 2);
  const down = middle(weights.length) - middle(height);
  const right = middle(weights[0].length) - middle(width);
  return Array.from({ length: height }, (_, row) => Array.from({ length: width }, (__, column) => (
    weights[row + down]?.[column + right] ?? 0
  )));
}

// The settings with a kernel of another size.
function resized(settings, presets, size) {
  const preset = presets.find(({ name }) => name === settings.preset);
  const made = preset && presetWeights(preset, size);
  if (made) return { kernel_size: size, values: [made] };
  const values = settings.values.map((slice) => centred(slice, size));
  return { kernel_size: size, values, preset: "own" };
}

// The settings of a preset, of the present size where it has that, and else of three by three.
function presetSettings(settings, preset) {
  const size = preset.values ? [3, 3] : settings.kernel_size;
  const made = presetWeights(preset, size);
  return {
    preset: preset.name,
    kernel_size: made ? size : [3, 3],
    values: [made ?? presetWeights(preset, [3, 3])],
    bias: 0,
    normalised: false,
    channels: preset.channels,
  };
}

// The settings of a filter of a network, those of its layer included.
function filterSettings(learned, index) {
  const filter = learned.filters[index];
  const slice = filter.values[0];
  return {
    preset: `filter ${filter.number}`,
    kernel_size: [slice.length, slice[0].length],
    values: filter.values,
    bias: filter.bias,
    normalised: true,
    channels: "sum",
    ...learned.settings,
  };
}

// What changes for a picture of so many channels: weights for each are added up, or where channels
// stay apart the first are taken; a network's numbers need as many channels as it has.
function forChannels(settings, count, learned) {
  const { values, preset } = settings;
  const normalised = settings.normalised && learned?.channels === count;
  const fits = values.length === 1 || values.length === count;
  if (fits && normalised === settings.normalised) return {};
  const [first, ...others] = values;
  const add = (one, i, j) => others.reduce((sum, slice) => sum + slice[i][j], one);
  const added = settings.channels === "apart" ? first
    : first.map((line, i) => line.map((one, j) => add(one, i, j)));
  return {
    normalised,
    values: fits ? values : [added],
    preset: preset.startsWith("filter ") ? "own" : preset,
  };
}
