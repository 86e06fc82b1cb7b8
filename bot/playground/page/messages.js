// Messages in a list: who said what when, what can be done with it, and what hangs below it.

import { act, ask, sender } from "./acting.js";
import { dropDown } from "./controls.js";
import { draw } from "./drawing.js";
import { fill, icon, make, placeKey, plural, scrollDown, withPlaces } from "./making.js";
import { avatar, personOf, repliesTo, show, state, statusOf } from "./known.js";
import { openThread } from "./threads.js";

const GROUPED_WITHIN = 300;

export function fillMessages(list, scroll, messages, threaded) {
  const wasLow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const replies = messages.filter((message) => !message.only).length - 1;
  const entries = messages.flatMap((message, place) => {
    const before = messages[place - 1];
    const newDay = !before || dayOf(before.ts) !== dayOf(message.ts);
    const grouped = !newDay && canGroup(before, message);
    const day = !threaded && newDay ? [{ day: dayOf(message.ts) }] : [];
    const rule = threaded && place === 1 && replies ? [{ count: replies }] : [];
    const editing = state.editing === `${threaded} ${message.ts}`;
    return [...day, ...rule, { message, grouped, threaded, editing, below: threaded ? null : below(message) }];
  });
  const hold = wasLow ? () => showLast(scroll, list) : holdStill(list, scroll);
  fill(list, entries, keyOf, drawEntry, renewEntry);
  hold();
}

// What is being read stays where it is, whatever comes or goes above it.
function holdStill(list, scroll) {
  const top = scroll.getBoundingClientRect().top;
  const seen = [...list.children].map((child) => ({ child, box: child.getBoundingClientRect() })).filter(({ box }) => box.bottom > top);
  return () => {
    const anchor = seen.find(({ child }) => child.isConnected);
    if (anchor) scroll.scrollTop += anchor.child.getBoundingClientRect().top - anchor.box.top;
  };
}

// A message stays the same line of the list however it changes; another person's look at it is another line.
function keyOf(entry) {
  return entry.message ? `${entry.message.channel} ${entry.message.ts} ${state.me.id}` : JSON.stringify(entry);
}

// Down to the newest; but a message longer than the window is read from its beginning.
export function showLast(scroll, list) {
  const last = list.lastElementChild;
  if (last && last.offsetHeight > scroll.clientHeight) scroll.scrollTop = last.offsetTop - scroll.offsetTop - 8;
  else scrollDown(scroll);
}

function canGroup(before, message) {
  const near = Number(message.ts) - Number(before.ts) < GROUPED_WITHIN;
  return near && before.user === message.user && before.only === message.only && before.system === message.system && !repliesTo(before.channel, before.ts).length;
}

function below(message) {
  const all = repliesTo(message.channel, message.ts);
  const replies = all.filter((reply) => !reply.only);
  const status = statusOf(message.channel, message.ts);
  const unread = Boolean(state.unread.get(message.channel)?.has(message.ts)) && all.length > 0;
  const who = [...new Set(all.map((reply) => reply.user))];
  return { count: replies.length, secret: all.length > replies.length, who, last: all.at(-1)?.ts, status: status?.lines[0], unread };
}

// --- one line of the list -----------------------------------------------------------------------------------------

function drawEntry(entry) {
  if (entry.day) return make("li", { class: "day" }, make("span", {}, dayName(entry.day)));
  if (entry.count) return make("li", { class: "count" }, make("span", {}, plural(entry.count, "reply", "replies")));
  const line = make("li", {}, make("div", { class: "margin" }), make("div", { class: "column" }));
  renewEntry(line, entry);
  return line;
}

// Only the parts that changed are drawn anew: a stream grows in its place, an open menu stays open.
function renewEntry(line, entry) {
  if (!entry.message) return;
  const looks = JSON.stringify(entry);
  if (line.looks === looks) return;
  line.looks = looks;
  const { message, grouped } = entry;
  const author = personOf(message.user);
  const classes = ["message", grouped && "grouped", message.only && "message-only", message.gone && "message-gone", message.system && "message-system"];
  line.className = classes.filter(Boolean).join(" ");
  const name = author?.id === state.bot.id ? "bot" : author?.name || "";
  Object.assign(line.dataset, { ts: message.ts, author: name, ...(message.only ? { only: message.only } : {}) });
  fill(line.firstElementChild, [{ grouped, ts: message.ts }], JSON.stringify, () => (grouped ? clockTime(message.ts) : avatar(author || { real_name: message.username })));
  const column = line.querySelector(":scope > .column");
  fill(column, partsOf(entry, author), (part) => part.key, (part) => part.draw(), (child, part) => part.renew?.(child));
  fill(line, toolsOf(entry), (part) => part.key, (part) => part.draw());
}

function partsOf(entry, author) {
  const { message, grouped, editing, below: under } = entry;
  const parts = [];
  const add = (key, drawPart, renew) => parts.push({ key, draw: drawPart, renew });
  if (!grouped) add(`by ${message.username}`, () => drawBy(message, author));
  if (message.only) add("only", () => make("div", { class: "only" }, icon("eye"), "Only visible to you"));
  if (editing) add("editing", () => drawEditing(message));
  else add("body", () => renewBody(make("div", { class: "body" }), message), (body) => renewBody(body, message));
  if (message.reactions.length) add(JSON.stringify(message.reactions), () => make("div", { class: "reactions" }, ...message.reactions.map(drawReaction)));
  if (under && (under.count || under.secret || under.status)) add(`below ${JSON.stringify(under)}`, () => drawBelow(message, under));
  return parts;
}

function drawBy(message, author) {
  const badges = [(message.app || message.user === state.bot.id) && "App", author?.guest && "Guest"].filter(Boolean);
  const name = message.username || author?.real_name || message.user;
  return make("div", { class: "by" }, make("strong", {}, name), ...badges.map((words) => make("span", { class: "badge" }, words)), clockTime(message.ts));
}

function renewBody(body, message) {
  const send = sender("click", () => ({ as: state.me.name, channel: message.channel, ts: message.ts }), `${message.channel} ${message.ts} `);
  body.classList.toggle("streaming", message.streaming);
  if (message.streaming) body.setAttribute("aria-busy", "true");
  else body.removeAttribute("aria-busy");
  const edited = message.edited && !message.gone ? [{ edited: true }] : [];
  fill(body, [...withPlaces(message.body), ...edited], (part) => (part.edited ? "edited" : placeKey(part)), (part) =>
    part.edited ? make("span", { class: "edited" }, "(edited)") : whole(draw(part.node, send)),
  );
  return body;
}

// Bare words need an element to be kept by.
function whole(drawn) {
  return drawn.nodeType === Node.ELEMENT_NODE ? drawn : make("span", {}, drawn);
}

const EMOJI = { thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", eyes: "👀", white_check_mark: "✅", hourglass_flowing_sand: "⏳", warning: "⚠️", x: "❌" };

function drawReaction(reaction) {
  return make("span", { class: "reaction", title: `:${reaction.name}:` }, `${EMOJI[reaction.name] || `:${reaction.name}:`} ${reaction.count}`);
}

function drawBelow(message, under) {
  const faces = under.who.map((id) => avatar(personOf(id), "avatar-tiny"));
  const words = under.status || (under.count ? plural(under.count, "reply", "replies") : "Only visible to you");
  const when = under.last && !under.status ? make("span", { class: "soft" }, ` Last reply ${clockTime(under.last).textContent}`) : null;
  const properties = { class: `replies-button${under.unread ? " replies-new" : ""}`, type: "button", onclick: () => openThread(message.ts) };
  return make("button", properties, ...faces, make("span", { class: "replies-count" }, words), when, under.unread && make("span", { class: "dot" }, make("span", { class: "hidden" }, "new")));
}

// --- what can be done with a message ------------------------------------------------------------------------------

function toolsOf({ message, threaded, editing }) {
  if (message.only || message.gone || message.system || editing) return [];
  return [{ key: `tools ${threaded} ${message.typed !== null}`, draw: () => drawTools(message.channel, message.ts, threaded) }];
}

function drawTools(channel, ts, threaded) {
  const reply = !threaded && make("button", { class: "button reply-button", type: "button", onclick: () => openThread(ts) }, "Reply");
  const summary = make("summary", { class: "button", "aria-label": "Message actions" }, "⋯");
  const choices = choicesOf(channel, ts, threaded).map(([words, work, danger]) => {
    const run = () => {
      menu.open = false;
      work();
    };
    return make("button", { class: `plain choice${danger ? " choice-danger" : ""}`, type: "button", onclick: run }, words);
  });
  const menu = dropDown("message-menu", summary, make("div", { class: "choices choices-left", role: "group", "aria-label": "Message actions" }, ...choices));
  return make("div", { class: "tools" }, reply, menu);
}

function choicesOf(channel, ts, threaded) {
  const where = { as: state.me.name, channel, ts };
  const message = state.messages.get(channel).get(ts);
  const offered = state.shortcuts.map(({ callback_id, label }) => [label, () => act("shortcut", { ...where, callback_id })]);
  const own = message.user === state.me.id && message.typed !== null;
  const changes = [
    ["Edit message", () => edit(ts, threaded)],
    ["Delete message", () => remove(where), true],
  ];
  return own ? [...offered, ...changes] : offered;
}

async function remove(where) {
  const text = "It is taken back for everybody. This cannot be undone.";
  if (await ask({ title: "Delete this message?", text, yes: "Delete", no: "Cancel", style: "danger" })) await act("delete", where);
}

// --- editing ------------------------------------------------------------------------------------------------------

export function edit(ts, threaded) {
  state.editing = `${threaded} ${ts}`;
  show();
}

function drawEditing(message) {
  const box = make("textarea", { class: "box edit-box", "aria-label": "Edit message", rows: 1, maxlength: 12000 });
  box.value = message.typed;
  const leave = () => {
    state.editing = null;
    show();
  };
  const save = async () => {
    const text = box.value.trim();
    const done = !text || text === message.typed || (await act("edit", { as: state.me.name, channel: message.channel, ts: message.ts, text }));
    if (done) leave();
  };
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") event.stopPropagation();
    if (event.key === "Escape") leave();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    save();
  });
  const buttons = [make("button", { class: "button", type: "button", onclick: leave }, "Cancel"), make("button", { class: "button button-primary", type: "button", onclick: save }, "Save")];
  queueMicrotask(() => {
    box.style.setProperty("height", `${Math.min(box.scrollHeight, 200)}px`);
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  });
  return make("div", { class: "editing" }, make("div", { class: "box-row" }, box), make("div", { class: "editing-foot" }, ...buttons));
}

// --- when ---------------------------------------------------------------------------------------------------------

const momentOf = (ts) => new Date(Number(ts) * 1000);
const dayOf = (ts) => momentOf(ts).toDateString();

function dayName(day) {
  const today = new Date();
  const yesterday = new Date(today.getTime() - 86400000);
  if (day === today.toDateString()) return "Today";
  if (day === yesterday.toDateString()) return "Yesterday";
  return new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric" }).format(new Date(day));
}

export function clockTime(ts) {
  const moment = momentOf(ts);
  const short = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(moment);
  return make("time", { class: "time", datetime: moment.toISOString(), title: moment.toLocaleString() }, short);
}
