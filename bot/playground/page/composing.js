// The boxes that messages are written in: people after "@", commands after "/", drafts that wait.

import { act } from "./acting.js";
import { byId, icon, make, scrollDown } from "./making.js";
import { avatar, byTime, inRoom, room, show, state } from "./known.js";
import { edit } from "./messages.js";
import { openThread } from "./threads.js";

export const composers = {};
const COMMAND = /^(\/[\w-]+)(?:\s+([\s\S]*))?$/;

export function makeComposer(place, id, label, threadOf) {
  const box = make("textarea", { id, class: "box", rows: 1, maxlength: 12000, "aria-label": label, "aria-autocomplete": "list", "aria-controls": `${id}-list`, "aria-describedby": `${id}-refusal` });
  const send = make("button", { class: "send", type: "submit", "aria-label": "Send", disabled: true }, icon("send"));
  const list = make("ul", { class: "completions", id: `${id}-list`, role: "listbox", hidden: true });
  const refusal = make("p", { class: "refusal", id: `${id}-refusal` });
  const hint = make("p", { class: "hint", id: `${id}-hint` }, "Enter sends, Shift+Enter starts a new line");
  const form = make("form", { class: "composer" }, list, refusal, make("div", { class: "box-row" }, box, send), hint);
  place.append(form);
  const grow = () => {
    send.disabled = !box.value.trim();
    refusal.replaceChildren();
    box.style.setProperty("height", "auto");
    if (box.scrollHeight) box.style.setProperty("height", `${Math.min(box.scrollHeight, 200)}px`);
  };
  const submit = async () => {
    const text = box.value.trim();
    const why = text && whyNot(text, threadOf());
    if (why) refusal.replaceChildren(make("span", { role: "alert" }, why));
    if (!text || why) return;
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
  const completing = completion(box, list, grow, [mentions, commandsAt(threadOf)]);
  box.addEventListener("input", () => {
    grow();
    completing.look();
  });
  box.addEventListener("blur", () => setTimeout(completing.close, 150));
  box.addEventListener("keydown", (event) => {
    if (completing.key(event) || event.isComposing) return;
    if (event.key === "ArrowUp" && !box.value) editLast(threadOf(), event);
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

// The arrow up in an empty box opens one's last message there.
function editLast(threadTs, event) {
  const mine = inRoom(state.here).filter((message) => message.user === state.me.id && message.typed !== null && !message.gone);
  const last = mine.filter((message) => (threadTs ? message.thread_ts === threadTs : !message.thread_ts)).sort(byTime).at(-1);
  if (!last) return;
  event.preventDefault();
  edit(last.ts, Boolean(threadTs));
}

// --- what is offered while one types ------------------------------------------------------------------------------

// People after an "@".
const mentions = {
  label: "Mention somebody",
  found(before) {
    const start = before.match(/(?:^|\s)@([\w.-]*)$/)?.[1].toLowerCase();
    if (start === undefined) return [];
    const all = [state.bot, ...state.people].filter((person) => room().members.includes(person.id) && person.id !== state.me.id);
    const hits = all.filter((person) => [person.name, person.real_name].some((name) => name.toLowerCase().startsWith(start)));
    const done = hits.length === 1 && hits[0].real_name.toLowerCase() === start;
    return done ? [] : hits.map((person) => ({ person, typed: start.length, text: `${person.id === state.bot.id ? person.real_name : person.name} ` }));
  },
  draw: ({ person }) => [avatar(person, "avatar-small"), make("span", {}, person.real_name), person.id === state.bot.id && make("span", { class: "badge" }, "App")],
};

// The bot's commands after a "/" at the very start; Slack offers them in a thread too, and refuses them when sent.
const commandsAt = (threadOf) => ({
  label: "Commands",
  found(before) {
    const start = before.match(/^\/[\w-]*$/)?.[0].toLowerCase();
    if (start === undefined || threadOf()) return [];
    return state.commands.filter((command) => command.name.startsWith(start)).map((command) => ({ command, typed: start.length, text: `${command.name} ` }));
  },
  draw: ({ command }) => [
    make("span", { class: "command" }, make("strong", {}, command.name), ` ${command.hint}`),
    make("span", { class: "soft" }, command.description),
  ],
});

function completion(box, list, changed, sources) {
  let chosen = 0;
  const search = () => {
    const before = box.value.slice(0, box.selectionStart);
    const source = sources.find((each) => each.found(before).length);
    return { source, hits: source ? source.found(before) : [] };
  };
  const close = () => {
    list.hidden = true;
    box.removeAttribute("aria-activedescendant");
  };
  const take = (hit) => {
    box.setRangeText(hit.text, box.selectionStart - hit.typed, box.selectionStart, "end");
    close();
    changed();
    box.focus();
  };
  const look = () => {
    const { source, hits } = search();
    chosen = Math.min(chosen, Math.max(hits.length - 1, 0));
    list.hidden = !hits.length;
    if (source) list.setAttribute("aria-label", source.label);
    list.replaceChildren(
      ...hits.map((hit, place) => {
        const properties = { id: `${list.id}-${place}`, class: "choice", role: "option", "aria-selected": String(place === chosen), onmousedown: (event) => event.preventDefault(), onclick: () => take(hit) };
        return make("li", properties, ...source.draw(hit));
      }),
    );
    if (hits.length) box.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const key = (event) => {
    if (list.hidden) return false;
    const { hits } = search();
    const taking = event.key === "Tab" || (event.key === "Enter" && !event.shiftKey);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") chosen = (chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length;
    else if (taking && hits[chosen] && !isTyped(box, hits[chosen])) {
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

// A command typed in full is sent by Enter, not completed.
const isTyped = (box, hit) => Boolean(hit.command) && box.value.trim() === hit.command.name;

// --- sending ------------------------------------------------------------------------------------------------------

// Slack's own words for a command that it does not take.
function whyNot(text, threadTs) {
  const [, command] = text.match(COMMAND) || [];
  if (!command) return "";
  if (!state.commands.some((each) => each.name === command)) return `${command} is not a valid command.`;
  return threadTs ? `${command} is not supported in threads. Sorry!` : "";
}

export async function say(text, threadTs) {
  const [, command, words = ""] = text.match(COMMAND) || [];
  if (command) return Boolean(await act("command", { as: state.me.name, channel: state.here, command, text: words }));
  const asksBot = room().kind === "im" || text.toLowerCase().includes(`@${state.bot.real_name.toLowerCase()}`);
  const answer = await act("say", { as: state.me.name, channel: state.here, text, thread_ts: threadTs });
  if (!answer) return false;
  if (asksBot && !threadTs) openThread(answer.ts);
  requestAnimationFrame(() => requestAnimationFrame(() => scrollDown(byId(threadTs ? "thread-scroll" : "scroll"))));
  show();
  return true;
}

// --- drafts -------------------------------------------------------------------------------------------------------

export function keepDrafts() {
  if (!state.me || !state.here) return;
  state.drafts.set(`${state.me.id} ${state.here}`, composers.main.text());
  if (state.thread) state.drafts.set(`${state.me.id} ${state.here} ${state.thread}`, composers.thread.text());
}

export function restoreDrafts() {
  composers.main.set(state.drafts.get(`${state.me.id} ${state.here}`) || "");
  composers.thread.set(state.drafts.get(`${state.me.id} ${state.here} ${state.thread}`) || "");
}
