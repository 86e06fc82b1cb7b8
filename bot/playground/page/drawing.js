// Drawing what a message says: text, lists, tables, links. Every word of it is text.

import { toast } from "./acting.js";
import { drawButton, drawFeedback, drawField, drawOverflow, drawSelect } from "./controls.js";
import { icon, isWeb, make } from "./making.js";
import { state } from "./known.js";

const wrap = (tag, properties) => (node, send) => make(tag, properties, ...drawAll(node.of, send));

const DRAW = {
  text: (node) => document.createTextNode(node.text || ""),
  break: () => make("br"),
  bold: wrap("strong"),
  italic: wrap("em"),
  strike: wrap("s"),
  code: wrap("code"),
  pre: wrap("pre"),
  paragraph: wrap("p"),
  quote: wrap("blockquote"),
  item: wrap("li"),
  divider: () => make("hr"),
  section: drawSection,
  fields: wrap("div", { class: "fields" }),
  context: wrap("div", { class: "context" }),
  actions: wrap("div", { class: "actions" }),
  table: drawTable,
  link: drawLink,
  address: drawAddress,
  mention: drawMention,
  date: drawDate,
  heading: (node, send) => make("div", headingProperties(node), ...drawAll(node.of, send)),
  list: (node, send) => make(node.ordered ? "ol" : "ul", { start: node.start }, ...drawAll(node.of, send)),
  cell: wrap("div", { class: "cell" }),
  image: (node) => make("span", { class: "image", role: "img", "aria-label": node.text }, `Image: ${node.text || ""}`),
  task: (node) => make("div", { class: `task task-${node.status}` }, node.text || ""),
  button: drawButton,
  feedback: drawFeedback,
  overflow: drawOverflow,
  select: drawSelect,
  input: drawField,
};

export function draw(node, send) {
  const how = DRAW[node.is];
  return how ? how(node, send) : document.createTextNode(node.text || "");
}

export function drawAll(nodes, send) {
  return (nodes || []).map((node) => draw(node, send));
}

function headingProperties(node) {
  return { class: `heading heading-${Math.min(node.level || 2, 4)}`, role: "heading", "aria-level": 3 };
}

function drawLink(node, send) {
  if (!isWeb(node.url)) return make("span", {}, ...drawAll(node.of, send));
  const properties = { href: node.url, target: "_blank", rel: "noopener noreferrer", title: node.url };
  return make("a", properties, ...drawAll(node.of, send));
}

function drawAddress(node, send) {
  const copy = make(
    "button",
    { class: "plain copy", type: "button", title: "Copy the path", "aria-label": "Copy the path", onclick: () => copied(node.url) },
    icon("copy"),
  );
  const words = make("span", { class: "address-words", title: pathOf(node.url) }, ...drawAll(node.of, send));
  return make("span", { class: "address" }, words, copy);
}

function pathOf(address) {
  try {
    const parsed = new URL(address);
    return decodeURIComponent(parsed.pathname) + decodeURIComponent(parsed.hash);
  } catch {
    return address;
  }
}

async function copied(address) {
  try {
    await navigator.clipboard.writeText(pathOf(address));
    toast(`Copied ${pathOf(address)}`);
  } catch {
    toast(pathOf(address));
  }
}

function drawMention(node) {
  const mine = state.me && node.target === state.me.id;
  const everybody = (node.target || "").startsWith("!");
  return make("span", { class: mine || everybody ? "mention mention-me" : "mention" }, node.text || "");
}

// What stands at the right of a section: everything that is no text.
const AT_THE_RIGHT = new Set(["button", "feedback", "overflow", "select", "image"]);

function drawSection(node, send) {
  const beside = (node.of || []).filter((child) => AT_THE_RIGHT.has(child.is));
  const words = (node.of || []).filter((child) => !AT_THE_RIGHT.has(child.is));
  const wide = beside.some((child) => child.look === "radio" || child.look === "checks");
  const accessory = beside.length ? make("div", { class: "accessory" }, ...drawAll(beside, send)) : null;
  return make("div", { class: wide ? "section section-wide" : "section" }, make("div", { class: "section-words" }, ...drawAll(words, send)), accessory);
}

function drawTable(node, send) {
  const cell = (of, header) => make(header ? "th" : "td", { class: of.align ? `to-${of.align}` : null, scope: header ? "col" : null }, ...drawAll(of.of, send));
  const row = (of) => make("tr", {}, ...(of.of || []).map((each) => cell(each, of.header)));
  const [heads, others] = [(node.of || []).filter((each) => each.header), (node.of || []).filter((each) => !each.header)];
  const table = make("table", {}, make("thead", {}, ...heads.map(row)), make("tbody", {}, ...others.map(row)));
  return make("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Table" }, table);
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

function drawDate(node) {
  const moment = new Date(node.seconds * 1000);
  const worded = (node.pattern || "").replace(/\{(\w+)\}/g, (whole, name) => {
    const options = DATES[name.replace("_pretty", "")];
    return options ? new Intl.DateTimeFormat(undefined, options).format(moment) : name === "ago" ? ago(moment) : whole;
  });
  return make("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, worded || node.text || "");
}

function ago(moment) {
  const days = Math.round((Date.now() - moment.getTime()) / 86400000);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-days, "day");
}
