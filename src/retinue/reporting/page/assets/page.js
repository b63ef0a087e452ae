"use strict";
(() => {
  const data = JSON.parse(document.getElementById("store").textContent);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, text = "", kind = "") => {
    const node = document.createElement(name);
    node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const number = (value) => value.toLocaleString("en");

  document.documentElement.classList.add("scripted-on");
  all(".scripted").forEach((node) => { node.hidden = false; });

  // Pictures: each lies in the page once, in the body or in the data.
  const tiny = new Set(data.tiny);
  const addresses = new Map(Object.entries(data.pictures));
  all("img[data-key]").forEach((image) => addresses.set(image.dataset.key, image.src));
  const picture = (key, alt, title) => {
    const image = make("img", "", tiny.has(key) ? "pic tiny" : "pic");
    image.src = addresses.get(key);
    image.alt = alt;
    if (title) image.title = title;
    return image;
  };
  all("[data-picture]").forEach((place) => {
    place.replaceWith(picture(place.dataset.picture, place.getAttribute("aria-label"), ""));
  });

  // Charts: a slider, or a finger or pointer over the picture, reads their values.
  const svg = (name, attributes, kind) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.setAttribute("class", kind);
    return node;
  };
  all("[data-chart]").forEach((figure) => {
    const stops = data.charts[figure.dataset.chart];
    const reader = figure.querySelector(".reader");
    if (!stops || !reader) return;
    const [input, output] = [reader.querySelector("input"), reader.querySelector("bdi")];
    const drawing = figure.querySelector("svg");
    const height = drawing.viewBox.baseVal.height;
    const layer = drawing.appendChild(svg("g", { "aria-hidden": "true" }, "reading"));
    const show = (place) => {
      const [x, dots, text] = stops[place];
      input.value = place;
      input.setAttribute("aria-valuetext", text);
      output.textContent = text;
      layer.replaceChildren(
        svg("line", { x1: x, x2: x, y1: 26, y2: height - 44 }, "cursor"),
        ...dots.map(([y, kind]) => svg("circle", { cx: x, cy: y, r: 4.5 }, `dot ${kind}`)),
      );
    };
    const nearest = (event) => {
      const box = drawing.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * drawing.viewBox.baseVal.width;
      const far = stops.map(([place]) => Math.abs(place - x));
      show(far.indexOf(Math.min(...far)));
    };
    drawing.addEventListener("pointermove", nearest);
    drawing.addEventListener("pointerdown", nearest);
    input.addEventListener("input", () => show(Number(input.value)));
    input.setAttribute("aria-valuetext", stops[Number(input.value)][2]);
    output.textContent = stops[Number(input.value)][2];
    reader.hidden = false;
  });

  // Confusion matrices: every cell opens its pictures, and says how many there are.
  const sentence = (n, total, shown, said, runs) => {
    const [n1, t1] = [number(n), number(total)];
    const where = runs > 1 ? ` (${runs} trainings together)` : "";
    const [is, taken] = shown;
    const head = is === taken ? `${is}, recognised` : `${is}, taken for ${taken}`;
    const pictures = `${n1} of ${t1} ${total === 1 ? "picture" : "pictures"} of ${is}${where}`;
    const stored = n === 0 ? "" : said === 0 ? "; none of them was kept" :
      `; ${said} of ${n1} shown`;
    return [head, `${pictures}${stored}.`];
  };
  data.matrices.forEach((matrix) => {
    const box = document.querySelector(`[data-matrix="${matrix.id}"]`);
    const table = box.querySelector("table");
    const panel = box.querySelector(".panel");
    const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("td:not(.sum)")]);
    const names = [...table.tBodies[0].rows].map(
      (row) => (row.querySelector(".whole") ?? row.cells[0]).textContent);
    const totals = [...table.tBodies[0].rows].map((row) => count(row.querySelector(".sum")));
    function count(cell) { return Number(cell.firstChild?.textContent.replaceAll(",", "") ?? 0); }
    let [at, opened] = [null, null];
    const cell = (name) => {
      const [row, column] = name.split("-").map(Number);
      return [row, column, rows[row][column]];
    };
    const focus = (row, column, move = true) => {
      if (at) at.tabIndex = -1;
      at = rows[row][column];
      at.tabIndex = 0;
      if (move) at.focus({ preventScroll: false });
    };
    const open = (row, column) => {
      const node = rows[row][column];
      const pictures = matrix.cells[`${row}-${column}`] ?? [];
      const [head, told] = sentence(
        count(node), totals[row], [names[row], names[column]], pictures.length, matrix.runs);
      if (opened) { opened.classList.remove("open"); opened.removeAttribute("aria-selected"); }
      opened = node;
      node.classList.add("open");
      node.setAttribute("aria-selected", "true");
      const says = panel.querySelector(".says");
      says.replaceChildren(make("strong", head), make("br"), told);
      panel.querySelector("ul").replaceChildren(...pictures.map(([key, id, share]) => {
        const item = make("li");
        const sure = share === null ? "" : `${(100 * share).toFixed(share > 0.995 ? 1 : 0)} % sure`;
        item.append(picture(key, `${names[row]}, ${sure}`, id), make("span", sure, "under"));
        return item;
      }));
      panel.hidden = false;
    };
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", box.querySelector(".scroll").getAttribute("aria-label"));
    rows.flat().forEach((node) => { node.tabIndex = -1; });
    const place = (node) => {
      const row = rows.findIndex((some) => some.includes(node));
      return row < 0 ? null : [row, rows[row].indexOf(node)];
    };
    table.addEventListener("click", (event) => {
      const found = place(event.target.closest("td"));
      if (found) { focus(...found); open(...found); }
    });
    table.addEventListener("keydown", (event) => {
      const found = place(event.target.closest("td"));
      if (!found) return;
      const [row, column] = found;
      const last = rows.length - 1;
      const steps = {
        ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
        ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
        Home: [row, 0], End: [row, last], PageUp: [0, column], PageDown: [last, column],
      };
      if (event.key === "Enter" || event.key === " ") open(row, column);
      else if (steps[event.key]) {
        focus(...steps[event.key].map((one) => Math.min(Math.max(one, 0), last)));
      } else return;
      event.preventDefault();
    });
    const [row, column] = cell(matrix.opens);
    focus(row, column, false);
    open(row, column);
  });

  // Tables that can be sorted by each column.
  const value = (row, column) => {
    const node = row.cells[column];
    const text = node.dataset.value ?? node.textContent.trim();
    const found = Number(text.replace(/,/g, "").replace(/ ?%$/, ""));
    return text === "" ? -Infinity : Number.isNaN(found) ? text : found;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number"
    ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  all("table.sortable").forEach((table) => {
    all("thead th", table).forEach((head) => {
      const button = make("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        all("thead th", table).forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const column = head.cellIndex;
        const sorted = [...table.tBodies[0].rows].sort(
          (a, b) => (down ? -1 : 1) * compare(value(a, column), value(b, column)));
        table.tBodies[0].append(...sorted);
      });
    });
  });

  // On paper nothing is folded away.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open]):not(.values)");
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
})();
