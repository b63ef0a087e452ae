// The settings as the page has them at this moment, and what the model knows of them.

// What the page sets, and Python may set too.
const KEYS = [
  "picture", "picture_name", "pixels", "pixels_of", "shape", "grid", "preset", "kernel_size",
  "values", "bias", "channels", "normalised", "stride", "padding", "padding_mode", "dilation",
  "activation", "pooling", "pool_size", "pool_stride", "shown", "position", "channels_out",
];
const SAVED_AFTER = 60; // milliseconds, so that a slider does not send every pixel of its way

// What is not possible together stays in `settings`: the model, and with it Python, goes on having
// what was possible last.
function draftOf(model, redraw) {
  const settings = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  let own = false;
  let timer = 0;
  const listeners = KEYS.map((key) => [`change:${key}`, () => {
    if (own) return;
    settings[key] = model.get(key);
    redraw();
  }]);
  listeners.forEach(([event, f]) => model.on(event, f));
  const save = () => { timer = 0; model.save_changes(); };
  return {
    settings,
    set(changes) {
      Object.assign(settings, changes);
      redraw();
    },
    // Give the model what differs.
    push() {
      const news = KEYS.filter((key) => !isSame(settings[key], model.get(key)));
      if (!news.length) return;
      own = true;
      news.forEach((key) => model.set(key, settings[key]));
      own = false;
      timer ||= setTimeout(save, SAVED_AFTER);
    },
    end() {
      if (timer) {
        clearTimeout(timer);
        save();
      }
      listeners.forEach(([event, f]) => model.off(event, f));
    },
  };
}

function isSame(one, other) {
  if (one === other) return true;
  const binary = one instanceof DataView || other instanceof DataView;
  return !binary && JSON.stringify(one) === JSON.stringify(other);
}
