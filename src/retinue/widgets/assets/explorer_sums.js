// The sum for the pointed cell, written out.

const MOST_TERMS = 9; // of a line that is written in full unasked

// A line a channel, one for their total where they are added, and all products on demand.
function sumView() {
  const lines = element("div", { class: "sums" });
  const rounded = element("p", { class: "soft" });
  const all = element("div", { class: "sums" });
  const summary = element("summary");
  const whole = element("details", { on: { toggle: () => writeAll() } }, summary, all);
  let sums = [];
  const writeAll = () => {
    all.replaceChildren(...(whole.open ? sums.map((sum) => sumLine(sum, Infinity)) : []));
  };

  function point(scene, position) {
    sums = sumsAt(scene, position);
    lines.replaceChildren(...sums.map((sum) => sumLine(sum, MOST_TERMS)));
    const terms = sums.flatMap((sum) => sum.terms);
    const numbers = terms.flatMap((term) => [term.value, term.weight]);
    rounded.textContent = numbers.every(isWritten) ? ""
      : "Numbers are shown rounded; the sum is that of the exact ones.";
    whole.hidden = sums.every((sum) => sum.terms.length <= MOST_TERMS);
    summary.textContent = `All ${terms.length} products`;
    writeAll();
  }

  return { node: element("div", { class: "summed" }, lines, rounded, whole), point };
}

// Whether a number is exactly what `shortNumber` writes of it.
function isWritten(value) {
  return Math.abs(Number(shortNumber(value).replace(MINUS, "-")) - value) < 1e-9;
}

// {name, terms, extra, result, final} for every line: `extra` are numbers without a weight, the
// bias, or in the line of the total the sums of the channels; `final` ones are the output's.
function sumsAt({ input, settings, result }, position) {
  const at = position[0] * result.width + position[1];
  const bias = settings.bias === 0 ? [] : [["bias", settings.bias]];
  const several = input.planes.length > 1;
  const sums = input.planes.map((_, channel) => ({
    name: several ? CHANNELS[channel] : "",
    terms: termsAt(input, settings, position, channel),
    extra: [],
  }));
  if (settings.channels === "apart" || !several) {
    return sums.map((sum, plane) => (
      { ...sum, extra: bias, result: result.planes[plane][at], final: true }
    ));
  }
  const added = sums.map((sum) => (
    { ...sum, result: sum.terms.reduce((total, term) => total + term.product, 0) }
  ));
  const extra = [...added.map((sum) => [sum.name, sum.result]), ...bias];
  const total = { name: "output", terms: [], extra, result: result.planes[0][at], final: true };
  return [...added, total];
}

// One line: value × weight + ... = result; of many products the telling ones.
function sumLine({ name, terms, extra, result, final }, most) {
  const { first, left, last } = fewOf(terms, most);
  const parts = [
    ...first.map(termNode),
    ...(left ? [element("span", { class: "soft", text: left })] : []),
    ...last.map(termNode),
    ...extra.map(([what, value]) => element("span", { class: "term" },
      element("span", { class: "soft", text: `${what} ` }), inBrackets(value))),
  ];
  const joined = parts.flatMap((part, index) => (index ? [" + ", part] : [part]));
  const head = name ? [element("span", { class: "channel", text: `${name}: ` })] : [];
  const total = exactNumber(result, { class: final ? "result" : "subtotal" });
  return element("p", { class: `sum ${name}` }, ...head, ...joined, " = ", total);
}

function termNode({ value, weight, outside }) {
  return element("span", { class: outside ? "term padding" : "term" },
    element("span", { class: "value", text: inBrackets(value) }), " × ",
    element("span", { class: "weight", text: inBrackets(weight) }));
}
