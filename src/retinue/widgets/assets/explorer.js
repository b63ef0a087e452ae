// The convolution explorer: a kernel moves over a picture, and everything that follows is shown.

const LEAD = "A kernel moves over the picture. At each place the numbers under it are multiplied "
  + "by its weights and added up: that is one number of the output.";

function render({ model, el }) {
  const root = widgetRoot(model, el, "explorer");
  const known = Object.fromEntries(
    ["limits", "presets", "learned", "measured", "measured_of", "pictures"]
      .map((key) => [key, model.get(key)]),
  );
  const page = { scene: null, made: "", channel: 0, alike: null, playing: false, failed: "" };
  let frame = 0;
  const redraw = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };
  const draft = draftOf(model, redraw);
  const views = viewsOf(actionsOf(model, draft, page, known), known, page, redraw);
  page.player = views.player;
  root.append(...laidOut(views));
  const draw = () => drawPage(root, model, draft, page, views, known);
  model.on("change:problem", redraw);
  draw();
  return () => {
    cancelAnimationFrame(frame);
    views.player.end();
    draft.end();
  };
}

// Every part of the page, each with `show` for what changed and `point` for where the window is.
function viewsOf(actions, known, page, redraw) {
  const says = liveLine({ class: "heard retinue-says" });
  return {
    says,
    refused: element("p", { class: "retinue-problem", role: "alert" }),
    chooser: chooserView(known.pictures, known.limits, actions),
    controls: settingsView(known, actions),
    input: inputView(actions),
    stages: stagesView(actions),
    window: windowView(actions),
    sums: sumView(),
    facts: factsView(actions),
    player: playerView(actions, (playing) => {
      page.playing = playing;
      // What changes many times a second is not read out.
      says.setAttribute("aria-live", playing ? "off" : "polite");
      redraw();
    }),
  };
}

function laidOut({ says, refused, chooser, controls, input, stages, window, sums, facts, player }) {
  const title = element("h3", { text: "Under the window" });
  const maps = element("div", { class: "maps" }, input.node, stages.output);
  return [
    element("p", { class: "lead", text: LEAD }), chooser.node, says,
    element("div", { class: "body" },
      element("div", { class: "see" }, maps, refused, player.node), controls.node,
      element("div", { class: "under" }, title, window.node, sums.node), stages.after, facts.node),
  ];
}

// Show the settings, and what they make of the picture where they are possible together.
function drawPage(root, model, draft, page, views, known) {
  const { settings } = draft;
  views.chooser.show(settings);
  if (!isHere(settings) || !isWhole(settings)) return;
  const [height, width, channels] = shapeOf(settings);
  settings.channel_count = channels;
  Object.assign(settings, forChannels(settings, channels, known.learned));
  page.alike = isAlike(settings) && (page.alike ?? true);
  views.controls.show(settings, page.alike);
  const problem = refusalOf(settings, height, width);
  const text = problem || page.failed || model.get("problem");
  if (views.refused.textContent !== text) views.refused.textContent = text;
  root.classList.toggle("refused", problem !== "");
  if (problem) {
    views.player.stop();
    return;
  }
  drawScene(draft.settings, page, views, known);
  draft.push();
}

// Compute again what has changed, and put the window where it is.
function drawScene(settings, page, views, known) {
  const { position: _, pixels, ...others } = settings;
  const made = JSON.stringify(others);
  const parts = [views.input, views.stages, views.window, views.facts];
  if (made !== page.made || page.pixels !== pixels) {
    Object.assign(page, { made, pixels });
    page.scene = { ...sceneOf({ ...settings }, known, page.scene), channel: page.channel };
    parts.forEach((part) => part.show(page.scene));
  }
  const { scene } = page;
  const position = settings.position.map((at, axis) => within(at, scene.sizes.output[axis]));
  settings.position = position;
  [...parts, views.sums].forEach((part) => part.point?.(scene, position, page.playing));
  const at = position[0] * scene.result.width + position[1];
  const values = scene.result.planes.map((plane) => shortNumber(plane[at])).join(", ");
  const place = `row ${position[0] + 1}, column ${position[1] + 1}`;
  views.says.textContent = `Output, ${place}: ${values}`;
}

// Whether the weights are of the kernel's size; for a moment, while Python's changes come, they may
// not be.
function isWhole({ values, kernel_size: [height, width] }) {
  return values.every((slice) => slice.length === height && slice[0].length === width);
}

export default { render };
