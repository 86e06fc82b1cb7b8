// The playground's page. Everything that came over the wire is put on the screen with textContent and
// createElement; the content security policy (trusted types) forbids any other way.
"use strict";

// --- making elements ----------------------------------------------------------------------------------------------

const ICONS = {
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4l-6 6 6 6",
  send: "M3 10h12M10 4.5l6 5.5-6 5.5",
  copy: "M7 7h9v9H7zM4 13V4h9",
  eye: "M2.5 10s3-5 7.5-5 7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 100 4 2 2 0 000-4z",
  lock: "M5 9h10v7H5zM7 9V6.5a3 3 0 016 0V9",
};

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const byId = (id) => document.getElementById(id);

// --- drawing what a message says ----------------------------------------------------------------------------------

function isWeb(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

const wrap = (tag, properties) => (node, send) => make(tag, properties, ...drawAll(node.of, send));

const DRAW = {
  text: (node) => document.createTextNode(node.text || ""),
  break: () => make("br"),
  bold: wrap("strong"),
  italic: wrap("em"),
  strike: wrap("s"),
  code: wrap("code"),
  pre: wrap("pre"),
  paragraph: wrap("p"),
  quote: wrap("blockquote"),
  item: wrap("li"),
  divider: () => make("hr"),
  section: wrap("div", { class: "section" }),
  fields: wrap("div", { class: "fields" }),
  context: wrap("div", { class: "context" }),
  actions: wrap("div", { class: "actions" }),
  table: drawTable,
  link: drawLink,
  address: drawAddress,
  mention: drawMention,
  date: drawDate,
  heading: (node, send) => make("div", headingProperties(node), ...drawAll(node.of, send)),
  list: (node, send) => make(node.ordered ? "ol" : "ul", { start: node.start }, ...drawAll(node.of, send)),
  cell: wrap("div", { class: "cell" }),
  image: (node) => make("span", { class: "image", role: "img", "aria-label": node.text }, `Image: ${node.text || ""}`),
  task: (node) => make("div", { class: `task task-${node.status}` }, node.text || ""),
  button: drawButton,
  feedback: drawFeedback,
  overflow: drawOverflow,
  select: drawSelect,
  input: drawInput,
};

function draw(node, send) {
  const how = DRAW[node.is];
  return how ? how(node, send) : document.createTextNode(node.text || "");
}

function drawAll(nodes, send) {
  return (nodes || []).map((node) => draw(node, send));
}

function headingProperties(node) {
  return { class: `heading heading-${Math.min(node.level || 2, 4)}`, role: "heading", "aria-level": 3 };
}

function drawLink(node, send) {
  if (!isWeb(node.url)) return make("span", {}, ...drawAll(node.of, send));
  const properties = { href: node.url, target: "_blank", rel: "noopener noreferrer", title: node.url };
  return make("a", properties, ...drawAll(node.of, send));
}

function drawAddress(node, send) {
  const copy = make(
    "button",
    { class: "plain copy", type: "button", title: "Copy the path", "aria-label": "Copy the path", onclick: () => copied(node.url) },
    icon("copy"),
  );
  const words = make("span", { class: "address-words", title: pathOf(node.url) }, ...drawAll(node.of, send));
  return make("span", { class: "address" }, words, copy);
}

function pathOf(address) {
  try {
    const parsed = new URL(address);
    return decodeURIComponent(parsed.pathname) + decodeURIComponent(parsed.hash);
  } catch {
    return address;
  }
}

async function copied(address) {
  try {
    await navigator.clipboard.writeText(pathOf(address));
    toast(`Copied ${pathOf(address)}`);
  } catch {
    toast(pathOf(address));
  }
}

function drawMention(node) {
  const mine = state.me && node.target === state.me.id;
  const everybody = (node.target || "").startsWith("!");
  return make("span", { class: mine || everybody ? "mention mention-me" : "mention" }, node.text || "");
}

function drawTable(node, send) {
  const rows = (node.of || []).map((row) =>
    make("tr", {}, ...(row.of || []).map((cell) => make(row.header ? "th" : "td", {}, ...drawAll(cell.of, send)))),
  );
  return make("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Table" }, make("table", {}, ...rows));
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

function drawDate(node) {
  const moment = new Date(node.seconds * 1000);
  const worded = (node.pattern || "").replace(/\{(\w+)\}/g, (whole, name) => {
    const options = DATES[name.replace("_pretty", "")];
    return options ? new Intl.DateTimeFormat(undefined, options).format(moment) : name === "ago" ? ago(moment) : whole;
  });
  return make("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, worded || node.text || "");
}

function ago(moment) {
  const days = Math.round((Date.now() - moment.getTime()) / 86400000);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-days, "day");
}

// --- drawing what can be pressed ----------------------------------------------------------------------------------

function pressing(element, work) {
  element.addEventListener("click", async () => {
    element.setAttribute("aria-busy", "true");
    await work();
    element.removeAttribute("aria-busy");
  });
  return element;
}

function drawButton(node, send) {
  const style = node.style ? ` button-${node.style}` : "";
  const properties = { class: `button${style}`, type: "button", "aria-label": node.label, data: { action: node.action_id } };
  return pressing(make("button", properties, node.text || ""), () => {
    if (node.url && isWeb(node.url)) window.open(node.url, "_blank", "noopener,noreferrer");
    return send(node.action_id, null);
  });
}

function drawFeedback(node, send) {
  const buttons = (node.of || []).map((side) => {
    const properties = { class: "button button-quiet", type: "button", title: side.label, "aria-label": side.label };
    const pressed = state.pressed.get(send.key + node.action_id) === side.value;
    const button = make("button", { ...properties, "aria-pressed": String(pressed), data: { side: side.side } }, side.text || "");
    return pressing(button, async () => {
      state.pressed.set(send.key + node.action_id, side.value);
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      await send(node.action_id, side.value);
    });
  });
  return make("span", { class: "feedback", role: "group", "aria-label": "Was this helpful?" }, ...buttons);
}

function drawOverflow(node, send) {
  const choices = (node.of || []).map((option) =>
    pressing(make("button", { class: "plain choice", type: "button" }, option.text || ""), async () => {
      menu.open = false;
      await send(node.action_id, option.value);
    }),
  );
  const summary = make("summary", { class: "button button-quiet", "aria-label": node.label }, "⋯");
  const list = make("div", { class: "choices" }, ...choices);
  const menu = make("details", { class: "overflow", ontoggle: () => menu.open && keepInside(list) }, summary, list);
  return menu;
}

// A menu at an edge opens the other way.
function keepInside(list) {
  list.classList.remove("choices-left", "choices-up");
  const box = list.getBoundingClientRect();
  const around = list.closest(".scroll")?.getBoundingClientRect() || document.body.getBoundingClientRect();
  list.classList.toggle("choices-left", box.right > around.right);
  list.classList.toggle("choices-up", box.bottom > around.bottom);
}

function drawSelect(node, send) {
  const options = (node.of || []).map((option) => make("option", { value: option.value }, option.text || ""));
  const first = make("option", { value: "", disabled: true, selected: true }, node.label || "Choose");
  const choose = (event) => send(node.action_id, event.target.value);
  return make("select", { class: "select", "aria-label": node.label, onchange: choose }, first, ...options);
}

function drawInput(node) {
  const id = `field-${node.action_id}`;
  const common = { id, name: node.action_id, maxlength: node.longest, "aria-describedby": `${id}-note`, required: !node.optional };
  const field = node.multiline ? make("textarea", { ...common, rows: 4 }) : make("input", { ...common, type: "text" });
  field.value = node.value || "";
  const label = make("label", { for: id }, node.label, node.optional ? make("span", { class: "soft" }, " (optional)") : null);
  const note = make("p", { class: "note", id: `${id}-note`, data: { block: node.block_id } }, node.hint || "");
  return make("div", { class: "field" }, label, field, note);
}

// --- what is known ------------------------------------------------------------------------------------------------

const state = {
  bot: null,
  online: false,
  people: [],
  rooms: new Map(),
  messages: new Map(),
  statuses: new Map(),
  suggestions: [],
  modals: {},
  homes: {},
  me: null,
  here: null,
  thread: null,
  tab: "messages",
  unread: new Map(),
  pressed: new Map(),
  drafts: new Map(),
};

const room = () => state.rooms.get(state.here);
const personOf = (id) => (id === state.bot.id ? state.bot : state.people.find((person) => person.id === id));
const myRooms = () => [...state.rooms.values()].filter((each) => each.members.includes(state.me.id));
const isMine = (message) => message.only === null || message.only === state.me.name;
const inRoom = (id) => [...(state.messages.get(id) || new Map()).values()].filter(isMine);
const byTime = (one, other) => Number(one.ts) - Number(other.ts);
const repliesTo = (id, ts) => inRoom(id).filter((message) => message.thread_ts === ts).sort(byTime);
const statusOf = (id, ts) => state.statuses.get(`${id} ${ts}`);

function remember(message) {
  if (!state.messages.has(message.channel)) state.messages.set(message.channel, new Map());
  const known = state.messages.get(message.channel);
  const isNew = !known.has(message.ts);
  known.set(message.ts, message);
  return isNew;
}

function rememberStatus(status) {
  const key = `${status.channel} ${status.thread_ts}`;
  clearTimeout(state.statuses.get(key)?.timer);
  state.statuses.delete(key);
  if (!status.lines.length) return;
  const forget = () => {
    state.statuses.delete(key);
    show();
  };
  state.statuses.set(key, { ...status, timer: setTimeout(forget, status.lasts * 1000) });
}

const HEAR = {
  all(news) {
    const { bot, online, people, suggestions, modals, homes } = news;
    Object.assign(state, { bot, online, people, suggestions, modals, homes });
    state.rooms = new Map(news.rooms.map((each) => [each.id, each]));
    state.messages.clear();
    news.messages.forEach(remember);
    news.statuses.forEach(rememberStatus);
    byId("team").textContent = news.team;
    settle();
  },
  message({ message }) {
    const isNew = remember(message);
    const mine = message.user === state.me.id;
    const seen = message.channel === state.here && (!message.thread_ts || message.thread_ts === state.thread) && !document.hidden;
    if (isNew && !mine && !seen && isMine(message)) {
      state.unread.set(message.channel, new Set([...(state.unread.get(message.channel) || []), message.thread_ts || message.ts]));
    }
  },
  gone({ channel, ts }) {
    state.messages.get(channel)?.delete(ts);
  },
  status: rememberStatus,
  room(news) {
    state.rooms.set(news.room.id, news.room);
    if (!room().members.includes(state.me.id)) enter(myRooms()[0].id);
  },
  views({ modals, homes }) {
    Object.assign(state, { modals, homes });
  },
  bot({ online }) {
    state.online = online;
  },
  trouble({ person, text }) {
    if (person === state.me.id) toast(text);
  },
};

// Who and where to start: what this tab remembers, or a permalink, or the first of each.
function settle() {
  const saved = state.me?.name || sessionStorage.getItem("me");
  state.me = state.people.find((person) => person.name === saved) || state.people[0];
  const [, archives, channel, place] = location.pathname.split("/");
  if (archives === "archives" && state.rooms.has(channel)) openPermalink(channel, place);
  else if (!room() || !room().members.includes(state.me.id)) {
    const last = myRooms().find((each) => each.id === sessionStorage.getItem("here"));
    state.here = (last || myRooms()[0]).id;
  }
  history.replaceState(null, "", "/");
}

function openPermalink(channel, place) {
  const ts = place.replace(/^p(\d+)(\d{6})$/, "$1.$2");
  const member = state.people.find((person) => state.rooms.get(channel).members.includes(person.id));
  if (!state.rooms.get(channel).members.includes(state.me.id) && member) state.me = member;
  state.here = channel;
  state.thread = new URLSearchParams(location.search).get("thread_ts") || ts;
}

// --- the whole screen ---------------------------------------------------------------------------------------------

let due = false;

// Redraw once per frame, however much has happened.
function show() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (state.me) showEverything();
  });
}

function showEverything() {
  markRead();
  showSide();
  showWho();
  showHead();
  showMiddle();
  showThread();
  showSuggestions();
  showModal();
  const waiting = myRooms().filter((each) => hasUnread(each.id)).length;
  document.title = `${waiting ? `(${waiting}) ` : ""}${nameOf(room())} · Footnote playground`;
}

function markRead() {
  if (document.hidden || state.tab !== "messages") return;
  const threads = state.unread.get(state.here);
  if (!threads) return;
  for (const ts of threads) {
    const root = state.messages.get(state.here)?.get(ts);
    if (ts === state.thread || (root && !repliesTo(state.here, ts).length)) threads.delete(ts);
  }
}

function nameOf(of) {
  return of.kind === "im" ? state.bot.real_name : `${of.kind === "private" ? "🔒" : "#"}${of.name}`;
}

const COLOURS = ["#7a4b94", "#b3541e", "#2d6a8f", "#8a3c52", "#4c6b2f"];

function avatar(person, size = "") {
  if (person?.id === state.bot.id) return make("span", { class: `avatar avatar-bot ${size}`, "aria-hidden": "true" }, "[1]");
  const words = (person?.real_name || "?").split(" ");
  const initials = words.map((word) => word[0]).slice(0, 2).join("");
  const place = state.people.findIndex((each) => each.id === person?.id);
  const face = make("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  face.style.setProperty("--face", COLOURS[Math.max(place, 0) % COLOURS.length]);
  return face;
}

// --- the left side ------------------------------------------------------------------------------------------------

function showSide() {
  const presence = byId("presence");
  presence.className = state.online ? "presence presence-on" : "presence";
  presence.textContent = state.online ? "Footnote is here" : "Footnote is not connected";
  byId("offline").hidden = state.online;
  fill(byId("channels"), myRooms().filter((each) => each.kind !== "im"), sideKey, sideEntry);
  fill(byId("direct"), myRooms().filter((each) => each.kind === "im"), sideKey, sideEntry);
}

const sideKey = (each) => [each.id, each.name, each.id === state.here, hasUnread(each.id), state.me.id].join();
const hasUnread = (id) => id !== state.here && Boolean(state.unread.get(id)?.size);

function sideEntry(each) {
  const here = each.id === state.here;
  const sign = { channel: "#", private: icon("lock") }[each.kind] || avatar(state.bot, "avatar-small");
  const unread = hasUnread(each.id) && make("span", { class: "dot" }, make("span", { class: "hidden" }, "unread"));
  const properties = {
    class: `entry${hasUnread(each.id) ? " entry-unread" : ""}`,
    type: "button",
    "aria-current": here ? "page" : null,
    data: { room: each.id },
    onclick: () => enter(each.id),
  };
  const name = each.kind === "im" ? state.bot.real_name : each.name;
  return make("li", {}, make("button", properties, make("span", { class: "sign", "aria-hidden": "true" }, sign), make("span", { class: "name" }, name), unread));
}

function showWho() {
  const who = byId("who");
  fill(who, state.people, (person) => [person.id, person.id === state.me.id].join(), (person) => {
    const choose = () => become(person);
    const input = make("input", { type: "radio", name: "me", value: person.name, checked: person.id === state.me.id, onchange: choose });
    const title = person.guest ? "Guest" : person.title;
    const words = make("span", { class: "who-words" }, make("span", { class: "name" }, person.real_name), make("span", { class: "who-title" }, title));
    return make("label", { class: "person" }, input, avatar(person, "avatar-small"), words);
  });
}

function become(person) {
  keepDrafts();
  state.me = person;
  sessionStorage.setItem("me", person.name);
  if (!room().members.includes(person.id)) {
    const direct = room().kind === "im";
    const next = myRooms().find((each) => (each.kind === "im") === direct) || myRooms()[0];
    state.here = next.id;
    state.thread = null;
  }
  restoreDrafts();
  show();
}

function enter(id) {
  keepDrafts();
  if (state.here !== id) state.thread = null;
  state.here = id;
  state.tab = "messages";
  sessionStorage.setItem("here", id);
  restoreDrafts();
  showMenu(false);
  if (room().kind === "im") act("open-home", { as: state.me.name, tab: "messages" });
  show();
  requestAnimationFrame(() => {
    scrollDown(byId("scroll"));
    if (!matchMedia("(max-width: 700px)").matches) composers.main.focus();
  });
}

function showMenu(open) {
  byId("app").classList.toggle("menu-open", open);
  byId("menu").setAttribute("aria-expanded", String(open));
}

// --- the middle ---------------------------------------------------------------------------------------------------

function showHead() {
  byId("title").textContent = nameOf(room());
  byId("topic").textContent = room().kind === "im" ? "Ask anything, no mention needed" : room().topic;
  const tabs = byId("tabs");
  tabs.hidden = room().kind !== "im";
  fill(tabs, ["messages", "home"], (tab) => tab + (tab === state.tab), (tab) =>
    make("button", { class: "tab", type: "button", "aria-pressed": String(tab === state.tab), onclick: () => turnTo(tab) }, tab === "home" ? "Home" : "Messages"),
  );
  const faces = room().kind === "im" ? [] : room().members.map(personOf).filter(Boolean);
  byId("faces").title = faces.map((person) => person.real_name).join(", ");
  fill(byId("faces"), faces, (person) => person.id, (person) => avatar(person, "avatar-small"));
}

function turnTo(tab) {
  state.tab = tab;
  act("open-home", { as: state.me.name, tab });
  show();
}

function showMiddle() {
  const home = state.tab === "home" && room().kind === "im";
  byId("home").hidden = !home;
  byId("scroll").hidden = home;
  byId("foot").hidden = home;
  if (home) showHome();
  const shown = inRoom(state.here).filter((message) => !message.thread_ts || message.broadcast).sort(byTime);
  showBeginning(shown.length === 0);
  fillMessages(byId("messages"), byId("scroll"), shown, false);
  composers.main.placeholder(room().kind === "im" ? "Message Footnote" : `Message ${nameOf(room())}, @Footnote to ask`);
  composers.main.lock(room().archived ? "This channel is archived." : "");
}

function showBeginning(empty) {
  const people = room().members.map(personOf).filter(Boolean).map((person) => person.real_name);
  const members = new Intl.ListFormat("en").format(people);
  const where = room().kind === "im" ? `This is you and ${state.bot.real_name}.` : `This is the start of ${nameOf(room())}. Here: ${members}.`;
  const hint = empty && (room().kind === "im" ? "Ask a question, or pick one below." : "Ask a question with @Footnote, or pick one below.");
  const key = `${state.here}${where}${hint}`;
  if (byId("beginning").dataset.key === key) return;
  byId("beginning").dataset.key = key;
  byId("beginning").replaceChildren(
    make("div", { class: "beginning-sign", "aria-hidden": "true" }, room().kind === "im" ? avatar(state.bot) : room().kind === "private" ? icon("lock") : "#"),
    make("h2", {}, room().kind === "im" ? state.bot.real_name : room().name),
    make("p", {}, where),
    hint ? make("p", {}, hint) : "",
  );
}

function showHome() {
  const view = state.homes[state.me.id];
  const send = sender("click-in-view", { view: view?.id }, `home ${view?.id}`);
  const body = view ? drawAll(view.body, send) : [make("p", { class: "soft" }, "Footnote has not made a Home tab.")];
  const key = JSON.stringify(view || null) + state.me.id;
  if (byId("home").dataset.key === key) return;
  byId("home").dataset.key = key;
  byId("home").replaceChildren(make("div", { class: "body" }, ...body));
}

function showSuggestions() {
  const pinned = room().kind === "im" && room().prompts.length;
  const questions = pinned ? room().prompts.map((prompt) => [prompt.title, prompt.message]) : state.suggestions.map(withoutMention).map((each) => [each, each]);
  const mentioned = room().members.includes(state.bot.id) ? questions : [];
  const label = make("span", { class: "suggestions-label" }, "Try asking");
  const entries = mentioned.map(([title, message]) => [title, () => suggest(message)]);
  const key = JSON.stringify(mentioned) + state.here;
  const place = byId("suggestions");
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.hidden = !entries.length;
  place.replaceChildren(label, ...entries.map(([title, onclick]) => make("button", { class: "suggestion", type: "button", onclick }, title)));
}

function suggest(question) {
  say(room().kind === "im" ? question : `@${state.bot.real_name} ${question}`, null);
}

// A suggestion may come with the mention; the chip shows the question alone.
function withoutMention(question) {
  const mention = `@${state.bot.real_name} `;
  return question.toLowerCase().startsWith(mention.toLowerCase()) ? question.slice(mention.length).trim() : question;
}

// --- messages -----------------------------------------------------------------------------------------------------

const GROUPED_WITHIN = 300;

function fillMessages(list, scroll, messages, threaded) {
  const wasLow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const entries = messages.flatMap((message, place) => {
    const before = messages[place - 1];
    const newDay = !before || dayOf(before.ts) !== dayOf(message.ts);
    const grouped = !newDay && canGroup(before, message);
    const day = !threaded && newDay ? [{ day: dayOf(message.ts) }] : [];
    const rule = threaded && place === 1 ? [{ count: messages.length - 1 }] : [];
    return [...day, ...rule, { message, grouped, threaded, below: threaded ? null : below(message) }];
  });
  fill(list, entries, (entry) => JSON.stringify([entry, state.me.id]), drawEntry);
  if (wasLow) showLast(scroll, list);
}

// Down to the newest; but a message longer than the window is read from its beginning.
function showLast(scroll, list) {
  const last = list.lastElementChild;
  if (last && last.offsetHeight > scroll.clientHeight) scroll.scrollTop = last.offsetTop - scroll.offsetTop - 8;
  else scrollDown(scroll);
}

function canGroup(before, message) {
  const near = Number(message.ts) - Number(before.ts) < GROUPED_WITHIN;
  return near && before.user === message.user && before.only === message.only && !repliesTo(before.channel, before.ts).length;
}

function below(message) {
  const replies = repliesTo(message.channel, message.ts);
  const status = statusOf(message.channel, message.ts);
  const unread = Boolean(state.unread.get(message.channel)?.has(message.ts)) && replies.length > 0;
  const last = replies.at(-1);
  return { count: replies.length, who: [...new Set(replies.map((reply) => reply.user))], last: last?.ts, status: status?.lines[0], unread };
}

function drawEntry(entry) {
  if (entry.day) return make("li", { class: "day" }, make("span", {}, dayName(entry.day)));
  if (entry.count) return make("li", { class: "count" }, make("span", {}, plural(entry.count, "reply", "replies")));
  return drawMessage(entry);
}

function drawMessage({ message, grouped, threaded, below: under }) {
  const author = personOf(message.user);
  const bot = message.user === state.bot.id;
  const send = sender("click", { as: state.me.name, channel: message.channel, ts: message.ts }, `${message.channel} ${message.ts} `);
  const head = make(
    "div",
    { class: "by" },
    make("strong", {}, message.username || author?.real_name || message.user),
    bot && make("span", { class: "badge" }, "App"),
    author?.guest && make("span", { class: "badge" }, "Guest"),
    clockTime(message.ts),
  );
  const only = message.only && make("div", { class: "only" }, icon("eye"), "Only visible to you");
  const body = make("div", { class: `body${message.streaming ? " streaming" : ""}`, "aria-busy": message.streaming ? "true" : null }, ...drawAll(message.body, send));
  if (message.edited && !message.gone) body.append(make("span", { class: "edited" }, "(edited)"));
  const reactions = message.reactions.length ? make("div", { class: "reactions" }, ...message.reactions.map(drawReaction)) : null;
  const column = make("div", { class: "column" }, !grouped && head, only, body, reactions, under && drawBelow(message, under));
  const margin = make("div", { class: "margin" }, grouped ? clockTime(message.ts) : avatar(author));
  const reply = !threaded && !message.only && make("button", { class: "button reply-button", type: "button", onclick: () => openThread(message.ts) }, "Reply");
  const classes = ["message", grouped && "grouped", message.only && "message-only", message.gone && "message-gone"].filter(Boolean);
  return make("li", { class: classes.join(" "), data: { ts: message.ts, author: bot ? "bot" : author?.name || "" } }, margin, column, reply);
}

const EMOJI = { thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", eyes: "👀", white_check_mark: "✅", hourglass_flowing_sand: "⏳", warning: "⚠️", x: "❌" };

function drawReaction(reaction) {
  return make("span", { class: "reaction", title: `:${reaction.name}:` }, `${EMOJI[reaction.name] || `:${reaction.name}:`} ${reaction.count}`);
}

function drawBelow(message, under) {
  if (!under.count && !under.status) return null;
  const faces = under.who.map((id) => avatar(personOf(id), "avatar-tiny"));
  const words = under.status || plural(under.count, "reply", "replies");
  const when = under.last && !under.status ? make("span", { class: "soft" }, ` Last reply ${clockTime(under.last).textContent}`) : null;
  const properties = { class: `replies-button${under.unread ? " replies-new" : ""}`, type: "button", onclick: () => openThread(message.ts) };
  return make("button", properties, ...faces, make("span", { class: "replies-count" }, words), when, under.unread && make("span", { class: "dot" }, make("span", { class: "hidden" }, "new")));
}

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
const momentOf = (ts) => new Date(Number(ts) * 1000);
const dayOf = (ts) => momentOf(ts).toDateString();

function dayName(day) {
  const today = new Date();
  const yesterday = new Date(today.getTime() - 86400000);
  if (day === today.toDateString()) return "Today";
  if (day === yesterday.toDateString()) return "Yesterday";
  return new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric" }).format(new Date(day));
}

function clockTime(ts) {
  const moment = momentOf(ts);
  const short = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(moment);
  return make("time", { class: "time", datetime: moment.toISOString(), title: moment.toLocaleString() }, short);
}

// --- the thread ---------------------------------------------------------------------------------------------------

function openThread(ts) {
  keepDrafts();
  state.thread = ts;
  state.opening = ts;
  restoreDrafts();
  show();
}

function closeThread() {
  const ts = state.thread;
  keepDrafts();
  state.thread = null;
  show();
  requestAnimationFrame(() => {
    const button = byId("messages").querySelector(`[data-ts="${CSS.escape(ts || "")}"] .replies-button`);
    (button || composers.main).focus();
    button?.scrollIntoView({ block: "nearest" });
  });
}

function showThread() {
  const root = state.thread && state.messages.get(state.here)?.get(state.thread);
  byId("thread").hidden = !root;
  byId("app").classList.toggle("thread-open", Boolean(root));
  if (!root) return;
  byId("thread-place").textContent = nameOf(room());
  const replies = repliesTo(state.here, state.thread);
  fillMessages(byId("replies"), byId("thread-scroll"), [root, ...replies], true);
  showStatus(statusOf(state.here, state.thread));
  const answered = replies.some((reply) => reply.user === state.bot.id);
  composers.thread.placeholder(answered ? "Ask a follow-up" : "Reply");
  composers.thread.lock(room().archived ? "This channel is archived." : "");
  if (state.opening === state.thread) arrive();
}

// The box can only take the focus once the thread shows, and its root may come after the answer to what opened it.
function arrive() {
  state.opening = null;
  scrollDown(byId("thread-scroll"));
  composers.thread.focus();
}

function showStatus(status) {
  const place = byId("status");
  const key = status ? JSON.stringify(status.lines) : "";
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const lines = status && (status.lines.length > 1 ? status.lines.slice(1) : status.lines);
  place.replaceChildren(...(status ? [avatar(state.bot), make("span", { class: "status-words", data: { lines: JSON.stringify(lines) } }, lines[0])] : []));
  if (status) scrollDown(byId("thread-scroll"));
}

// Several loading messages take turns.
setInterval(() => {
  const words = document.querySelector(".status-words");
  const lines = words ? JSON.parse(words.dataset.lines) : [];
  if (lines.length > 1) words.textContent = lines[(lines.indexOf(words.textContent) + 1) % lines.length];
}, 2500);

function scrollDown(scroll) {
  scroll.scrollTop = scroll.scrollHeight;
}

// --- lists that keep what has not changed -------------------------------------------------------------------------

// Replace only the children whose key is new, so that focus, selection and open menus survive.
function fill(list, items, keyOf, drawItem) {
  const standing = new Map();
  for (const child of list.querySelectorAll(":scope > [data-key]")) standing.set(child.dataset.key, child);
  const focus = focusIn(list);
  let cursor = list.querySelector(":scope > [data-key]");
  for (const item of items) {
    const key = keyOf(item);
    const child = standing.get(key) || drawItem(item);
    child.dataset.key = key;
    standing.delete(key);
    if (child === cursor) cursor = child.nextElementSibling;
    else list.insertBefore(child, cursor);
  }
  for (const child of standing.values()) child.remove();
  focus(list);
}

// A replaced button hands its focus to the one that took its place.
function focusIn(list) {
  const active = document.activeElement;
  if (!active || active === list || !list.contains(active)) return () => {};
  const owner = active.closest("[data-ts], li");
  const selector = owner?.dataset.ts ? `[data-ts="${CSS.escape(owner.dataset.ts)}"]` : null;
  const place = owner ? [...owner.querySelectorAll("button, a, input, summary, select")].indexOf(active) : -1;
  return () => {
    if (document.contains(active)) return;
    const heir = selector && list.querySelector(selector);
    heir?.querySelectorAll("button, a, input, summary, select")[place]?.focus();
  };
}

// --- writing ------------------------------------------------------------------------------------------------------

const composers = {};

function makeComposer(place, id, label, threadOf) {
  const box = make("textarea", { id, class: "box", rows: 1, maxlength: 12000, "aria-label": label, "aria-autocomplete": "list", "aria-controls": `${id}-people` });
  const send = make("button", { class: "send", type: "submit", "aria-label": "Send", disabled: true }, icon("send"));
  const people = make("ul", { class: "people", id: `${id}-people`, role: "listbox", "aria-label": "Mention somebody", hidden: true });
  const hint = make("p", { class: "hint", id: `${id}-hint` }, "Enter sends, Shift+Enter starts a new line");
  const form = make("form", { class: "composer" }, people, make("div", { class: "box-row" }, box, send), hint);
  place.append(form);
  const grow = () => {
    send.disabled = !box.value.trim();
    box.style.setProperty("height", "auto");
    if (box.scrollHeight) box.style.setProperty("height", `${Math.min(box.scrollHeight, 200)}px`);
  };
  const submit = async () => {
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    grow();
    const sent = await say(text, threadOf());
    if (!sent && !box.value) box.value = text;
    grow();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  const mentions = mentioning(box, people, grow);
  box.addEventListener("input", () => {
    grow();
    mentions.look();
  });
  box.addEventListener("blur", () => setTimeout(mentions.close, 150));
  box.addEventListener("keydown", (event) => {
    if (mentions.key(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });
  return {
    focus: () => {
      grow();
      box.focus();
    },
    placeholder: (words) => box.setAttribute("placeholder", words),
    text: () => box.value,
    set: (text) => {
      box.value = text;
      grow();
    },
    lock: (why) => {
      box.disabled = Boolean(why);
      if (why) box.setAttribute("placeholder", why);
    },
  };
}

// The list of people under an "@" that is being typed.
function mentioning(box, list, changed) {
  let chosen = 0;
  const typed = () => box.value.slice(0, box.selectionStart).match(/(?:^|\s)@([\w.-]*)$/);
  const found = () => {
    const start = typed()?.[1].toLowerCase();
    if (start === undefined) return [];
    const all = [state.bot, ...state.people].filter((person) => room().members.includes(person.id) && person.id !== state.me.id);
    const hits = all.filter((person) => [person.name, person.real_name].some((name) => name.toLowerCase().startsWith(start)));
    return hits.length === 1 && hits[0].real_name.toLowerCase() === start ? [] : hits;
  };
  const close = () => {
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
  };
  const take = (person) => {
    const start = box.selectionStart - typed()[1].length;
    const name = person.id === state.bot.id ? person.real_name : person.name;
    box.setRangeText(`${name} `, start, box.selectionStart, "end");
    close();
    changed();
    box.focus();
  };
  const look = () => {
    const hits = found();
    chosen = Math.min(chosen, Math.max(hits.length - 1, 0));
    list.hidden = !hits.length;
    list.replaceChildren(
      ...hits.map((person, place) => {
        const properties = { id: `${list.id}-${place}`, class: "choice", role: "option", "aria-selected": String(place === chosen), onmousedown: (event) => event.preventDefault(), onclick: () => take(person) };
        return make("li", properties, avatar(person, "avatar-small"), make("span", {}, person.real_name), person.id === state.bot.id && make("span", { class: "badge" }, "App"));
      }),
    );
    if (hits.length) box.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const key = (event) => {
    if (list.hidden) return false;
    const hits = found();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") chosen = (chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length;
    else if ((event.key === "Enter" || event.key === "Tab") && hits[chosen]) {
      event.preventDefault();
      take(hits[chosen]);
      return true;
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
      return true;
    } else return false;
    event.preventDefault();
    look();
    return true;
  };
  return { look, close, key };
}

function keepDrafts() {
  if (!state.me || !state.here) return;
  state.drafts.set(`${state.me.id} ${state.here}`, composers.main.text());
  if (state.thread) state.drafts.set(`${state.me.id} ${state.here} ${state.thread}`, composers.thread.text());
}

function restoreDrafts() {
  composers.main.set(state.drafts.get(`${state.me.id} ${state.here}`) || "");
  composers.thread.set(state.drafts.get(`${state.me.id} ${state.here} ${state.thread}`) || "");
}

async function say(text, threadTs) {
  const asksBot = room().kind === "im" || text.toLowerCase().includes(`@${state.bot.real_name.toLowerCase()}`);
  const answer = await act("say", { as: state.me.name, channel: state.here, text, thread_ts: threadTs });
  if (!answer) return false;
  if (asksBot && !threadTs) openThread(answer.ts);
  requestAnimationFrame(() => requestAnimationFrame(() => scrollDown(byId(threadTs ? "thread-scroll" : "scroll"))));
  return true;
}

// --- forms --------------------------------------------------------------------------------------------------------

function showModal() {
  const dialog = byId("modal");
  const view = state.modals[state.me.id];
  const key = JSON.stringify(view || null);
  if (dialog.dataset.key === key) return;
  dialog.dataset.key = key;
  if (!view) {
    dialog.close();
    dialog.replaceChildren();
    return;
  }
  const dismiss = () => act("dismiss", { view: view.id });
  const send = sender("click-in-view", { view: view.id }, `view ${view.id} `);
  const close = make("button", { class: "button", type: "button", onclick: dismiss }, view.close || "Close");
  const submit = view.submit && make("button", { class: "button button-primary", type: "submit" }, view.submit);
  const form = make("form", { class: "form" }, make("h2", { id: "modal-title" }, view.title || ""), make("div", { class: "body" }, ...drawAll(view.body, send)), make("div", { class: "form-foot" }, close, submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await act("submit", { view: view.id, values: Object.fromEntries(new FormData(form)) });
  });
  for (const [block, words] of Object.entries(view.errors)) {
    const note = form.querySelector(`[data-block="${CSS.escape(block)}"]`) || form.querySelector(".form-foot");
    note.append(make("span", { class: "wrong", role: "alert" }, words));
  }
  dialog.oncancel = (event) => {
    event.preventDefault();
    dismiss();
  };
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

// --- talking to the server ----------------------------------------------------------------------------------------

async function act(deed, what) {
  try {
    const response = await fetch(`/page/${deed}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) });
    if (response.ok) return await response.json();
    const wrong = response.headers.get("Content-Type")?.includes("json") ? (await response.json()).error : await response.text();
    toast(`That did not work: ${wrong}`);
  } catch {
    toast("The playground does not answer. Is it still running?");
  }
  return null;
}

function sender(deed, where, key) {
  const send = (action_id, value) => act(deed, { ...where, action_id, value });
  send.key = key;
  return send;
}

let toasting;

function toast(words) {
  byId("toast").textContent = words;
  byId("toast").classList.add("toast-on");
  clearTimeout(toasting);
  toasting = setTimeout(() => byId("toast").classList.remove("toast-on"), 5000);
}

let failures = 0;

function listen() {
  const socket = new WebSocket(`ws://${location.host}/page/live`);
  socket.onmessage = (event) => {
    const news = JSON.parse(event.data);
    failures = 0;
    byId("app").classList.remove("lost");
    HEAR[news.kind]?.(news);
    show();
  };
  socket.onclose = () => {
    failures += 1;
    byId("app").classList.add("lost");
    toast(failures > 5 ? "The playground has stopped. Start it again and open the address it prints." : "Connection lost. Trying again…");
    setTimeout(listen, Math.min(500 * 2 ** failures, 10000));
  };
}

function begin() {
  byId("menu").append(icon("menu"));
  byId("thread-close").append(icon("close"));
  byId("menu").addEventListener("click", () => showMenu(!byId("app").classList.contains("menu-open")));
  byId("thread-close").addEventListener("click", closeThread);
  composers.main = makeComposer(byId("composer"), "box", "Message", () => null);
  composers.thread = makeComposer(byId("thread-composer"), "thread-box", "Reply in the thread", () => state.thread);
  document.addEventListener("visibilitychange", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("app").classList.contains("menu-open")) showMenu(false);
    else if (event.key === "Escape" && state.thread && !byId("modal").open) closeThread();
    if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const rooms = myRooms();
      const place = rooms.findIndex((each) => each.id === state.here);
      enter(rooms[(place + (event.key === "ArrowDown" ? 1 : rooms.length - 1)) % rooms.length].id);
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
    const outside = !byId("side").contains(event.target) && !byId("menu").contains(event.target);
    if (outside && byId("app").classList.contains("menu-open")) showMenu(false);
  });
  listen();
}

begin();
