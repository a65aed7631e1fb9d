{
  const told = (value, unit) => `${number(value)} ${unit}`.trim();
  const minus = text => text.replaceAll('-', '−');
  const raised = power => String(power).replace(/[-\d]/g, sign => sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[sign]);

  // as the page writes numbers: three digits, whole numbers in full, no zeros at the end
  function number(value) {
    if (!Number.isFinite(value)) return '–';
    if (value === 0) return '0';
    if (Number.isInteger(value) && Math.abs(value) < 1e9) return minus(value.toLocaleString('en-US'));
    const power = Math.floor(Math.log10(Math.abs(value)));
    if (power >= 7 || power < -4) {
      const [digits, exponent] = value.toExponential(2).split('e');
      return minus(digits) + ' × 10' + raised(Number(exponent));
    }
    return minus(power >= 3 ? Math.round(value).toLocaleString('en-US') : value.toFixed(Math.max(2 - power, 0)).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''));
  }

  function explore(root, formula) {
    const {frame: [left, right, top, bottom], points, y, sliders, units, across} =
      JSON.parse(root.querySelector('script[type="application/json"]').textContent);
    const form = root.querySelector('form'), now = root.querySelector('.now'), x = sliders[0];
    const colours = [...root.querySelectorAll('.then')].map(path => path.getAttribute('stroke'));
    const items = [...root.querySelectorAll('.read strong')], setting = {};

    const on = (scale, value) => scale.log ? Math.log10(value) : value;
    const share = (scale, value) => (on(scale, value) - on(scale, scale.low)) / (on(scale, scale.high) - on(scale, scale.low));
    const along = value => left + share(x, value) * (right - left);
    const height = value => bottom - Math.min(Math.max(share(y, value), -1), 2) * (bottom - top);
    const drawn = value => Number.isFinite(value) && (!y.log || value > 0);

    function shape(name, attributes) {
      const made = document.createElementNS('http://www.w3.org/2000/svg', name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      now.append(made);
    }

    function draw() {
      const places = [...Array(points).keys()].map(k => on(x, x.low) + (on(x, x.high) - on(x, x.low)) * k / (points - 1))
        .map(place => x.log ? 10 ** place : place);
      const values = places.map(place => formula.at(place, setting)), here = formula.at(setting[x.name], setting), facts = formula.of(setting);
      now.replaceChildren();
      facts.forEach((value, k) => {
        if (across[k] && Number.isFinite(value)) shape('path', {class: 'across', d: `M${along(value).toFixed(1)} ${top}V${bottom}`, stroke: across[k]});
      });
      here.forEach((value, curve) => {
        let pen = 'M';
        const d = places.map((place, k) => {
          const height_here = values[k][curve], part = drawn(height_here) ? `${pen}${along(place).toFixed(1)} ${height(height_here).toFixed(1)}` : '';
          pen = part ? 'L' : 'M';
          return part;
        }).join('');
        shape('path', {class: 'line', d, stroke: colours[curve]});
        if (drawn(value)) shape('circle', {cx: along(setting[x.name]), cy: height(value), r: 4.5, fill: colours[curve]});
      });
      [...here, ...facts].forEach((value, k) => { items[k].textContent = told(value, units[k]); });
    }

    function say(slider) {
      const input = form.elements[slider.name], text = told(setting[slider.name], slider.unit);
      input.previousElementSibling.textContent = text;
      input.setAttribute('aria-valuetext', text);
    }

    function start() {
      for (const slider of sliders) { setting[slider.name] = slider.start; say(slider); }
      draw();
    }

    form.addEventListener('input', event => {
      const slider = sliders.find(each => each.name === event.target.name), value = Number(event.target.value);
      const moved = slider.log ? 10 ** value : value;
      setting[slider.name] = slider.whole ? Math.round(moved) : moved;
      say(slider);
      draw();
    });
    form.addEventListener('reset', () => setTimeout(start));
    form.addEventListener('submit', event => event.preventDefault());
    form.hidden = false;
    form.reset();
    start();
  }

  for (const [anchor, formula] of Object.entries(window.explorers)) explore(document.getElementById(anchor), formula);
}
