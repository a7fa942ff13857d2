"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("found"), text = document.getElementById("text");
  const count = document.getElementById("count"), more = document.getElementById("more");
  const choices = [...document.querySelectorAll(".filters select")];
  const STEP = 100;
  let matching = [], shown = 0;

  // Minus signs and arrows may be typed as - and ->.
  const plain = (words) => words.toLowerCase().replaceAll("−", "-").replaceAll("→", "->").replace(/\s+/g, " ").trim();
  const folded = data.words.map(plain);
  const cell = (row, column) => data.words[row[column]];

  function matches() {
    const wanted = choices.filter((c) => c.value).map((c) => [Number(c.dataset.column), c.value, c.dataset.several]);
    const words = plain(text.value);
    return data.rows.filter((row) =>
      wanted.every(([column, value, several]) =>
        several ? cell(row, column).split(" ").includes(value) : cell(row, column) === value) &&
      (!words || data.shown.some((column) => folded[row[column]].includes(words))));
  }

  function element(kind, words) {
    const made = document.createElement(kind);
    if (words !== undefined) made.textContent = words;
    return made;
  }

  function open(button, body, row) {
    const detail = body.querySelector("tr.detail");
    if (detail) {
      detail.hidden = !detail.hidden;
    } else {
      const line = element("tr"), wide = element("td");
      line.className = "detail";
      wide.colSpan = data.shown.length;
      for (const [head, column] of data.detail) {
        const words = cell(row, column);
        if (!words) continue;
        const p = element("p");
        p.append(element("b", head + ": "), words);
        wide.append(p);
      }
      line.append(wide);
      body.append(line);
    }
    button.setAttribute("aria-expanded", String(!body.querySelector("tr.detail").hidden));
  }

  function draw() {
    const [column, before, after] = data.address;
    for (const row of matching.slice(shown, shown + STEP)) {
      const body = element("tbody"), line = element("tr");
      body.className = "row";
      for (const i of data.shown) {
        const place = element(i === data.opens ? "th" : "td");
        if (i === data.opens) {
          place.scope = "row";
          const button = element("button", cell(row, i));
          button.className = "opens";
          button.setAttribute("aria-expanded", "false");
          button.addEventListener("click", () => open(button, body, row));
          place.append(button);
        } else if (i === column) {
          const link = element("a", cell(row, i));
          link.href = before + cell(row, i).split(" ")[0] + after;
          place.append(link);
        } else {
          place.textContent = cell(row, i);
          if (["flipped", "kept"].includes(cell(row, i))) place.className = cell(row, i);
        }
        line.append(place);
      }
      body.append(line);
      table.append(body);
    }
    shown = Math.min(shown + STEP, matching.length);
    more.hidden = shown >= matching.length;
    more.textContent = `More (${matching.length - shown} left)`;
  }

  function search() {
    matching = matches();
    shown = 0;
    for (const body of [...table.tBodies]) body.remove();
    const found = [...new Set(matching.map((row) => cell(row, data.counted)))];
    const some = found.slice(0, 32).join(", ") + (found.length > 32 ? ", …" : "");
    count.textContent = `${matching.length.toLocaleString("en")} ${data.of} in ${found.length} ${data.many}` + (found.length ? `: ${some}` : "");
    draw();
  }

  for (const choice of choices) choice.addEventListener("change", search);
  text.addEventListener("input", search);
  more.addEventListener("click", draw);
  document.getElementById("all").addEventListener("click", () => {
    for (const choice of choices) choice.value = "";
    text.value = "";
    search();
  });
  search();
  window.symchiral = { rows: data.rows.length, matching: () => matching.length };
})();
