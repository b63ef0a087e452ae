// The input: numbers to edit or a picture, its padding around it, and the window on it.

const MOST_EDITED = 24; // rows or columns, padding included, that still are cells to type into

// `inputPointed([row, column])` gets a cell of the padded picture, `edited(row, column, value)` a
// number that was typed into the grid.
function inputView({ inputPointed, moved, edited }) {
  const label = "Input. Arrow keys move the window.";
  const view = mapFrame(label, { onPoint: inputPointed, onMove: moved });
  const node = element("div", { class: "stage" }, view.node);
  let painted = null;

  function show(scene) {
    const { input, picture, sizes } = scene;
    if (scene.grid && Math.max(input.height, input.width) <= MOST_EDITED) {
      layOut(view, input, true);
      showGrid(view.cells, scene, edited);
      painted = null;
    } else if (painted !== input) {
      painted = input;
      if (view.cells.dataset.key) view.cells.replaceChildren();
      view.cells.dataset.key = "";
      showMap(view, inPixels(scene), { kind: "picture", low: 0, high: scene.white });
    }
    view.title.textContent = `Input ${sizeOf(picture)}`;
    view.note.textContent = isPadded(scene) ? `padded to ${bySize(sizes.padded)}` : "";
    hatch(view, sizes.dropped);
  }

  // The window of an output cell, with the cells that a dilated kernel looks at.
  function point(scene, [row, column]) {
    const { settings, sizes, picture } = scene;
    const corner = [row * settings.stride[0], column * settings.stride[1]];
    const window = [...corner, ...sizes.reach];
    const [[above], [left]] = sizes.padding;
    const edge = [above, left, picture.height, picture.width];
    const taps = Math.max(...settings.dilation) === 1 ? []
      : termsAt(scene.input, settings, [row, column], 0).map((term) => [term.row, term.column]);
    mark(view, [
      ...(isPadded(scene) ? [["edge", edge]] : []), ...ringAround(window, view.shape),
      ["window", window],
    ], taps, isPadded(scene) && !scene.grid ? edge : null);
  }

  return { node, show, point };
}

function isPadded({ input, picture }) {
  return input.height > picture.height || input.width > picture.width;
}

// The padded picture in pixels, whatever a network gets of them.
function inPixels({ input, normalise }) {
  if (!normalise) return input;
  const planes = input.planes.map((plane, channel) => plane.map(
    (value) => value * normalise.std[channel] + normalise.mean[channel],
  ));
  return { ...input, planes };
}

// Cells of the padded grid, to type into; those of the padding only show what stands there.
function showGrid(cells, scene, edited) {
  const { input, settings, sizes } = scene;
  const key = [input.height, input.width, ...sizes.padding].join();
  if (cells.dataset.key !== key) {
    cells.dataset.key = key;
    cells.replaceChildren(...gridCells(scene, edited));
  }
  input.planes[0].forEach((value, at) => {
    const cell = cells.children[at];
    tinted(cell, tintOf(value, 9, settings.normalised));
    const text = shortNumber(value);
    if (!cell.matches("input")) {
      cell.textContent = text;
    } else if (Number(cell.value) !== value || cell.value === "") {
      cell.value = value;
      cell.setAttribute("aria-invalid", "false");
    }
  });
}

function gridCells({ input, sizes }, edited) {
  const [[above], [left]] = sizes.padding;
  return Array.from(input.planes[0], (_, at) => {
    const place = [Math.floor(at / input.width), at % input.width];
    if (isPadding(input, sizes.padding, place)) return element("div", { class: "cell padding" });
    return gridCell(place[0] - above, place[1] - left, edited);
  });
}

// A field for one number 0 to 9; others are marked and not taken.
function gridCell(row, column, edited) {
  const fits = (value) => Number.isInteger(value) && value >= 0 && value <= 9;
  const label = `Input, row ${row + 1}, column ${column + 1}`;
  return typedCell({ min: 0, max: 9, step: 1, "aria-label": label }, fits, (value) => {
    edited(row, column, value);
  });
}

// The output cell whose window has its middle nearest to a cell of the padded picture.
function outputFor({ sizes, settings }, cell) {
  return cell.map((at, axis) => within(
    Math.round((at - (sizes.reach[axis] - 1) / 2) / settings.stride[axis]), sizes.output[axis],
  ));
}
