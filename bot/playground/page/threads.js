// The thread at the right: its messages, the bot's status with its changing words, and the button that stops it.

import { act } from "./acting.js";
import { composers, keepDrafts, restoreDrafts } from "./composing.js";
import { byId, icon, make, scrollDown } from "./making.js";
import { fillMessages, showLast } from "./messages.js";
import { avatar, isHome, isStoppable, nameOf, repliesTo, room, show, state, statusOf, titleOf } from "./known.js";

export function openThread(ts) {
  keepDrafts();
  state.thread = ts;
  state.opening = ts;
  restoreDrafts();
  show();
}

export function closeThread() {
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

export function showThread() {
  const root = !isHome() && state.thread && state.messages.get(state.here)?.get(state.thread);
  byId("thread").hidden = !root;
  byId("app").classList.toggle("thread-open", Boolean(root));
  if (!root) return;
  byId("thread-title").textContent = titleOf(state.here, state.thread) || "Thread";
  byId("thread-place").textContent = nameOf(room());
  const replies = repliesTo(state.here, state.thread);
  fillMessages(byId("replies"), byId("thread-scroll"), [root, ...replies], true);
  showStatus(statusOf(state.here, state.thread));
  showStop();
  const answered = replies.some((reply) => reply.user === state.bot.id);
  composers.thread.placeholder(answered ? "Ask a follow-up" : "Reply");
  composers.thread.lock(room().archived ? "This channel is archived." : "");
  if (state.opening === state.thread) arrive();
}

// The box can only take the focus once the thread shows, and its root may come after the answer to what opened it.
function arrive() {
  state.opening = null;
  showLast(byId("thread-scroll"), byId("replies"));
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

// --- stopping -----------------------------------------------------------------------------------------------------

function showStop() {
  const place = byId("working");
  const works = isStoppable(state.here, state.thread);
  const key = works ? `${state.here} ${state.thread} ${state.me.id}` : "";
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.hidden = !works;
  if (place.contains(document.activeElement)) composers.thread.focus();
  place.replaceChildren();
  if (!works) return;
  const where = { as: state.me.name, channel: state.here, thread_ts: state.thread };
  const stop = make("button", { class: "button stop", type: "button", id: "stop" }, icon("stop"), "Stop");
  stop.addEventListener("click", async () => {
    stop.disabled = true;
    if (!(await act("stop", where))) stop.disabled = false;
  });
  place.append(stop);
}
