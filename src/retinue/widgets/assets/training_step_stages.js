// What each of the four stages of a step shows, as nodes.

const some = (value) => (Number.isFinite(value) ? tidy(value) : "–");

// Six digits that count: an update changes the last of them.
function exact(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "–";
}

// A value with so many places; a dash where there is none.
function fixed(value, places) {
  return Number.isFinite(value) ? value.toFixed(places) : "–";
}

function bar(share, kind = "") {
  const wide = Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : 0;
  return element("span", { class: "track", "aria-hidden": "true" }, element("span", {
    class: `bar ${kind}`, style: `inline-size: ${(100 * wide).toFixed(1)}%`,
  }));
}

// One of the pictures of a batch, from the bytes of all; without a text it is mere decoration.
function pictureOf(bytes, shape, number, text = null) {
  const canvas = element("canvas", { role: text && "img", "aria-label": text });
  drawOneOf(canvas, bytes, shape, number);
  return canvas;
}

// Terms with their texts.
function termsOf(pairs) {
  return element("dl", {}, ...pairs.flatMap(
    ([term, text]) => [element("dt", { text: term }), element("dd", { text })]));
}

function rowOf(cells, attributes = {}) {
  return element("tr", attributes, ...cells.map((cell) => (
    cell instanceof Node ? element("td", {}, cell) : element("td", { text: cell }))));
}

const named = (text) => element("bdi", { text, title: text });

// 1. Pictures as they are stored, and as they go into the network.
function transformStage(model) {
  const seen = model.get("seen");
  const [before, after] = [pixelsOf(model.get("before")), pixelsOf(model.get("after"))];
  const pairs = seen.answers.map((answer, number) => element("li", {},
    element("div", { class: "pair" },
      pictureOf(before, seen.before_shape, number, `picture ${number + 1} as it is`),
      element("span", { text: "→", "aria-hidden": "true" }),
      pictureOf(after, seen.after_shape, number, `picture ${number + 1} varied`)),
    element("bdi", { class: "name", text: answer.true, title: answer.true })));
  const [low, high] = seen.value_range;
  const [count, ...shape] = seen.input_shape;
  const rest = count > pairs.length ? `, the first ${pairs.length} of them here` : "";
  return [
    element("p", {}, seen.augment === "none"
      ? "The pictures of the batch become one block of numbers."
      : "Each picture of the batch is varied, so that no epoch shows the same one twice, and all " +
        "become one block of numbers."),
    termsOf([
      ["varied by", seen.augment],
      ["batch",
        `${counted(count, "picture")} of ${bySize(shape)} (channels × height × width)${rest}`],
      ["values", `from ${tidy(low)} to ${tidy(high)}; the network's first layer normalises them`],
    ]),
    element("ul", { class: "pairs" }, ...pairs),
  ];
}

// The picture whose answer is shown: buttons with the pictures as the network got them.
function choiceOf(model) {
  const seen = model.get("seen");
  const after = pixelsOf(model.get("after"));
  return element("div", { class: "choice", role: "group", "aria-label": "Picture of the batch" },
    ...seen.answers.map((answer, number) => element("button", {
      type: "button", "data-key": `picture-${number}`,
      "aria-pressed": String(number === model.get("picture")),
      "aria-label": `picture ${number + 1}: ${answer.true}`,
      on: { click: () => change(model, { picture: number }) },
    }, pictureOf(after, seen.after_shape, number))));
}

// The name of a layer; where the page is narrow, what it is stands below it.
function nameOf(row) {
  return element("div", {}, named(row.name), element("div", { class: "soft below" },
    named(row.kind)));
}

// 2. The shape after each layer, what the network answers, and the loss.
function forwardStage(model, fresh) {
  const seen = model.get("seen");
  const [count, ...shape] = seen.input_shape;
  const grow = (number) => (fresh
    ? { class: "grows", style: `animation-delay: ${Math.min(60 * number, 1500)}ms` } : {});
  const values = (sides) => counted(sides.reduce((one, two) => one * two, 1), "value");
  const layers = tableWith(["layer", "what it is", "shape for one picture", ""], [
    rowOf(["(the batch)", "", bySize(shape), values(shape)], grow(0)),
    ...seen.layers.filter((row) => row.output).map((row, number) => rowOf(
      [nameOf(row), named(row.kind), bySize(row.output), values(row.output)],
      grow(number + 1))),
  ], { class: "shapes" });
  const answer = seen.answers[Math.min(model.get("picture"), seen.answers.length - 1)];
  const answers = tableWith(["class", "logit", "probability", ""], answer.classes.map(
    ([name, logit, share, isTrue]) => rowOf([
      element("div", {}, named(name), isTrue ? element("div", { text: "(its class)" }) : null),
      some(logit), tidy(share),
      bar(share, isTrue ? "true" : ""),
    ], isTrue ? { class: "true" } : {})));
  return [element("div", { class: "columns" }, element("div", {},
    element("p", { text: `${counted(count, "picture")} go through the network, layer by layer.` }),
    scrolling("Shapes, layer by layer", layers)),
  element("div", {},
    element("h4", { text: "What it answers" }),
    choiceOf(model),
    element("p", {}, answer.right ? "Right, it is " : "Wrong, it is ", named(answer.true), ":"),
    scrolling("Logits and probabilities", answers),
    element("p", { class: "formula", text: answer.formula }),
    element("p", { class: "formula" }, `the batch's loss, the ${seen.mean} of ${count}: `,
      element("strong", { text: tidy(seen.loss) })),
    element("p", { class: "soft", text: `${seen.correct} of ${count} answers are right` })))];
}

// 3. The gradients of each layer, in the order in which they are found.
function backwardStage(model) {
  const seen = model.get("seen");
  const rows = seen.layers.filter((row) => Number.isFinite(row.gradient)).reverse();
  const most = rows.reduce((one, row) => Math.max(one, row.gradient), 0);
  const clipped = seen.clip === null ? "" : `; they are bounded to ${tidy(seen.clip)}`;
  return [
    element("p", {}, "From the loss back to the first layer: for every weight, how much the loss " +
      "would rise if the weight did. The size of a layer's gradient is the root of the sum of " +
      "the squares of all of these."),
    scrolling("Gradients, from the last layer to the first", tableWith(
      ["layer", "size of its gradient", "", "relative to its weights", "weights"],
      rows.map((row) => rowOf([
        named(row.name), some(row.gradient), bar(most ? row.gradient / most : 0),
        some(row.relative), thousands(row.parameters),
      ])), { class: "gradients" })),
    element("p", { class: "soft", text: `all together: ${some(seen.gradient_norm)}${clipped}` }),
  ];
}

// 4. One weight, and the loss of the same batch before and after.
function updateStage(model, weightField) {
  const { weight, optimiser, lr, loss, loss_after: after } = model.get("seen");
  const rule = weight.rule.flatMap((line, number) => [
    element("p", { class: "rule", text: line }),
    element("p", { class: "formula", text: weight.filled[number] }),
  ]);
  const numbers = [
    ["before", exact(weight.before)], ["its gradient", exact(weight.gradient)],
    ["learning rate", exact(weight.lr)], ["after", exact(weight.after)],
  ];
  const isNumber = Number.isFinite(after);
  const by = fixed(Math.abs(after - loss), 4);
  const moved = after < loss ? `fell by ${by}` : after > loss ? `rose by ${by}` : "stayed";
  return [element("div", { class: "columns" }, element("div", {},
    element("p", {}, `All weights are moved by ${optimiser}, at a learning rate of ${exact(lr)}. ` +
      "One of them, ", element("bdi", { class: "code", text: weight.name }), ":"),
    ...rule), element("div", {},
    element("h4", { text: "The weight" }),
    termsOf(numbers),
    element("h4", { text: "The loss of this same batch" }),
    termsOf([["before", fixed(loss, 4)], ["after", fixed(after, 4)]]),
    element("p", { class: "soft" },
      `It ${isNumber ? moved : "is no longer a number"}. What counts is `,
      "the loss of other pictures: see the next batches."),
    weightField))];
}
