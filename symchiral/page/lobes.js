// A quantity of the direction of q as a surface: at every direction as far from the middle as it is
// large there, red where it is positive, blue where negative. value(q) is told what it is.
class Lobes {
  constructor(canvas, axes) {
    this.canvas = canvas; this.pen = canvas.getContext("2d"); this.axes = axes; this.value = () => 0; this.patches = [];
    // Seen from above and aside.
    const z = unit([0.55, 0.35, 0.6]), x = unit(cross([0, 0, 1], z));
    this.view = [x, cross(z, x), z];
    this.listen();
  }
  show(value) {
    const N = 36, M = 72, point = (i, j) => {
      const t = Math.PI * i / N, f = TURN * j / M;
      return [Math.sin(t) * Math.cos(f), Math.sin(t) * Math.sin(f), Math.cos(t)];
    };
    this.value = value;
    const rows = [...Array(N + 1).keys()].map(i => [...Array(M).keys()].map(j => { const q = point(i, j); return { q, v: value(q) }; }));
    const most = this.most = Math.max(...rows.flat().map(c => Math.abs(c.v)));
    for (const c of rows.flat()) c.r = most > 1e-9 ? c.q.map(x => x * Math.abs(c.v) / most) : [0, 0, 0];
    this.patches = [];
    if (most > 1e-9) for (let i = 0; i < N; i++) for (let j = 0; j < M; j++) {
      const corners = [rows[i][j], rows[i + 1][j], rows[i + 1][(j + 1) % M], rows[i][(j + 1) % M]], v = corners.reduce((s, c) => s + c.v, 0);
      const p = corners.map(c => c.r), n = cross(p[2].map((x, k) => x - p[0][k]), p[3].map((x, k) => x - p[1][k])), s = Math.hypot(...n);
      this.patches.push({ p, v, n: s > 1e-12 ? n.map(x => x / s) : corners[0].q });
    }
    this.draw();
  }
  turn(dx, dy) {
    const rotate = (i, j, a) => {
      const c = Math.cos(a), s = Math.sin(a), p = this.view[i], q = this.view[j];
      this.view[i] = p.map((x, k) => c * x + s * q[k]); this.view[j] = q.map((x, k) => c * x - s * p[k]);
    };
    rotate(2, 0, dx / 100); rotate(1, 2, dy / 100); this.draw();
  }
  draw() {
    const { canvas, pen, view } = this, ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !h) return;
    canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0); pen.clearRect(0, 0, w, h);
    const size = 0.36 * Math.min(w, h), flat = p => [w / 2 + size * dot(view[0], p), h / 2 - size * dot(view[1], p)];
    const parts = this.patches.map(patch => ({ depth: patch.p.reduce((s, p) => s + dot(view[2], p), 0) / 4, patch }));
    for (const { along, strong } of this.axes) for (let k = 0; k < 8; k++) {
      const a = along.map(x => x * 1.25 * k / 8), b = along.map(x => x * 1.25 * (k + 1) / 8);
      parts.push({ depth: dot(view[2], b), line: [a, b], strong });
    }
    parts.sort((a, b) => a.depth - b.depth);
    for (const { patch, line, strong } of parts) {
      if (line) {
        const [a, b] = line.map(flat);
        pen.strokeStyle = "#555"; pen.lineWidth = strong ? 2 : 1; pen.beginPath(); pen.moveTo(...a); pen.lineTo(...b); pen.stroke();
        continue;
      }
      const bright = 0.55 + 0.45 * Math.abs(dot(view[2], patch.n)), shade = x => Math.round(x * bright + 255 * 0.12);
      const base = SENSE[patch.v > 0 ? 1 : -1];
      pen.fillStyle = pen.strokeStyle = `rgb(${[1, 3, 5].map(k => shade(1.25 * parseInt(base.slice(k, k + 2), 16)))})`;
      pen.lineWidth = 0.6; pen.beginPath(); patch.p.forEach((p, k) => k ? pen.lineTo(...flat(p)) : pen.moveTo(...flat(p))); pen.closePath(); pen.fill(); pen.stroke();
    }
    // Names last: no lobe hides them.
    pen.fillStyle = "#333"; pen.font = "12px system-ui, sans-serif"; pen.textAlign = "center";
    for (const { name, along } of this.axes) { const [x, y] = flat(along.map(t => 1.38 * t)); pen.fillText(name, x, y + 4); }
  }
  listen() {
    let held = null;
    const canvas = this.canvas;
    canvas.onpointerdown = e => { held = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); };
    canvas.onpointermove = e => { if (held) { this.turn(e.clientX - held[0], e.clientY - held[1]); held = [e.clientX, e.clientY]; } };
    canvas.onpointerup = canvas.onpointercancel = () => { held = null; };
    canvas.onkeydown = e => {
      const step = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[e.key];
      if (step) { e.preventDefault(); this.turn(...step); }
    };
  }
}
