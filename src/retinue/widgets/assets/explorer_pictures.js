// Which picture is looked at: a grid of numbers, a sample photo, or a file of one's own.

const LARGEST = 256; // pixels a side of a picture of one's own

// A file's picture, decoded by the browser and shrunk: {pixels, shape}. Fails where it is none.
async function pictureFrom(file) {
  const image = await createImageBitmap(file);
  const shrink = Math.min(1, LARGEST / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map(
    (side) => Math.max(1, Math.round(side * shrink)),
  );
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#ffffff"; // what is transparent lies on white
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  image.close();
  return withoutOpacity(context.getImageData(0, 0, width, height).data, height, width);
}

// Red, green and blue of every pixel, or one number where all three are the same everywhere.
function withoutOpacity(rgba, height, width) {
  let grey = true;
  for (let i = 0; grey && i < rgba.length; i += 4) {
    grey = rgba[i] === rgba[i + 1] && rgba[i] === rgba[i + 2];
  }
  const channels = grey ? 1 : 3;
  const pixels = new Uint8Array(height * width * channels);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += channels) {
    for (let part = 0; part < channels; part += 1) pixels[to + part] = rgba[from + part];
  }
  return { pixels: new DataView(pixels.buffer), shape: [height, width, channels] };
}

// A button for each picture, one for a file, and what there is to do with a grid.
function chooserView(pictures, limits, { choosePicture, upload, regrid }) {
  const buttons = pictures.map(([name, label]) => button(label, () => choosePicture(name)));
  const file = element("input", { type: "file", accept: "image/*", class: "heard" });
  file.addEventListener("change", () => {
    if (file.files.length) upload(file.files[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  const own = element("label", { class: "file" }, file, "Picture of your own…");
  const range = { min: limits.grid[0], max: limits.grid[1] };
  const size = rangeControl("Grid size", range, (side) => {
    regrid((row, column, grid) => grid[row]?.[column] ?? 0, [side, side]);
  });
  const random = button("Other numbers", () => regrid(() => Math.floor(Math.random() * 10)));
  const tools = element("div", { class: "grid-tools" }, size.node, random);
  const name = element("bdi", { class: "soft picture-name" });
  const attributes = { class: "tabs", role: "group", "aria-label": "Picture" };
  const tabs = element("div", attributes, ...buttons, own);
  const node = element("div", { class: "chooser" }, tabs, name, tools);

  function show({ picture, picture_name: called, grid }) {
    buttons.forEach((one, index) => {
      one.setAttribute("aria-pressed", String(pictures[index][0] === picture));
    });
    own.classList.toggle("chosen", picture === "own");
    name.textContent = picture === "own" ? called : "";
    name.hidden = picture !== "own";
    tools.hidden = picture !== "grid";
    const sides = [grid.length, grid[0].length];
    size.show(Math.max(...sides), bySize(sides));
  }

  return { node, show };
}
