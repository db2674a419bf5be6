// The table of all exchanges. Only the rows that are looked at exist; the rest is two spacers.

const OVERSCAN = 6;
const PRINTED = 400;
const fall = one("#fall");
const body = one("#fall-rows");
const grid = one(".waterfall");

const items = (chosen) => {
  if (!several) return chosen.map((row) => ({ row }));
  const made = [];
  let section = null;
  for (const row of chosen) {
    if (row.section !== section) made.push({ section: (section = row.section) });
    made.push({ row });
  }
  return made;
};

const spans = new Map();
for (const row of rows) widen(spans, row);

function widen(found, row) {
  const end = Math.max(row.end, row.first, row.at);
  const span = found.get(row.section);
  if (!span) found.set(row.section, { since: row.at, until: end });
  else {
    span.since = Math.min(span.since, row.at);
    span.until = Math.max(span.until, end);
  }
}

const table = { items: items(rows), chosen: -1, printing: false, drawnFrom: -1, drawnTo: -1 };

const phone = matchMedia("(max-width: 44rem)");
const rowHeight = () => (phone.matches ? 52 : 30);
/** How many columns there are to see. */
const columns = () => (phone.matches ? 3 : 6);

function draw() {
  if (!fall) return;
  const before = fall.clientHeight;
  drawRows();
  // The first rows make the box as high as it will be, and more of them may be in view then.
  if (fall.clientHeight !== before) drawRows();
}

function drawRows() {
  const height = rowHeight();
  const count = table.items.length;
  const above = Math.floor(fall.scrollTop / height);
  const room = Math.ceil(fall.clientHeight / height);
  const from = table.printing ? 0 : Math.max(above - OVERSCAN, 0);
  const to = table.printing ? Math.min(count, PRINTED) : Math.min(above + room + OVERSCAN, count);
  const axis = axisOf(table.printing ? [from, to] : [above, Math.min(above + room, count)]);
  const made = [];
  if (from > 0) made.push(spacer(from * height));
  for (let index = from; index < to; index++) made.push(tableRow(table.items[index], index, axis));
  if (to < count && !table.printing) made.push(spacer((count - to) * height));
  if (!count) made.push(element("tr", "none", element("td", "", "No exchange matches.")));
  body.replaceChildren(...made);
  grid.setAttribute("aria-rowcount", count + 1);
  if (table.chosen >= from && table.chosen < to) grid.setAttribute("aria-activedescendant", "chosen");
  else grid.removeAttribute("aria-activedescendant");
}

function spacer(height) {
  const made = element("tr", "spacer", element("td", ""));
  made.setAttribute("aria-hidden", "true");
  made.firstChild.colSpan = columns();
  made.firstChild.style.height = `${height}px`;
  return made;
}

/** By recording the span of time of the rows in view, or of the whole run. */
function axisOf([from, to]) {
  let found = spans;
  if (one("#scale").value === "view") {
    found = new Map();
    for (const item of table.items.slice(from, to)) if (item.row) widen(found, item.row);
  }
  const top = table.items[from]?.row?.section || table.items[from]?.section;
  const span = found.get(top);
  one("#axis-since").textContent = span ? after(span.since) : "";
  one("#axis-until").textContent = span ? after(span.until) : "";
  return found;
}

function tableRow(item, index, axis) {
  const made = element("tr", "");
  made.setAttribute("aria-rowindex", index + 2);
  if (item.section) {
    const head = element("th", "section-head", `${item.section.number} · ${visible(item.section.name)}`);
    head.colSpan = columns();
    made.append(head);
    return made;
  }
  const { row } = item;
  made.dataset.key = row.key;
  if (index === table.chosen) {
    made.id = "chosen";
    made.setAttribute("aria-selected", "true");
  }
  made.append(
    element("td", "c-n", String(row.number)),
    requestCell(row),
    element("td", `c-status s${Math.floor(row.status / 100)}`, row.status ? String(row.status) : "–"),
    element("td", "c-role", row.role === "other" ? "" : row.role),
    element("td", row.causes ? "c-found bad" : "c-found", row.codes || ""),
    element("td", "c-bar", bar(row, axis.get(row.section) || spans.get(row.section))),
  );
  return made;
}

function requestCell(row) {
  const path = row.url.replace(/^[a-z]+:\/\/[^/]*/, "") || row.url;
  const cut = path.replace(/\/+$/, "").lastIndexOf("/");
  const cell = element("td", "c-request");
  cell.title = `${row.method} ${row.url}`;
  const line = element(
    "span",
    "line",
    element("b", "", `${row.method} `),
    element("span", "path", path.slice(0, Math.max(cut, 0))),
    element("span", "tail", path.slice(Math.max(cut, 0))),
  );
  const facts = [row.status || "no status", row.role === "other" ? "" : row.role, row.outcome === "complete" ? "" : row.outcome, row.codes];
  cell.append(line, element("span", "facts-line", facts.filter(Boolean).join(" · ")));
  return cell;
}

function bar(row, span) {
  const whole = Math.max(span.until - span.since, 1);
  const place = (at) => (100 * (at - span.since)) / whole;
  const end = row.end < 0 ? span.until : row.end;
  const first = row.first < 0 ? end : Math.min(row.first, end);
  const broken = row.outcome !== "complete";
  const made = drawn("svg", { class: `bar ${grade(row)}`, width: "100%", height: 12, role: "img" });
  const waited = row.first < 0 ? "no answer" : `first byte after ${duration(row.first - row.at)}`;
  made.setAttribute("aria-label", `${after(row.at)}, ${waited}, ${duration(end - row.at)} in all, ${row.outcome}`);
  const width = (from, to) => `${Math.max(place(to) - place(from), 0.5)}%`;
  made.append(
    drawn("rect", { class: "wait", x: `${Math.min(place(row.at), 99.5)}%`, y: 3, width: width(row.at, first), height: 6 }),
  );
  if (row.first >= 0)
    made.append(
      drawn("rect", { class: "fill", x: `${Math.min(place(first), 99.5)}%`, y: 1, width: width(first, end), height: 10, rx: 1.5 }),
    );
  if (broken)
    made.append(drawn("circle", { class: "cut", cx: `${Math.min(Math.max(place(end), 1), 99)}%`, cy: 6, r: 4 }));
  return made;
}

function show(chosen) {
  const key = table.items[table.chosen]?.row?.key;
  table.items = items(chosen);
  table.chosen = table.items.findIndex((item) => item.row?.key === key);
  if (fall) fall.scrollTop = 0;
  draw();
}

function choose(index) {
  if (!table.items[index]?.row) return;
  table.chosen = index;
  const height = rowHeight();
  const above = index * height - fall.scrollTop;
  if (above < 0 || above > fall.clientHeight) fall.scrollTop = index * height - fall.clientHeight / 4;
  draw();
  showPanel(table.items[index].row);
  // The panel lies over the end of the table, and the bar over what is above it.
  const chosen = one("#chosen");
  if (!chosen) return;
  chosen.style.scrollMarginBottom = `${panel.offsetHeight + 24}px`;
  chosen.style.scrollMarginTop = `${one("thead", fall).offsetHeight + 8}px`;
  chosen.scrollIntoView({ block: "nearest" });
}

function step(by) {
  let index = table.chosen < 0 ? (by > 0 ? 0 : table.items.length - 1) : table.chosen + by;
  while (table.items[index] && !table.items[index].row) index += by;
  choose(index);
}

if (fall) {
  let waiting = 0;
  const soon = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  };
  fall.addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  one("#scale").addEventListener("change", draw);
  body.addEventListener("click", (event) => {
    const key = event.target.closest("tr")?.dataset.key;
    if (key) choose(table.items.findIndex((item) => item.row?.key === key));
  });
}
