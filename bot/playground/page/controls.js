// What can be pressed, chosen, ticked and filled in. `send` carries what was done to the bot; an element of a form is
// drawn with `send.quiet`, and what is in it goes when the form is sent.

import { isSure } from "./acting.js";
import { icon, isWeb, make } from "./making.js";
import { nameOf, state, visibleRooms } from "./known.js";

// --- buttons ------------------------------------------------------------------------------------------------------

function pressing(element, work) {
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    await work();
    element.removeAttribute("aria-busy");
  });
  return element;
}

export function drawButton(node, send) {
  const hidden = node.visible_to && !node.visible_to.split(" ").includes(state.me.id);
  if (hidden) return make("span", { hidden: true });
  const style = node.style ? ` button-${node.style}` : "";
  const quiet = node.icon ? " button-quiet" : "";
  const label = node.label || (node.icon ? node.text : null);
  const properties = { class: `button${style}${quiet}`, type: "button", "aria-label": label, title: node.icon ? node.text : null };
  const face = node.icon === "trash" ? icon("trash") : node.text || "";
  return pressing(make("button", { ...properties, data: { action: node.action_id } }, face), async () => {
    if (!(await isSure(node))) return null;
    if (node.url && isWeb(node.url)) window.open(node.url, "_blank", "noopener,noreferrer");
    return send(node.action_id, null);
  });
}

export function drawFeedback(node, send) {
  const key = `${state.me.id} ${send.key}${node.action_id}`;
  const buttons = (node.of || []).map((side) => {
    const pressed = state.pressed.get(key) === side.value;
    const properties = { class: "button button-quiet", type: "button", title: side.text || side.label, "aria-label": side.label, "aria-pressed": String(pressed) };
    const button = make("button", { ...properties, data: { side: side.side, action: node.action_id } }, icon(side.side));
    return pressing(button, async () => {
      state.pressed.set(key, side.value);
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      await send(node.action_id, side.value);
    });
  });
  return make("span", { class: "feedback", role: "group", "aria-label": "Was this helpful?" }, ...buttons);
}

// --- menus that open ----------------------------------------------------------------------------------------------

// A small list under a button: a click outside and Escape close it, arrows move in it.
export function dropDown(classes, summary, list, onClose = () => {}) {
  const menu = make("details", { class: `drop ${classes}` }, summary, list);
  menu.addEventListener("toggle", () => {
    if (menu.open) keepInside(list);
    else onClose();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      event.stopPropagation();
      event.preventDefault();
      menu.open = false;
      summary.focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") moveIn(menu, list, event);
  });
  return menu;
}

function moveIn(menu, list, event) {
  const choices = [...list.querySelectorAll("button, input")];
  if (!choices.length) return;
  event.preventDefault();
  menu.open = true;
  const step = event.key === "ArrowDown" ? 1 : choices.length - 1;
  const place = choices.indexOf(document.activeElement);
  choices[place < 0 ? 0 : (place + step) % choices.length].focus();
}

// A menu at an edge opens the other way.
function keepInside(list) {
  list.classList.remove("choices-left", "choices-up");
  const box = list.getBoundingClientRect();
  const around = list.closest(".scroll, .modal .body")?.getBoundingClientRect() || document.body.getBoundingClientRect();
  list.classList.toggle("choices-left", box.right > around.right);
  list.classList.toggle("choices-up", box.bottom > around.bottom && box.top - box.height > around.top);
}

export function drawOverflow(node, send) {
  const choices = (node.of || []).map((option) =>
    pressing(make("button", { class: "plain choice", type: "button", data: { value: option.value } }, option.text || "", described(option)), async () => {
      menu.open = false;
      if (!(await isSure(node))) return;
      if (option.url && isWeb(option.url)) window.open(option.url, "_blank", "noopener,noreferrer");
      await send(node.action_id, option.value);
    }),
  );
  const summary = make("summary", { class: "button button-quiet", "aria-label": node.label, data: { action: node.action_id } }, "⋯");
  const menu = dropDown("overflow", summary, make("div", { class: "choices" }, ...choices));
  return menu;
}

function described(option) {
  return option.description ? make("span", { class: "description" }, option.description) : null;
}

// --- choosing -----------------------------------------------------------------------------------------------------

const LOOKS = { menu: drawMenu, radio: drawBoxes, checks: drawBoxes, date: drawPicker, time: drawPicker, datetime: drawPicker };

const idOf = (node) => `field-${node.block_id}-${node.action_id}`;
const fieldData = (node, many = false) => ({ field: node.action_id, block: node.block_id, ...(many ? { many: "1" } : {}) });

export function drawSelect(node, send) {
  return (LOOKS[node.look] || drawMenu)(node, send, optionsOf(node));
}

// The bot's options, or the people and places of the workspace.
function optionsOf(node) {
  const chosen = new Set((node.of || []).filter((option) => option.chosen).map((option) => option.value));
  const named = ([value, text]) => ({ value, text, chosen: chosen.has(value) });
  const people = [...state.people, state.bot].map((person) => [person.id, person.real_name]);
  const places = visibleRooms().map((each) => [each.id, nameOf(each), each.kind]);
  if (node.source === "users") return people.map(named);
  const kinds = { public: "channel", private: "private", im: "im" };
  const wanted = new Set((node.filter || "").split(" ").map((kind) => kinds[kind]));
  if (node.source === "conversations") return places.filter(([, , kind]) => !node.filter || wanted.has(kind)).map(named);
  if (node.source === "channels") return places.filter(([, , kind]) => kind !== "im").map(named);
  return node.of || [];
}

function drawMenu(node, send, options) {
  if (node.multiple) return drawMany(node, send, options);
  const chosen = options.find((option) => option.chosen)?.value ?? "";
  const first = make("option", { value: "", disabled: !send.quiet, selected: chosen === "" }, node.label || "Choose");
  const properties = { class: "select", id: idOf(node), "aria-label": send.quiet ? null : node.label, autofocus: node.focus, data: fieldData(node) };
  const menu = make("select", properties, first, ...grouped(options, drawOption));
  let before = chosen;
  menu.addEventListener("change", async () => {
    if (!(await isSure(node))) {
      menu.value = before;
      return;
    }
    before = menu.value;
    await send(node.action_id, menu.value);
  });
  return menu;
}

const drawOption = (option) => make("option", { value: option.value, selected: option.chosen }, option.text || "");

function grouped(options, drawOne) {
  const groups = [...new Set(options.map((option) => option.group || ""))];
  return groups.flatMap((group) => {
    const inside = options.filter((option) => (option.group || "") === group).map(drawOne);
    return group ? [make("optgroup", { label: group }, ...inside)] : inside;
  });
}

// Several of a menu: ticked in a list, told when the list closes.
function drawMany(node, send, options) {
  const id = idOf(node);
  const boxes = options.map((option, place) => drawBox(node, option, "checkbox", `${id}-${place}`));
  const list = make("div", { class: "choices many", role: "group", data: fieldData(node, true) }, ...boxes);
  const summary = make("summary", { class: "select", id, "aria-label": send.quiet ? null : node.label });
  const ticked = () => [...list.querySelectorAll("input:checked")];
  const word = () => {
    const names = ticked().map((box) => box.dataset.name);
    summary.textContent = names.length ? names.join(", ") : node.label || "Choose";
    for (const box of list.querySelectorAll("input:not(:checked)")) box.disabled = Boolean(node.most) && names.length >= node.most;
  };
  let told = "";
  const tell = () => {
    const values = ticked().map((box) => box.value);
    if (values.join("\n") !== told) send(node.action_id, values);
    told = values.join("\n");
  };
  list.addEventListener("change", word);
  list.addEventListener("renew", word);
  word();
  told = ticked().map((box) => box.value).join("\n");
  return dropDown("drop-many", summary, list, tell);
}

function drawBoxes(node, send, options) {
  const radio = node.look === "radio";
  const boxes = options.map((option, place) => drawBox(node, option, radio ? "radio" : "checkbox", `${idOf(node)}-${place}`));
  const properties = { class: "boxes", id: idOf(node), role: radio ? "radiogroup" : "group", tabindex: -1, "aria-label": send.quiet ? null : node.label };
  const group = make("div", { ...properties, data: fieldData(node, !radio) }, ...boxes);
  group.addEventListener("change", async () => {
    const values = [...group.querySelectorAll("input:checked")].map((box) => box.value);
    if (await isSure(node)) send(node.action_id, radio ? values[0] : values);
  });
  return group;
}

function drawBox(node, option, type, id) {
  const box = make("input", { type, id, name: idOf(node), value: option.value, data: { name: option.text || "" } });
  box.checked = Boolean(option.chosen);
  return make("label", { class: "box-line", for: id }, box, make("span", {}, option.text || "", described(option)));
}

const PICKERS = { date: "date", time: "time", datetime: "datetime-local" };

function drawPicker(node, send) {
  const label = send.quiet ? null : node.label;
  const picker = make("input", { type: PICKERS[node.look], class: "select", id: idOf(node), "aria-label": label, autofocus: node.focus, data: { ...fieldData(node), look: node.look } });
  picker.value = node.look === "datetime" && node.value ? localTime(Number(node.value)) : node.value || "";
  picker.addEventListener("change", async () => {
    if (await isSure(node)) await send(node.action_id, valueOf(picker));
  });
  return picker;
}

function localTime(seconds) {
  const moment = new Date(seconds * 1000);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

// --- fields of a form ---------------------------------------------------------------------------------------------

function drawEntry(node, send) {
  const common = {
    id: idOf(node),
    maxlength: node.longest,
    placeholder: node.placeholder,
    autofocus: node.focus,
    min: node.least,
    max: node.most,
    step: node.step,
    data: { ...fieldData(node), shortest: node.shortest || 0 },
  };
  const field = node.multiline ? make("textarea", { ...common, rows: 4 }) : make("input", { ...common, type: node.entry || "text" });
  field.value = node.value || "";
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || node.multiline || !send.dispatch) return;
    event.preventDefault();
    send(node.action_id, field.value);
  });
  return field;
}

// A label over an element, and under it a hint and what is wrong.
export function drawField(node, send) {
  if (node.entry) return drawEntry(node, send);
  const [element] = node.of || [];
  const quiet = Object.assign((...sent) => node.dispatch && send(...sent), { key: send.key, quiet: true, dispatch: node.dispatch });
  const drawn = element.is === "input" ? drawEntry(element, quiet) : drawSelect(element, quiet);
  const id = idOf(element);
  const choices = element.look === "radio" || element.look === "checks";
  const words = [node.field_label, node.optional ? make("span", { class: "soft" }, " (optional)") : null];
  const label = make("label", { for: choices ? null : id, id: `${id}-label` }, ...words);
  const owner = drawn.id === id ? drawn : drawn.querySelector(`#${CSS.escape(id)}`);
  owner.setAttribute("aria-describedby", `${id}-note`);
  if (owner.tagName === "SUMMARY") owner.setAttribute("aria-labelledby", `${id}-label ${id}`);
  if (choices) owner.setAttribute("aria-labelledby", `${id}-label`);
  const note = make("p", { class: "note", id: `${id}-note` }, node.hint || "");
  return make("div", { class: "field", data: { input: node.block_id, optional: String(Boolean(node.optional)) } }, label, drawn, note);
}

// --- reading a form -----------------------------------------------------------------------------------------------

export function valueOf(field) {
  if (field.dataset.many) return [...field.querySelectorAll("input:checked")].map((box) => box.value);
  if (field.classList.contains("boxes")) return field.querySelector("input:checked")?.value || "";
  if (field.dataset.look === "datetime") return field.value ? String(Math.floor(new Date(field.value).getTime() / 1000)) : "";
  return field.value;
}

export function valuesOf(form) {
  const fields = [...form.querySelectorAll("[data-field]")];
  return Object.fromEntries(fields.map((field) => [field.dataset.field, valueOf(field)]));
}

// What was filled in before stays in a field that is drawn anew.
export function refill(field, old) {
  if (field.dataset.many || field.classList.contains("boxes")) {
    const chosen = new Set([valueOf(old)].flat());
    for (const box of field.querySelectorAll("input")) box.checked = chosen.has(box.value);
    field.dispatchEvent(new Event("renew"));
  } else field.value = old.value;
}

// What Slack itself finds wrong with a form, by block: required fields, and what is no number or address.
export function faultsOf(form) {
  const faults = {};
  for (const place of form.querySelectorAll("[data-input]")) {
    const field = place.querySelector("[data-field]");
    const empty = !valueOf(field).length;
    const short = Number(field.dataset.shortest || 0);
    if (empty && place.dataset.optional === "false") faults[place.dataset.input] = "Please complete this required field.";
    else if (!empty && valueOf(field).length < short) faults[place.dataset.input] = `Please enter at least ${short} characters.`;
    else if (field.validationMessage) faults[place.dataset.input] = field.validationMessage;
  }
  return faults;
}
