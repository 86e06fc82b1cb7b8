// Talking to the server, and to the person: short notes, and questions before something is done.

import { byId, make } from "./making.js";

export async function act(deed, what) {
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

// How an element tells the bot what was done to it; `where` says on what, as it is at that moment.
export function sender(deed, where, key) {
  const send = (action_id, value) => act(deed, { ...where(), action_id, value });
  send.key = key;
  return send;
}

let toasting;

export function toast(words) {
  byId("toast").textContent = words;
  byId("toast").classList.add("toast-on");
  clearTimeout(toasting);
  toasting = setTimeout(() => byId("toast").classList.remove("toast-on"), 5000);
}

// --- asking first -------------------------------------------------------------------------------------------------

// Whether the person means it; `asked` is {title, text, yes, no, style}.
export function ask(asked) {
  const dialog = byId("confirm");
  const before = document.activeElement;
  const style = asked.style === "danger" ? "button-danger-full" : "button-primary";
  return new Promise((answer) => {
    const close = (yes) => {
      dialog.close();
      if (document.contains(before)) before.focus();
      answer(yes);
    };
    const no = make("button", { class: "button", type: "button", onclick: () => close(false) }, asked.no);
    const yes = make("button", { class: `button ${style}`, type: "button", onclick: () => close(true), data: { confirm: "yes" } }, asked.yes);
    const words = make("p", { class: "confirm-text", id: "confirm-text" }, asked.text);
    dialog.replaceChildren(make("h2", { id: "confirm-title" }, asked.title), words, make("div", { class: "form-foot" }, no, yes));
    dialog.oncancel = (event) => {
      event.preventDefault();
      close(false);
    };
    dialog.showModal();
    yes.focus();
  });
}

// An element of the bot's may want a question asked before it acts.
export async function isSure(node) {
  if (!node.confirm_title) return true;
  return ask({ title: node.confirm_title, text: node.confirm_text, yes: node.confirm_yes, no: node.confirm_no, style: node.confirm_style });
}
