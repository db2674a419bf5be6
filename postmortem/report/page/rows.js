// The exchanges, as the file's JSON has them, and how text and elements are made: never from markup.

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** What does not print is written as an escape, as in the rest of the page. */
const visible = (text) =>
  text.replace(/[\p{C}\p{Z}]/gu, (found) => {
    if (found === " ") return found;
    const code = found.codePointAt(0);
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : `\\U${code.toString(16).padStart(8, "0")}`;
  });

/** An element with a class, attributes and children; strings become text. */
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
};

const drawn = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const link = (address, className, text) => {
  const made = element("a", className, text);
  made.href = `#${address}`;
  return made;
};

const payload = JSON.parse(one("#rows").textContent);
const texts = payload.texts.map(visible);
const several = payload.sections.length > 1;
const rows = payload.sections.flatMap((section) =>
  section.rows.map((row) => ({
    section,
    key: `${section.number}-${row[0]}`,
    number: row[0],
    at: row[1],
    first: row[2],
    end: row[3],
    method: texts[row[4]],
    url: texts[row[5]],
    status: row[6],
    role: texts[row[7]],
    stream: texts[row[8]],
    scope: texts[row[9]],
    outcome: texts[row[10]],
    codes: texts[row[11]],
    causes: texts[row[12]],
    events: row[13],
    sent: row[14],
    got: row[15],
    story: row[16],
  })),
);
const byKey = new Map(rows.map((row) => [row.key, row]));

const after = (time) => {
  const seconds = Math.abs(time) / 1e6;
  return `${time < 0 ? "-" : "+"}${seconds.toFixed(seconds < 10 ? 3 : 1)} s`;
};

const duration = (time) => {
  if (time < 1e6) return `${Math.round(time / 1e3)} ms`;
  const seconds = time / 1e6;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

const clock = (row, at) =>
  new Date((row.section.started + at) / 1e3).toISOString().replace("T", " ").replace("Z", " UTC");

const grade = (row) => ({ 2: "good", 3: "other", 4: "client", 5: "server" })[Math.floor(row.status / 100)] || "none";

const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
