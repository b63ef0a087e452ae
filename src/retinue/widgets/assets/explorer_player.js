// The window moves by itself: a step at a time, or many.

const SPEEDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]; // windows a second
const CALM = 2; // windows a second at most, where less motion is preferred

// `step(by)` moves so many windows on and says whether there was one to go to; `start()` makes sure
// that there is. `told(playing)` is called when it begins and ends.
function playerView({ step, start }, told) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let speed = 2;
  let frame = 0;
  let before = 0;
  let owed = 0;
  const play = button("", () => (frame ? stop() : begin()), { class: "play" });
  const control = rangeControl("Speed", { min: 0, max: SPEEDS.length - 1 }, (value) => {
    speed = value;
    showSpeed();
  });
  const perSecond = () => (calm.matches ? Math.min(SPEEDS[speed], CALM) : SPEEDS[speed]);
  const showSpeed = () => control.show(speed, `${perSecond()} a second`);
  const showPlay = () => { play.textContent = frame ? "❚❚ Pause" : "▶ Play"; };

  function begin() {
    start();
    before = performance.now();
    owed = 0;
    frame = requestAnimationFrame(go);
    showPlay();
    told(true);
  }

  function go(now) {
    owed += (Math.max(0, now - before) / 1000) * perSecond();
    before = now;
    const due = Math.floor(owed);
    owed -= due;
    if (due && !step(due)) stop();
    else frame = requestAnimationFrame(go);
  }

  function stop() {
    if (!frame) return;
    cancelAnimationFrame(frame);
    frame = 0;
    showPlay();
    told(false);
  }

  const single = (by) => {
    stop();
    step(by);
  };
  const node = element("div", { class: "player", role: "group", "aria-label": "The window moves" },
    button("← Back", () => single(-1)), play, button("Step →", () => single(1)), control.node);
  showSpeed();
  showPlay();
  calm.addEventListener("change", showSpeed);
  const end = () => {
    cancelAnimationFrame(frame);
    calm.removeEventListener("change", showSpeed);
  };
  return { node, stop, end };
}

// The cell so many further on in reading order, the last at most; null where there is none.
function cellAfter([row, column], by, [height, width]) {
  const now = row * width + column;
  const at = Math.min(now + by, height * width - 1);
  return at < 0 || at === now ? null : [Math.floor(at / width), at % width];
}
