// Mounts every panel into a <div> of its own, by the AFM contract alone.

const packed = (value) => {
  if (value instanceof DataView || value instanceof Uint8Array || value instanceof ArrayBuffer) {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value)
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let text = "";
    bytes.forEach((byte) => { text += String.fromCharCode(byte); });
    return { $bytes: btoa(text) };
  }
  if (Array.isArray(value)) return value.map(packed);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, packed(one)]));
  }
  return value;
};
const unpacked = (value) => {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value && typeof value === "object") {
    if (typeof value.$bytes === "string") {
      return new DataView(Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)).buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unpacked(one)]));
  }
  return value;
};
const equal = (one, other) => JSON.stringify(packed(one)) === JSON.stringify(packed(other));

class Model {
  constructor(key, state) {
    this.key = key;
    this.state = state;
    this.listeners = new Map();
    this.dirty = new Set();
    this.busy = false;
  }

  get(key) { return this.state[key]; }

  set(key, value) {
    if (equal(this.state[key], value)) return;
    this.state[key] = value;
    this.dirty.add(key);
    this.fire(key);
  }

  save_changes() { if (this.dirty.size && !this.busy) this.send(); }

  async send() {
    this.busy = true;
    while (this.dirty.size) {
      const changes = Object.fromEntries([...this.dirty].map((key) => [key, this.state[key]]));
      this.dirty.clear();
      const answer = await fetch(`/change/${this.key}`, {
        method: "POST", body: JSON.stringify(packed(changes)),
      });
      this.receive(unpacked(await answer.json()));
    }
    this.busy = false;
  }

  // What the person set meanwhile is newer.
  receive(changes) {
    const news = Object.keys(changes).filter(
      (key) => !this.dirty.has(key) && !equal(this.state[key], changes[key]),
    );
    news.forEach((key) => { this.state[key] = changes[key]; });
    news.forEach((key) => this.fire(key));
  }

  fire(key) {
    [`change:${key}`, "change"].forEach((name) => {
      [...(this.listeners.get(name) ?? [])].forEach((f) => f());
    });
  }

  // What a view gets: the model, and its own listeners, which go when the view goes.
  view() {
    const own = [];
    const off = (name, f) => {
      this.listeners.set(name, (this.listeners.get(name) ?? []).filter((one) => one !== f));
    };
    const model = {
      get: (key) => this.get(key),
      set: (key, value) => this.set(key, value),
      save_changes: () => this.save_changes(),
      on: (name, f) => {
        own.push([name, f]);
        this.listeners.set(name, [...(this.listeners.get(name) ?? []), f]);
      },
      off,
    };
    return { model, end: () => own.forEach(([name, f]) => off(name, f)) };
  }
}

const models = new Map();
const views = new Map();
window.host = {
  model: (key) => models.get(key),
  receive: (key, changes) => models.get(key).receive(unpacked(changes)),
  idle: () => [...models.values()].every((model) => !model.busy),
  listeners: (key) => [...models.get(key).listeners.values()].flat().length,
  unmount: (key) => {
    views.get(key)();
    document.getElementById(key).replaceChildren();
  },
};

// A module of its own for each widget, as in notebooks.
async function mount({ key, module, state }) {
  const code = await (await fetch(`/module/${module}.js`)).blob();
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const widget = (await import(address)).default;
  URL.revokeObjectURL(address);
  const model = new Model(key, unpacked(state));
  models.set(key, model);
  const { model: own, end } = model.view();
  const cleanup = await widget.render({ model: own, el: document.getElementById(key) });
  views.set(key, () => { cleanup?.(); end(); });
}

async function hear() {
  for (let start = 0, end = false; !end;) {
    const news = await (await fetch(`/told/${start}`)).json();
    news.told.forEach(([key, changes]) => window.host.receive(key, changes));
    start += news.told.length;
    end = news.end;
  }
}

const panels = await (await fetch("/panels")).json();
const main = document.querySelector("main");
panels.forEach(({ key }) => {
  const place = document.createElement("div");
  place.id = key;
  main.append(place);
});
for (const panel of panels) await mount(panel);
document.documentElement.dataset.ready = "true";
if (panels.some(({ tells }) => tells)) hear();
