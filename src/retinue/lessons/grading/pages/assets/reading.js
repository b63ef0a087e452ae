"use strict";
(() => {
  const data = JSON.parse(document.getElementById("store").textContent);
  const at = (id) => document.getElementById(id);
  const make = (name, text = "", kind = "") => {
    const node = document.createElement(name);
    node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const many = (n, thing) => `${n} ${thing}${n === 1 ? "" : "s"}`;

  const questions = new Map(data.questions.map((one) => [one.name, one]));
  const keyOf = (one) => `${one.file}\n${one.question}`;
  const answers = new Map(data.answers.map((one) => [keyOf(one), one]));
  const given = new Map(data.answers.map((one) => [
    keyOf(one), { points: one.points === null ? "" : String(one.points), comment: one.comment },
  ]));
  const says = (text) => { at("says").textContent = text; };

  // What was entered is kept by the browser: changes by key, and which are in no file yet.
  const changed = new Set();
  const unsaved = new Set();
  let keeps = true;
  const keep = () => {
    const entries = [...changed].map((key) => [key, given.get(key)]);
    try {
      localStorage.setItem(data.store, JSON.stringify({ entries, unsaved: [...unsaved] }));
    } catch {
      if (keeps) says("This browser keeps nothing of this page: save before you close it.");
      keeps = false;
    }
  };
  const recall = () => {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(data.store)); } catch { return; }
    if (!kept) return;
    kept.entries.filter(([key]) => given.has(key)).forEach(([key, value]) => {
      given.set(key, { points: String(value.points), comment: String(value.comment) });
      changed.add(key);
    });
    kept.unsaved.filter((key) => given.has(key)).forEach((key) => unsaved.add(key));
  };
  const enter = (key, part) => {
    given.set(key, { ...given.get(key), ...part });
    changed.add(key);
    unsaved.add(key);
    keep();
    tell();
  };
  const tell = () => {
    const asked = data.answers.filter((one) => one.text !== "").map(keyOf);
    const read = asked.filter((key) => given.get(key).points !== "").length;
    const open = unsaved.size ? `; ${many(unsaved.size, "change")} not in a file yet` : "";
    at("told").textContent = `${read} of ${asked.length} read${open}`;
    at("progress").max = asked.length || 1;
    at("progress").value = read;
  };

  // Points as they are typed, with a point or a comma; null where the question does not give them.
  const pointsOf = (text, question) => {
    const plain = text.trim().replace(",", ".");
    if (plain === "") return "";
    const value = /^\d*\.?\d*$/.test(plain) ? Number(plain) : NaN;
    return value >= 0 && value <= questions.get(question).outOf ? String(value) : null;
  };

  // The answers of a question, or of a student, one under the other.
  const files = new Map(data.answers.map((one) => [one.file, one.student]));
  const names = [...files.values()];
  const nameOf = (file) => {
    const name = files.get(file);
    return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${file})`;
  };
  const inputs = () => [...document.querySelectorAll("#answers input")];
  const go = (from, step) => {
    const all = inputs();
    const to = all[all.indexOf(from) + step] ?? (step > 0 && !at("next").hidden ? at("next") : from);
    to.focus();
    if (to.select) to.select();
    (to.closest("article") ?? to).scrollIntoView({ block: "center" });
  };
  const card = (key) => {
    const one = answers.get(key);
    const question = questions.get(one.question);
    const box = make("article", "", "to-read");
    const title = make("h2");
    title.append(make("bdi", at("by").value === "student" ? one.question : nameOf(one.file)));
    box.append(title);
    if (at("by").value === "student") box.append(make("p", question.asks, "hint"));
    const text = one.text === "" ? make("p", "No answer.", "hint") : make("blockquote", one.text);
    text.dir = "auto";
    if (one.text !== "") text.tabIndex = 0;
    const side = make("div", "", "enter");
    const whose = `${nameOf(one.file)}, ${one.question}`;
    const points = make("input");
    points.inputMode = "decimal";
    points.autocomplete = "off";
    points.setAttribute("aria-label", `Points, 0 to ${question.outOf}: ${whose}`);
    const wrong = make("p", `0 to ${question.outOf}, please`, "wrong");
    wrong.hidden = true;
    const comment = make("textarea");
    comment.setAttribute("aria-label", `Comment: ${whose}`);
    comment.dir = "auto";
    const show = () => {
      points.value = given.get(key).points;
      comment.value = given.get(key).comment;
      box.classList.toggle("given", points.value !== "");
    };
    points.addEventListener("input", () => {
      const value = pointsOf(points.value, one.question);
      wrong.hidden = value !== null;
      points.setAttribute("aria-invalid", String(value === null));
      if (value === null) return;
      box.classList.toggle("given", value !== "");
      enter(key, { points: value });
    });
    comment.addEventListener("input", () => enter(key, { comment: comment.value }));
    box.addEventListener("keydown", (event) => {
      const steps = { PageUp: -1, PageDown: 1 };
      const on = event.key === "Enter" && (event.target === points || event.ctrlKey || event.metaKey);
      if (!on && !(event.key in steps && event.target === points)) return;
      if (!wrong.hidden && on) return;
      event.preventDefault();
      go(points, steps[event.key] ?? 1);
    });
    const labels = [make("label", `Points, 0 to ${question.outOf}`), make("label", "Comment")];
    labels[0].append(points);
    labels[1].append(comment);
    side.append(labels[0], wrong, labels[1]);
    box.append(text, side);
    box.show = show;
    show();
    return box;
  };
  const keysShown = () => {
    const byStudent = at("by").value === "student";
    const found = [...answers.keys()].filter((key) => {
      const one = answers.get(key);
      const isDone = one.text === "" || given.get(key).points !== "";
      const wanted = byStudent ? one.file : one.question;
      return wanted === at("one").value && !(at("open-only").checked && isDone);
    });
    const lacks = (key) => Number(!byStudent && answers.get(key).text === "");
    return found.sort((a, b) => lacks(a) - lacks(b));
  };
  let shown = [];
  const show = () => {
    shown = keysShown();
    const parts = shown.map(card);
    if (at("by").value === "question" && questions.has(at("one").value)) {
      parts.unshift(make("p", questions.get(at("one").value).asks, "answer"));
    }
    if (!shown.length) parts.push(make("p", "Nothing is left to read here.", "hint"));
    at("answers").replaceChildren(...parts);
    const other = at("one").options[at("one").selectedIndex + 1];
    at("next").hidden = !other;
    if (other) at("next").textContent = `Next: ${other.textContent}`;
    tell();
  };
  const choose = () => {
    const byStudent = at("by").value === "student";
    at("one-label").textContent = byStudent ? "Student" : "Question";
    const some = byStudent ? [...files.keys()] : [...questions.keys()];
    at("one").replaceChildren(...some.map((value) => {
      const option = make("option", byStudent ? nameOf(value) : value);
      option.value = value;
      return option;
    }));
    show();
  };
  at("by").addEventListener("change", choose);
  at("one").addEventListener("change", show);
  at("open-only").addEventListener("change", show);
  at("next").addEventListener("click", () => {
    at("one").selectedIndex += 1;
    show();
    (inputs()[0] ?? at("one")).focus();
    scrollTo({ top: 0 });
  });

  // Into CSV and back; no cell is a formula, as retinue.writing has it.
  const cell = (value) => {
    const text = /^[=+\-@\t\r']/.test(value) ? `'${value}` : value;
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const uncell = (text) => (/^'[=+\-@\t\r']/.test(text) ? text.slice(1) : text);
  const written = () => {
    const rows = [...given].filter(([key, one]) => one.points !== "" || one.comment || changed.has(key));
    const lines = rows.map(([key, one]) => {
      const { student, file, question } = answers.get(key);
      return [student, file, question, one.points, one.comment].map(cell).join(",");
    });
    return [data.head.join(","), ...lines, ""].join("\n");
  };
  const read = (text) => {
    const first = text.split("\n", 1)[0];
    const [mark] = [",", ";", "\t"].sort((a, b) => first.split(b).length - first.split(a).length);
    const rows = [[""]];
    let quoted = false;
    for (let place = 0; place < text.length; place += 1) {
      const sign = text[place];
      const row = rows.at(-1);
      if (sign === '"' && quoted && text[place + 1] === '"') { row[row.length - 1] += '"'; place += 1; }
      else if (sign === '"' && (quoted || row.at(-1) === "")) quoted = !quoted;
      else if (quoted) row[row.length - 1] += sign;
      else if (sign === mark) row.push("");
      else if (sign === "\n") rows.push([""]);
      else if (sign !== "\r") row[row.length - 1] += sign;
    }
    return rows.filter((row) => row.some((one) => one.trim())).map((row) => row.map(uncell));
  };
  const load = (text) => {
    const [head = [], ...rows] = read(text.replace(/^\ufeff/, ""));
    const places = head.map((name) => name.trim().toLowerCase());
    const refused = [];
    let taken = 0;
    rows.forEach((row) => {
      const of = (name) => (row[places.indexOf(name)] ?? "").trim();
      const file = of("file") || [...files].filter(([, name]) => name === of("student"))[0]?.[0];
      const key = `${file}\n${of("question")}`;
      const points = answers.has(key) ? pointsOf(of("points"), of("question")) : null;
      if (points === null) { refused.push(`${of("student")}, ${of("question")}`); return; }
      enter(key, { points, comment: of("comment") });
      unsaved.delete(key);
      taken += 1;
    });
    keep();
    show();
    const others = refused.length > 1 ? ", ..." : "";
    const left = `${many(refused.length, "line")} left out: ${refused[0]}${others}`;
    says(`${many(taken, "line")} taken over${refused.length ? `; ${left}` : ""}.`);
  };
  const saved = (where) => {
    unsaved.clear();
    keep();
    tell();
    says(`Saved: ${where}.`);
  };

  at("download").addEventListener("click", () => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([written()], { type: "text/csv" }));
    link.download = "rubric.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    saved("rubric.csv, where your browser puts what it downloads");
  });
  let target = null;
  at("into").hidden = !("showSaveFilePicker" in window);
  at("into").addEventListener("click", async () => {
    try {
      target ??= await showSaveFilePicker({
        suggestedName: "rubric.csv",
        types: [{ description: "CSV", accept: { "text/csv": [".csv"] } }],
      });
      const file = await target.createWritable();
      await file.write(written());
      await file.close();
      at("into").textContent = `Save into ${target.name} again`;
      saved(target.name);
    } catch (error) {
      if (error.name === "AbortError") return;
      target = null;
      says(`It could not be saved: ${error.message}. Download it instead.`);
    }
  });
  at("load").addEventListener("change", async () => {
    const [file] = at("load").files;
    if (file) load(await file.text());
    at("load").value = "";
  });
  let sure = false;
  at("forget").addEventListener("click", () => {
    if (!sure) {
      sure = true;
      at("forget").textContent = "Press again to forget it";
      return;
    }
    try { localStorage.removeItem(data.store); } catch { /* nothing is kept then */ }
    location.reload();
  });
  at("forget").addEventListener("blur", () => {
    sure = false;
    at("forget").textContent = "Forget what was entered";
  });

  recall();
  choose();
})();
