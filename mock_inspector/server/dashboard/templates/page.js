"use strict";
// Fetches this page once a second and replaces those parts whose HTML has changed.

const INTERVAL = 1000, TIMEOUT = 8000; // milliseconds
const $ = (id) => document.getElementById(id);
const live = (page) => [...page.querySelectorAll(".live")];
const announcements = (page) => [...page.querySelectorAll("[data-announce]")].map((node) => node.dataset.announce);

const html = new Map(live(document).map((part) => [part.id, part.outerHTML]));
let announced = announcements(document), etag = "", timer = 0, latest = 0;

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
  if (news.length) $("said").textContent = news.slice(0, 3).join(". ");
  announced = all;
  for (const part of live(page)) {
    const text = part.outerHTML;
    if (html.get(part.id) === text) continue;
    if (!getSelection().isCollapsed && getSelection().containsNode($(part.id), true)) etag = ""; // somebody copies from it
    else replace(part), html.set(part.id, text);
  }
}

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

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-call]");
  if (!button) return;
  const { call, arguments: body } = button.dataset;
  const response = await fetch(`/_mock_inspector/${call}`, { method: "POST", body }).catch(() => null);
  if (response && !response.ok) $("said").textContent = (await response.json()).error;
  refresh();
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.querySelector("nav [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
refresh();
