"use strict";
// Moving atoms on a canvas. A scene is a cell with atoms at rest; a motion has for every atom of the
// scene re and im of u, in Re[u exp(-iωt)], and turns that many times in a unit of time.
const TURN = 2 * Math.PI;
const STRAIGHT = 0.02; // atoms whose orbit encloses less, beside the roundest, move on a line
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = a => { const s = Math.sqrt(dot(a, a)); return a.map(x => x / s); };
// The sense of every atom of a motion about a direction: 1 anticlockwise, -1 clockwise, 0 on a line.
function senses(motion, axis) {
  const areas = motion.re.map((re, i) => dot(cross(re, motion.im[i]), axis));
  const sizes = motion.re.map((re, i) => dot(re, re) + dot(motion.im[i], motion.im[i]));
  const least = STRAIGHT * Math.max(...sizes, 1e-30) / 2;
  return areas.map(a => Math.abs(a) < least ? 0 : Math.sign(a));
}
class Viewer {
  constructor(canvas, scene) {
    this.canvas = canvas; this.pen = canvas.getContext("2d"); this.scene = scene;
    this.motions = []; this.time = 0; this.amplitude = 1; this.zoom = 1; this.repeat = 1;
    this.labels = false; this.bonds = true; this.orbits = true; this.followers = [];
    this.arrange(); this.alongAxis(); this.listen();
  }
  // Atoms of repeat × repeat × repeat cells, and which of the scene each is.
  arrange() {
    const { rest, cell } = this.scene, n = this.repeat;
    this.cell = cell.map(v => v.map(x => x * n));
    this.atoms = [];
    for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) for (let c = 0; c < n; c++) {
      const shift = [0, 1, 2].map(k => a * cell[0][k] + b * cell[1][k] + c * cell[2][k]);
      rest.forEach((r, i) => this.atoms.push({ i, r: r.map((x, k) => x + shift[k]), shift }));
    }
    const places = this.atoms.map(a => a.r);
    const middle = points => [0, 1, 2].map(k => (Math.min(...points.map(p => p[k])) + Math.max(...points.map(p => p[k]))) / 2);
    // The cell begins at the origin, or stands around the atoms where a molecule or layer leaves it.
    const volume = dot(cell[0], cross(cell[1], cell[2]));
    const out = rest.some(r => [0, 1, 2].some(k => Math.abs(dot(cross(cell[(k + 1) % 3], cell[(k + 2) % 3]), r) / volume - 0.5) > 0.6));
    const round = middle(places), begin = [0, 1, 2].map(k => out ? round[k] - (this.cell[0][k] + this.cell[1][k] + this.cell[2][k]) / 2 : 0);
    this.corners = [];
    for (let i = 0; i < 8; i++)
      this.corners.push(begin.map((x, k) => x + (i & 1) * this.cell[0][k] + (i >> 1 & 1) * this.cell[1][k] + (i >> 2) * this.cell[2][k]));
    const reach = (points, from) => Math.max(...points.map(p => Math.hypot(...p.map((x, k) => x - from[k]))));
    // Long cells run out of the picture, so that atoms are large enough to be seen moving.
    const all = [...places, ...this.corners], whole = reach(all, middle(all)) < 1.8 * (reach(places, middle(places)) + 1);
    this.shown = whole ? all : places;
    this.centre = middle(this.shown); this.radius = reach(places, this.centre) + 1;
    this.joined = this.near();
    if (this.view) this.fit();
  }
  // Pairs of atoms about as far apart as either is from its nearest neighbour.
  near() {
    const n = this.atoms.length, pairs = [];
    if (n > 400) return pairs;
    const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    const nearest = this.atoms.map((a, i) => Math.min(...this.atoms.map((b, j) => i === j ? Infinity : distance(a.r, b.r))));
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++)
      if (distance(this.atoms[i].r, this.atoms[j].r) < 1.15 * Math.min(3.6, Math.max(nearest[i], nearest[j]))) pairs.push([i, j]);
    return pairs;
  }
  // Rows of the view: right, up, towards the reader.
  look(towards) {
    const z = unit(towards), first = this.scene.cell[0];
    const x = unit(first.map((v, k) => v - dot(first, z) * z[k] + 1e-9 * (k + 1)));
    this.view = [x, cross(z, x), z]; this.fit();
  }
  // From above and aside, as one looks at a model on a table.
  oblique() {
    this.fromSide();
    const [x, y, z] = this.view;
    this.look(z.map((v, k) => 0.85 * v + 0.4 * y[k] + 0.35 * x[k]));
    this.upright(y);
  }
  // Turn the picture so that a direction points up in it.
  upright(direction) {
    const z = this.view[2], y = unit(direction.map((v, k) => v - dot(direction, z) * z[k]));
    this.view = [cross(y, z), y, z]; this.fit();
  }
  alongAxis() { this.look(this.scene.axis); }
  fromSide() {
    const axis = this.scene.axis, first = this.scene.cell[0];
    const a = first.map((x, k) => x - dot(first, axis) * axis[k]);
    const side = dot(a, a) > 1e-6 ? unit(a) : unit(cross(axis, [0.3, 0.9, 0.1]));
    const z = unit(cross(side, axis));
    this.view = [cross(axis, z), axis, z]; this.fit();
  }
  // Half width and height of what is to be seen, with room for moving atoms.
  fit() {
    const seen = row => Math.max(...this.shown.map(p => Math.abs(dot(this.view[row], p.map((x, k) => x - this.centre[k])))));
    this.span = [seen(0) + 1.3, seen(1) + 1.3];
  }
  turn(dx, dy) {
    const rotate = (i, j, a) => {
      const c = Math.cos(a), s = Math.sin(a), p = this.view[i], q = this.view[j];
      this.view[i] = p.map((x, k) => c * x + s * q[k]);
      this.view[j] = q.map((x, k) => c * x - s * p[k]);
    };
    rotate(2, 0, dx / 150); rotate(1, 2, dy / 150); this.turned = true;
    for (const other of this.followers) { other.view = this.view; other.fit(); }
  }
  // u = Re[(re + i im) exp(2πi q·R) exp(-iωt + iφ)], summed over the motions that are on.
  at(atom, time) {
    const place = atom.r.slice();
    for (const m of this.motions) if (m.on !== false) {
      const wave = m.q ? dot(m.q, this.fraction(atom.shift)) : 0;
      const angle = TURN * (m.turns * time - (m.phase || 0) - wave), size = this.amplitude * m.size;
      const c = Math.cos(angle) * size, s = Math.sin(angle) * size;
      for (let k = 0; k < 3; k++) place[k] += m.re[atom.i][k] * c + m.im[atom.i][k] * s;
    }
    return place;
  }
  // A lattice vector in those of the primitive cell: what q counts in.
  fraction(shift) { return this.scene.reciprocal.map(b => dot(b, shift)); }
  show(motions) {
    this.motions = motions;
    for (const m of motions) m.senses = senses(m, this.scene.axis);
  }
  // Where a point is on the canvas, and its height above the middle.
  flat(p) {
    const r = p.map((x, k) => x - this.centre[k]), v = this.view;
    return [this.w / 2 + this.scale * dot(v[0], r), this.h / 2 - this.scale * dot(v[1], r), dot(v[2], r)];
  }
  draw() {
    const { canvas, pen } = this, ratio = this.sheet ? 2 : window.devicePixelRatio || 1;
    const [w, h] = this.sheet ?? [canvas.clientWidth, canvas.clientHeight];
    if (!w || !h) return;
    this.w = w; this.h = h;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
    }
    const scale = this.scale = this.zoom * Math.min(w / (2 * this.span[0]), h / (2 * this.span[1]));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, w, h);
    const flat = this.corners.map(c => this.flat(c));
    pen.strokeStyle = "#9a9a9a"; pen.lineWidth = 1; pen.beginPath();
    for (let i = 0; i < 8; i++) for (const bit of [1, 2, 4]) if (!(i & bit)) {
      pen.moveTo(flat[i][0], flat[i][1]); pen.lineTo(flat[i | bit][0], flat[i | bit][1]);
    }
    pen.stroke();
    this.placed = this.atoms.map(atom => this.flat(this.at(atom, this.time)));
    const parts = this.placed.map((p, i) => [p[2], i]);
    if (this.bonds) for (const pair of this.joined) parts.push([(this.placed[pair[0]][2] + this.placed[pair[1]][2]) / 2 - 0.2, pair]);
    parts.sort((a, b) => a[0] - b[0]);
    for (const [, part] of parts) Array.isArray(part) ? this.bond(part) : this.ball(part);
    pen.globalAlpha = 1;
    // Orbits last, so that atoms never hide which way they turn.
    if (this.orbits) this.atoms.forEach((atom, i) => this.orbit(atom, i));
  }
  bond([i, j]) {
    const a = this.placed[i], b = this.placed[j], pen = this.pen;
    pen.globalAlpha = 0.6; pen.strokeStyle = "#8f8f8f"; pen.lineWidth = Math.max(1, 0.09 * this.scale);
    pen.beginPath(); pen.moveTo(a[0], a[1]); pen.lineTo(b[0], b[1]); pen.stroke();
  }
  ball(i) {
    const [x, y, z] = this.placed[i], pen = this.pen, ball = 0.42 * this.scale;
    const shade = pen.createRadialGradient(x - ball / 3, y - ball / 3, ball / 8, x, y, ball);
    shade.addColorStop(0, "#ffffff"); shade.addColorStop(0.35, this.scene.colours[this.scene.symbols[this.atoms[i].i]]); shade.addColorStop(1, "#3a3a3a");
    pen.globalAlpha = 0.55 + 0.45 * (z / this.radius + 1) / 2;
    pen.fillStyle = shade; pen.beginPath(); pen.arc(x, y, ball, 0, TURN); pen.fill();
    if (this.labels) {
      pen.globalAlpha = 1; pen.fillStyle = "#111"; pen.font = `${Math.max(9, Math.min(14, 0.5 * this.scale))}px system-ui, sans-serif`;
      pen.textAlign = "center"; pen.textBaseline = "middle"; pen.fillText(this.scene.names[this.atoms[i].i], x, y);
    }
  }
  // The path of an atom over the time in which the slowest motion turns once.
  orbit(atom, i) {
    const on = this.motions.filter(m => m.on !== false);
    if (!on.length) return;
    const slowest = Math.min(...on.map(m => Math.abs(m.turns) || 1)), steps = 36 * Math.max(1, Math.ceil(Math.max(...on.map(m => Math.abs(m.turns))) / slowest));
    const pen = this.pen, found = new Set(on.map(m => m.senses[atom.i]).filter(Boolean));
    pen.strokeStyle = SENSE[found.size === 1 ? [...found][0] : 0];
    pen.lineWidth = 1.5; pen.beginPath();
    for (let k = 0; k <= Math.min(steps, 360); k++) {
      const p = this.flat(this.at(atom, this.time + k / Math.min(steps, 360) / slowest));
      k ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1]);
    }
    pen.stroke();
    const a = this.placed[i], b = this.flat(this.at(atom, this.time + 0.03 / slowest)), dx = b[0] - a[0], dy = b[1] - a[1], s = Math.hypot(dx, dy);
    if (s > 0.3) {
      const l = 7, t = 3.5, ux = dx / s, uy = dy / s;
      pen.fillStyle = pen.strokeStyle; pen.beginPath();
      pen.moveTo(a[0] + l * ux, a[1] + l * uy); pen.lineTo(a[0] - t * uy, a[1] + t * ux); pen.lineTo(a[0] + t * uy, a[1] - t * ux);
      pen.fill();
    }
  }
  listen() {
    let held = null;
    const canvas = this.canvas;
    canvas.onpointerdown = e => { held = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); };
    canvas.onpointermove = e => { if (held) { this.turn(e.clientX - held[0], e.clientY - held[1]); held = [e.clientX, e.clientY]; this.draw(); } };
    canvas.onpointerup = canvas.onpointercancel = () => { held = null; };
    canvas.addEventListener("wheel", e => { if (e.ctrlKey || document.activeElement === canvas) { e.preventDefault(); this.zoom *= Math.exp(-e.deltaY / 800); this.draw(); } }, { passive: false });
    canvas.onkeydown = e => {
      const step = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[e.key];
      if (step) this.turn(...step); else if (e.key === "+" || e.key === "=") this.zoom *= 1.15; else if (e.key === "-") this.zoom /= 1.15; else return;
      e.preventDefault(); this.draw();
    };
  }
  // Which colour is which element.
  key(list) {
    list.replaceChildren(...[...new Set(this.scene.symbols)].map(symbol => {
      const item = document.createElement("span"), dotted = document.createElement("i");
      dotted.style.background = this.scene.colours[symbol]; item.append(dotted, symbol);
      return item;
    }));
  }
}
// One clock for all viewers of a page.
class Player {
  constructor(draw) {
    this.draw = draw; this.time = 0; this.speed = 0.4; this.last = null;
    this.playing = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(now => this.tick(now));
  }
  tick(now) {
    const moved = this.last !== null && this.playing;
    if (moved) this.time += Math.min(0.1, (now - this.last) / 1000) * this.speed;
    this.last = now;
    if (moved) this.draw(this.time);
    requestAnimationFrame(next => this.tick(next));
  }
}
