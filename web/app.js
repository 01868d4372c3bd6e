// Reads /status.json every two seconds and draws it. Names come from databases: text is set as text, never as markup.

const everyMs = 2_000;
const kept = 60;
/** Lag of each node in seconds, oldest first. */
const history = new Map();

let readAt;

async function refresh() {
  try {
    const response = await fetch('/status.json', { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(await response.text());
    draw(await response.json());
    readAt = Date.now();
  } catch (error) {
    verdict('error', `the process does not answer: ${error.message}`);
  }
  showAge();
  setTimeout(() => void refresh(), everyMs);
}

function showAge() {
  const age = document.getElementById('age');
  age.textContent = readAt === undefined ? '' : `as of ${Math.round((Date.now() - readAt) / 1000)} s ago`;
}

function draw(status) {
  const nodes = status.queues.flatMap((queue) => queue.nodes);
  const wrong = nodes.filter((node) => node.verdict !== 'ok').length;
  verdict(
    status.verdict,
    wrong === 0 ? `all ok: ${count(nodes.length, 'node')}` : `${wrong} of ${count(nodes.length, 'node')} not ok`,
  );
  document.getElementById('queues').replaceChildren(...status.queues.flatMap(queueParts));
}

function verdict(word, text) {
  const line = document.getElementById('verdict');
  line.dataset.verdict = word;
  line.textContent = text;
  document.title = word === 'ok' ? 'Trunkline' : `(${word}) Trunkline`;
}

function queueParts(queue) {
  const names = new Set(queue.nodes.map((node) => node.node));
  const tops = queue.nodes.filter((node) => node.provider === null || !names.has(node.provider));
  return [make('h2', {}, `queue ${queue.queue}`), make('ul', {}, ...tops.map((node) => branch(queue, node)))];
}

function branch(queue, node) {
  const below = queue.nodes.filter((other) => other.provider === node.node);
  const children = below.length === 0 ? [] : [make('ul', {}, ...below.map((other) => branch(queue, other)))];
  return make('li', {}, card(queue.queue, node), ...children);
}

function card(queue, node) {
  const article = make(
    'article',
    {},
    title(node),
    make('p', { class: 'facts' }, ...facts(queue, node)),
    ...node.tables.filter((table) => table.copy !== null).map(copy),
    make(
      'ul',
      { class: 'findings' },
      ...node.findings.map((finding) => make('li', { class: finding.severity }, finding.message)),
    ),
  );
  article.dataset.verdict = node.verdict;
  article.dataset.node = node.node;
  return article;
}

function title(node) {
  const line = make(
    'div',
    { class: 'title' },
    make('b', {}, node.node),
    make('span', {}, node.role),
    make('span', { class: 'word' }, node.verdict),
    make('span', { class: 'quiet' }, node.location),
  );
  line.dataset.verdict = node.verdict;
  return line;
}

function facts(queue, node) {
  const parts = [];
  if (node.tick !== null) parts.push(make('span', {}, `tick ${number(node.tick)}`));
  if (node.lag !== null) {
    const behind =
      node.lag.ticks === 0 ? 'caught up' : `${seconds(node.lag.seconds)} behind, ${count(node.lag.events, 'event')}`;
    parts.push(make('span', {}, behind), spark(`${queue} ${node.node}`, node.lag.ticks === 0 ? 0 : node.lag.seconds));
  }
  if (node.queue !== null) {
    parts.push(make('span', {}, `ticked ${seconds(node.queue.secondsSinceTick)} ago`));
    parts.push(make('span', {}, `${bytes(node.queue.bytes)} of events`));
  }
  if (node.tables.length > 0) parts.push(make('span', {}, tables(node.tables)));
  if (node.conflicts !== null) parts.push(make('span', {}, `${records(node.conflicts, 'conflict')} on record`));
  if (node.skipped !== null) parts.push(make('span', {}, `${records(node.skipped, 'skipped event')} on record`));
  if (node.worker !== null) {
    const { state, host, pid } = node.worker;
    parts.push(
      make(
        'span',
        { class: 'quiet' },
        `worker ${state}${host === null ? '' : ` on ${host}`}${pid === null ? '' : `, pid ${pid}`}`,
      ),
    );
  }
  return parts;
}

function records({ count: many, more }, noun) {
  return `${more ? 'at least ' : ''}${count(many, noun)}`;
}

function tables(all) {
  const states = new Map();
  for (const { state } of all) {
    const word = (state ?? 'waiting').split(':')[0];
    states.set(word, (states.get(word) ?? 0) + 1);
  }
  return `${count(all.length, 'table')}: ${[...states].map(([state, many]) => `${number(many)} ${state}`).join(', ')}`;
}

function copy({ table, copy: { phase, rowsDone, rowsTotal } }) {
  const bar = document.createElement('progress');
  if (rowsTotal) {
    bar.max = rowsTotal;
    bar.value = Math.min(rowsDone, rowsTotal);
  }
  bar.setAttribute('aria-label', `copy of ${table}`);
  return make(
    'p',
    { class: 'facts' },
    make('span', {}, table),
    bar,
    make('span', {}, `${phase.replaceAll('_', ' ')}, ${count(rowsDone, 'row')}`),
  );
}

/** The last two minutes of a lag, scaled to its highest point. */
function spark(key, lag) {
  const points = [...(history.get(key) ?? []), lag].slice(-kept);
  history.set(key, points);
  const top = Math.max(1, ...points);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 120 24');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `lag of the last two minutes, at most ${seconds(Math.max(...points))}`);
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  line.setAttribute('points', points.map((value, index) => `${index * 2},${23 - (value / top) * 22}`).join(' '));
  svg.append(line);
  return svg;
}

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function number(value) {
  return value.toLocaleString('en');
}

function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function seconds(value) {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

void refresh();
setInterval(showAge, 1_000);
