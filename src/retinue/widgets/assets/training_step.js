// TrainingStep: transform, forward, backward, update, a stage each, with a real batch's numbers.

const STAGES = [
  ["transform", "Transform", "pictures become a batch of numbers"],
  ["forward", "Forward", "numbers become predictions, and a loss"],
  ["backward", "Backward", "how the loss changes with every weight"],
  ["update", "Update", "every weight moves a little downhill"],
];
const ORDER = STAGES.map(([key]) => key);
const SWIPE = 50; // pixels that a finger goes sideways

// The name of the weight that the next steps follow; any that the network has can be typed.
function weightFieldOf(model) {
  const id = uniqueId();
  const input = element("input", {
    type: "text", list: id, "data-key": "weight", spellcheck: "false", autocomplete: "off",
    placeholder: "the same one",
    on: { change: () => change(model, { weight: input.value.trim() }) },
  });
  follow(model, "weight", (text) => { input.value = text; });
  const names = element("datalist", { id }, ...model.get("weights").map(
    (value) => element("option", { value })));
  return element("div", { class: "controls" },
    labelled("Weight to follow in the next batch", input), names);
}

// The loss of every step so far, as a small line.
function lossLine(model) {
  const path = svgElement("path");
  const dot = svgElement("circle", { r: 3 });
  const title = svgElement("title");
  const svg = svgElement("svg", { viewBox: "0 0 160 40", class: "spark", role: "img" },
    title, path, dot);
  const says = element("span", { class: "soft" });
  const draw = () => {
    const losses = model.get("losses");
    const [low, high] = losses.reduce(
      ([one, two], value) => [Math.min(one, value), Math.max(two, value)], [Infinity, -Infinity]);
    const places = losses.map((value, number) => [
      4 + (152 * number) / Math.max(1, losses.length - 1),
      high > low ? 36 - (32 * (value - low)) / (high - low) : 20,
    ]);
    path.setAttribute("d", places.map(
      ([x, y], number) => `${number ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join(""));
    const [x, y] = places[places.length - 1];
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    const shown = losses.slice(-10).map((value) => fixed(value, 3)).join(", ");
    title.textContent = `Loss of the last steps: ${shown}`;
    svg.toggleAttribute("hidden", losses.length < 2);
    says.textContent = `loss of ${counted(losses.length, "step")}: ${fixed(losses.at(-1), 3)}`;
  };
  return { node: element("div", { class: "losses" }, says, svg), draw };
}

// The four stages as tabs, walked with arrows, Home and End.
function stripOf(model, panelId) {
  const tabs = STAGES.map(([key, title, text], number) => element("button", {
    type: "button", role: "tab", id: `${panelId}-${key}`, "aria-controls": panelId,
    on: { click: () => change(model, { stage: key }) },
  }, element("span", { class: "number", text: number + 1 }),
  element("span", { class: "title", text: title }), element("span", { class: "soft", text })));
  const node = element("div", {
    class: "strip", role: "tablist", "aria-label": "The four parts of a training step",
    on: {
      keydown: (event) => {
        const at = ORDER.indexOf(model.get("stage"));
        const move = ARROWS[event.key]?.[0];
        const to = { Home: 0, End: ORDER.length - 1 }[event.key] ?? (move ? at + move : null);
        if (to === null || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        const place = within(to, ORDER.length);
        if (place !== at) change(model, { stage: ORDER[place] });
        tabs[place].focus();
      },
    },
  }, ...tabs);
  follow(model, "stage", (stage) => tabs.forEach((tab, number) => {
    const isChosen = ORDER[number] === stage;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  }));
  return node;
}

// Call f(-1) or f(1) where a finger goes sideways, but not where it scrolls a table.
function onSwipe(node, f) {
  let from = null;
  node.addEventListener("touchstart", (event) => {
    const box = event.target.closest(".scroll");
    const scrolls = box && box.scrollWidth > box.clientWidth;
    from = event.touches.length === 1 && !scrolls ? event.touches[0] : null;
  }, { passive: true });
  node.addEventListener("touchend", (event) => {
    const to = event.changedTouches[0];
    if (!from || !to) return;
    const [dx, dy] = [to.clientX - from.clientX, to.clientY - from.clientY];
    from = null;
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) f(dx < 0 ? 1 : -1);
  }, { passive: true });
}

// Buttons that cannot be pressed keep the focus: they are marked, and do nothing.
function walkButton(text, f) {
  const node = button(text, () => { if (node.getAttribute("aria-disabled") !== "true") f(); });
  return node;
}
function allow(node, allowed) {
  node.setAttribute("aria-disabled", String(!allowed));
}

function render({ model, el }) {
  const root = widgetRoot(model, el, "training-step");
  const panelId = uniqueId();
  const weightField = weightFieldOf(model);
  const where = element("p", { class: "where" });
  const news = liveLine({ class: "heard" });
  const notes = element("p", { class: "soft" });
  const panel = element("div", { class: "stage", role: "tabpanel", id: panelId, tabindex: 0 });
  const losses = lossLine(model);
  let waits = false;

  const go = (by) => {
    const to = ORDER.indexOf(model.get("stage")) + by;
    if (to >= 0 && to < ORDER.length) change(model, { stage: ORDER[to] });
  };
  const back = walkButton("◂ Back", () => go(-1));
  const next = walkButton("Next ▸", () => go(1));
  const more = walkButton("Next batch", () => {
    waits = true;
    allow(more, false);
    more.textContent = "computing …";
    change(model, { taken: model.get("seen").taken + 1 });
  });

  const drawStage = (fresh) => {
    const stage = model.get("stage");
    const { activeElement } = panel.getRootNode();
    const key = panel.contains(activeElement) ? activeElement.dataset.key : null;
    const views = {
      transform: transformStage, forward: forwardStage, backward: backwardStage,
      update: () => updateStage(model, weightField),
    };
    panel.replaceChildren(...views[stage](model, fresh));
    panel.setAttribute("aria-labelledby", `${panelId}-${stage}`);
    if (key) panel.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true });
    allow(back, stage !== ORDER[0]);
    allow(next, stage !== ORDER.at(-1));
  };
  const settle = () => {
    const { ended } = model.get("seen");
    more.textContent = ended ? "The training has ended" : "Next batch";
    allow(more, !ended);
    waits = false;
  };
  const drawSeen = () => {
    const seen = model.get("seen");
    const asked = waits;
    where.textContent = seen.where;
    notes.textContent = seen.notes.join("; ");
    losses.draw();
    drawStage(true);
    settle();
    if (asked) news.textContent = `${seen.where}: loss ${fixed(seen.loss, 3)}`;
  };

  root.append(
    element("header", {}, element("h3", { text: "One training step" }), where),
    stripOf(model, panelId), problemLine(model), panel,
    element("div", { class: "controls walk" }, back, next, more, losses.node), notes, news);
  drawSeen();
  onSwipe(panel, go);
  const ends = [
    listen(model, ["seen", "before", "after", "losses"], drawSeen),
    listen(model, ["stage"], () => drawStage(true)),
    listen(model, ["picture"], () => drawStage(false)),
    listen(model, ["problem"], () => { if (model.get("problem")) settle(); }),
  ];
  return () => ends.forEach((end) => end());
}

export default { render };
