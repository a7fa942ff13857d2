const $ = id => document.getElementById(id);
const parsed = id => JSON.parse($(id).textContent);
const scene = parsed("scene"), documents = {};
const answer = name => documents[name] ??= parsed("answer-" + name);
const make = (tag, properties, ...parts) => { const e = document.createElement(tag); Object.assign(e, properties); e.append(...parts); return e; };
const SVG = "http://www.w3.org/2000/svg";
const draw_ = (tag, attributes, text) => {
  const e = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text !== undefined) e.textContent = text;
  return e;
};
const minus = text => String(text).replaceAll("(-)", "(−)").replaceAll("-", "−");
const signed = (x, digits) => minus((x > 0 ? "+" : "") + x.toFixed(digits));
const SIZE = 0.45; // Å, of a motion at amplitude 1
// Figures farther down are drawn once the first picture is on the screen.
const figures = [];

// --- the stage: one large viewer, and a small one for every quantum of a transfer ---------------

const inverse = m => {
  const [a, b, c] = m, v = dot(a, cross(b, c));
  return [cross(b, c), cross(c, a), cross(a, b)].map(r => r.map(x => x / v));
};
scene.reciprocal = inverse(scene.primitive);
// From here on symbols, names and masses are those of the atoms that are drawn.
for (const of of ["symbols", "names", "masses"]) scene[of] = scene.atoms.map(i => scene[of][i]);
// A motion of the primitive cell on the atoms that are drawn: u exp(2πi q·r).
function spread(u, q) {
  const re = [], im = [];
  scene.atoms.forEach((atom, i) => {
    let c = 1, s = 0;
    if (q) {
      const r = scene.positions[atom].map((x, k) => x + scene.cells[i][k]), angle = TURN * dot(q, r);
      c = Math.cos(angle); s = Math.sin(angle);
    }
    re.push(u[atom].map(([x, y]) => x * c - y * s)); im.push(u[atom].map(([x, y]) => x * s + y * c));
  });
  return { re, im };
}
const motionOf = m => ({ ...spread(m.u), name: m.text, about: m.about, pam: m.pam, am: m.am, frequency: m.frequency, turns: 1, phase: 0, size: SIZE });
const stage = new Viewer($("view"), scene);
stage.key($("key"));
let small = [];
const player = new Player(time => { for (const v of [stage, ...small]) { v.time = time; } course?.tick(); redraw(); });
function redraw() {
  stage.amplitude = +$("size").value;
  stage.draw();
  for (const v of small) { v.amplitude = stage.amplitude; v.draw(); dial(v); }
}
// Which way l turns: its sign, of a balanced fraction; 0 for 0 and for n/2.
function turnOf(pam) {
  const n = scene.order;
  if (pam === null || pam === undefined || !n || /[uvw]/.test(pam)) return 0;
  const [a, b] = pam.split("/"), l = Number(a) / Number(b || 1);
  return 2 * Math.abs(l) === n ? 0 : Math.sign(l);
}
// The hand of a quantum: it turns with the sign of l at the frequency of the quantum.
function dial(v) {
  if (v.motions[0].held) return;
  const m = v.motions[0], pen = v.pen, r = Math.min(20, v.h / 7), x = v.w - r - 6, y = r + 6, sense = turnOf(m.pam);
  const angle = TURN * (m.turns * v.time - m.phase);
  pen.globalAlpha = 1; pen.lineWidth = 1.2; pen.strokeStyle = "#888"; pen.fillStyle = "#fffc";
  pen.beginPath(); pen.arc(x, y, r, 0, TURN); pen.fill(); pen.stroke();
  pen.lineWidth = 3; pen.strokeStyle = SENSE[Math.sign(sense)]; pen.beginPath();
  if (sense) { pen.moveTo(x, y); pen.lineTo(x + 0.9 * r * Math.cos(sense * angle), y - 0.9 * r * Math.sin(sense * angle)); }
  else { pen.moveTo(x, y); pen.lineTo(x, y - 0.9 * r * Math.cos(angle)); }
  pen.stroke();
  pen.fillStyle = "#555"; pen.font = "italic 12px system-ui, sans-serif"; pen.textAlign = "right"; pen.textBaseline = "top";
  if (scene.order) pen.fillText("l", x - r - 3, y - r);
}
// How the atoms rotate on the whole: the sign of J, which need not be that of l.
const arrow = m => (m.am ?? 0) > 1e-3 ? " ↺" : (m.am ?? 0) < -1e-3 ? " ↻" : "";
const letter = m => m.pam === null || m.pam === undefined ? "" : `, l = ${minus(/^[1-9]/.test(m.pam) ? "+" + m.pam : m.pam)}`;
// Whether a motion has a noticeable part across the axis.
function across(m) {
  const parts = [...m.re, ...m.im], along = parts.reduce((s, v) => s + dot(v, scene.axis) ** 2, 0);
  return along < 0.8 * parts.reduce((s, v) => s + dot(v, v), 0);
}
// Which atoms of the primitive cell move, and how, in words.
function described(m) {
  if (!m.senses?.length) return "";
  const words = { 1: "anticlockwise", "-1": "clockwise", 0: "on a line" }, ways = new Map();
  const sizes = m.re.map((re, i) => Math.hypot(...re, ...m.im[i])), most = Math.max(...sizes);
  scene.atoms.forEach((atom, i) => {
    if (sizes[i] < 0.02 * most) return;
    const way = words[m.senses[i]];
    ways.set(way, (ways.get(way) ?? new Set()).add(scene.names[i]));
  });
  return [...ways].map(([way, names]) => `${[...names].join(", ")} ${way === "on a line" ? "move" : "rotate"} ${way}`).join("; ");
}
function play(motions, title, quanta) {
  // Circles are seen along the axis, what moves along it from the side, unless the reader has chosen.
  if (motions.length && !stage.turned) motions.some(across) ? stage.alongAxis() : stage.fromSide();
  stage.show(motions);
  $("moving").textContent = title;
  $("quanta").replaceChildren(); small = [];
  if (quanta) quanta.forEach((m, i) => {
    const canvas = make("canvas", { tabIndex: 0 }); canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${m.role}: ${m.name}, ${m.about}`);
    $("quanta").append(make("figure", {}, canvas, make("figcaption", {}, make("b", {}, m.role + " "), `${m.name}${letter(m)}`, ...(arrow(m) ? [", atoms ", make("span", { className: m.am > 0 ? "plus" : "minus" }, arrow(m).trim())] : []), m.rate ? ", " + m.rate : "")));
    const v = new Viewer(canvas, scene); v.bonds = false; v.show([m]); v.view = stage.view; v.fit(); small.push(v);
  });
  stage.followers = small;
  $("parts").replaceChildren(...motions.map((m, i) => {
    const on = make("input", { type: "checkbox", checked: m.on !== false }), phase = make("input", { type: "range", min: 0, max: 360, step: 5, value: 360 * m.phase });
    const lag = m.held || (quanta && m.follows) ? null : phase;
    on.onchange = () => { m.on = on.checked; redraw(); };
    phase.setAttribute("aria-label", `phase of ${m.name}`);
    phase.oninput = () => { m.phase = phase.value / 360; for (const other of motions) if (other.follows) other.phase = other.follows(); redraw(); };
    return make("li", {}, make("label", {}, on, ` ${m.name}${arrow(m)}`), make("span", { className: "about" }, ` ${m.about} `), ...(lag ? [make("label", {}, "phase ", lag)] : []));
  }));
  $("none").hidden = motions.length > 0; told();
  // What the picture shows, for those who do not see it.
  $("moves").textContent = motions.map(m => `${m.name}: ${m.about}; ${described(m)}.`).join(" ");
  stage.time = player.time; for (const v of small) v.time = player.time;
  for (const b of document.querySelectorAll("button[data-motion]")) b.setAttribute("aria-pressed", String(motions.some(m => m.index === +b.dataset.motion)));
  redraw();
}
for (const button of document.querySelectorAll("button[data-motion]")) button.onclick = () => {
  const index = +button.dataset.motion, chosen = { ...motionOf(scene.motions[index]), index };
  let shown = [chosen];
  if ($("superpose").checked) {
    const others = stage.motions.filter(m => m.index !== undefined);
    shown = others.some(m => m.index === index) ? others.filter(m => m.index !== index) : [...others, chosen];
  }
  const slowest = Math.min(...shown.map(m => Math.abs(m.frequency ?? 1) || 1));
  for (const m of shown) m.turns = (Math.abs(m.frequency ?? 1) || 1) / slowest;
  play(shown, shown.length ? shown.map(m => m.name).join(" + ") : "atoms at rest");
};
function told() { $("play").disabled = !stage.motions.length; $("play").textContent = player.playing ? "Pause" : "Play"; $("play").setAttribute("aria-pressed", String(player.playing)); }
$("play").onclick = () => { player.playing = !player.playing; told(); };
$("top").onclick = () => { stage.alongAxis(); same(); };
$("side").onclick = () => { stage.fromSide(); same(); };
function same() { stage.turned = true; for (const v of small) { v.view = stage.view; v.fit(); } redraw(); }
$("rest").onclick = () => play([], "atoms at rest");
$("speed").oninput = e => { player.speed = +e.target.value; };
$("size").oninput = redraw;
$("cells").onchange = e => repeated(+e.target.value);
function repeated(n) { $("cells").value = n; stage.repeat = n; stage.arrange(); redraw(); }
$("bonds").onchange = e => { stage.bonds = e.target.checked; redraw(); };
$("labels").onchange = e => { stage.labels = e.target.checked; redraw(); };
window.addEventListener("resize", redraw);
// On paper the pictures have another shape than on the screen.
for (const [event, paper] of [["beforeprint", true], ["afterprint", false]]) window.addEventListener(event, () => {
  stage.sheet = paper ? [700, 290] : null;
  for (const v of small) v.sheet = paper ? [225, 150] : null;
  redraw();
});

// --- transfers: filter, sort, open, move --------------------------------------------------------

const rows = [...document.querySelectorAll("#transfers tbody.row")];
const conjugate = name => name.replace(/\(([^)]*)\)/, (all, c) => c === "+" ? "(-)" : c === "-" ? "(+)" : /^[1-9]/.test(c) ? `(-${c})` : /^-[1-9]/.test(c) ? `(${c.slice(1)})` : all);
// Phase of the outgoing coordinate beside the product of the incoming ones, as a fraction of a turn:
// that of the coefficient of in·in·conj(out) in the invariant. The size and sign of c are free.
function phaseOf(channel) {
  const name = leg => `${leg.species}${leg.copy === "a" ? "" : ":" + leg.copy}${leg.component ? `(${leg.component})` : ""}`;
  const wanted = [...channel.incoming.map(name), ...channel.outgoing.map(leg => conjugate(name(leg)))].sort().join(" ");
  for (const polynomial of channel.invariant?.terms ?? []) for (const term of polynomial) {
    const own = term.factors.flatMap(([factor, power]) => Array(power).fill(factor)).sort().join(" ");
    if (own === wanted) return Math.atan2(term.coefficient[1], term.coefficient[0]) / TURN;
  }
  return 0;
}
function find(species, component, copy, name) {
  const of = scene.motions.filter(m => m.species === species && m.component === component);
  // Displacements stand for any mode of their species: those that turn most show best what turns.
  if (scene.adapted) { of.sort((a, b) => Math.round(100 * Math.abs(b.am ?? 0)) - Math.round(100 * Math.abs(a.am ?? 0))); return of[copy - 1] ?? of[0]; }
  return of.find(m => name && m.name === name + (component ? `(${component})` : "")) ?? of.find(m => m.copy === copy) ?? of[0];
}
function playTransfer(channel, modes, title) {
  const legs = [...channel.incoming, ...channel.outgoing], into = channel.incoming.length;
  const found = legs.map((leg, i) => find(leg.species, leg.component, "abcdefghij".indexOf(leg.copy) + 1, modes?.[i]));
  if (found.some(m => !m)) return;
  const quanta = found.map(motionOf), lead = phaseOf(channel);
  const own = quanta.slice(0, into).map(m => Math.abs(m.frequency ?? 1) || 1), slowest = Math.min(...own);
  quanta.forEach((m, i) => { m.role = i < into ? "in" : "out"; m.turns = i < into ? own[i] / slowest : own.reduce((a, b) => a + b, 0) / slowest; });
  // Equal quanta are one motion: their hands move together.
  const shown = [];
  quanta.forEach((m, i) => { if (i >= into || !shown.some(x => x.same === found[i])) { m.same = found[i]; shown.push(m); } });
  for (let i = 0; i < into; i++) quanta[i] = shown.find(x => x.same === found[i]);
  for (const m of quanta.slice(into)) {
    m.follows = () => quanta.slice(0, into).reduce((sum, x) => sum + x.phase, 0) + lead;
    m.phase = m.follows(); m.size = 0.6 * SIZE;
    const times = m.turns; m.rate = `moves at ${Number.isInteger(times) ? times : times.toFixed(2)} × ${into > 1 ? "the first" : "its"} frequency`;
  }
  play(shown, title, quanta);
}
function open(row, yes) {
  const button = row.querySelector("button.opens");
  if (yes === undefined) yes = button.getAttribute("aria-expanded") !== "true";
  for (const other of rows) if (other !== row || !yes) { other.querySelector("button.opens").setAttribute("aria-expanded", "false"); other.querySelector("tr.detail").hidden = true; }
  button.setAttribute("aria-expanded", String(yes)); row.querySelector("tr.detail").hidden = !yes;
  // Of actual modes those nearest to resonance move.
  if (yes) playTransfer(answer("predict").channels.find(c => c.id === row.dataset.id), answer("predict").transfers?.find(t => t.channel === row.dataset.id)?.modes, minus(row.dataset.id.replace("->", "→")));
  reachable();
}
for (const row of rows) row.querySelector("button.opens").onclick = () => open(row);
for (const button of document.querySelectorAll("button[data-open]")) button.onclick = () => {
  const row = rows.find(r => r.dataset.id === button.dataset.open);
  $("all").click(); open(row, true); row.scrollIntoView({ block: "nearest" }); row.querySelector("button.opens").focus({ preventScroll: true });
};
const filters = ["sense", "pump", "probe", "of", "words"].map($);
function filter() {
  const [sense, pump, probe, of, words] = filters.map(f => f.value.trim());
  const wanted = minus(words.toLowerCase().replaceAll("->", "→")).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const { group, pumps, probes, species } = row.dataset, text = minus(row.textContent.toLowerCase());
    const fits = (!sense || group === sense) && (!pump || pumps.split(" ").includes(pump)) && (!probe || probes.split(" ").includes(probe))
      && (!of || species.split(" ").includes(of)) && wanted.every(w => text.includes(w));
    row.hidden = !fits; count += fits;
  }
  $("count").textContent = `${count} of ${rows.length} transfers`;
}
for (const f of filters) f.oninput = filter;
$("all").onclick = () => { for (const f of filters) f.value = ""; filter(); };
// Sorting by a heading: numbers by size, words by alphabet; a second time the other way.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").onclick = () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const h of heads) h.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = body => { const cell = body.rows[0].cells[column]; return cell.dataset.value ?? cell.textContent.trim(); };
    const number = text => text.trim() !== "" && Number.isFinite(Number(minus(text).replaceAll("−", "-").replace("ħ", ""))) ? Number(minus(text).replaceAll("−", "-").replace("ħ", "")) : null;
    const bodies = [...table.tBodies].sort((a, b) => {
      const x = number(key(a)), y = number(key(b)), order = x !== null && y !== null ? x - y : key(a).localeCompare(key(b));
      return down ? -order : order;
    });
    table.append(...bodies);
  });
}

// --- resonances ---------------------------------------------------------------------------------

if ($("resonances")) {
  const found = [...document.querySelectorAll("#resonances tbody")], f = $("pumpf"), width = $("pumpw");
  // A Gaussian of this full width at half maximum at every incoming mode, times the score.
  const weigh = () => {
    const centre = +f.value, w = +width.value;
    for (const body of found) {
      const drive = body.dataset.into.split(" ").reduce((p, x) => p * Math.exp(-4 * Math.LN2 * ((x - centre) / w) ** 2), 1);
      const value = drive * body.dataset.score, cell = body.querySelector(".weight");
      cell.dataset.value = value; cell.textContent = value < 0.001 ? "<0.001" : value.toFixed(3);
      body.classList.toggle("reached", drive > 0.1);
    }
    const unit = f.dataset.unit; $("pumptold").textContent = `${centre.toFixed(2)} ${unit}, width ${w.toFixed(2)} ${unit}: ${found.filter(b => b.classList.contains("reached")).length} with every incoming mode in the band`;
  };
  f.oninput = width.oninput = () => { weigh(); };
  f.onchange = width.onchange = () => { const t = $("resonances"); t.append(...found.slice().sort((a, b) => b.querySelector(".weight").dataset.value - a.querySelector(".weight").dataset.value)); };
  for (const body of found) body.querySelector("button").onclick = () => {
    const t = answer("predict").transfers.find(x => x.id === body.dataset.id);
    playTransfer(answer("predict").channels.find(c => c.id === t.channel), t.modes, minus(t.id.replace("->", "→")));
  };
  weigh();
}

// --- couplings ----------------------------------------------------------------------------------

if ($("coefficients")) {
  const all = [...$("coefficients").tBodies];
  $("factors").oninput = () => {
    const wanted = minus($("factors").value).split(/\s+/).filter(Boolean);
    for (const body of all) {
      // Every word is one factor: a name, or the beginning of one.
      const factors = body.rows[0].cells[0].textContent.split(" ");
      body.hidden = !wanted.every(w => { const i = factors.findIndex(f => f.startsWith(w)); if (i < 0) return false; factors.splice(i, 1); return true; });
    }
    $("factorcount").textContent = `${all.filter(b => !b.hidden).length} of ${all.length} products`;
  };
  $("factors").oninput();
}

// --- motion in time -----------------------------------------------------------------------------

const numbers = samples => { const raw = Uint8Array.from(atob(samples.bytes), c => c.charCodeAt(0)), view = new DataView(raw.buffer), out = new Float32Array(raw.length / 2); for (let i = 0; i < out.length; i++) out[i] = view.getInt16(2 * i, true) * samples.scale / 32767; return out; };
let course = null;
if ($("traces")) {
  const { start, step, count, modes } = scene.course, end = start + step * (count - 1);
  for (const m of modes) m.a = numbers(m.amplitudes);
  const field = scene.course.field && numbers(scene.course.field);
  const at = (m, k, l) => [m.a[2 * (k * m.components.length + l)], m.a[2 * (k * m.components.length + l) + 1]];
  // u of every atom of the primitive cell at a time: sum over the modes of a multiplet.
  const shape = (m, k) => scene.positions.map((r, i) => [0, 1, 2].map(x => m.displacements.reduce(([re, im], v, l) => { const [a, b] = at(m, k, l), [c, d] = v[i][x]; return [re + a * c - b * d, im + a * d + b * c]; }, [0, 0])));
  const largest = m => m.largest ??= Math.max(1e-30, ...[...Array(Math.ceil(count / 4)).keys()].map(k => Math.max(...shape(m, 4 * k).map(v => Math.hypot(...v.flat())))));
  const slider = $("instant"), chosen = () => [...new Set(["first", "second"].filter($).map(id => $(id).value))].map(name => modes.find(m => m.name === name));
  // Displacement of the atom that moves most, along the Cartesian axis on which it does.
  const most_ = m => m.most ??= (() => {
    let best = { size: -1 };
    for (let k = 0; k < count; k += 4) shape(m, k).forEach((v, i) => v.forEach(([re], x) => { if (Math.abs(re) > best.size) best = { size: Math.abs(re), i, x }; }));
    return best;
  })();
  const displaced = (m, k) => { const { i, x } = most_(m); return m.displacements.reduce((u, v, l) => { const [a, b] = at(m, k, l); return u + a * v[i][x][0] - b * v[i][x][1]; }, 0); };
  const moves = m => m.amplitudes.scale > 0;
  slider.min = start; slider.max = end; slider.value = Math.min(end, Math.max(start, 1));
  const place = () => Math.max(0, Math.min(count - 1, Math.round((+slider.value - start) / step)));
  let shown = [], running = false, before = 0;
  const set = () => {
    const k = place(), slowest = Math.min(...shown.map(m => Math.abs(m.of.frequency) || 1));
    for (const m of shown) {
      Object.assign(m, spread(shape(m.of, k)));
      m.turns = (Math.abs(m.of.frequency) || 1) / slowest; m.phase = m.turns * player.time; m.senses = senses(m, scene.axis);
    }
    cursor(); told_();
  };
  const told_ = () => { const t = start + step * place(); $("instanttold").textContent = minus(`${t.toFixed(2)} ps`); slider.setAttribute("aria-valuetext", $("instanttold").textContent); };
  const begin = () => {
    shown = chosen().map(of => ({ of, held: true, name: of.name, about: moves(of) ? `largest displacement ${largest(of).toPrecision(2)} Å in the run` : "does not move", pam: null, am: null, phase: 0, turns: 1, size: SIZE / largest(of), re: [], im: [], role: "" }));
    set(); play(shown, `${shown.map(m => m.name).join(" and ")} in time`, shown);
  };
  const active = () => shown.length && stage.motions === shown;
  const show = () => { active() ? (set(), redraw()) : begin(); };
  slider.oninput = () => { run(false); show(); };
  const run = yes => { running = yes; $("follow").textContent = yes ? "Stop" : "Run"; $("follow").setAttribute("aria-pressed", String(yes)); };
  $("follow").onclick = () => {
    run(!running);
    if (running) { if (+slider.value >= end - step) slider.value = start; before = player.time; if (!player.playing) { player.playing = true; told(); } show(); }
  };
  // Called before every picture: while it runs, time goes on; else the atoms stand still.
  course = {
    tick() {
      if (!active()) { run(false); return; }
      if (running) {
        slider.value = Math.min(end, +slider.value + (player.time - before) / Math.min(...shown.map(m => Math.abs(m.of.frequency) || 1)));
        if (+slider.value >= end) run(false);
      }
      before = player.time; set();
    },
    shape, modes, place,
  };
  const svg = $("traces"), W = 800, left = 56, right = 12, X = t => left + (W - left - right) * (t - start) / (end - start || 1);
  let line = null;
  const cursor = () => { if (line) for (const a of ["x1", "x2"]) line.setAttribute(a, X(start + step * place())); };
  const paint = () => {
    svg.replaceChildren();
    const rows = [...(field ? [null] : []), ...chosen()], heights = rows.map(r => r ? 120 : 50), H = heights.reduce((a, b) => a + b + 10, 34);
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    let top = 6;
    const every = Math.max(1, Math.floor(count / 1500)), places = [...Array(Math.ceil(count / every)).keys()].map(k => k * every);
    rows.forEach((m, r) => {
      const h = heights[r], middle = top + h / 2;
      const path = (value, most, more) => svg.append(draw_("polyline", { fill: "none", points: places.map(k => `${X(start + step * k).toFixed(1)},${(middle - (h / 2 - 2) * value(k) / (most || 1)).toFixed(1)}`).join(" "), ...more }));
      svg.append(draw_("line", { class: "grid", x1: left, x2: W - right, y1: middle, y2: middle }));
      if (!m) {
        const most = Math.max(...field.map(Math.abs));
        [0, 1].forEach(x => path(k => field[3 * k + x], most, { class: x ? "trace faint" : "trace" }));
        svg.append(draw_("text", { x: 4, y: middle + 4 }, "field"));
      } else {
        const size = (k, l) => Math.hypot(...at(m, k, l)), total = k => Math.sqrt(m.components.reduce((s, _, l) => s + size(k, l) ** 2, 0));
        const most = Math.max(...places.map(total)), turning = m.components.map((_, l) => l).filter(l => m.senses[l]);
        path(k => displaced(m, k), most_(m).size, { class: "trace faint" });
        if (!turning.length) path(total, most, { class: "trace" });
        for (const l of turning) path(k => size(k, l), most, { class: m.senses[l] > 0 ? "trace plus" : "trace minus", "data-mode": `${m.name}(${m.components[l]})` });
        svg.append(draw_("text", { x: 4, y: middle - 6 }, m.name), draw_("text", { x: 4, y: middle + 12, class: "small" }, `${m.frequency.toFixed(2)} THz`), draw_("text", { x: W - right - 4, y: top + 12, "text-anchor": "end", class: "small" }, moves(m) ? `${most.toPrecision(2)} √amu Å; ${most_(m).size.toPrecision(2)} Å` : "does not move"));
      }
      top += h + 10;
    });
    const ticks = [0.5, 1, 2, 5, 10, 20, 50].find(s => (end - start) / s < 12) ?? 100;
    for (let t = Math.ceil(start / ticks) * ticks; t <= end; t += ticks) svg.append(draw_("line", { class: "grid", x1: X(t), x2: X(t), y1: 6, y2: top }), draw_("text", { x: X(t), y: top + 14, "text-anchor": "middle" }, minus(+t.toFixed(6))));
    svg.append(draw_("text", { x: W - right, y: top + 26, "text-anchor": "end" }, "ps"));
    line = draw_("line", { class: "cursor", y1: 6, y2: top }); svg.append(line); cursor();
  };
  for (const id of ["first", "second"]) if ($(id)) $(id).onchange = () => { paint(); begin(); };
  svg.onclick = e => { const box = svg.getBoundingClientRect(), x = (e.clientX - box.left) * W / box.width; slider.value = start + (end - start) * (x - left) / (W - left - right); slider.oninput(); };
  told_(); figures.push(paint);
}

// --- a measurement ------------------------------------------------------------------------------

if ($("measured")) figures.push(() => {
  const W = 800, left = 90, right = 12, colours = ["currentColor", "#d98a00", "#2f9a72", "#b06a9e"];
  if (scene.measured) {
    const runs = scene.measured.runs, first = Math.min(...runs.map(r => r.times[0])), last = Math.max(...runs.map(r => r.times.at(-1)));
    const h = 110, H = runs.length * (h + 8) + 40, X = t => left + (W - left - right) * (t - first) / (last - first || 1);
    const svg = draw_("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", class: "figure", "aria-label": "measured traces as points and their fit as lines; the table below has the lines" });
    svg.append(draw_("text", { x: left, y: 14 }, "traces (points) and fit (lines)"));
    scene.measured.channels.forEach((name, c) => svg.append(draw_("line", { x1: left + 220 + 110 * c, x2: left + 244 + 110 * c, y1: 10, y2: 10, stroke: colours[c % 4], "stroke-width": 3 }), draw_("text", { x: left + 250 + 110 * c, y: 14 }, name)));
    runs.forEach((run, r) => {
      const range = s => Math.max(...s) - Math.min(...s), apart = 1.15 * Math.max(...run.signals.map(range)), all = run.signals.flatMap((s, c) => s.map(v => v - c * apart));
      const low = Math.min(...all), high = Math.max(...all), top = 22 + r * (h + 8), Y = v => top + h - (h - 4) * (v - low) / (high - low || 1);
      run.signals.forEach((s, c) => {
        const points = s.map((v, k) => `M${X(run.times[k]).toFixed(1)},${Y(v - c * apart).toFixed(1)}h0`).join("");
        svg.append(draw_("path", { d: points, class: "points", stroke: colours[c % 4] }), draw_("polyline", { fill: "none", "stroke-width": 1.3, stroke: colours[c % 4], points: run.fit[c].map((v, k) => `${X(run.fit_times[k]).toFixed(1)},${Y(v - c * apart).toFixed(1)}`).join(" ") }));
      });
      svg.append(draw_("text", { x: 4, y: top + h / 2 }, run.pump || `run ${r + 1}`));
    });
    const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find(s => (last - first) / s < 10) ?? 200;
    for (let t = Math.ceil(first / step) * step; t <= last; t += step) svg.append(draw_("text", { x: X(t), y: H - 4, "text-anchor": "middle" }, minus(+t.toFixed(6))));
    svg.append(draw_("text", { x: 4, y: H - 4 }, "delay (ps)"));
    $("measured").append(svg);
  }
  const bars = scene.helicities, w = Math.max(40, Math.min(90, (W - left - right) / bars.length)), H = 232, Y = v => 96 - 66 * v;
  const svg = draw_("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", class: "figure", "aria-label": "helicity of every line in every run, beside the sense that the rule gives; the table below has the numbers" });
  for (const v of [-1, 0, 1]) svg.append(draw_("line", { class: "grid", x1: left, x2: W - right, y1: Y(v), y2: Y(v) }), draw_("text", { x: left - 6, y: Y(v) + 4, "text-anchor": "end" }, minus(v > 0 ? "+1" : v)));
  svg.append(draw_("text", { x: 4, y: 14 }, "helicity"), draw_("text", { x: left, y: 14, class: "small" }, "of every line in every run; green: the sense that the rule gives"));
  bars.forEach((b, k) => {
    const x = left + w * (k + 0.5);
    for (const s of b.rule) svg.append(draw_("rect", { class: "rule", x: x - 0.3 * w, width: 0.6 * w, y: s ? Math.min(Y(0), Y(s)) : Y(0.06), height: s ? Math.abs(Y(0) - Y(s)) : Y(-0.06) - Y(0.06) }));
    svg.append(draw_("line", { class: `bar ${b.verdict}`, x1: x, x2: x, y1: Y(b.low), y2: Y(b.high) }), draw_("circle", { class: `bar ${b.verdict}`, cx: x, cy: Y(b.helicity), r: 4 }));
    [b.pump, b.line, b.mode, b.verdict].forEach((t, i) => svg.append(draw_("text", { x, y: 182 + 14 * i, "text-anchor": "middle", class: "small" }, t)));
  });
  $("measured").append(svg);
});

// --- bands --------------------------------------------------------------------------------------

if ($("dispersion")) figures.push(() => {
  const svg = $("dispersion"), bands = answer("bands"), W = 800, H = 460, left = 56, right = 12, top = 12, bottom = 34;
  const all = bands.segments.flatMap(s => s.branches.flatMap(b => b.frequency)), low = Math.min(0, ...all), high = Math.max(...all) * 1.03;
  const first = bands.segments[0].distance[0], last = bands.segments.at(-1).distance.at(-1);
  const X = d => left + (W - left - right) * (d - first) / (last - first || 1), Y = f => H - bottom - (H - top - bottom) * (f - low) / (high - low || 1);
  const colour = j => j === null || j === undefined ? "#888" : `color-mix(in srgb, var(--${j > 0 ? "plus" : "minus"}) ${(100 * Math.min(1, Math.abs(j))).toFixed(0)}%, var(--still))`;
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  const step = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find(s => (high - low) / s < 9) ?? 1000;
  for (let f = Math.ceil(low / step) * step; f <= high; f += step) {
    svg.append(draw_("line", { class: "grid", x1: left, x2: W - right, y1: Y(f), y2: Y(f) }), draw_("text", { x: left - 6, y: Y(f) + 4, "text-anchor": "end" }, minus(f)));
  }
  const ticks = new Map();
  for (const s of bands.segments) for (const [end, d] of [[s.from, s.distance[0]], [s.to, s.distance.at(-1)]]) {
    const x = X(d).toFixed(1), name = end.label.replace("GM", "Γ");
    ticks.set(x, (ticks.get(x) ?? new Set()).add(name));
  }
  for (const [x, names] of ticks) svg.append(draw_("line", { class: "axis", x1: x, x2: x, y1: top, y2: H - bottom }), draw_("text", { x, y: H - bottom + 18, "text-anchor": "middle" }, [...names].join("|")));
  svg.append(draw_("text", { x: 6, y: 18 }, bands.units.frequency.replace("cm-1", "cm⁻¹")));
  const pieces = [];
  for (const s of bands.segments) for (const b of s.branches) {
    // Pieces of nearly one colour are one line.
    let points = [], j = null, first = true;
    const flush = () => { if (points.length > 1) pieces.push({ points: points.join(" "), j }); };
    b.frequency.forEach((f, i) => {
      const at = `${X(s.distance[i]).toFixed(1)},${Y(f).toFixed(1)}`, now = b.am === null ? null : Math.round(b.am[i] * 12) / 12;
      points.push(at);
      if (first || now !== j) { const before = points.at(-2); flush(); points = before ? [before, at] : [at]; j = now; first = false; }
    });
    flush();
  }
  const stroke = (piece, more) => svg.append(draw_("polyline", { points: piece.points, fill: "none", stroke: colour(piece.j), "stroke-width": 1.8, ...more }));
  // Partners of equal frequency and opposite J lie on each other: those with J < 0 are drawn below, and dashed above.
  const clockwise = pieces.filter(piece => piece.j < 0);
  for (const piece of clockwise) stroke(piece, {});
  for (const piece of pieces) if (!(piece.j < 0)) stroke(piece, {});
  for (const piece of clockwise) stroke(piece, { "stroke-dasharray": "7 7" });
  const spot = draw_("circle", { r: 5, class: "spot", cx: -20, cy: -20 }); svg.append(spot);
  let here = { s: 0, b: 0, i: 0 };
  const tell = () => {
    const s = bands.segments[here.s], b = s.branches[here.b];
    spot.setAttribute("cx", X(s.distance[here.i])); spot.setAttribute("cy", Y(b.frequency[here.i]));
    const q = s.coordinates[here.i].map(x => minus(+x.toFixed(3))).join(", ");
    $("bandtold").textContent = `${s.line} ${b.species}#${b.order}${b.component ? minus(`(${b.component})`) : ""} at q = (${q}): ${minus(b.frequency[here.i].toFixed(3))} ${bands.units.frequency.replace("cm-1", "cm⁻¹")}`
      + (b.pam !== null ? `, l = ${minus(b.pam)}` : "") + (s.u && b.pam !== null && /u/.test(b.pam) ? ` with u = ${minus(s.u[here.i].toFixed(3))}` : "") + (b.am !== null ? `, J = ${signed(b.am[here.i], 3)} ħ` : "");
  };
  const nearest = event => {
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * W / box.width, y = (event.clientY - box.top) * H / box.height;
    let best = Infinity;
    bands.segments.forEach((s, k) => {
      if (x < X(s.distance[0]) - 9 || x > X(s.distance.at(-1)) + 9) return;
      s.branches.forEach((b, j) => b.frequency.forEach((f, i) => { const d = Math.hypot(X(s.distance[i]) - x, Y(f) - y); if (d < best) { best = d; here = { s: k, b: j, i }; } }));
    });
    return best;
  };
  const bytes = scene.segments.map(s => Int8Array.from(atob(s.bytes), c => c.charCodeAt(0)));
  const move = () => {
    const s = bands.segments[here.s], kept = scene.segments[here.s].points, n = scene.positions.length;
    const p = kept.reduce((best, point, k) => Math.abs(point - here.i) < Math.abs(kept[best] - here.i) ? k : best, 0);
    here.i = kept[p]; tell();
    const start = (p * 3 * n + here.b) * n * 6, b = s.branches[here.b], q = s.coordinates[here.i];
    const u = [...Array(n).keys()].map(a => [0, 1, 2].map(k => { const at = start + (a * 3 + k) * 2; return [bytes[here.s][at] / 127, bytes[here.s][at + 1] / 127]; }));
    const reach = Math.max(...u.map(v => Math.hypot(...v.flat())));
    const m = { ...spread(u.map(v => v.map(([x, y]) => [x / reach, y / reach])), q), q, name: `${b.species}#${b.order}${b.component ? minus(`(${b.component})`) : ""}`, about: $("bandtold").textContent.split(": ").slice(1).join(": "), pam: null, am: b.am === null ? null : b.am[here.i], turns: 1, phase: 0, size: SIZE };
    if (q.some(x => Math.abs(x - Math.round(x)) > 1e-6) && stage.repeat === 1 && scene.atoms.length < 40) repeated(2);
    play([m], $("bandtold").textContent);
  };
  svg.onpointermove = e => { nearest(e); tell(); };
  svg.onclick = e => { nearest(e); move(); };
  svg.onkeydown = e => {
    const s = bands.segments[here.s], order = s.branches.map((b, j) => j).sort((a, b) => s.branches[a].frequency[here.i] - s.branches[b].frequency[here.i]), place = order.indexOf(here.b);
    if (e.key === "ArrowUp") here.b = order[Math.min(place + 1, order.length - 1)];
    else if (e.key === "ArrowDown") here.b = order[Math.max(place - 1, 0)];
    else if (e.key === "ArrowRight") { if (here.i + 1 < s.distance.length) here.i++; else if (here.s + 1 < bands.segments.length) { here.s++; here.i = 0; } }
    else if (e.key === "ArrowLeft") { if (here.i > 0) here.i--; else if (here.s > 0) { here.s--; here.i = bands.segments[here.s].distance.length - 1; } }
    else if (e.key === "Enter" || e.key === " ") move(); else return;
    e.preventDefault(); tell();
  };
});

// --- polarised Raman intensities ----------------------------------------------------------------

for (const box of document.querySelectorAll("div[data-law]")) {
  const species = answer("light").raman.find(s => s.species === box.dataset.law), values = species.letters.map(() => 1);
  const intensity = (law, t) => {
    const basis = [1, Math.cos(2 * t), Math.sin(2 * t)], partners = law.terms[0].length;
    let sum = 0;
    for (let p = 0; p < partners; p++) sum += law.terms.reduce((a, term, k) => a + values[k] * dot(term[p], basis), 0) ** 2;
    return sum;
  };
  const svg = draw_("svg", { viewBox: "-60 -60 120 120", role: "img", "aria-label": `Raman intensity of ${species.species} against the angle of linear light: parallel ${species.parallel.text}; crossed ${species.crossed.text}`, class: "polar" });
  const paint = () => {
    svg.replaceChildren();
    for (const r of [25, 50]) svg.append(draw_("circle", { r, class: "grid", fill: "none" }));
    svg.append(draw_("line", { x1: -52, x2: 52, y1: 0, y2: 0, class: "grid" }), draw_("line", { y1: -52, y2: 52, x1: 0, x2: 0, class: "grid" }), draw_("text", { x: 54, y: 3 }, "0°"));
    const angles = [...Array(181).keys()].map(k => k * TURN / 180), laws = [["parallel", species.parallel], ["crossed", species.crossed]];
    const most = Math.max(1e-12, ...laws.flatMap(([, law]) => angles.map(t => intensity(law, t))));
    for (const [name, law] of laws) svg.append(draw_("polyline", { class: name, fill: "none", points: angles.map(t => { const r = 50 * intensity(law, t) / most; return `${(r * Math.cos(t)).toFixed(1)},${(-r * Math.sin(t)).toFixed(1)}`; }).join(" ") }));
  };
  box.append(svg);
  species.letters.forEach((letter, k) => {
    const slider = make("input", { type: "range", min: -2, max: 2, step: 0.1, value: 1, ariaLabel: `element ${letter} of the Raman tensors of ${species.species}` });
    slider.oninput = () => { values[k] = +slider.value; told.textContent = minus(values[k].toFixed(1)); paint(); };
    const told = make("output", {}, "1.0");
    box.append(make("label", {}, `${letter} `, slider, told));
  });
  paint();
}

// --- waves: where helicity and angular momentum can be --------------------------------------------

const lobes = [];
for (const box of document.querySelectorAll("div[data-wave]")) {
  const name = box.dataset.wave, wave = answer("show").waves[name], scalar = name === "helicity", sizes = wave.terms.map((x, k) => k ? 0.5 : 1);
  const directions = { axis: scene.axis, x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };
  // The first component that symmetry allows.
  let chosen = Object.keys(directions).filter(n => n !== "axis" || scene.order)
    .find(n => scalar || wave.terms.some(form => [0, 1, 2].some(i => form[i].length && Math.abs(directions[n][i]) > 1e-6))) ?? "x";
  let along = directions[chosen];
  const polynomial = (terms, q) => terms.reduce((s, t) => s + t.coefficient * q.reduce((p, x, k) => p * x ** t.powers[k], 1), 0);
  // Of h the polynomial itself, of J its component along a direction; q is a unit vector.
  const value = q => wave.terms.reduce((s, form, k) => s + sizes[k] * (scalar ? polynomial(form[0], q) : form.reduce((j, terms, i) => j + along[i] * polynomial(terms, q), 0)), 0);
  const canvas = make("canvas", { className: "lobes", tabIndex: 0 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${scalar ? "helicity" : "component of the angular momentum"} against the direction of q, ${wave.letter} wave; arrow keys turn it`);
  const parallel = n => scene.order && Math.abs(dot(directions[n], scene.axis) - 1) < 1e-6, own = ["x", "y", "z"].some(parallel);
  const axes = ["x", "y", "z"].map(n => ({ name: parallel(n) ? `${n}, axis` : n, along: directions[n], strong: parallel(n) }));
  if (scene.order && !own) axes.push({ name: "axis", along: scene.axis.map(x => 1.12 * x), strong: true });
  const surface = new Lobes(canvas, axes), told = make("output", { className: "quiet" });
  const paint = () => { surface.show(value); told.textContent = surface.most > 1e-9 ? "" : "zero in every direction with these coefficients"; };
  box.append(canvas);
  if (!scalar) {
    const select = make("select", {}, ...Object.keys(directions).filter(n => n !== "axis" || scene.order).map(n => make("option", { value: n }, n === "axis" ? "along the axis" : n)));
    select.value = chosen;
    select.onchange = () => { along = directions[select.value]; paint(); };
    box.append(make("label", {}, "component ", select));
  }
  if (wave.terms.length > 1) wave.forms.forEach((form, k) => {
    const slider = make("input", { type: "range", min: -1, max: 1, step: 0.05, value: sizes[k] }), said = make("output", {}, signed(sizes[k], 2));
    slider.oninput = () => { sizes[k] = +slider.value; said.textContent = signed(sizes[k], 2); paint(); };
    box.append(make("label", {}, `× ${minus(scalar ? form[0] : `(${form.join(", ")})`)} `, slider, said));
  });
  box.append(told);
  figures.push(paint); lobes.push(surface);
}
window.addEventListener("resize", () => { for (const x of lobes) x.draw(); });

// --- documents ----------------------------------------------------------------------------------

for (const button of document.querySelectorAll("button[data-document]")) button.onclick = () => {
  const text = JSON.stringify(answer(button.dataset.document), null, 1);
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: button.dataset.file });
  link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// What scrolls is reached by the keyboard.
function reachable() {
  for (const box of document.querySelectorAll(".wide, pre, .invariant")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (!scrolls) { box.removeAttribute("tabindex"); box.removeAttribute("role"); box.removeAttribute("aria-label"); continue; }
    box.tabIndex = 0; box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${box.querySelector("table")?.getAttribute("aria-label") ?? box.closest("section").querySelector("h2").textContent}; scrolls`);
  }
}
window.addEventListener("resize", reachable);
for (const box of document.querySelectorAll("details")) box.addEventListener("toggle", reachable);
stage.oblique();
document.querySelector("details.tools").open = window.innerWidth >= 1000;
filter(); told(); play([], "atoms at rest");
requestAnimationFrame(() => setTimeout(() => {
  for (const draw of figures) draw();
  reachable();
  window.symchiral = { stage, player, quanta: () => small, scene, answer, lobes, course };
}));
