// The arithmetic of convolution and pooling, as torch has it. A picture or a map is {height, width,
// planes}, a plane being a Float64Array of height * width numbers; the settings are the widget's
// state, and pairs in them are [of rows, of columns].

const OUTSIDE = -1; // the source of a padded cell that is no cell of the picture

// Rows and columns from the first to the last that a window looks at.
function reachOf(settings) {
  return [0, 1].map((axis) => settings.dilation[axis] * (settings.kernel_size[axis] - 1) + 1);
}

// Cells put around the picture: [[above, below], [left, right]]; `same` has an odd one at the end.
function paddingOf(settings) {
  const { padding } = settings;
  return reachOf(settings).map((reach, axis) => {
    if (padding === "valid") return [0, 0];
    if (padding === "same") return [Math.floor((reach - 1) / 2), Math.ceil((reach - 1) / 2)];
    const number = Array.isArray(padding) ? padding[axis] : padding;
    return [number, number];
  });
}

// Every size there is, of rows and of columns: reach, padding, padded, output, dropped (at the end
// of the padded picture), pooled.
function sizesOf(settings, height, width) {
  const reach = reachOf(settings);
  const padding = paddingOf(settings);
  const axes = [height, width].map((size, axis) => {
    const stride = settings.stride[axis];
    const whole = padding[axis][0] + size + padding[axis][1];
    const output = Math.floor((whole - reach[axis]) / stride) + 1;
    return {
      padded: whole,
      output,
      dropped: whole - (output - 1) * stride - reach[axis],
      pooled: Math.floor((output - settings.pool_size) / settings.pool_stride) + 1,
    };
  });
  const both = (key) => axes.map((axis) => axis[key]);
  return {
    reach, padding, padded: both("padded"), output: both("output"), dropped: both("dropped"),
    pooled: both("pooled"),
  };
}

// Why torch would not compute this, in one line; empty where it would.
function refusalOf(settings, height, width) {
  if (settings.padding === "same" && Math.max(...settings.stride) > 1) {
    return "Padding “same” goes with stride 1 only: choose another padding, or stride 1.";
  }
  const sizes = sizesOf(settings, height, width);
  const reason = axisRefusal(settings, sizes, 0, height, "rows")
    || axisRefusal(settings, sizes, 1, width, "columns");
  const pool = settings.pool_size;
  if (reason || settings.pooling === "none" || Math.min(...sizes.output) >= pool) return reason;
  return `A pooling window of ${bySize([pool, pool])} does not fit on a map of `
    + `${bySize(sizes.output)}: choose a smaller one.`;
}

function axisRefusal({ padding_mode: mode }, sizes, axis, size, words) {
  const most = Math.max(...sizes.padding[axis]);
  const least = { reflect: most + 1, circular: most }[mode] ?? 0;
  if (most > 0 && size < least) {
    return `A padding of ${most} ${words} that is “${mode}” needs a picture of at least ${least}, `
      + `and this one has ${size}: choose less, or another kind of padding.`;
  }
  const [reach, whole] = [sizes.reach[axis], sizes.padded[axis]];
  if (reach <= whole) return "";
  return `The window covers ${reach} ${words}, and the picture has only ${whole} with its padding: `
    + "choose a smaller kernel or dilation, or more padding.";
}

// For every cell along a padded axis the cell of the picture that it shows, or OUTSIDE.
function sourcesOf(size, [before, after], mode) {
  return Int32Array.from({ length: before + size + after }, (_, index) => {
    const at = index - before;
    if (at >= 0 && at < size) return at;
    if (mode === "reflect") return at < 0 ? -at : 2 * (size - 1) - at;
    if (mode === "replicate") return at < 0 ? 0 : size - 1;
    return mode === "circular" ? (at + size) % size : OUTSIDE;
  });
}

// The picture with its padding.
function padded(picture, padding, mode) {
  const rows = sourcesOf(picture.height, padding[0], mode);
  const columns = sourcesOf(picture.width, padding[1], mode);
  const [height, width] = [rows.length, columns.length];
  if (height === picture.height && width === picture.width) return picture;
  const planes = picture.planes.map((plane) => {
    const made = new Float64Array(height * width);
    for (let row = 0; row < height; row += 1) {
      if (rows[row] === OUTSIDE) continue;
      const from = rows[row] * picture.width;
      for (let column = 0; column < width; column += 1) {
        if (columns[column] !== OUTSIDE) made[row * width + column] = plane[from + columns[column]];
      }
    }
    return made;
  });
  return { height, width, planes };
}

// The weights for one channel: its own where there are some for each, else those for all.
function sliceFor(values, channel) {
  return values.length > channel ? values[channel] : values[0];
}

// The output: a plane for each channel where they are kept apart, else one in which they are added.
function convolved(input, settings, [height, width]) {
  const apart = settings.channels === "apart";
  const made = (apart ? input.planes : [0]).map(
    () => new Float64Array(height * width).fill(settings.bias),
  );
  let between = null; // one for all channels: large arrays cost time to make and to forget
  input.planes.forEach((plane, channel) => {
    const weights = sliceFor(settings.values, channel);
    const target = { plane: made[apart ? channel : 0], height, width };
    const source = { plane, height: input.height, width: input.width };
    const factors = factorsOf(weights);
    between = factors && between === null ? new Float64Array(input.height * width) : between;
    if (factors) addInTwo(target, source, between.fill(0), factors, settings);
    else addWindows(target, source, weights, settings);
  });
  return { height, width, planes: made };
}

// A kernel that is a column of weights times a row of them, as [column, row]; null where it is
// none, or too small for that to spare work.
function factorsOf(weights) {
  const [height, width] = [weights.length, weights[0].length];
  if (height * width <= height + width + 3) return null;
  const sizes = weights.flat().map(Math.abs);
  const least = sizes.indexOf(Math.min(...sizes.filter((size) => size > 0)));
  if (least < 0) return null;
  // Of whole numbers with a common factor the least divides the others without a rest.
  const row = weights[Math.floor(least / width)];
  const column = weights.map((line) => line[least % width] / row[least % width]);
  const close = 1e-12 * Math.max(...sizes);
  const same = (line, i) => line.every((one, j) => Math.abs(one - column[i] * row[j]) <= close);
  return weights.every(same) ? [column, row] : null;
}

// The same as `addWindows`, first along the rows, into a plane of zeros, then along the columns.
function addInTwo(made, input, plane, [column, row], { stride, dilation }) {
  const between = { plane, height: input.height, width: made.width };
  addWindows(between, input, [row], { stride: [1, stride[1]], dilation: [1, dilation[1]] });
  const down = column.map((weight) => [weight]);
  addWindows(made, between, down, { stride: [stride[0], 1], dilation: [dilation[0], 1] });
}

// Add to every cell the sum of its window; a row at a time stays near the processor, and four
// weights at a time spare it most of the writing.
function addWindows(made, input, weights, { stride, dilation }) {
  const fours = inFours(weights, dilation, input.width);
  for (let row = 0; row < made.height; row += 1) {
    const from = row * stride[0] * input.width;
    for (const four of fours) {
      addRow(made.plane, row * made.width, made.width, input.plane, from, stride[1], four);
    }
  }
}

// The weights that are not 0, by four, with how far their cells are from the corner of the window;
// the last four are filled up with zeros.
function inFours(weights, dilation, across) {
  const taps = weights.flatMap((line, i) => line.map((weight, j) => (
    { weight, place: i * dilation[0] * across + j * dilation[1] }
  ))).filter(({ weight }) => weight !== 0);
  while (taps.length % 4) taps.push({ weight: 0, place: 0 });
  return Array.from({ length: taps.length / 4 }, (_, four) => taps.slice(4 * four, 4 * four + 4));
}

// The innermost loop: a row of the input, times four weights, onto a row of the output.
function addRow(made, first, count, plane, from, step, [one, two, three, four]) {
  const [a, b, c, d] = [one.weight, two.weight, three.weight, four.weight];
  let [e, f, g, h] = [one.place, two.place, three.place, four.place].map((place) => place + from);
  for (let to = first; to < first + count; to += 1) {
    made[to] += a * plane[e] + b * plane[f] + c * plane[g] + d * plane[h];
    e += step;
    f += step;
    g += step;
    h += step;
  }
}

function rectified(map) {
  const planes = map.planes.map((plane) => plane.map((value) => Math.max(0, value)));
  return { ...map, planes };
}

// The largest or the mean value of every pooling window.
function pooledOf(map, { pooling, pool_size: size, pool_stride: stride }, [height, width]) {
  const largest = pooling === "max";
  const planes = map.planes.map((plane) => {
    const made = new Float64Array(height * width);
    for (let index = 0; index < made.length; index += 1) {
      const corner = Math.floor(index / width) * stride * map.width + (index % width) * stride;
      made[index] = largest ? largestUnder(plane, map.width, corner, size)
        : sumUnder(plane, map.width, corner, size) / (size * size);
    }
    return made;
  });
  return { height, width, planes };
}

function largestUnder(plane, across, corner, size) {
  let most = plane[corner];
  for (let row = 0; row < size; row += 1) {
    const end = corner + row * across + size;
    for (let at = end - size; at < end; at += 1) if (plane[at] > most) most = plane[at];
  }
  return most;
}

function sumUnder(plane, across, corner, size) {
  let sum = 0;
  for (let row = 0; row < size; row += 1) {
    const end = corner + row * across + size;
    for (let at = end - size; at < end; at += 1) sum += plane[at];
  }
  return sum;
}

// The numbers under a window of a plane, in reading order.
function valuesUnder(plane, across, [top, left], size) {
  return Array.from({ length: size * size }, (_, index) => (
    plane[(top + Math.floor(index / size)) * across + left + (index % size)]
  ));
}

// What one output cell adds up of one channel: for each weight {row, column, value, weight,
// product, outside}, where row and column are those of the padded picture.
function termsAt(input, settings, [row, column], channel) {
  const plane = input.planes[channel];
  const { stride, dilation } = settings;
  const padding = paddingOf(settings);
  return sliceFor(settings.values, channel).flatMap((line, i) => line.map((weight, j) => {
    const at = [row * stride[0] + i * dilation[0], column * stride[1] + j * dilation[1]];
    const value = plane[at[0] * input.width + at[1]];
    const outside = isPadding(input, padding, at);
    return { row: at[0], column: at[1], value, weight, product: value * weight, outside };
  }));
}

// Whether a cell of the padded picture is one of those around it.
function isPadding({ height, width }, [[above, below], [left, right]], [row, column]) {
  return row < above || row >= height - below || column < left || column >= width - right;
}
