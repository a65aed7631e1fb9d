// What a figure does when it is opened on its own or in an <object>: values under the pointer, curves off and on, zoom.
// touching.py tells what the axes are; data are the places in the paths. Without this script the picture is the same.
(() => {
const svg = document.documentElement, told = JSON.parse(document.getElementById('touch').textContent);
const {width: W, height: H} = svg.viewBox.baseVal, REACH = 25, SNAP = 8, UNNAMED = 5, off = new Set();
let view = [0, 0, W, H], from = null, frame = null, at = -1;
const own = self === top || location.hash === '#large', ask = what => parent.postMessage(what, '*');  // to the page around

const all = start => [...svg.querySelectorAll(`[id^="${start}"]`)];
const add = (parent, name, attributes) => {
  const made = parent.appendChild(document.createElementNS(svg.namespaceURI, name));
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  return made;
};
const centre = ({x, y, width, height}) => [x + width / 2, y + height / 2];
const strokes = path => path.getAttribute('d').split('M').slice(1).map(stroke => {  // l, h and v are steps from the place before
  const places = [];
  let x = 0, y = 0;
  for (const [, command, text] of ('M' + stroke).matchAll(/([MLCQlhv])([^A-Za-z]*)/g)) {
    const n = text.match(/-?(\d+\.?\d*|\.\d+)/g).map(Number), wide = 'hv'.includes(command) ? 1 : 2;
    for (let k = 0; k < n.length; k += wide) {
      if (command == 'h') x += n[k];
      else if (command == 'v') y += n[k];
      else [x, y] = command == 'l' ? [x + n[k], y + n[k + 1]] : [n[k], n[k + 1]];
      places.push([+x.toFixed(1), +y.toFixed(1)]);
    }
  }
  return places;
});
const paths = group => [...group.querySelectorAll('path')].filter(path => !path.closest('defs'));
const used = use => strokes(document.getElementById(use.href.baseVal.slice(1))).map(stroke => stroke.map(([x, y]) => [x + use.x.baseVal.value, y + use.y.baseVal.value]));
const drawn = group => [...paths(group).flatMap(strokes), ...[...group.querySelectorAll('use')].flatMap(used)];

const curves = told.curves.map((curve, k) => {
  const group = document.getElementById(`curve${k}`), around = all(`curve${k}-`), uses = [...group.querySelectorAll('use')];
  const lines = curve.dots ? [] : paths(group).flatMap(strokes);
  const points = uses.length ? uses.map(use => [+use.getAttribute('x'), +use.getAttribute('y')])
    : curve.dots ? paths(group).map(path => centre(path.getBBox())) : lines.flat();
  return {of: [], ...curve, axes: told.axes[curve.axes], groups: [group, ...around], lines, points, bands: around.flatMap(drawn)};
});
for (const curve of curves) {
  const alike = curves.filter(other => other.axes == curve.axes && String(other.of) == String(curve.of) && other.name == curve.name && !other.dots == !curve.dots && !other.only && !curve.only);
  curve.title = curve.of.map(k => told.entries[k]).join(', ') || curve.name || '';
  if (curve.unit) curve.title = [curve.title, curve.unit].filter(Boolean).join(', ');
  else if (alike.length > 1 && curve.lines.length && curve.title) curve.title = `${curve.title} (line ${alike.indexOf(curve) + 1} of ${alike.length})`;
}

// from a place to a value: `at` are values evenly apart along the axis, on a linear or logarithmic scale
function value(axis, share) {
  const log = axis.log ? Math.log : v => v, back = axis.log ? Math.exp : v => v;
  const place = share * (axis.at.length - 1), k = Math.max(0, Math.min(Math.floor(place), axis.at.length - 2));
  const [low, high] = axis.at.slice(k, k + 2).map(log), v = back(low + (place - k) * (high - low));
  return !axis.log && Math.abs(v) < Math.abs(axis.at.at(-1) - axis.at[0]) / 2e4 ? 0 : v;
}
// the file holds places to a tenth of a point: of the values that are drawn there, the one with the fewest digits
function written(axis, [low, v, high]) {
  const ticks = axis.ticks || [], span = Math.abs(axis.at.at(-1) - axis.at[0]);
  const gap = Math.min(...ticks.slice(1).map((tick, k) => Math.abs(tick[0] - ticks[k][0])), span);
  for (const [place, word] of ticks) if (word && Math.abs(place - v) < (isNaN(parseFloat(word)) ? gap / 3 : span / 100)) return word;
  const short = [1, 2].map(digits => +v.toPrecision(digits)).find(each => (each - low) * (high - each) >= 0);
  if (short !== undefined) v = short;
  const [digits, power] = v.toExponential(2).split('e');
  const text = v && (power < -3 || power > 4) ? `${+digits} × 10^${+power}` : String(+v.toPrecision(3));
  return text.replaceAll('-', '−');
}
const x_of = (axes, x) => value(axes.x, (x - axes.box[0]) / (axes.box[2] - axes.box[0]));
const y_of = (axes, y) => value(axes.y, (y - axes.box[3]) / (axes.box[1] - axes.box[3]));
const near = (of, axes, place) => [-.06, 0, .06].map(off => of(axes, place + off));

// where the bands and bars around a curve are cut by the vertical at x
function spread(curve, x) {
  const cuts = [];
  for (const stroke of curve.bands) stroke.forEach(([b, y], k) => {
    const [a, before] = stroke[(k || stroke.length) - 1];
    if (Math.abs(b - x) < 0.02) cuts.push(y);
    else if ((a - x) * (b - x) < 0) cuts.push(before + (y - before) * (x - a) / (b - a));
  });
  return cuts.length && [Math.max(...cuts), Math.min(...cuts)];
}
function nearest([x, y]) {
  let best = {far: REACH};
  const within = ({box}, [x, y], room) => x >= box[0] - room && x <= box[2] + room && y >= box[1] - room && y <= box[3] + room;
  for (const curve of curves) {
    if (curve.of.some(k => off.has(k)) || !within(curve.axes, [x, y], 4)) continue;
    const keep = (to, on) => { const far = Math.hypot(to[0] - x, to[1] - y) + (curve.title ? 0 : UNNAMED); if (far < best.far && within(curve.axes, to, .1)) best = {far, to, on, curve}; };
    curve.points.forEach(to => keep(to));
    for (const line of curve.lines) for (let k = 1; k < line.length; k++) {
      const [a, b] = line[k - 1], [c, d] = [line[k][0] - a, line[k][1] - b], long = c * c + d * d;
      if (long) { const t = Math.max(0, Math.min(1, ((x - a) * c + (y - b) * d) / long)); keep([a + t * c, b + t * d], true); }
    }
  }
  if (best.on) for (const to of best.curve.points) {
    const far = Math.hypot(to[0] - best.to[0], to[1] - best.to[1]);
    if (far < (best.snap ?? SNAP) && within(best.curve.axes, to, .1)) Object.assign(best, {snapped: to, snap: far});
  }
  return best.curve && [best.curve, best.snapped || best.to];
}

const mark = add(svg, 'g', {id: 'told', 'pointer-events': 'none', 'aria-live': 'polite', visibility: 'hidden'});
const cross = add(mark, 'path', {fill: 'none', stroke: 'currentColor', 'stroke-dasharray': '2 3', 'stroke-width': .7, opacity: .7});
const dot = add(mark, 'circle', {fill: 'none', stroke: 'currentColor', 'stroke-width': 1.4}), box = add(mark, 'g', {});
const ground = add(box, 'rect', {rx: 3, fill: 'Canvas', stroke: 'currentColor', 'stroke-width': .5, 'fill-opacity': .93});
const text = add(box, 'text', {fill: 'CanvasText', style: "font: 9px 'DejaVu Sans', sans-serif"});
function tell(found) {
  mark.setAttribute('visibility', found ? 'visible' : 'hidden');
  if (!found) return;
  const [curve, [x, y]] = found, {axes} = curve, size = view[2] / W, cut = spread(curve, x);
  const lines = [curve.title];
  if (curve.only != 'y') lines.push(`${axes.x.name}: ${written(axes.x, near(x_of, axes, x))}`);
  if (curve.only != 'x') lines.push(`${axes.y.name}: ${written(axes.y, near(y_of, axes, y))}`);
  if (cut && cut[0] - cut[1] > .05) lines.push(`band ${cut.map(each => written(axes.y, near(y_of, axes, each))).join(' to ')}`);
  text.replaceChildren();
  lines.filter(Boolean).forEach((line, k) => { add(text, 'tspan', {x: 0, dy: k ? 12 : 0, ...(!k && curve.title && {'font-weight': 'bold'})}).textContent = line; });
  const b = text.getBBox(), [w, h] = [b.width + 10, b.height + 8];
  for (const [key, v] of Object.entries({x: b.x - 5, y: b.y - 4, width: w, height: h})) ground.setAttribute(key, v);
  const left = x + (10 + w) * size > view[0] + view[2] ? x - (10 + w) * size : x + 10 * size;
  const top = Math.min(Math.max(y - (10 + h) * size, view[1]), view[1] + view[3] - h * size);
  box.setAttribute('transform', `translate(${Math.max(left, view[0])} ${top}) scale(${size}) translate(${5 - b.x} ${4 - b.y})`);
  cross.setAttribute('d', `M${axes.box[0]} ${y}H${axes.box[2]}M${x} ${axes.box[1]}V${axes.box[3]}`);
  for (const [key, v] of Object.entries({cx: x, cy: y, r: 4 * size})) dot.setAttribute(key, v);
}

// entries of legends: a click, Enter or the space bar takes their curves off and on; arrow keys go along the first one
told.entries.forEach((label, k) => {
  const mine = curves.filter(curve => curve.of.includes(k)), places = {};
  for (const part of all(`entry${k}-`)) (places[part.id.split('-')[1]] ||= []).push(part);
  const buttons = Object.values(places).map(parts => {
    const b = parts.map(part => part.getBBox()), [left, top] = [Math.min(...b.map(r => r.x)), Math.min(...b.map(r => r.y))];
    const [right, bottom] = [Math.max(...b.map(r => r.x + r.width)), Math.max(...b.map(r => r.y + r.height))];
    return add(svg, 'rect', {x: left - 2, y: top - 2, width: right - left + 4, height: bottom - top + 4, fill: '#0000', role: 'checkbox', tabindex: 0, 'aria-label': `show ${label}`, 'aria-checked': true, style: 'cursor:pointer'});
  });
  const toggle = () => {
    off.has(k) ? off.delete(k) : off.add(k);
    for (const curve of mine) for (const group of curve.groups) group.style.display = curve.of.some(each => off.has(each)) ? 'none' : '';
    for (const part of all(`entry${k}-`)) part.style.opacity = off.has(k) ? .35 : '';
    for (const button of buttons) button.setAttribute('aria-checked', !off.has(k));
    tell();
  };
  for (const button of buttons) {
    button.addEventListener('click', toggle);
    button.addEventListener('keydown', event => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key], curve = mine.find(each => each.points.length);
      if (event.key == ' ' || event.key == 'Enter') toggle();
      else if (step && curve && !off.has(k)) tell([curve, curve.points[at = (at + step + curve.points.length) % curve.points.length]]);
      else return;
      event.preventDefault();
    });
    button.addEventListener('focus', () => { at = -1; });
    button.addEventListener('blur', () => tell());
  }
});

// zoom: a drag to its frame, Ctrl and wheel (on its own or enlarged the wheel) around the pointer; a double click goes back;
// a click on a figure that is part of a page enlarges it
const place = event => { const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()); return [p.x, p.y]; };
const show = box => { view = box.map(v => +v.toFixed(2)); svg.setAttribute('viewBox', view.join(' ')); tell(); };
const back = () => show([0, 0, W, H]);
svg.addEventListener('pointerdown', event => { if (event.pointerType == 'mouse' && !event.button && !event.target.closest('a, [role]')) { from = place(event); event.preventDefault(); } });
svg.addEventListener('pointermove', event => {
  const [x, y] = place(event);
  if (!from || Math.hypot(x - from[0], y - from[1]) < 6) return tell(nearest([x, y]));
  frame ||= add(svg, 'rect', {fill: 'currentColor', 'fill-opacity': .12, stroke: 'currentColor', 'stroke-width': .5});
  for (const [key, v] of Object.entries({x: Math.min(x, from[0]), y: Math.min(y, from[1]), width: Math.abs(x - from[0]), height: Math.abs(y - from[1])})) frame.setAttribute(key, v);
});
addEventListener('pointerup', () => {
  if (from && !frame && !own && view[2] === W) ask('enlarge');
  if (frame) show(['x', 'y', 'width', 'height'].map(key => Math.max(+frame.getAttribute(key), key.length > 1 ? 5 : 0)));
  frame?.remove();
  from = frame = null;
});
svg.addEventListener('pointerleave', () => tell());
svg.addEventListener('dblclick', back);
addEventListener('keydown', event => { if (event.key == 'Escape') { if (location.hash === '#large' && view[2] === W) ask('close'); back(); } });
svg.addEventListener('wheel', event => {
  if (!event.ctrlKey && !own) return;
  event.preventDefault();
  const [x, y] = place(event), by = Math.min(Math.exp(event.deltaY / 400), W / view[2]);
  if (by >= W / view[2]) back();
  else show([x - (x - view[0]) * by, y - (y - view[1]) * by, view[2] * by, view[3] * by]);
}, {passive: false});

svg.setAttribute('width', '100%');
svg.setAttribute('height', '100%');
})();
