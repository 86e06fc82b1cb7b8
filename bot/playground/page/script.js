// The playground's page: hears what changes, shows it, and goes by mouse and keyboard. Everything that came over the
// wire is put on the screen with textContent and createElement; the content security policy forbids any other way.

import { toast } from "./acting.js";
import { composers, makeComposer } from "./composing.js";
import { showModal } from "./forms.js";
import { byId, icon } from "./making.js";
import { isMine, myRooms, nameOf, remember, rememberSession, rememberStatus, repliesTo, room, show, state, whenShown } from "./known.js";
import { enter, hasUnread, showHead, showMenu, showMiddle, showSide, showSuggestions, showWho } from "./rooms.js";
import { closeThread, showThread } from "./threads.js";

// --- hearing ------------------------------------------------------------------------------------------------------

const HEAR = {
  all(news) {
    const { bot, online, people, suggestions, modals, homes, commands, shortcuts, can_stop } = news;
    Object.assign(state, { bot, online, people, suggestions, modals, homes, commands, shortcuts, canStop: can_stop });
    state.rooms = new Map(news.rooms.map((each) => [each.id, each]));
    for (const known of [state.messages, state.sessions]) known.clear();
    for (const status of state.statuses.values()) rememberStatus({ ...status, lines: [] });
    news.messages.forEach(remember);
    news.statuses.forEach(rememberStatus);
    news.sessions.forEach(rememberSession);
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
  session: rememberSession,
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

// --- the whole screen ---------------------------------------------------------------------------------------------

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

// --- keys and clicks that belong to no one element ----------------------------------------------------------------

function onKey(event) {
  const formOpen = byId("modal").open || byId("confirm").open;
  if (event.key === "Escape" && byId("app").classList.contains("menu-open")) showMenu(false);
  else if (event.key === "Escape" && state.thread && !formOpen) closeThread();
  if (event.altKey && !formOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const rooms = myRooms();
    const place = rooms.findIndex((each) => each.id === state.here);
    enter(rooms[(place + (event.key === "ArrowDown" ? 1 : rooms.length - 1)) % rooms.length].id);
  }
}

function onClick(event) {
  for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
  const outside = !byId("side").contains(event.target) && !byId("menu").contains(event.target);
  if (outside && byId("app").classList.contains("menu-open")) showMenu(false);
}

function begin() {
  byId("menu").append(icon("menu"));
  byId("thread-close").append(icon("close"));
  byId("menu").addEventListener("click", () => showMenu(!byId("app").classList.contains("menu-open")));
  byId("thread-close").addEventListener("click", closeThread);
  composers.main = makeComposer(byId("composer"), "box", "Message", () => null);
  composers.thread = makeComposer(byId("thread-composer"), "thread-box", "Reply in the thread", () => state.thread);
  document.addEventListener("visibilitychange", show);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  whenShown(showEverything);
  listen();
}

begin();
