// The left side and the middle: conversations, people, the head, the Home tab, the suggestions.

import { act, sender } from "./acting.js";
import { composers, keepDrafts, restoreDrafts, say } from "./composing.js";
import { valuesOf } from "./controls.js";
import { draw } from "./drawing.js";
import { byId, fill, icon, make, placeKey, scrollDown, withPlaces } from "./making.js";
import { fillMessages } from "./messages.js";
import { avatar, byTime, inRoom, isHome, myRooms, nameOf, personOf, room, show, state } from "./known.js";
import { openThread } from "./threads.js";

// --- the left side ------------------------------------------------------------------------------------------------

export function showSide() {
  const presence = byId("presence");
  presence.className = state.online ? "presence presence-on" : "presence";
  presence.textContent = state.online ? "Footnote is here" : "Footnote is not connected";
  byId("offline").hidden = state.online;
  fill(byId("channels"), myRooms().filter((each) => each.kind !== "im"), sideKey, sideEntry);
  fill(byId("direct"), myRooms().filter((each) => each.kind === "im"), sideKey, sideEntry);
  fill(byId("sessions"), mySessions(), sessionKey, sessionEntry);
}

const sideKey = (each) => [each.id, each.name, each.id === state.here, hasUnread(each.id), state.me.id].join();
export const hasUnread = (id) => id !== state.here && Boolean(state.unread.get(id)?.size);

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

const MOST_SESSIONS = 8;

// The conversations with the bot that have a title, newest first.
function mySessions() {
  const direct = new Set(myRooms().filter((each) => each.kind === "im").map((each) => each.id));
  const titled = [...state.sessions.values()].filter((each) => each.title && direct.has(each.channel));
  return titled.filter((each) => state.messages.get(each.channel)?.has(each.thread_ts)).sort((one, other) => other.thread_ts - one.thread_ts).slice(0, MOST_SESSIONS);
}

const isOpen = (session) => state.here === session.channel && state.thread === session.thread_ts;
const sessionKey = (session) => [session.channel, session.thread_ts, session.title, session.status, isOpen(session)].join();

function sessionEntry(session) {
  const working = session.status === "processing" && make("span", { class: "working-dot" }, make("span", { class: "hidden" }, "at work"));
  const open = () => {
    enter(session.channel);
    openThread(session.thread_ts);
  };
  const properties = { class: "entry session", type: "button", title: session.title, "aria-current": isOpen(session) ? "true" : null, data: { session: session.thread_ts }, onclick: open };
  return make("li", {}, make("button", properties, make("span", { class: "name" }, session.title), working));
}

export function showWho() {
  const who = byId("who");
  fill(who, state.people, (person) => [person.id, person.id === state.me.id].join(), (person) => {
    const choose = () => become(person);
    const input = make("input", { type: "radio", name: "me", value: person.name, checked: person.id === state.me.id, onchange: choose });
    const title = person.guest ? "Guest" : person.title;
    const badge = person.admin && make("span", { class: "badge badge-side" }, "Admin");
    const name = make("span", { class: "who-name" }, make("span", { class: "name" }, person.real_name), badge);
    return make("label", { class: "person" }, input, avatar(person, "avatar-small"), make("span", { class: "who-words" }, name, make("span", { class: "who-title" }, title)));
  });
}

function become(person) {
  keepDrafts();
  state.me = person;
  state.editing = null;
  sessionStorage.setItem("me", person.name);
  if (!room().members.includes(person.id)) {
    const direct = room().kind === "im";
    const next = myRooms().find((each) => (each.kind === "im") === direct) || myRooms()[0];
    state.here = next.id;
    state.thread = null;
  }
  restoreDrafts();
  lookAround();
  show();
}

export function enter(id) {
  keepDrafts();
  if (state.here !== id) state.thread = null;
  state.here = id;
  state.tab = "messages";
  sessionStorage.setItem("here", id);
  restoreDrafts();
  showMenu(false);
  lookAround();
  show();
  requestAnimationFrame(() => {
    scrollDown(byId("scroll"));
    if (!state.thread && !matchMedia("(max-width: 700px)").matches) composers.main.focus();
  });
}

// Slack tells the bot when its direct message is opened, and which channel a person looks at.
function lookAround() {
  if (room().kind === "im") act("open-home", { as: state.me.name, tab: state.tab });
  else act("look-at", { as: state.me.name, channel: state.here });
}

export function showMenu(open) {
  byId("app").classList.toggle("menu-open", open);
  byId("menu").setAttribute("aria-expanded", String(open));
}

// --- the middle ---------------------------------------------------------------------------------------------------

export function showHead() {
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

export function showMiddle() {
  const home = isHome();
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
  const body = byId("home-body");
  const send = sender("click-in-view", () => ({ view: view.id, values: valuesOf(body) }), `home ${view?.id} `);
  const empty = [{ is: "paragraph", of: [{ is: "text", text: "Footnote has not made a Home tab." }] }];
  fill(body, withPlaces(view ? view.body : empty), (part) => `${view?.id} ${placeKey(part)}`, (part) => draw(part.node, send));
}

export function showSuggestions() {
  const pinned = room().kind === "im" && room().prompts.length;
  const questions = pinned ? room().prompts.map((prompt) => [prompt.title, prompt.message]) : state.suggestions.map(withoutMention).map((each) => [each, each]);
  const mentioned = room().members.includes(state.bot.id) ? questions : [];
  const label = make("span", { class: "suggestions-label" }, (pinned && room().prompts_title) || "Try asking");
  const entries = mentioned.map(([title, message]) => [title, () => suggest(message)]);
  const key = JSON.stringify(mentioned) + state.here + label.textContent;
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
