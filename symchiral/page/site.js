"use strict";
const $ = id => document.getElementById(id);
const { columns, rows, boxes } = JSON.parse($("rows").textContent);
const AT_ONCE = 200;
const place = Object.fromEntries(columns.map((c, i) => [c.key, i]));
const minus = text => String(text).replaceAll("->", "→").replaceAll("-", "−");
const make = (tag, properties, ...parts) => { const e = document.createElement(tag); Object.assign(e, properties); e.append(...parts); return e; };
// What the text filter looks through, written as it is read.
const texts = rows.map(row => minus(["id", "formula", "symbol", "point_group", "best_flip", "best_resonance"].map(k => row[place[k]] ?? "").join(" ").toLowerCase()));
let order = rows.map((_, i) => i), sorted = null, down = false, found = [], most = AT_ONCE;
const fits = i => {
  const row = rows[i], words = minus($("words").value.toLowerCase()).split(/\s+/).filter(Boolean), groups = $("group").value.split(/[\s,]+/).filter(Boolean);
  return words.every(w => texts[i].includes(w)) && (!groups.length || groups.includes(String(row[place.space_group]))) && row[place.rows_flipped] >= (+$("flips").value || 0)
    && boxes.every(b => !$(b).checked || (b === "light" ? row[place.ir_pump] && row[place.raman_probe] : row[place[b]]));
};
const cell = (row, c) => {
  const value = row[place[c.key]];
  if (c.key === "id") return make("th", { scope: "row" }, row[place.page] ? make("a", { href: row[place.page] }, value) : value);
  return make("td", {}, value === null || value === false ? "" : value === true ? "yes" : typeof value === "number" ? minus(+value.toFixed(3)) : c.key === "formula" || c.key === "symbol" ? value : minus(value));
};
// Columns in which no crystal has anything are left out.
const shown = columns.filter(c => c.head && rows.some(row => row[place[c.key]] !== null && row[place[c.key]] !== false));
function fill() {
  $("crystals").tBodies[0].replaceChildren(...found.slice(0, most).map(i => make("tr", {}, ...shown.map(c => cell(rows[i], c)))));
  $("count").textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} crystals`;
  $("more").hidden = found.length <= most;
}
function filter() { found = order.filter(fits); most = AT_ONCE; fill(); }
$("crystals").tHead.rows[0].append(...shown.map(c => {
  const button = make("button", {}, c.head), head = make("th", { scope: "col" }, button);
  button.onclick = () => {
    down = sorted === c.key ? !down : false; sorted = c.key;
    for (const other of $("crystals").tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = i => rows[i][place[c.key]];
    // What is not known stands last, whichever way.
    order.sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === null || y === null) return (x === null) - (y === null);
      const between = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return down ? -between : between;
    });
    filter();
  };
  return head;
}));
for (const id of ["words", "group", "flips", ...boxes]) $(id).oninput = filter;
$("all").onclick = () => { for (const id of ["words", "group"]) $(id).value = ""; $("flips").value = 0; for (const b of boxes) $(b).checked = false; filter(); };
$("more").onclick = () => { most += AT_ONCE; fill(); };
$("csv").onclick = () => {
  // A text that a spreadsheet would take for a formula gets a quote in front.
  const quoted = value => { const text = value === null ? "" : String(value); return `"${(typeof value === "string" && /^[=+@\t\r-]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`; };
  const lines = [columns.map(c => quoted(c.key)), ...found.map(i => rows[i].map(quoted))].map(l => l.join(","));
  const link = make("a", { href: URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" })), download: "crystals.csv" });
  link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
filter();
window.symchiral = { rows, found: () => found };
