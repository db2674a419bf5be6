// The chosen exchange, below the table.

const panel = one("#panel");

function showPanel(row) {
  const facts = [
    ["Began", `${clock(row, row.at)}, ${after(row.at)}`],
    ["First byte", row.first < 0 ? "never" : `after ${duration(row.first - row.at)}`],
    ["Took", row.end < 0 ? "not over when the recording ended" : duration(row.end - row.at)],
    ["Ended", row.outcome],
    ["Stream", row.stream],
    ["Scope", row.scope],
    ["Events", row.events < 0 ? "" : row.events.toLocaleString("en")],
    ["Bytes", `${row.sent.toLocaleString("en")} sent, ${row.got.toLocaleString("en")} got`],
  ];
  const list = element("dl", "facts");
  for (const [name, value] of facts)
    if (value) list.append(element("div", "", element("dt", "", name), element("dd", "v", value)));
  const close = element("button", "close", "Close");
  close.type = "button";
  close.addEventListener("click", () => {
    panel.hidden = true;
    table.chosen = -1;
    draw();
    grid.focus();
  });
  const head = element(
    "p",
    "panel-head",
    element("span", "x", several ? `${row.section.number}·#${row.number}` : `#${row.number}`),
    element("b", "v", `${row.method} ${row.url}`),
    element("span", `status s${Math.floor(row.status / 100)}`, row.status ? String(row.status) : "–"),
    close,
  );
  panel.replaceChildren(head, further(row), list);
  panel.hidden = false;
}

/** Where else the exchange is spoken of. */
function further(row) {
  const made = element("p", "meta");
  for (const cause of row.causes.split(" ").filter(Boolean)) made.append(element("span", "chip bad", cause));
  for (const code of row.codes.split(" ").filter(Boolean)) made.append(link(`rule-${code}`, "code", code));
  if (row.story) made.append(link(`d${row.key}`, "button", "Show it in full"));
  return made;
}
