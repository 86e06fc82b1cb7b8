// Making elements, and lists of them that keep what has not changed. Everything is written with textContent and
// createElement; the content security policy (trusted types) forbids any other way.

const ICONS = {
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4l-6 6 6 6",
  send: "M3 10h12M10 4.5l6 5.5-6 5.5",
  copy: "M7 7h9v9H7zM4 13V4h9",
  eye: "M2.5 10s3-5 7.5-5 7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 100 4 2 2 0 000-4z",
  stop: "M6 6h8v8H6z",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  positive: "M7 9l3-6c1.3 0 2 .8 2 2v3h4l-1.3 8H7zM4 9h3v8H4z",
  negative: "M13 11l-3 6c-1.3 0-2-.8-2-2v-3H4l1.3-8H13zM16 11h-3V3h3z",
  lock: "M5 9h10v7H5zM7 9V6.5a3 3 0 016 0V9",
};

export function icon(name) {
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

export function make(tag, properties = {}, ...children) {
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

export const byId = (id) => document.getElementById(id);

export function isWeb(address) {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function scrollDown(scroll) {
  scroll.scrollTop = scroll.scrollHeight;
}

// Replace only the children whose key is new, so that focus, selection, what was typed and open menus survive.
// `renew` is told of each child that stays, for lists whose keys say which one it is and not how it looks.
export function fill(list, items, keyOf, drawItem, renew = () => {}) {
  const keys = items.map(keyOf);
  const wanted = new Set(keys);
  const standing = new Map();
  const focus = focusIn(list);
  for (const child of list.querySelectorAll(":scope > [data-key]")) {
    if (wanted.has(child.dataset.key)) standing.set(child.dataset.key, child);
    else child.remove();
  }
  let cursor = list.querySelector(":scope > [data-key]");
  items.forEach((item, place) => {
    const stays = standing.get(keys[place]);
    const child = stays || drawItem(item);
    child.dataset.key = keys[place];
    if (stays) renew(child, item);
    if (child === cursor) cursor = child.nextElementSibling;
    else list.insertBefore(child, cursor);
  });
  focus();
}

// The nodes of a text, each with its place: two that look alike are two.
export const withPlaces = (nodes) => (nodes || []).map((node, place) => ({ node, place }));
export const placeKey = ({ node, place }) => `${place} ${JSON.stringify(node)}`;

const FOCUSABLE = "button, a, input, summary, select, textarea";

// A replaced button hands its focus to the one that took its place.
function focusIn(list) {
  const active = document.activeElement;
  if (!active || active === list || !list.contains(active)) return () => {};
  const owner = active.closest("[data-ts], li");
  const selector = owner?.dataset.ts ? `[data-ts="${CSS.escape(owner.dataset.ts)}"]` : null;
  const place = owner ? [...owner.querySelectorAll(FOCUSABLE)].indexOf(active) : -1;
  return () => {
    if (document.activeElement === active) return;
    if (document.contains(active)) active.focus();
    else if (owner) (document.contains(owner) ? owner : selector && list.querySelector(selector))?.querySelectorAll(FOCUSABLE)[place]?.focus();
  };
}
