// Table of claims: filters and order as fields of a form, kept in the address (#/?kind=number&verdict=contradicted).
// Column heads become buttons. Without this script the table shows everything, in the order of the papers.
const form = document.querySelector('.filters'), fold = document.querySelector('details.all');
const fields = [...form.elements].filter(field => field.name), order = form.elements.sort;

function sortable(table, asked) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.onclick = () => asked(head.getAttribute('aria-sort') === 'ascending' ? -1 - at : 1 + at);
    head.append(button);
  });
  const first = [...table.tBodies[0].rows], words = new Intl.Collator('en', {numeric: true});
  const key = (row, at) => row.cells[at].dataset.key ?? row.cells[at].textContent.trim();
  return column => {
    const at = Math.abs(column) - 1;
    const difference = (a, b) => a - b || words.compare(a, b);
    const compare = (a, b) => (key(a, at) === '') - (key(b, at) === '') || Math.sign(column) * difference(key(a, at), key(b, at));
    heads.forEach((head, n) => n === at ? head.setAttribute('aria-sort', column > 0 ? 'ascending' : 'descending') : head.removeAttribute('aria-sort'));
    table.tBodies[0].append(...(column ? [...first].sort(compare) : first));
  };
}

const claims = document.getElementById('all'), rows = [...claims.tBodies[0].rows];
const names = [...claims.tHead.rows[0].cells].map(head => head.textContent);
names.forEach((name, at) => order.append(new Option(name, 1 + at), new Option(name + ', reversed', -1 - at)));
const sortClaims = sortable(claims, column => { order.value = column; changed(); });
const counts = document.getElementById('counts'), sortCounts = sortable(counts, column => sortCounts(column));

function apply() {
  const asked = Object.fromEntries(fields.map(field => [field.name, field.value]));
  const words = asked.words.toLowerCase().split(/\s+/);
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = ['kind', 'verdict', 'paper'].some(name => asked[name] && row.dataset[name] !== asked[name]) || !words.every(word => text.includes(word));
  }
  sortClaims(Number(asked.sort));
  document.getElementById('found').textContent = `${rows.filter(row => !row.hidden).length} of ${rows.length} claims`;
}

function changed() {
  const told = String(new URLSearchParams(fields.filter(field => field.value).map(field => [field.name, field.value])));
  history.replaceState(null, '', told ? '#/?' + told : '#claims');
  apply();
}

function follow() {
  if (!location.hash.startsWith('#/?')) return;
  const asked = new URLSearchParams(location.hash.slice(3));
  for (const field of fields) {
    field.value = asked.get(field.name) ?? '';
    if (field.selectedIndex < 0) field.value = '';
  }
  fold.open = true;
  apply();
  fold.scrollIntoView();
}

form.hidden = false;
form.addEventListener('input', changed);
form.addEventListener('submit', event => event.preventDefault());
addEventListener('hashchange', follow);
apply();
follow();
