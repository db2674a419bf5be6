// Search and filter: they choose exchanges, and with them what is said about those exchanges.

const search = one("#search");
const choices = one("#choices");
const KINDS = {
  section: (row) => [String(row.section.number)],
  role: (row) => [row.role],
  status: (row) => [row.status ? String(row.status) : "none"],
  outcome: (row) => [row.outcome],
  codes: (row) => row.codes.split(" ").filter(Boolean),
  causes: (row) => row.causes.split(" ").filter(Boolean),
};
const selects = Object.keys(KINDS).map((kind) => one(`select[name="${kind}"]`));

for (const select of selects) {
  const counts = new Map();
  for (const row of rows)
    for (const value of KINDS[select.name](row)) counts.set(value, (counts.get(value) || 0) + 1);
  const any = element("option", "", "any");
  any.value = "";
  select.append(any);
  for (const [value, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = select.name === "section" ? `${value} · ${visible(payload.sections[value - 1].name)}` : value;
    const option = element("option", "", `${name} (${count.toLocaleString("en")})`);
    option.value = value;
    select.append(option);
  }
  if (counts.size < (select.name === "section" ? 2 : 1)) select.closest("label").hidden = true;
  select.addEventListener("change", apply);
}

const haystack = (row) =>
  (row.haystack ??=
    `#${row.number} ${row.method} ${row.url} ${row.status} ${row.role} ${row.stream} ${row.scope} ${row.outcome} ${row.codes} ${row.causes}`.toLowerCase());

function apply() {
  const wanted = selects.filter((select) => select.value);
  const words = visible(search.value).toLowerCase().split(" ").filter(Boolean);
  const fits = (row) => wanted.every((select) => KINDS[select.name](row).includes(select.value));
  const says = (text) => words.every((word) => text.includes(word));
  const fitting = wanted.length ? rows.filter(fits) : rows;
  const chosen = words.length ? fitting.filter((row) => says(haystack(row))) : fitting;
  show(chosen);
  narrow(new Set(fitting.map((row) => row.key)), new Set(chosen.map((row) => row.key)), says, wanted.length || words.length);
  const few = chosen.length !== rows.length;
  one("#matches").textContent = few ? `${chosen.length.toLocaleString("en")} of ${counted(rows.length, "exchange")}` : "";
  one("#more").classList.toggle("on", wanted.length > 0);
}

/** Hide what is about none of the exchanges, unless its own words are what is searched for. */
function narrow(fitting, chosen, says, isNarrowed) {
  for (const part of all("[data-x]")) {
    const keys = part.dataset.x.split(" ").filter(Boolean);
    const isAbout = keys.some((key) => chosen.has(key));
    part.hidden =
      Boolean(isNarrowed) && !isAbout && !(keys.some((key) => fitting.has(key)) && says(part.textContent.toLowerCase()));
  }
  for (const group of all(".cause, .rule"))
    group.hidden = Boolean(isNarrowed) && all("[data-x]", group).every((part) => part.hidden);
}

function clear() {
  search.value = "";
  for (const select of selects) select.value = "";
  apply();
}

let typed = 0;
search.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(apply, 80);
});
one("#filter").addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});
one("#clear").addEventListener("click", clear);
one("#more").addEventListener("click", () => {
  choices.hidden = !choices.hidden;
  one("#more").setAttribute("aria-expanded", String(!choices.hidden));
});
