// The widget Attribution: a picture, a map of what in it speaks for a class, and beside that the
// same map of a network that has lost what it learned.

const BAR_GREY = 155; // what lies under the bar of colours

// A picture under a map's colours, RGBA. With a strength of 0 it is the picture as it is, with 1 it
// is grey and the colours have all of their own opacity.
function underMap(picture, channels, pale, colours, strength) {
  const rgba = new Uint8Array(4 * pale.length);
  for (let at = 0; at < pale.length; at += 1) {
    const opacity = (strength * colours[4 * at + 3]) / 255;
    for (let ink = 0; ink < 3; ink += 1) {
      const own = picture[channels * at + (channels === 1 ? 0 : ink)];
      const under = own + strength * (pale[at] - own);
      rgba[4 * at + ink] = Math.round(under + opacity * (colours[4 * at + ink] - under));
    }
    rgba[4 * at + 3] = 255;
  }
  return rgba;
}

// A canvas of the picture's size with its words; `draw(pixels, channels)` draws on it.
function pictureFigure(model) {
  const canvas = element("canvas", { role: "img" });
  const caption = element("figcaption");
  const node = element("figure", {}, canvas, caption);
  const draw = (pixels, channels) => {
    const [height, width] = model.get("picture_size");
    drawSquares(canvas, pixels, width, height, channels);
  };
  return { node, canvas, caption, draw };
}

// The picture as it is.
function plainPicture(model) {
  const { node, canvas, caption, draw } = pictureFigure(model);
  const show = () => {
    draw(pixelsOf(model.get("picture")), model.get("picture_size")[2]);
    caption.textContent = `The picture: ${model.get("picture_name")}`;
    canvas.setAttribute("aria-label", caption.textContent);
  };
  show();
  return { node, end: listen(model, ["picture", "picture_size", "picture_name"], show) };
}

// One of the two maps, `heat` or `other`, on the picture, above the bar of its own colours.
function mapPicture(model, key, words) {
  const { node, canvas, caption, draw } = pictureFigure(model);
  const bar = element("canvas", { class: "bar", "aria-hidden": "true" });
  const [low, high] = [element("span"), element("span")];
  canvas.after(element("div", { class: "scale" }, low, bar, high));
  const show = () => {
    const colours = pixelsOf(model.get(key));
    node.hidden = colours.length === 0;
    if (node.hidden) return;
    const strength = model.get("strength");
    const pale = pixelsOf(model.get("pale"));
    const [picture, channels] = [pixelsOf(model.get("picture")), model.get("picture_size")[2]];
    draw(underMap(picture, channels, pale, colours, strength), 4);
    const scale = pixelsOf(model.get("bar"));
    const grey = new Uint8Array(scale.length / 4).fill(BAR_GREY);
    drawPixels(bar, underMap(grey, 1, grey, scale, strength), grey.length, 1, 4);
    [low.textContent, high.textContent] = model.get(`${key}_ends`);
    caption.textContent = words();
    canvas.setAttribute("aria-label", `${caption.textContent} ${model.get("title")}`);
  };
  show();
  const keys = ["strength", key, `${key}_ends`, "bar", "pale", "picture", "title", "likeness",
    "signed"];
  return { node, end: listen(model, keys, show) };
}

// A choice of layers, for Grad-CAM.
function layerOfMaps(model) {
  const { node, end } = layerChoice(model);
  const hide = () => { node.hidden = model.get("method") !== "grad-cam"; };
  hide();
  const ends = [end, listen(model, ["method"], hide)];
  return { node, end: () => ends.forEach((one) => one()) };
}

// Whether the maps are still those of another question.
function isWaiting(model) {
  const layer = model.get("method") === "grad-cam" ? model.get("layer") : null;
  const asked = JSON.stringify([model.get("method"), layer, model.get("target")]);
  return !model.get("problem") && asked !== JSON.stringify(model.get("shown"));
}

// What the classifier says, what is shown, and how to read it.
function mapWords(model, root, maps) {
  const title = element("h3");
  const answer = element("p", { class: "soft" });
  const told = element("div", { class: "told" });
  const says = liveLine({ class: "heard" });
  const tell = () => {
    title.textContent = model.get("title");
    answer.textContent = `${capitalised(model.get("answer"))}.`;
    told.replaceChildren(...model.get("sentences").map((text) => element("p", { text })));
    wait();
  };
  const wait = () => {
    const waiting = isWaiting(model);
    root.setAttribute("aria-busy", String(waiting));
    maps.classList.toggle("waiting", waiting);
    says.textContent = waiting ? "Computing" : [model.get("title"), ...model.get("sentences")]
      .join(". ");
  };
  tell();
  const ends = [
    listen(model, ["title", "answer", "sentences"], tell),
    listen(model, ["method", "layer", "target", "shown", "problem"], wait),
  ];
  return { nodes: [title, answer, told, says], end: () => ends.forEach((end) => end()) };
}

function render({ model, el }) {
  const root = widgetRoot(model, el, "attribution");
  const layer = layerOfMaps(model);
  const colours = () => (model.get("signed") ? "orange for it, blue against it"
    : "the brighter the more");
  const pictures = [
    plainPicture(model),
    mapPicture(model, "heat", () => `What speaks for the class: ${colours()}`),
    mapPicture(model, "other", () => `With weights drawn at random: ${model.get("likeness")}`),
  ];
  const maps = element("div", { class: "maps" }, ...pictures.map(({ node }) => node));
  const words = mapWords(model, root, maps);
  const [title, answer, told, says] = words.nodes;
  root.append(
    element(
      "div", { class: "controls" },
      select(model, "method", model.get("methods"), "Method"),
      layer.node,
      select(model, "target", model.get("classes").map((name, at) => [at, name]), "Class"),
      strengthSlider(model),
    ),
    problemLine(model), title, answer, maps, told, says,
  );
  return () => [layer, ...pictures, words].forEach(({ end }) => end());
}

export default { render };
