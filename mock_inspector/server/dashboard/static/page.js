
"use strict";

// Whatever the mock holds becomes text, never markup: every string goes through textContent.

const OVERVIEW = "/_mock_inspector/overview";
const EVERY = 1000; // milliseconds between two looks
const PATIENCE = 8000; // milliseconds until a server that does not answer counts as gone
const PAST_END = 253402300799999; // the calendar's last millisecond
const SEVERITIES = ["High", "Medium", "Low", "Informational", "Undefined"];
const PHASES = {
  COLLECTING_DATA: "collect", STOP_DATA_COLLECTION_PENDING: "collect", DATA_COLLECTED: "collect",
  START_EVALUATING_RULES_PENDING: "evaluate", EVALUATING_RULES: "evaluate",
  COMPLETED: "end", COMPLETED_WITH_ERRORS: "broken", FAILED: "broken", ERROR: "broken", CANCELED: "stopped",
};

const $ = (selector, within = document) => within.querySelector(selector);
const phase = (state) => PHASES[state] ?? "wait";
const count = (number) => number.toLocaleString("en-US");
const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** An element: `make("td", {class: "time"}, "text", node)`. Attributes that are null are left out. */
function make(name, attributes = {}, ...content) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(key, value);
  node.append(...content.filter((piece) => piece !== null));
  return node;
}

/** Set a property of an object, where it has another value: what is not written need not be painted or read out. */
function put(object, property, value) {
  if (object[property] !== value) object[property] = value;
}

const say = (node, text) => put(node, "textContent", text);

// Moments and spans

const moment = (text) => Date.parse(text);

function written(at, precise = false) {
  const text = new Date(Math.min(at, PAST_END)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, precise ? 23 : 19)}`;
}

function timed(text) {
  return make("time", { datetime: text, title: `${written(moment(text), true)} UTC` }, written(moment(text)));
}

/** A span of milliseconds in words: "1 h 0 min 0.126 s". */
function span(milliseconds) {
  const hours = Math.floor(milliseconds / 3600000), minutes = Math.floor(milliseconds / 60000) % 60;
  const seconds = (milliseconds % 60000) / 1000;
  const words = [];
  if (hours) words.push(hours < 48 ? `${hours} h` : `${count(Math.floor(hours / 24))} d ${hours % 24} h`);
  if (minutes) words.push(`${minutes} min`);
  if (seconds || !words.length) words.push(`${Number(seconds.toFixed(3))} s`);
  return words.join(" ");
}

const ahead = (milliseconds) => (milliseconds < 1000 ? "under 1 s" : span(Math.ceil(milliseconds / 1000) * 1000));

// What is known, and since when

let seen = null; // the last overview
let tag = null; // its entity tag
let since = 0; // when it was true, by performance.now()
let wanted = null; // the account and region to look at, "123456789012/us-west-2"; null: the server's choice
let states = null; // the states of the runs, to tell of those that change

/** The mock's clock: as it was told, and what has passed since then at its speed. */
function now() {
  const told = moment(seen.now);
  return seen.frozen ? told : told + (performance.now() - since) * seen.speed;
}

const nameOf = (region) => `${region.account_id}/${region.region}`;
const isEmpty = (region) =>
  ["instances", "targets", "templates", "runs", "findings", "faults"].every((kind) => !region[kind].total);
const chosen = () => seen.regions.find((region) => nameOf(region) === nameOf(seen.chosen));

// Painting: what has not changed is left alone, with what is selected, opened or focused in it

/** Let `parent` have a child for each item, made anew only where the item is another one. */
function sync(parent, items, key, draw) {
  const before = parent.kept ?? new Map(), kept = new Map();
  items.forEach((item, place) => {
    const id = String(key(item, place)), said = JSON.stringify(item);
    const known = before.get(id);
    kept.set(id, known?.said === said ? known : { said, node: draw(item, known?.node) });
  });
  parent.kept = kept;
  const nodes = [...kept.values()].map((entry) => entry.node);
  const staying = new Set(nodes);
  for (const child of [...parent.children]) if (!staying.has(child)) child.remove();
  nodes.forEach((node, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
}

/** The section of that id: how much there is, the list or what to do when there is none, and how much more. */
function section(id, total, newest, paint) {
  const node = $(`#${id}`);
  say($(".total", node), total ? count(total) : "");
  $(".list", node).hidden = !newest.length;
  $(".empty", node).hidden = newest.length > 0;
  say($(".more", node), newest.length < total ? `and ${count(total - newest.length)} more` : "");
  paint($(".list", node));
}

/** A table of `items`; `columns` have a head, the cell's content, and perhaps a class. The first one names the row. */
function table(id, label, sum, key, columns) {
  section(id, sum.total, sum.newest, (parent) => {
    if (!parent.firstChild) {
      const heads = columns.map(([head, , kind]) => make("th", { scope: "col", role: "columnheader", class: kind ?? null }, head));
      parent.append(make("table", { role: "table", "aria-label": label },
        make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)), make("tbody", { role: "rowgroup" })));
    }
    sync($("tbody", parent), sum.newest, key, (item) => make("tr", { role: "row" }, ...columns.map(([head, draw, kind], place) => {
      const content = draw(item);
      if (place === 0) return make("th", { scope: "row", role: "rowheader", class: kind ?? null }, content ?? "–");
      const none = content === null || content === "";
      return make("td", { role: "cell", "data-label": head, class: [kind, none ? "none" : null].filter(Boolean).join(" ") },
        make("div", {}, none ? "–" : content));
    })));
  });
}

function tags(pairs) {
  if (!pairs.length) return null;
  return make("ul", { class: "tags" }, ...pairs.map(([name, value]) =>
    make("li", {}, make("bdi", {}, value === null ? name : `${name}=${value}`))));
}

const bdi = (text) => (text === null || text === "" ? null : make("bdi", {}, text));

function listed(lines) {
  return lines.length ? make("div", {}, ...lines.map((line) => make("div", {}, line))) : null;
}

function severity(name) {
  return make("span", { class: "severity", "data-severity": name }, name);
}

function paintRegions() {
  sync($("#regions"), seen.regions.map((region) => ({
    name: nameOf(region), account: region.account_id, region: region.region, current: nameOf(region) === nameOf(seen.chosen),
    sums: isEmpty(region) ? "nothing yet" : [
      region.instances.total && counted(region.instances.total, "instance"), region.runs.total && counted(region.runs.total, "run"),
      region.findings.total && counted(region.findings.total, "finding"),
    ].filter(Boolean).join(", ") || "some resources",
  })), (entry) => entry.name, (entry) => make("li", {}, make("a", {
    href: `#${entry.name}`, "aria-current": entry.current ? "true" : null,
  }, `${entry.account} ${entry.region}`, make("small", {}, entry.sums))));
  const current = nameOf(seen.chosen);
  if ($("#regions").shown !== current) {
    $("#regions").shown = current;
    $("#regions [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const hidden = seen.regions_total - seen.regions.length;
  let more = $("nav .more");
  if (hidden > 0 && !more) $("nav").append(more = make("p", { class: "more" }));
  if (more) say(more, hidden > 0 ? `and ${count(hidden)} more` : "");
}

function paintStart(region) {
  const own = `${location.origin}`, { account_id: account, region: name } = region;
  say($("#example-client"), `AWS_ENDPOINT_URL_INSPECTOR=${own} \\\n` +
    `AWS_ACCESS_KEY_ID=${account} AWS_SECRET_ACCESS_KEY=mock AWS_DEFAULT_REGION=${name} \\\naws inspector list-findings`);
  say($("#example-control"), `curl '${own}/_mock_inspector/add_instance?account_id=${account}&region=${name}' -d '` +
    '{"instance_id": "i-0web", "tags": {"Name": "web"}, "findings": [{"cve": "CVE-2016-2177", "severity": "High"}]}' + "'");
  say($("#example-run"), `curl '${own}/_mock_inspector/clock.tick' -d '{"delta": 3600}'\n` +
    `curl '${own}/_mock_inspector/calls'`);
}

function paintSeverities(region) {
  const by = region.findings.by_severity, most = Math.max(1, ...Object.values(by));
  const parent = $("#severities");
  parent.hidden = !region.findings.total;
  if (!parent.firstChild) parent.append(make("table", { role: "table", "aria-label": "Findings by severity" }, make("tbody", { role: "rowgroup" })));
  sync($("tbody", parent), SEVERITIES.map((name) => ({ name, number: by[name] ?? 0, share: (by[name] ?? 0) / most })),
    (entry) => entry.name, (entry) => {
      const gauge = make("i", { "data-severity": entry.name });
      gauge.style.width = `${entry.share * 100}%`;
      return make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }, severity(entry.name)),
        make("td", { role: "presentation" }, make("div", { class: "gauge" }, gauge)),
        make("td", { role: "cell", class: "number" }, count(entry.number)));
    });
}

function paintRun(run, former) {
  const steps = run.timeline.map((step) => ({ ...step, at: moment(step.at) }));
  const begun = moment(run.created);
  const current = steps.filter((step) => step.reached).length - 1;
  const kind = (place) => (place < current ? "past" : place === current ? "current" : "ahead");
  const bar = make("div", { class: "bar", role: "img" });
  bar.setAttribute("aria-label", `${run.state}, state ${current + 1} of ${steps.length}`);
  steps.forEach((step, place) => {
    // Data collection takes an hour, other states milliseconds: widths grow with the logarithm.
    const length = place + 1 < steps.length ? steps[place + 1].at - step.at : 0;
    const segment = make("span", { class: kind(place), "data-phase": phase(step.state), title: `${step.state}, +${span(step.at - begun)}` },
      make("i"));
    segment.style.flexGrow = 1 + Math.log2(1 + length / 1000);
    bar.append(segment);
  });
  const list = make("ol", { class: "steps" }, ...steps.map((step, place) => make("li", {
    class: kind(place), "data-phase": phase(step.state), "aria-current": place === current ? "step" : null,
    title: `${written(step.at, true)} UTC`,
  }, `${step.state} `, make("span", { class: "dim" }, `+${span(step.at - begun)}`))));
  const details = make("details", {}, make("summary", {}, counted(steps.length, "state")), list);
  details.open = former ? $("details", former).open : run.in_progress;
  if (former && !run.in_progress && former.run.in_progress) details.open = true; // it has just ended before somebody's eyes
  const reported = SEVERITIES.filter((name) => run.findings[name]);
  const stack = make("div", { class: "stack", "aria-hidden": "true" }, ...reported.map((name) => {
    const piece = make("i", { "data-severity": name });
    piece.style.flex = `${run.findings[name]} 0 0`;
    return piece;
  }));
  const node = make("article", { class: "run" },
    make("div", { class: "run-head" }, make("h3", {}, make("bdi", {}, run.name)),
      make("span", { class: "state", "data-phase": phase(run.state) }, run.state), make("span", { class: "countdown dim" })),
    make("p", { class: "dim" }, "template ", make("bdi", {}, run.template), " of target ", make("bdi", {}, run.target),
      `, ${counted(run.agents, "agent")}, started `, timed(run.created)),
    bar, details,
    make("div", { class: "counts" }, reported.length ? stack : null,
      ...reported.map((name) => make("span", { class: "severity", "data-severity": name }, `${name} ${count(run.findings[name])}`)),
      reported.length ? null : make("span", { class: "dim" }, "no findings"),
      make("span", { class: "dim" }, counted(run.exclusions, "exclusion"))));
  node.run = { ...run, steps, current };
  return node;
}

/** What passes by itself: the clock, the way through the current state, how long until the next one. */
function passing() {
  if (!seen || $("#link").dataset.state === "disconnected") return; // nobody knows what passes there
  const at = now();
  say($("#now"), written(at, seen.frozen));
  let next = Infinity;
  for (const node of document.querySelectorAll(".run")) {
    const { steps, current, in_progress: inProgress, forced } = node.run;
    node.querySelectorAll(".bar span").forEach((segment, place) => {
      const begun = steps[place].at, end = steps[place + 1]?.at;
      const share = place < current || !end ? (place <= current ? 1 : 0) : place > current ? 0 : (at - begun) / (end - begun);
      put(segment.firstChild.style, "width", `${(Math.max(0, Math.min(1, share)) * 100).toFixed(2).replace(/\.?0+$/, "")}%`);
    });
    const coming = steps[current + 1], last = steps[steps.length - 1];
    let text = "";
    if (coming) {
      next = Math.min(next, coming.at);
      text = `${coming.state} in ${ahead(Math.max(0, coming.at - at))}`;
      if (last !== coming) text += `, end in ${ahead(Math.max(0, last.at - at))}`;
    } else if (inProgress) text = forced ? "put there by set_run_state; nothing lies ahead" : "nothing lies ahead";
    else text = `took ${span(last.at - moment(node.run.created))}`;
    say($(".countdown", node), text);
  }
  const button = $("#next");
  put(button, "disabled", !Number.isFinite(next));
  put(button, "value", Number.isFinite(next) ? new Date(next).toISOString() : "");
}

function paint() {
  const region = chosen();
  say($("#pace"), seen.frozen ? "frozen" : seen.speed === 1 ? "running" : `running ×${count(seen.speed)}`);
  paintRegions();
  paintStart(region);
  const start = $("#start");
  if (!start.decided) {
    start.decided = true;
    start.open = isEmpty(region) && seen.calls.total === 0;
  }
  paintSeverities(region);
  table("findings", "Newest findings", region.findings, (item) => item.arn, [
    ["Title", (item) => bdi(item.title), "long"],
    ["Severity", (item) => severity(item.severity), "short"],
    ["Instance", (item) => bdi(item.agent_id), "id"],
    ["Run", (item) => bdi(item.run), "name"],
  ]);
  section("runs", region.runs.total, region.runs.newest, (parent) => sync(parent, region.runs.newest, (run) => run.arn, paintRun));
  table("instances", "Instances", region.instances, (item) => item.instance_id, [
    ["Instance", (item) => bdi(item.instance_id), "id"],
    ["Tags", (item) => tags(Object.entries(item.tags))],
    ["Hostname", (item) => bdi(item.hostname)],
    ["Agent", (item) => make("span", { class: { HEALTHY: "good", UNHEALTHY: "bad" }[item.agent_health] ?? "warn" }, item.agent_health), "short"],
    ["Operating system", (item) => bdi(item.operating_system)],
    ["Weaknesses", (item) => make("span", {
      title: item.findings.join("\n") + (item.weaknesses > item.findings.length ? "\n…" : ""),
    }, count(item.weaknesses)), "number"],
  ]);
  table("targets", "Targets", region.targets, (item) => item.arn, [
    ["Target", (item) => bdi(item.name), "name"],
    ["Instances with any of", (item) => (item.tags === null ? make("span", { class: "dim" }, "all instances") : tags(item.tags))],
    ["Templates", (item) => count(item.templates), "number"],
  ]);
  table("templates", "Templates", region.templates, (item) => item.arn, [
    ["Template", (item) => bdi(item.name), "name"],
    ["Target", (item) => bdi(item.target), "name"],
    ["Duration", (item) => span(item.duration * 1000), "short"],
    ["Rules packages", (item) => item.rules_packages.join(", ")],
    ["Subscriptions", (item) => listed([
      ...item.subscriptions.map((entry) => `${entry.topic.split(":").pop()}: ${entry.events.join(", ")}`),
      ...(item.subscriptions_total > item.subscriptions.length ? [`and ${count(item.subscriptions_total - item.subscriptions.length)} more`] : []),
    ])],
    ["Runs", (item) => count(item.runs), "number"],
  ]);
  table("faults", "Faults left to meet", region.faults, (item, place) => place, [
    ["Fault", (item) => bdi(item.fault)],
    ["Calls left", (item) => (item.times === null ? "all" : count(item.times)), "number"],
    ["Calls met", (item) => count(item.met), "number"],
  ]);
  const { total, newest } = seen.calls;
  table("calls", "Last calls", { total, newest: newest.map((call, place) => ({ ...call, number: total - place })) }, (call) => call.number, [
    ["Operation", (call) => bdi(call.operation) ?? "no operation", "short"],
    ["Time", (call) => timed(call.time), "time"],
    ["Parameters", (call) => (["", "{}"].includes(call.parameters) ? null : make("code", {}, make("bdi", {}, call.parameters))), "params"],
    ["Outcome", (call) => (call.error === null ? make("span", { class: "good" }, "ok") :
      make("span", { class: "bad" }, make("strong", {}, call.error), call.message ? ` ${call.message}` : "")), "outcome"],
    ["Account and region", (call) => (call.account ? listed([call.account, call.region]) : "not signed"), "short"],
  ]);
  say($("#published"), seen.published ? `${counted(seen.published, "message")} went to SNS topics.` : "");
  announce(region);
  passing();
}

/** Tell those who listen of runs that have changed. */
function announce(region) {
  const current = new Map(region.runs.newest.map((run) => [run.arn, run.state]));
  if (states?.name === nameOf(region)) {
    const changed = region.runs.newest.filter((run) => states.of.get(run.arn) !== run.state);
    if (changed.length) say($("#said"), changed.slice(0, 3).map((run) => `Run ${run.name}: ${run.state}`).join(". "));
  }
  states = { name: nameOf(region), of: current };
}

// Asking

function connection(state, problem = "") {
  const node = $("#link");
  put(node.dataset, "state", state);
  say(node, state);
  put($("main"), "className", state === "disconnected" ? "stale" : "");
  say($("#problem"), problem);
  put($("#problem"), "hidden", !problem);
}

let timer = 0, asking = null;

/** Look once, and again after a while; a look that is under way is given up for a new one. */
async function look() {
  clearTimeout(timer);
  asking?.abort();
  const own = (asking = new AbortController());
  const patience = setTimeout(() => own.abort(), PATIENCE);
  try {
    await once(own.signal);
  } catch (error) {
    if (asking !== own) return; // given up for a newer one
    tag = null;
    connection("disconnected", error instanceof Failed ? error.message : `This page has a fault of its own: ${error}`);
  } finally {
    clearTimeout(patience);
    if (asking === own) {
      asking = null;
      if (!document.hidden) timer = setTimeout(look, EVERY);
    }
  }
}

class Failed extends Error {}

const gone = () => {
  throw new Failed(`No answer from ${location.host}: has the server ended? Its last known state stays here; this page goes on asking.`);
};

async function once(signal) {
  const [account, region] = wanted?.split("/") ?? [];
  const query = wanted ? `?${new URLSearchParams({ account_id: account, region })}` : "";
  const answer = await fetch(OVERVIEW + query, { signal, cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} }).catch(gone);
  if (answer.status !== 304) {
    const value = await answer.json().catch(gone);
    if (!answer.ok) throw new Failed(value.error ?? `The server answered with status ${answer.status}.`);
    const first = seen === null;
    seen = value;
    since = performance.now();
    tag = answer.headers.get("ETag");
    if (choose(first)) return once(signal);
  }
  connection("connected");
  if (answer.status !== 304) paint();
}

/** Choose the account and region to look at; true when that is another one than what was seen. */
function choose(first) {
  const names = seen.regions.map(nameOf), asked = location.hash.slice(1);
  let name = names.includes(asked) ? asked : wanted;
  if (first && !name && isEmpty(chosen())) name = nameOf(seen.regions.find((region) => !isEmpty(region)) ?? chosen());
  wanted = names.includes(name) ? name : null;
  const other = wanted !== null && wanted !== nameOf(seen.chosen);
  if (other) tag = null;
  return other;
}

async function move(member, argument) {
  try {
    const answer = await fetch(`/_mock_inspector/${member}`, { method: "POST", body: JSON.stringify(argument) });
    if (!answer.ok) say($("#said"), (await answer.json()).error ?? "");
  } catch {
    // The next look tells that the server is gone.
  }
  look();
}

for (const button of document.querySelectorAll("[data-seconds]"))
  button.addEventListener("click", () => move("clock.tick", { delta: Number(button.dataset.seconds) }));
$("#next").addEventListener("click", (event) => event.currentTarget.value && move("clock.move_to", { moment: event.currentTarget.value }));
addEventListener("hashchange", () => {
  if (seen && choose(false)) look();
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  tag = null; // the machine may have slept: ask for the moment, too
  if (!document.hidden) look();
});
setInterval(() => document.hidden || passing(), 250);
look();
