// From numbers to colours: one scale for the output and for what ReLU and pooling make of it.

const SIGNED = [[184, 226, 255], [10, 134, 204], [0, 0, 0], [213, 94, 0], [255, 217, 160]];
const STEPS = 1024; // of a table of colours, and of the counting of sizes
const CUT = 0.04; // of the numbers of a large map, so that those that are not extreme are seen
const FEW = 1024; // numbers of which none is cut, because each of them is seen

// {kind, low, high, cut}: `picture` is black at 0 and white at what the kernel makes of white;
// `signed` is black at 0, and brighter in two colours the farther a number is from it. `cut` says
// whether there are numbers beyond its ends.
function scaleOf(settings, map, white) {
  const kind = settings.shown === "auto" ? kindOf(settings) : settings.shown;
  if (kind === "picture") {
    const channels = settings.channels === "sum" ? settings.channel_count : 1;
    const high = white * Math.max(1, totals(settings.values, channels).sum);
    return { kind, low: 0, high, cut: map.planes.some((plane) => goesBeyond(plane, high)) };
  }
  const { most, kept } = sizesWithin(map);
  return { kind, low: -kept, high: kept, cut: kept < most };
}

// Whether a number is below 0 or above the highest, by more than rounding makes it.
function goesBeyond(plane, high) {
  for (const value of plane) if (value < -1e-9 || value > high + 1e-9) return true;
  return false;
}

// A kernel whose weights add up to nothing, or less, finds differences; others make pictures.
function kindOf(settings) {
  const { sum, sizes } = totals(settings.values, 1);
  return settings.normalised || sum < 0.05 * sizes ? "signed" : "picture";
}

// The sum of all weights over so many channels, and that of their sizes.
function totals(values, channels) {
  const times = values.length < channels ? channels : 1;
  const all = values.flat(2);
  const add = (sum, value) => sum + value;
  return { sum: times * all.reduce(add, 0), sizes: times * all.map(Math.abs).reduce(add, 0) };
}

function largestOf(map) {
  let most = 0;
  for (const plane of map.planes) {
    for (const value of plane) most = Math.max(most, Math.abs(value));
  }
  return most;
}

// The largest size of a number, and the one that all but a few stay below; zeros do not count.
function sizesWithin(map) {
  const most = largestOf(map);
  const total = map.planes.length * map.height * map.width;
  if (most === 0 || total <= FEW) return { most: most || 1, kept: most || 1 };
  const counts = new Uint32Array(STEPS + 1);
  for (const plane of map.planes) {
    for (const value of plane) counts[Math.floor((Math.abs(value) / most) * STEPS)] += 1;
  }
  let left = (total - counts[0]) * CUT;
  let step = STEPS;
  while (step > 1 && counts[step] <= left) {
    left -= counts[step];
    step -= 1;
  }
  return { most, kept: Math.min(most, (most * (step + 1)) / STEPS) };
}

// The colours of a scale from its low to its high end: STEPS times red, green, blue.
function tableOf(scale) {
  const stops = scale.kind === "picture" ? [[0, 0, 0], [255, 255, 255]] : SIGNED;
  const table = new Uint8ClampedArray(3 * STEPS);
  for (let step = 0; step < STEPS; step += 1) {
    const place = (step / (STEPS - 1)) * (stops.length - 1);
    const stop = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      const [from, to] = [stops[stop][part], stops[stop + 1][part]];
      table[3 * step + part] = from + (place - stop) * (to - from);
    }
  }
  return table;
}

// The map as red, green, blue and opacity of every cell; three planes are those colours.
function colouredBytes(map, scale) {
  const count = map.height * map.width;
  const bytes = new Uint8ClampedArray(4 * count).fill(255);
  const range = scale.high - scale.low;
  if (map.planes.length === 3) {
    map.planes.forEach((plane, part) => {
      const times = 255 / range;
      for (let i = 0; i < count; i += 1) bytes[4 * i + part] = (plane[i] - scale.low) * times;
    });
    return bytes;
  }
  const table = tableOf(scale);
  const [plane] = map.planes;
  const times = (STEPS - 1) / range;
  for (let i = 0; i < count; i += 1) {
    const step = Math.round((plane[i] - scale.low) * times);
    const from = 3 * Math.min(Math.max(step, 0), STEPS - 1);
    bytes[4 * i] = table[from];
    bytes[4 * i + 1] = table[from + 1];
    bytes[4 * i + 2] = table[from + 2];
  }
  return bytes;
}

// What a cell with a number in it is tinted: more of the warm or the cool colour, or of the ink.
function tintOf(value, limit, signed) {
  const part = Math.min(1, Math.abs(value) / (limit || 1));
  const sign = value < 0 ? "minus" : "plus";
  return { name: signed ? sign : "amount", share: `${(36 * part).toFixed(1)}%` };
}

// A bar of the colours with the numbers that they stand for.
function scaleBar() {
  const [low, middle, high] = [0, 1, 2].map(() => element("span"));
  const bar = element("span", { class: "bar" });
  const note = element("span", { class: "soft" });
  const ends = element("span", { class: "ends" }, low, middle, high);
  const show = (scale, map, asCells) => {
    const signed = scale.kind === "signed";
    const colours = map.planes.length === 3;
    const kind = colours && signed ? "middle" : scale.kind;
    bar.className = `bar ${kind}${asCells ? " tints" : ""}`;
    low.textContent = `${scale.cut ? "≤ " : ""}${shortNumber(scale.low)}`;
    middle.textContent = signed ? "0" : "";
    high.textContent = `${scale.cut ? "≥ " : ""}${shortNumber(scale.high)}`;
    note.textContent = colours && signed ? "In red, green and blue, mid-grey is 0." : "";
  };
  const node = element("div", { class: "scale" }, bar, ends, note);
  return { node, show };
}
