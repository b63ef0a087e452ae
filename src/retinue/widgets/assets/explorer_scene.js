// All that is computed of the settings, but for the place of the window.

// (height, width, channels) of the picture that the settings name.
function shapeOf({ picture, grid, shape }) {
  return picture === "grid" ? [grid.length, grid[0].length, 1] : shape;
}

// Whether the pixels of the picture are here; those of a sample come from Python.
function isHere({ picture, pixels, pixels_of: whose, shape }) {
  if (picture === "grid") return true;
  const count = pixelsOf(pixels).length;
  return whose === picture && count > 0 && count === shape[0] * shape[1] * shape[2];
}

// Numbers of a grid, or pixels, row by row, as a picture of one plane a channel; with `normalise`
// pixels are as a network gets them.
function pictureOf(settings, normalise) {
  const [height, width, channels] = shapeOf(settings);
  const grid = settings.picture === "grid";
  const numbers = grid ? settings.grid.flat() : pixelsOf(settings.pixels);
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = new Float64Array(height * width);
    const [mean, std] = normalise ? [normalise.mean[channel], normalise.std[channel]] : [0, 1];
    for (let i = 0; i < plane.length; i += 1) {
      plane[i] = (numbers[i * channels + channel] - mean) / std;
    }
    return plane;
  });
  return { height, width, planes };
}

// `known` is {learned, measured, measured_of}, which never change; `before` the last scene, of which the picture
// and the input are taken over where they are the same.
function sceneOf(settings, known, before) {
  const normalise = settings.normalised ? known.learned : null;
  const picture = hasSame(before, settings, ["picture", "grid", "pixels", "shape", "normalised"])
    ? before.picture : pictureOf(settings, normalise);
  const sizes = sizesOf(settings, picture.height, picture.width);
  const isPaddedAlike = picture === before?.picture && isSame(sizes.padding, before.sizes.padding)
    && settings.padding_mode === before.settings.padding_mode;
  const input = isPaddedAlike ? before.input
    : padded(picture, sizes.padding, settings.padding_mode);
  const result = convolved(input, settings, sizes.output);
  const active = settings.activation === "relu" ? rectified(result) : null;
  const pooled = settings.pooling === "none" ? null
    : pooledOf(active ?? result, settings, sizes.pooled);
  const grid = settings.picture === "grid" ? settings.grid : null;
  const white = grid ? 9 : 255; // the largest number that the picture can have
  const limit = normalise ? largestOf(picture) : white;
  const scale = scaleOf(settings, result, white);
  const { measured, measured_of: source } = known;
  return {
    settings, normalise, picture, sizes, input, result, active, pooled, grid, white, limit, scale,
    measured, source,
  };
}

function hasSame(before, settings, keys) {
  return Boolean(before) && keys.every((key) => isSame(before.settings[key], settings[key]));
}
