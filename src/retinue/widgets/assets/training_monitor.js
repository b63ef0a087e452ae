// TrainingMonitor: curves, and what the network says of some pictures, while a run trains.

const BY_EPOCH = { key: "epoch", label: "epoch" };
const BY_STEP = { key: "step", label: "step" };

// The three lines of one measure by epoch.
function linesOf(measure) {
  return [
    { key: `train_${measure}`, label: "training, running", kind: "running" },
    { key: `subset_${measure}`, label: "training", kind: "train" },
    { key: `val_${measure}`, label: "validation", kind: "val" },
  ];
}

// Which run it is, its stage and where it is; news are read out, counting is not.
function headOf(model) {
  const title = element("h3");
  const badge = element("span", { class: "stage", role: "status" });
  const said = element("p", { class: "said" });
  const news = liveLine();
  follow(model, "run", (run) => {
    title.replaceChildren(run ? "Training of " : "Training", element("bdi", { text: run }));
  });
  follow(model, "stage", (stage) => {
    badge.textContent = stage === "running" ? "training" : stage;
    badge.dataset.stage = stage;
  });
  follow(model, "said", (text) => { said.textContent = text; });
  const tell = () => {
    const line = model.get("history").at(-1);
    if (!line) return;
    const parts = [["val", "validation"], ["subset", "training"]].filter(
      ([key]) => Number.isFinite(line[`${key}_loss`])).map(([key, word]) => {
      const share = line[`${key}_accuracy`];
      const right = Number.isFinite(share) ? `, accuracy ${percentage(share)}` : "";
      return `${word} loss ${tidy(line[`${key}_loss`])}${right}`;
    });
    const text = `epoch ${thousands(line.epoch)}: ${parts[0] ?? "done"}`;
    if (news.textContent !== text) news.textContent = text;
  };
  follow(model, "history", tell);
  return element("header", {}, element("div", { class: "title" }, title, badge), said, news);
}

// One picture: what it is, whether that was said, and the likeliest classes.
function sampleOf(row, number, pixels, shape) {
  const canvas = element("canvas", { role: "img", "aria-label": `picture ${number + 1}` });
  drawOneOf(canvas, pixels, shape, number);
  const top = row.top.map(([name, share]) => element("li", {},
    element("bdi", { class: "name", text: name, title: name }),
    element("span", { text: percentage(share, 0) }),
    element("span", {
      class: "bar", "aria-hidden": "true", style: `inline-size: ${(100 * share).toFixed(1)}%`,
    })));
  return element("li", { class: row.right ? "sample right" : "sample wrong" }, canvas,
    element("div", {},
      element("p", { class: "is" },
        element("span", { class: "verdict", text: row.right ? "✓ right: " : "✗ wrong, is: " }),
        element("bdi", { class: "name", text: row.true, title: row.true })),
      element("ol", {}, ...top)));
}

function samplesOf(model) {
  const when = element("p", { class: "soft" });
  const list = element("ul", { class: "samples" });
  const note = element("p", { class: "soft" });
  const node = element("section", {},
    element("h4", { text: "Sample predictions on validation pictures" }), when, list, note);
  const draw = () => {
    const { when: text, rows } = model.get("predictions");
    const pixels = pixelsOf(model.get("pictures"));
    const shape = model.get("shape");
    const right = rows.filter((row) => row.right).length;
    when.textContent = rows.length ? `${text}: ${right} of ${rows.length} right` : "";
    note.textContent = model.get("note");
    list.replaceChildren(...rows.map((row, number) => sampleOf(row, number, pixels, shape)));
    node.hidden = !rows.length && !note.textContent;
  };
  draw();
  return { node, draw };
}

function render({ model, el }) {
  const root = widgetRoot(model, el, "training-monitor");
  const byEpoch = [
    lineChart({ title: "Loss", x: BY_EPOCH, series: linesOf("loss") }),
    lineChart({
      title: "Accuracy", x: BY_EPOCH, series: linesOf("accuracy"), most: 1,
      show: (value) => (Math.abs(value * 100 - Math.round(value * 100)) < 1e-9
        ? percentage(value, 0) : percentage(value)),
    }),
  ];
  const byStep = [
    lineChart({
      title: "Loss of single batches", x: BY_STEP,
      series: [{ key: "loss", label: "loss", kind: "train" }],
    }),
    lineChart({
      title: "Learning rate", x: BY_STEP,
      series: [{ key: "lr", label: "learning rate", kind: "train" }],
    }),
  ];
  const measures = [["loss", "loss", tidy], ["accuracy", "accuracy", percentage]];
  const columns = measures.flatMap(([measure, word, show]) => linesOf(measure).map(
    ({ key, label }) => [key, `${label}: ${word}`, show]));
  const epochs = foldedTable("Values by epoch",
    [["epoch", "epoch", thousands], ...columns, ["lr", "learning rate", tidy],
      ["seconds", "seconds", tidy]]);
  const steps = foldedTable("Values by step",
    [["step", "step", thousands], ["loss", "loss", tidy], ["lr", "learning rate", tidy]]);
  const samples = samplesOf(model);
  root.append(headOf(model), problemLine(model),
    element("div", { class: "charts" }, ...[...byEpoch, ...byStep].map(({ node }) => node)),
    epochs.node, steps.node, samples.node);

  const drawEpochs = () => {
    const rows = model.get("history");
    byEpoch.forEach(({ draw }) => draw(rows, model.get("best_epoch")));
    epochs.fill(rows);
  };
  const drawSteps = () => {
    const rows = model.get("steps");
    byStep.forEach(({ draw }) => draw(rows));
    steps.fill(rows);
  };
  drawEpochs();
  drawSteps();
  const ends = [
    listen(model, ["history", "best_epoch"], drawEpochs),
    listen(model, ["steps"], drawSteps),
    listen(model, ["pictures", "shape", "predictions", "note"], samples.draw),
  ];
  return () => ends.forEach((end) => end());
}

export default { render };
