"use strict";
// Fetches this page once a second and replaces those parts whose HTML has changed. Links with data-swap change the address
// and fetch the page at once.

const INTERVAL = 1000, TIMEOUT = 8000, TYPING = 250; // milliseconds
const $ = (id) => document.getElementById(id);
const live = (page) => [...page.querySelectorAll(".live")];
const announcements = (page) => [...page.querySelectorAll("[data-announce]")].map((node) => node.dataset.announce);

const html = new Map(live(document).map((part) => [part.id, part.outerHTML]));
let announced = announcements(document), etag = "", timer = 0, latest = 0, typing = 0;

/** Replace the element that has the id of `part`. What is open, scrolled or focused in it stays so. */
function replace(part) {
  const old = $(part.id), focused = document.activeElement.id;
  const states = [...old.querySelectorAll("[id]")].map(({ id, open, scrollLeft, scrollTop }) => ({ id, open, scrollLeft, scrollTop }));
  old.replaceWith(part);
  for (const { id, ...state } of states) if ($(id)) Object.assign($(id), state);
  if (focused) $(focused)?.focus({ preventScroll: true });
}

function show(page) {
  const all = announcements(page), news = all.filter((text) => !announced.includes(text));
  if (news.length) say(news.slice(0, 3).join(". "));
  announced = all;
  for (const part of live(page)) {
    const text = part.outerHTML;
    if (html.get(part.id) === text) continue;
    if (!getSelection().isCollapsed && getSelection().containsNode($(part.id), true)) etag = ""; // somebody copies from it
    else replace(part), html.set(part.id, text);
  }
}

const say = (text) => { $("said").textContent = text; };

function setConnection(problem) {
  const state = problem ? "disconnected" : "connected";
  if ($("problem").textContent === problem && document.body.dataset.state === state) return;
  document.body.dataset.state = $("link").textContent = state;
  $("link").hidden = false;
  $("problem").textContent = problem;
  $("problem").hidden = !problem;
}

async function refresh() {
  clearTimeout(timer);
  const own = ++latest;
  let problem = "";
  try {
    const response = await fetch(location.href, { cache: "no-store", headers: { "If-None-Match": etag }, signal: AbortSignal.timeout(TIMEOUT) });
    const text = await response.text();
    if (own !== latest) return; // a newer request is under way
    if (response.ok) {
      etag = response.headers.get("ETag");
      show(new DOMParser().parseFromString(text, "text/html"));
    } else if (response.status !== 304) problem = `The server answered with status ${response.status}.`;
  } catch {
    if (own !== latest) return;
    problem = `No answer from ${location.host}: has the server ended? Its last known state stays here; this page goes on asking.`;
  }
  if (problem) etag = "";
  setConnection(problem);
  if (!document.hidden) timer = setTimeout(refresh, INTERVAL);
}

/** Show what another address of this page selects. */
function go(url) {
  getSelection().empty();
  history.replaceState(null, "", url);
  return refresh();
}

/** Filter the findings by what the form says. What is open stays so. */
async function filter() {
  clearTimeout(typing);
  const params = new URLSearchParams([...new FormData($("filter"))].filter(([, value]) => value));
  const now = new URLSearchParams(location.search);
  params.delete("calls"); // as the address has it by now
  for (const name of ["calls", "open"]) for (const value of now.getAll(name)) params.append(name, value);
  await go(`/?${params}`);
  say($("found")?.textContent ?? "");
}

async function copy(button) {
  const { copy: text } = button.dataset;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // it is there for secure origins only
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text, className: "unseen" }));
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus({ preventScroll: true });
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
  say(`Copied ${text}`);
}

async function call(button) {
  const { call, arguments: body, confirm: question } = button.dataset;
  if (question && !confirm(question)) return;
  const response = await fetch(`/_mock_inspector/${call}`, { method: "POST", body }).catch(() => null);
  if (response && !response.ok) say((await response.json()).error);
  refresh();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]"), button = event.target.closest("button");
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    go(link.href.split("#")[0]);
  } else if (button?.dataset.copy) copy(button);
  else if (button?.dataset.call) call(button);
});
$("filter").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
$("filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filter, TYPING); });
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.querySelector("nav [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
refresh();
