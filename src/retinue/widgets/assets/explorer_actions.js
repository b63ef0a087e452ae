// What a person does, as changes of the settings.

// `page` is {scene, channel, alike, made, failed}: what the page shows, and how.
function actionsOf(model, draft, page, known) {
  const { settings } = draft;
  const take = (changes) => {
    page.failed = "";
    draft.set(changes);
  };
  return {
    take,
    ...windowActions(settings, page, take),
    ...pictureActions(model, settings, page, take),
    ...kernelActions(settings, page, take, known),
  };
}

// Where the window is.
function windowActions(settings, page, take) {
  const pointed = (cell) => {
    if (!page.scene) return;
    page.player.stop();
    take({ position: cell.map((one, axis) => within(one, page.scene.sizes.output[axis])) });
  };
  const next = (by) => page.scene && cellAfter(settings.position, by, page.scene.sizes.output);
  return {
    pointed,
    inputPointed: (cell) => { if (page.scene) pointed(outputFor(page.scene, cell)); },
    pooledPointed: (cell) => pointed(cell.map((one) => one * settings.pool_stride)),
    moved: (by) => pointed(settings.position.map((one, axis) => one + by[axis])),
    step(by) {
      const cell = next(by);
      if (cell) take({ position: cell });
      return Boolean(cell);
    },
    // From the last cell it goes to the first.
    start() {
      if (!next(1)) take({ position: [0, 0] });
    },
  };
}

// Rows with another value at one place.
function changedAt(rows, row, column, value) {
  return rows.map((line, i) => (
    i === row ? line.map((one, j) => (j === column ? value : one)) : line
  ));
}

function pictureActions(model, settings, page, take) {
  return {
    edited: (row, column, value) => take({ grid: changedAt(settings.grid, row, column, value) }),
    // `number(row, column, grid)` gives the numbers of the new grid.
    regrid(number, size = [settings.grid.length, settings.grid[0].length]) {
      const { grid } = settings;
      const line = (row) => Array.from({ length: size[1] }, (_, at) => number(row, at, grid));
      take({ grid: Array.from({ length: size[0] }, (_, row) => line(row)) });
    },
    // Pixels of a sample that are not here are asked for; the page shows them when they come.
    choosePicture(name) {
      page.failed = "";
      if (name === "grid" || settings.pixels_of === name) return take({ picture: name });
      return change(model, { picture: name });
    },
    async upload(file) {
      try {
        const found = await pictureFrom(file);
        take({ ...found, picture: "own", pixels_of: "own", picture_name: file.name });
      } catch {
        take({});
        page.failed = `${file.name}: this browser cannot read it as a picture.`;
      }
    },
  };
}

function kernelActions(settings, page, take, { presets, learned }) {
  return {
    weighed(row, column, channel, weight) {
      const { values } = settings;
      const at = values.length > channel ? channel : 0;
      const slice = changedAt(values[at], row, column, weight);
      take({ values: values.map((one, i) => (i === at ? slice : one)), preset: "own" });
    },
    lookAt(channel) {
      Object.assign(page, { channel, made: "" });
      take({});
    },
    choosePreset(name) {
      if (name === "filter") return take(filterSettings(learned, 0));
      const preset = presets.find((one) => one.name === name);
      return take(preset ? presetSettings(settings, preset) : { preset: "own" });
    },
    chooseFilter: (index) => take(filterSettings(learned, index)),
    resize: (size) => take(resized(settings, presets, size)),
    setAlike(on) {
      page.alike = on;
      take(on ? madeAlike(settings, presets) : {});
    },
  };
}

// Whether rows and columns have the same settings.
function isAlike({ kernel_size: kernel, stride, dilation, padding }) {
  const pairs = [kernel, stride, dilation, ...(Array.isArray(padding) ? [padding] : [])];
  return pairs.every(([rows, columns]) => rows === columns);
}

// The settings of the rows for the columns too.
function madeAlike(settings, presets) {
  const twice = ([rows]) => [rows, rows];
  const padding = Array.isArray(settings.padding) ? settings.padding[0] : settings.padding;
  const { kernel_size: kernel, stride, dilation } = settings;
  return {
    ...(kernel[0] === kernel[1] ? {} : resized(settings, presets, twice(kernel))),
    stride: twice(stride), dilation: twice(dilation), padding,
  };
}
