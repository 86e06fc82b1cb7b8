// What the page knows: people, conversations, messages, who is looking and where.

import { make } from "./making.js";

export const state = {
  bot: null,
  online: false,
  people: [],
  rooms: new Map(),
  messages: new Map(),
  statuses: new Map(),
  sessions: new Map(),
  commands: [],
  shortcuts: [],
  canStop: false,
  suggestions: [],
  modals: {},
  homes: {},
  me: null,
  here: null,
  thread: null,
  editing: null,
  tab: "messages",
  unread: new Map(),
  pressed: new Map(),
  drafts: new Map(),
};

export const room = () => state.rooms.get(state.here);
export const isHome = () => state.tab === "home" && room().kind === "im";
export const personOf = (id) => (id === state.bot.id ? state.bot : state.people.find((person) => person.id === id));
// Public channels are to be seen, and chosen, from outside too.
export const visibleRooms = () => [...state.rooms.values()].filter((each) => each.kind === "channel" || each.members.includes(state.me.id));
export const myRooms = () => [...state.rooms.values()].filter((each) => each.members.includes(state.me.id));
export const isMine = (message) => message.only === null || message.only === state.me.name;
export const inRoom = (id) => [...(state.messages.get(id) || new Map()).values()].filter(isMine);
export const byTime = (one, other) => Number(one.ts) - Number(other.ts);
export const repliesTo = (id, ts) => inRoom(id).filter((message) => message.thread_ts === ts).sort(byTime);
export const statusOf = (id, ts) => state.statuses.get(`${id} ${ts}`);

export function remember(message) {
  if (!state.messages.has(message.channel)) state.messages.set(message.channel, new Map());
  const known = state.messages.get(message.channel);
  const isNew = !known.has(message.ts);
  known.set(message.ts, message);
  return isNew;
}

export function rememberStatus(status) {
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

export function rememberSession(session) {
  state.sessions.set(`${session.channel} ${session.thread_ts}`, session);
}

export const sessionOf = (id, ts) => state.sessions.get(`${id} ${ts}`);
export const titleOf = (id, ts) => sessionOf(id, ts)?.title || "";

// Whether the bot is at work in a thread and listens to Stop.
export const isStoppable = (id, ts) => state.canStop && sessionOf(id, ts)?.status === "processing";

export function nameOf(of) {
  return of.kind === "im" ? state.bot.real_name : `${of.kind === "private" ? "🔒" : "#"}${of.name}`;
}

const COLOURS = ["#7a4b94", "#b3541e", "#2d6a8f", "#8a3c52", "#4c6b2f"];

export function avatar(person, size = "") {
  if (person?.id === state.bot.id) return make("span", { class: `avatar avatar-bot ${size}`, "aria-hidden": "true" }, "[1]");
  const words = ((person && person.real_name) || "?").split(" ");
  const initials = words.map((word) => word[0]).slice(0, 2).join("");
  const place = state.people.findIndex((each) => each.id === person?.id);
  const face = make("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  face.style.setProperty("--face", COLOURS[Math.max(place, 0) % COLOURS.length]);
  return face;
}

// --- redrawing ----------------------------------------------------------------------------------------------------

let due = false;
let drawScreen = () => {};

export function whenShown(drawing) {
  drawScreen = drawing;
}

// Redraw once per frame, however much has happened.
export function show() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (state.me) drawScreen();
  });
}
