// Modals: a form on top of everything, one over the other, filled in, refused, sent, closed.

import { act, sender } from "./acting.js";
import { faultsOf, refill, valuesOf } from "./controls.js";
import { draw } from "./drawing.js";
import { byId, fill, icon, make, placeKey, withPlaces } from "./making.js";
import { state } from "./known.js";

// The forms of the views that lie under the one on top, as they were left.
const forms = new Map();

export function showModal() {
  const dialog = byId("modal");
  const view = state.modals[state.me.id];
  if (!view) {
    forms.clear();
    delete dialog.dataset.view;
    if (dialog.open) dialog.close();
    dialog.replaceChildren();
    return;
  }
  const key = JSON.stringify(view);
  if (dialog.dataset.shown === key && dialog.dataset.view === view.id && dialog.open) return;
  const fresh = dialog.dataset.view !== view.id;
  Object.assign(dialog.dataset, { shown: key, view: view.id });
  const form = forms.get(view.id) || makeForm();
  forms.set(view.id, form);
  form.view = view;
  if (fresh) dialog.replaceChildren(form);
  renewForm(form, view);
  dialog.oncancel = (event) => {
    event.preventDefault();
    dismiss(form);
  };
  if (!dialog.open) dialog.showModal();
  showFaults(form, view.errors);
  if (fresh) arrive(form);
}

function makeForm() {
  const body = make("div", { class: "body", tabindex: -1 });
  const form = make("form", { class: "form", novalidate: true }, make("header", { class: "form-head" }), body, make("footer", { class: "form-foot" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  return form;
}

function renewForm(form, view) {
  const [head, body, foot] = form.children;
  const close = make("button", { class: "plain", type: "button", "aria-label": "Close the window", onclick: () => dismissAll(form) }, icon("close"));
  const back = view.stack.length > 1 && make("button", { class: "plain", type: "button", "aria-label": "Back", onclick: () => dismiss(form) }, icon("back"));
  if (form.title !== `${view.title} ${view.stack.length}`) head.replaceChildren(...[back, make("h2", { id: "modal-title" }, view.title || ""), close].filter(Boolean));
  form.title = `${view.title} ${view.stack.length}`;
  renewBody(body, view);
  const labels = JSON.stringify([view.close, view.submit, view.submit_disabled, view.stack.length]);
  if (foot.dataset.labels !== labels) foot.replaceChildren(...footOf(form, view));
  foot.dataset.labels = labels;
  endBusy(form);
}

function footOf(form, view) {
  const refusal = make("p", { class: "form-wrong" });
  const dismissal = make("button", { class: "button", type: "button", onclick: () => dismiss(form) }, view.close || (view.stack.length > 1 ? "Back" : "Close"));
  const sending = view.submit && make("button", { class: "button button-primary", type: "submit", disabled: view.submit_disabled }, view.submit);
  return [refusal, dismissal, sending].filter(Boolean);
}

// Blocks that stay keep what was typed into them; a block drawn anew takes over what stood in the same field.
function renewBody(body, view) {
  const old = new Map([...body.querySelectorAll("[data-field]")].map((field) => [fieldKey(field), field]));
  const send = sender("click-in-view", () => ({ view: view.id, values: valuesOf(body) }), `view ${view.id} `);
  fill(body, withPlaces(view.body), placeKey, (part) => draw(part.node, send));
  for (const field of body.querySelectorAll("[data-field]")) {
    const before = old.get(fieldKey(field));
    if (before && before !== field) refill(field, before);
  }
}

const fieldKey = (field) => `${field.tagName} ${field.dataset.block} ${field.dataset.field}`;

// The first field, or the button that sends; never the one that closes.
function arrive(form) {
  const places = ["[autofocus]", ".field :is(input, textarea, select, summary)", ".body :is(select, summary, button, a)"];
  const wanted = places.map((place) => form.querySelector(place)).find(Boolean);
  (wanted || form.querySelector("[type=submit]") || form.querySelector(".form-foot button")).focus();
}

// --- sending and closing ------------------------------------------------------------------------------------------

async function submit(form) {
  const sending = form.querySelector("[type=submit]");
  if (!sending || sending.getAttribute("aria-busy")) return;
  const faults = faultsOf(form);
  showFaults(form, faults);
  if (Object.keys(faults).length) return;
  sending.setAttribute("aria-busy", "true");
  await act("submit", { view: form.view.id, values: valuesOf(form) });
  endBusy(form);
}

function endBusy(form) {
  form.querySelector("[type=submit]")?.removeAttribute("aria-busy");
}

const dismiss = (form) => act("dismiss", { view: form.view.id });
const dismissAll = (form) => act("dismiss", { view: form.view.stack[0] });

// What is wrong stands at its field, and the first such field takes the focus.
function showFaults(form, faults) {
  for (const old of form.querySelectorAll(".wrong")) old.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  let first = null;
  for (const [block, words] of Object.entries(faults)) {
    const place = form.querySelector(`[data-input="${CSS.escape(block)}"]`);
    (place || form.querySelector(".form-wrong")).append(make("span", { class: "wrong", role: "alert" }, words));
    const field = place?.querySelector("[aria-describedby]");
    field?.setAttribute("aria-invalid", "true");
    first = first || field;
  }
  first?.focus();
}
