"use strict";
const NAME = "X-Streaming-Session-Id";
// The other names under which clients look for the ID, and what else is worth knowing of a stream's head.
const ASKED = [NAME, "Streaming-Session-Id", "X-Stream-Id", "X-Request-Id", "X-Served-By",
  "Content-Type", "Content-Encoding", "Cache-Control", "Age", "Via", "Date"];
const PASSWORDS = {user1: "User1@123", user2: "User2@123", admin: "admin@admin"};
const PORTS = {auth: 3000, accounting: 3001, chat: 3002};
const field = id => document.getElementById(id);
const given = new URLSearchParams(location.search);
for (const [id, port] of Object.entries(PORTS)) {
  field(id).value = given.get(id) || `${location.protocol}//${location.hostname}:${port}`;
}

let token = "", session = "", issued = "", text = "", chunks = 0;

function log(line) { field("log").textContent += line + "\n"; }

function ask(service, path, body, bearer = token) {
  const headers = {"Content-Type": "application/json"};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const url = field(service).value.replace(/\/(api\/?)?$/, "") + path;
  return fetch(url, {method: "POST", headers, credentials: field("mode").value, body: JSON.stringify(body)});
}

async function json(answer) {
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${body.message}`);
  return body;
}

async function logIn(username) {
  return json(await ask("auth", "/api/auth/login", {username, password: PASSWORDS[username]}, ""));
}

async function prepare() {
  const user = await logIn(field("user").value);
  token = user.accessToken;
  log(`logged in as ${user.user.username}`);
  const {sufficient} = await json(await ask("accounting", "/api/credits/check", {userId: user.user.id, requiredCredits: 50}));
  if (!sufficient) {
    const admin = await logIn("admin");
    await json(await ask("accounting", "/api/credits/allocate",
      {userId: user.user.id, credits: 100, expiryDays: 1, notes: "from the page"}, admin.accessToken));
    log("100 credits allocated by the admin");
  }
  session = (await json(await ask("chat", "/api/chat/sessions", {title: "From a page", source: "page"}))).sessionId;
  log(`chat session ${session}`);
}

function row(name, value, own) {
  const line = document.createElement("tr");
  const cells = [name, value !== null ? "readable" : own ? "not there" : "not readable", value ?? ""];
  for (const text of cells) line.appendChild(document.createElement("td")).textContent = text;
  line.className = value === null ? "no" : "yes";
  return line;
}

function showHead(answer) {
  issued = answer.headers.get(NAME) || "";
  const own = new URL(answer.url).origin === location.origin;
  field("id").className = issued ? "yes" : "no";
  field("id").textContent = issued || (own
    ? `The answer has no ${NAME}.`
    : `Not readable: the answer has no ${NAME}, or does not name it in Access-Control-Expose-Headers. ` +
      "A script cannot tell which; the proxy's recording can.");
  field("where").textContent = `${answer.status} from ${own ? "this page's own" : "another"} origin, ` +
    new URL(answer.url).origin;
  const others = [...answer.headers.keys()].filter(name => !ASKED.some(asked => asked.toLowerCase() === name));
  field("headers").replaceChildren(...[...ASKED, ...others].map(name => row(name, answer.headers.get(name), own)));
  field("note").textContent = own ? "" : "A header that is hidden looks to a script like one that is not there.";
}

// Lines end in CR LF, LF or CR (HTML §9.2.5); a CR that ends one piece may be the half of a CR LF.
async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "", half = false;
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) break;
      const piece = half && value.startsWith("\n") ? value.slice(1) : value;
      half = piece.endsWith("\r");
      const found = (pending + piece).split(/\r\n|\r|\n/);
      pending = found.pop();
      yield* found;
    }
    if (pending) log(`${pending.length} characters after the last line end were dropped`);
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Whole events only: what is pending at the end of the stream is dropped (HTML §9.2.6).
async function* events(answer) {
  let event = "", data = [];
  for await (const line of lines(answer)) {
    if (line === "") {
      if (data.length) yield [event || "message", data.join("\n")];
      [event, data] = ["", []];
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event = value;
    if (name === "data") data.push(value);
  }
  if (event || data.length) log("an event that no empty line ended was dropped");
}

function hear(event, data) {
  let payload;
  try { payload = JSON.parse(data); } catch { log(`${event} is not JSON: ${data}`); return; }
  if (event === "chunk" && typeof payload?.text === "string") {
    text += payload.text;
    chunks += 1;
    field("answer").textContent = text;
  } else {
    log(`${event}: ${data}`);
  }
}

async function stream() {
  const body = {message: field("message").value};
  const answer = await ask("chat", `/api/chat/sessions/${session}/stream`, body);
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.json()).message}`);
  showHead(answer);
  const stop = Number(field("stop").value);
  try {
    for await (const [event, data] of events(answer)) {
      hear(event, data);
      if (stop && chunks >= stop) { log(`stopped reading after ${chunks} chunks`); return; }
    }
  } catch (error) {
    log(`broken off after ${chunks} chunks (${error.message})`);
    return;
  }
  log(`${chunks} chunks read`);
}

async function save() {
  const body = {completeResponse: text, streamingSessionId: issued, tokensUsed: chunks};
  const answer = await ask("chat", `/api/chat/sessions/${session}/update-stream`, body);
  log(`update: ${answer.status} ${(await answer.json()).message}`);
}

async function guarded(step) {
  try { await step(); } catch (error) {
    log(error instanceof TypeError
      ? `The browser let nothing through (${error.message}): the service does not answer, or the CORS check failed.`
      : String(error));
  }
}

field("form").addEventListener("submit", async event => {
  event.preventDefault();
  [text, chunks, issued] = ["", 0, ""];
  for (const id of ["answer", "log", "headers", "where", "note"]) field(id).textContent = "";
  [field("id").textContent, field("id").className] = ["–", ""];
  field("stream").disabled = field("save").disabled = true;
  await guarded(async () => { await prepare(); await stream(); field("save").disabled = false; });
  field("stream").disabled = false;
});
field("save").addEventListener("click", () => guarded(save));
