// Feature maps: from the bytes of a map to colours, by itself and on the picture.

const INK = { positive: [213, 94, 0], negative: [0, 114, 178] };
const STRONGEST = 0.85; // how much of the picture the largest value covers

// From 0 to 1, or from -1 to 1 where there are negative values: the share of the limit that a code
// of a map stands for. With one scale for the layer, the same share of a smaller limit is less.
function shareOf(state, index) {
  const ratio = state.scale === "channel" ? 1 : state.limits[index] / state.limit;
  return Float32Array.from({ length: 256 }, (_, code) => {
    const share = (state.signed ? (code - 128) / 127 : code / 255) * ratio;
    return Math.min(Math.max(share, -1), 1);
  });
}

// The codes of one map of the grid.
function codesOf(state, index) {
  const size = state.height * state.width;
  return state.codes.subarray(index * size, (index + 1) * size);
}

// One map in colours: (h, w) RGBA.
function colouredMap(state, index) {
  const shares = shareOf(state, index);
  const places = Array.from(shares, (share) =>
    3 * Math.round(255 * (state.signed ? (share + 1) / 2 : share)));
  const rgba = new Uint8Array(4 * state.height * state.width).fill(255);
  codesOf(state, index).forEach((code, at) => {
    const place = places[code];
    rgba[4 * at] = state.palette[place];
    rgba[4 * at + 1] = state.palette[place + 1];
    rgba[4 * at + 2] = state.palette[place + 2];
  });
  return rgba;
}

// For each pixel along an axis of the picture the two cells of the map between which it lies, and
// how near it is to the second: bilinear without aligned corners, as PyTorch does it.
function between(cells, pixels) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const at = Math.max(0, ((pixel + 0.5) * cells) / pixels - 0.5);
    const first = Math.min(Math.floor(at), cells - 1);
    return [first, Math.min(first + 1, cells - 1), at - first];
  });
}

// A map at the size of the picture: (H, W) shares of the limit.
function enlargedMap(state, index) {
  const [codes, shares] = [codesOf(state, index), shareOf(state, index)];
  const [tall, wide] = state.pictureSize;
  const [rows, columns] = [between(state.height, tall), between(state.width, wide)];
  const found = new Float32Array(tall * wide);
  rows.forEach(([above, below, down], y) => columns.forEach(([left, right, along], x) => {
    const share = (row, column) => shares[codes[row * state.width + column]];
    const top = (1 - along) * share(above, left) + along * share(above, right);
    const bottom = (1 - along) * share(below, left) + along * share(below, right);
    found[y * wide + x] = (1 - down) * top + down * bottom;
  }));
  return found;
}

// The picture under a map: the stronger, the paler the picture and the fuller the ink.
function overlaid(state, index) {
  const [tall, wide, channels] = state.pictureSize;
  const heat = enlargedMap(state, index);
  const rgba = new Uint8Array(4 * tall * wide).fill(255);
  const full = state.strength;
  heat.forEach((share, at) => {
    const pixel = [0, 1, 2].map((c) => state.picture[at * channels + (channels === 3 ? c : 0)]);
    const pale = 70 + 0.72 * (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]);
    const ink = share > 0 ? INK.positive : INK.negative;
    const cover = STRONGEST * full * Math.abs(share);
    pixel.forEach((value, c) => {
      const ground = (1 - full) * value + full * pale;
      rgba[4 * at + c] = Math.round((1 - cover) * ground + cover * ink[c]);
    });
  });
  return rgba;
}
