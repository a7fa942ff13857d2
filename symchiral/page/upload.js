"use strict";
// Files are chosen or dropped, sent with the options in one request, and the report is opened.
(() => {
  const at = (id) => document.getElementById(id);
  const limits = JSON.parse(at("limits").textContent);
  const OPTIONS = ["axis", "symprec", "spin_axis", "unit", "pump", "measured_pump", "sees"];
  const ROLES = ["crystal", "couplings", "measurement"];
  let chosen = [];
  const roles = new Map(); // what a file is, by its name: guessed, until it is said
  let working = false;

  const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  function wrong(text) {
    at("wrong").textContent = text;
    at("wrong").hidden = !text;
  }

  function guess(name) {
    if (/^couplings.*\.json$/i.test(name)) return "couplings";
    return /\.(csv|tsv|txt|dat|npz|npy|mat|lvm|itx|parquet)$/i.test(name) ? "measurement" : "crystal";
  }

  function roleOf(file) {
    const select = document.createElement("select");
    select.setAttribute("aria-label", `what ${file.name} is`);
    select.append(...ROLES.map((role) => new Option(role, role)));
    select.value = roles.get(file.name);
    select.addEventListener("change", () => roles.set(file.name, select.value));
    return select;
  }

  function show() {
    at("chosen").replaceChildren(...chosen.map((file) => {
      const line = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "remove";
      button.setAttribute("aria-label", `remove ${file.name}`);
      button.addEventListener("click", () => { chosen = chosen.filter((other) => other !== file); show(); });
      line.append(`${file.name}, ${size(file.size)} `, roleOf(file), " ", button);
      return line;
    }));
    const bytes = chosen.reduce((sum, file) => sum + file.size, 0);
    const large = bytes > limits.bytes && `These files have ${size(bytes)}. The limit is ${size(limits.bytes)}: symchiral serve --largest sets another.`;
    const many = chosen.length > limits.files && `These are ${chosen.length} files. At most ${limits.files} belong to one calculation: symchiral screen reads many.`;
    wrong(large || many || "");
    at("make").disabled = working || !chosen.length || Boolean(large || many);
  }

  // A file that is chosen again takes the place of the one of its name.
  function add(files) {
    const names = new Set(files.map((file) => file.name));
    chosen = [...chosen.filter((file) => !names.has(file.name)), ...files];
    for (const file of files) if (!roles.has(file.name)) roles.set(file.name, guess(file.name));
    show();
  }

  // The files of a folder, those of folders in it left out; a browser gives them in portions.
  function inside(folder) {
    const reader = folder.createReader();
    const found = [];
    return new Promise((done, failed) => {
      const next = () => reader.readEntries((entries) => {
        if (!entries.length) { done(found); return; }
        found.push(...entries.filter((entry) => entry.isFile));
        if (found.length > limits.files) done(found); else next();
      }, failed);
      next();
    });
  }

  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
    const files = (await Promise.all(entries.map((entry) => (entry.isDirectory ? inside(entry) : [entry])))).flat();
    return Promise.all(files.map((entry) => new Promise((done, failed) => entry.file(done, failed))));
  }

  async function send() {
    const options = {};
    for (const name of OPTIONS) if (at(name).value.trim()) options[name] = at(name).value;
    const head = JSON.stringify({ files: chosen.map((file) => ({ name: file.name, size: file.size, role: roles.get(file.name) })), options });
    const answer = await fetch("report", { method: "POST", headers: { "Content-Type": limits.kind }, body: new Blob([`${head}\n`, ...chosen]) });
    return answer.json();
  }

  at("files").addEventListener("change", (event) => { add([...event.target.files]); event.target.value = ""; });
  const drop = at("drop");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault(); // else the browser opens the file in the place of the page
      drop.classList.toggle("over", kind === "dragover");
    });
  }
  document.addEventListener("drop", async (event) => {
    try {
      add(await dropped(event.dataTransfer));
    } catch (error) {
      wrong(`The files could not be read: ${error.message || error}`);
    }
  });

  at("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (at("make").disabled) return;
    working = true;
    show();
    const start = Date.now();
    const say = () => { at("told").textContent = `working, ${Math.round((Date.now() - start) / 1000)} s`; };
    say();
    const clock = setInterval(say, 1000);
    let found;
    try {
      found = await send();
    } catch {
      found = { error: "No answer came. A file may have changed since it was chosen, or symchiral serve has ended: look at its terminal." };
    }
    clearInterval(clock);
    working = false;
    at("told").textContent = "";
    show();
    if (found.error) wrong(found.error);
    else location.assign(found.report);
  });

  // Of a page that the browser kept, the list of reports is old.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  window.symchiral = { chosen: () => chosen.map((file) => file.name) };
})();
