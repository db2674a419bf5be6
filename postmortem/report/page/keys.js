// Keys, links within the page, the theme, and printing.

addEventListener("keydown", (event) => {
  const at = document.activeElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (at?.matches("input, select, textarea")) {
    if (event.key === "Escape") {
      if (at === search) clear();
      at.blur();
    }
    return;
  }
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
  } else if (at === grid) inGrid(event);
  else if (event.key === "j" || event.key === "k") nextIncident(event.key === "j" ? 1 : -1);
});

function inGrid(event) {
  const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
  const last = table.items.length - 1;
  if (by === 1 || by === -1) step(by);
  else if (by) choose(nearest(Math.min(Math.max(table.chosen + by, 0), last)));
  else if (event.key === "Home") choose(nearest(0));
  else if (event.key === "End") choose(nearest(last));
  else if (event.key === "Enter") {
    const row = table.items[table.chosen]?.row;
    if (row?.story) go(`d${row.key}`);
  } else return;
  event.preventDefault();
}

const nearest = (index) => (table.items[index]?.row ? index : index + 1);

function nextIncident(by) {
  const shown = all(".incident").filter((each) => !each.hidden && !each.closest("[hidden]"));
  if (!shown.length) {
    grid?.focus();
    return;
  }
  const now = shown.indexOf(document.activeElement.closest?.(".incident"));
  const next = shown[now < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(now + by, 0), shown.length - 1)];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

/** To an address of this page: `x1-14` is a row of the table, all else an element, with what it is in opened. */
function go(address) {
  const row = address.startsWith("x") && byKey.get(address.slice(1));
  if (row) {
    if (!table.items.some((item) => item.row === row)) clear();
    one("#exchanges").scrollIntoView({ block: "start" });
    choose(table.items.findIndex((item) => item.row === row));
    grid.focus({ preventScroll: true });
    return;
  }
  const target = document.getElementById(address);
  if (!target) return;
  if (target.closest("[hidden]")) clear();
  for (let part = target; part; part = part.parentElement) if (part.matches("details")) part.open = true;
  target.scrollIntoView({ block: "start" });
  const focused = target.matches("details") ? one("summary", target) : target;
  focused.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const address = event.target.closest?.("a[href^='#']")?.getAttribute("href").slice(1);
  if (!address || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.replaceState(null, "", `#${address}`);
  go(address);
});
addEventListener("hashchange", () => go(decodeURIComponent(location.hash.slice(1))));

const THEMES = ["auto", "light", "dark"];
one("#theme").addEventListener("click", (event) => {
  const now = document.documentElement.dataset.theme || "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  document.documentElement.dataset.theme = next;
  event.currentTarget.textContent = `Theme: ${next}`;
});

// What is scrolled to stays clear of the bar, however high that is.
new ResizeObserver(([bar]) => {
  document.documentElement.style.scrollPaddingTop = `${bar.target.offsetHeight + 12}px`;
}).observe(one(".bar-top"));

let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details:not([open])");
  for (const part of opened) part.open = true;
  table.printing = true;
  draw();
  const left = table.items.length - PRINTED;
  const note = one("#fall-print");
  if (note) {
    note.hidden = left <= 0;
    note.textContent = `${counted(Math.max(left, 0), "more row")} are not printed.`;
  }
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
  table.printing = false;
  const note = one("#fall-print");
  if (note) note.hidden = true;
  draw();
});

draw();
if (location.hash) go(decodeURIComponent(location.hash.slice(1)));
