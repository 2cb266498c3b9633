// The application: what is open, what keys and buttons do, what is told.

import * as api from "./api.js";
import { BlockList, percent, plain } from "./blocks.js";
import { Adding, showKeys, showWhy } from "./dialogs.js";
import { Document } from "./document.js";
import * as edits from "./edits.js";
import { PageList } from "./pages.js";
import * as status from "./status.js";
import { tell } from "./status.js";

const POLL = 10000; // milliseconds between looks for a new model
const byId = (id) => document.getElementById(id);
const say = (message) => (byId("live").textContent = message);

let state; // what the server told: labels, file, model
let blocks; // the list of blocks
let pages; // the list of pages
let adding;
let open = null; // the open document
const documents = new Map(); // all that were opened, by key
const otherTabs = new BroadcastChannel(`segmenter ${location.pathname}`);

const listener = {
  changed(doc) {
    if (doc === open) show();
    tellSaved();
  },
  saved(doc) {
    pages.update(doc.summary);
    otherTabs.postMessage({ key: doc.key, version: doc.version });
    if (doc === open) show();
    status.hideBanner(doc);
    tellSaved();
    tellLoop();
  },
  failed(doc) {
    tellSaved();
    status.tellFailure(doc, tellSaved);
  },
};

async function start() {
  state = await api.get("state");
  blocks = new BlockList(byId("blocks"), state.labels);
  pages = new PageList(state.labels, openPage);
  adding = new Adding(async (page) => {
    pages.update(page);
    pages.arrange();
    await openPage(page.key);
    say(`${page.id}: ${page.blocks} blocks`);
  });
  drawLabelButtons();
  connect();
  await pages.load();
  tellSaved();
  tellLoop();
  const wanted = new URLSearchParams(location.hash.slice(1)).get("page");
  const first = pages.pages.some((page) => page.key === wanted) ? wanted : pages.visible[0]?.key;
  if (first !== undefined) await openPage(first);
  else nothing();
  if (state.newer) tellNewModel();
  setInterval(look, POLL);
}

function nothing() {
  byId("empty").hidden = false;
  byId("empty").textContent = "Paste or drop a page to see it segmented.";
}

async function openPage(key) {
  let doc = documents.get(key);
  if (!doc || !doc.pending) {
    try {
      const data = await api.get(`pages/${key}`);
      if (doc) doc.take(data);
      else doc = new Document(key, data, listener);
    } catch (error) {
      tell(`The page cannot be opened: ${error.message}`, []);
      return;
    }
    documents.set(key, doc);
  }
  const other = open !== doc;
  open = doc;
  history.replaceState(null, "", `#page=${encodeURIComponent(key)}`);
  if (other) {
    blocks.opened.clear();
    blocks.active = blocks.anchor = leastSure(doc);
    blocks.caret = 0;
    blocks.onHead = false;
    byId("blocks").scrollTop = 0;
    doc.fresh.clear();
  }
  pages.mark(key);
  pages.scroll();
  status.hideBanner();
  if (doc.failure) status.tellFailure(doc, tellSaved);
  show();
  view("blocks");
  blocks.focus("center");
  // Rows that were never on the screen have an estimated height until now.
  requestAnimationFrame(() => blocks.reveal("center"));
}

// Where to begin: at the block of which the model is least sure, unless all are decided.
function leastSure(doc) {
  let least = 0;
  let lowest = 2;
  doc.blocks.forEach((block, i) => {
    const sure = block.touched ? 1 : block.confidence;
    if (sure < lowest) [least, lowest] = [i, sure];
  });
  return lowest >= 0.9 ? 0 : least;
}

function show() {
  const { summary } = open;
  byId("empty").hidden = open.blocks.length > 0;
  byId("empty").textContent = "This page has no text.";
  byId("page-title").textContent = summary.id;
  document.title = `${summary.id}: segmenter review`;
  const kind = { saved: "corrected", given: "with the labels it came with", open: "labelled by the model" };
  const count = open.blocks.length;
  byId("page-facts").textContent =
    `${count} block${count === 1 ? "" : "s"}, ${kind[summary.state]}${open.html ? "; from HTML" : ""}`;
  byId("confirm").setAttribute("aria-pressed", String(open.confirmed));
  byId("confirm").textContent = open.confirmed ? "✓ All right" : "All right as it is";
  byId("fold").setAttribute("aria-pressed", String(blocks.folding));
  blocks.show(open.blocks, open.fresh);
  byId("kept").textContent = open.kept || "Nothing: no block is labelled as the report.";
  byId("kept").classList.toggle("soft", !open.kept);
  const words = open.kept.split(/\s+/).filter(Boolean).length;
  byId("kept-facts").textContent = `${words} words`;
  compare(summary);
  for (const button of document.querySelectorAll("[data-do]")) button.disabled = !count;
  document.querySelector('[data-do="undo"]').disabled = !open.undone.length;
}

function compare(summary) {
  const box = byId("comparison");
  box.hidden = summary.now === null;
  if (box.hidden) return;
  box.textContent = summary.retrained
    ? `The model agreed with these labels on ${percent(summary.before)} of the text before, ` +
      `on ${percent(summary.now)} now.`
    : `The model agrees with these labels on ${percent(summary.now)} of the text.`;
}

// Before and after over all corrected pages.
function tellLoop() {
  const saved = pages.pages.filter((page) => page.now !== null);
  const box = byId("loop");
  box.hidden = !saved.length;
  if (!saved.length) return;
  const total = saved.reduce((sum, page) => sum + page.characters, 0);
  const mean = (name) =>
    percent(saved.reduce((sum, page) => sum + page[name] * page.characters, 0) / total);
  const count = `${saved.length} corrected page${saved.length === 1 ? "" : "s"}`;
  box.textContent = saved.some((page) => page.retrained)
    ? `On ${count} the model agreed with you on ${mean("before")} of the text before, on ` +
      `${mean("now")} now. It was trained on them: how it does on other pages, make evaluate tells.`
    : `On ${count} the model agrees with you on ${mean("now")} of the text. ` +
      `Train it on them: make train EXTRA='${state.path}'`;
}

const actions = {
  label(place) {
    const name = state.labels[place];
    const chosen = blocks.chosen();
    if (!name || !chosen) return;
    const next = edits.label(open.blocks, chosen.from, chosen.to, name);
    const count = chosen.to - chosen.from + 1;
    keepOpen(next.slice(chosen.from, chosen.to + 1));
    if (edits.payload(next).join() !== edits.payload(open.blocks).join()) open.change(next);
    say(`${count === 1 ? "block" : `${count} blocks`}: ${plain(name)}`);
  },
  split() {
    const at = blocks.active;
    const next = blocks.activeRow()?.head ? null : edits.split(open.blocks, at, blocks.caret);
    if (!next) return say("Put the caret between two words first: left and right, or a click.");
    keepOpen(next.slice(at, at + 2));
    blocks.active = blocks.anchor = at + 1;
    blocks.caret = 0;
    open.change(next);
    say("split in two");
  },
  merge() {
    const chosen = blocks.chosen();
    if (!chosen) return;
    const to = chosen.to > chosen.from ? chosen.to : chosen.from + 1;
    const next = edits.merge(open.blocks, chosen.from, to);
    if (!next) return say("There is no next block to merge with.");
    keepOpen([next[chosen.from]]);
    blocks.active = blocks.anchor = chosen.from;
    blocks.onHead = false;
    blocks.caret = 0;
    open.change(next);
    say(`${to - chosen.from + 1} blocks merged`);
  },
  undo() {
    say(open.undo() ? "undone" : "nothing to undo");
  },
  why() {
    const block = open.blocks[blocks.active];
    if (block) showWhy(open.key, block);
  },
  fold() {
    blocks.folding = !blocks.folding;
    blocks.opened.clear();
    open.fresh.clear();
    show();
    say(`${plain(blocks.frame)} is ${blocks.folding ? "folded" : "unfolded"}`);
  },
  confirm() {
    open.change(open.blocks, !open.confirmed);
    say(open.confirmed ? "saved as it is" : "no longer confirmed");
  },
};

function keepOpen(some) {
  for (const block of some) open.fresh.add(block.start);
}

function onKey(event) {
  const typing = event.target.closest("input, textarea, select");
  if (typing || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inPages = event.target.closest("#pages, #kept");
  const moves = {
    ArrowDown: () => blocks.go(1, event.shiftKey),
    ArrowUp: () => blocks.go(-1, event.shiftKey),
    ArrowLeft: () => moveCaret(-1),
    ArrowRight: () => moveCaret(1),
    Home: () => blocks.go(-Infinity, event.shiftKey),
    End: () => blocks.go(Infinity, event.shiftKey),
    Enter: () => blocks.toggle(blocks.activeRow()) && show(),
    Escape: () => blocks.goTo(blocks.active),
  };
  const inBlocks = event.target.closest("#blocks") || event.target === document.body;
  if (open && !inPages && inBlocks && moves[event.key]) {
    moves[event.key]();
    event.preventDefault();
    return;
  }
  if (!byId("keys-on").checked) return;
  if (/^[1-9]$/.test(event.key) && open) actions.label(Number(event.key) - 1);
  else if (letters[event.key]) letters[event.key]();
  else return;
  event.preventDefault();
}

const ifOpen = (name) => () => open?.blocks.length && actions[name]();
const letters = {
  s: ifOpen("split"),
  m: ifOpen("merge"),
  u: ifOpen("undo"),
  e: ifOpen("why"),
  f: ifOpen("fold"),
  c: ifOpen("confirm"),
  n: () => step(1),
  p: () => step(-1),
  "/": () => {
    view("pages");
    byId("search").focus();
  },
  "?": () => showKeys(state.labels),
};

function step(by) {
  const key = pages.neighbour(by);
  if (key === null) say(by > 0 ? "this is the last page" : "this is the first page");
  else openPage(key);
}

function moveCaret(by) {
  const row = blocks.activeRow();
  if (!row || row.head) return;
  const { text } = open.blocks[blocks.active];
  const places = edits.wordStarts(text);
  const next = by > 0 ? places.find((p) => p > blocks.caret) : places.findLast((p) => p < blocks.caret);
  if (next === undefined) return;
  blocks.caret = next;
  blocks.mark();
  say(`before ${text.slice(next, next + 40)}`);
}

function onClick(event) {
  const row = blocks.rowOf(event.target);
  if (!row) return;
  if (row.head) {
    blocks.toggle(row);
    show();
    blocks.focus();
    return;
  }
  if (!getSelection().isCollapsed && !event.shiftKey) return; // text is being copied
  blocks.onHead = false;
  const offset = blocks.offsetAt(row, event.clientX, event.clientY);
  blocks.active = row.from;
  if (!event.shiftKey) blocks.anchor = row.from;
  blocks.caret = offset ?? 0;
  blocks.mark();
  row.element.focus({ preventScroll: true });
  if (event.target.closest(".why")) actions.why();
}

function drawLabelButtons() {
  const made = state.labels.map((label, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `label-button l${i % 5}`;
    const name = document.createElement("span");
    name.textContent = plain(label);
    const key = document.createElement("kbd");
    key.textContent = i + 1;
    button.append(name, " ", key);
    button.addEventListener("click", () => open && actions.label(i));
    return button;
  });
  byId("label-buttons").replaceChildren(...made);
}

function connect() {
  document.addEventListener("keydown", onKey);
  byId("blocks").addEventListener("click", onClick);
  // What appears above must not push the block that one works on out of sight.
  new ResizeObserver(() => blocks.reveal()).observe(byId("blocks"));
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => {
      actions[button.dataset.do]();
      if (button.dataset.do !== "why") blocks.focus();
    });
  }
  for (const button of document.querySelectorAll(".views button")) {
    button.addEventListener("click", () => view(button.dataset.view));
  }
  byId("confirm").addEventListener("click", () => open && actions.confirm());
  byId("next").addEventListener("click", () => step(1));
  byId("previous").addEventListener("click", () => step(-1));
  byId("open-keys").addEventListener("click", () => showKeys(state.labels));
  byId("open-paste").addEventListener("click", () => adding.open());
  byId("keys-on").checked = localStorage.getItem("keys") !== "off";
  byId("keys-on").addEventListener("change", (event) =>
    localStorage.setItem("keys", event.target.checked ? "on" : "off"),
  );
  document.addEventListener("paste", (event) => {
    if (event.target.closest("input, textarea") || document.querySelector("dialog[open]")) return;
    const text = event.clipboardData.getData("text/plain");
    if (text) adding.open(text);
  });
  addEventListener("beforeunload", (event) => {
    if ([...documents.values()].some((doc) => doc.pending)) event.preventDefault();
  });
  otherTabs.addEventListener("message", ({ data }) => refresh(data));
  view("blocks");
}

// Another tab has saved a page: it is shown here too, unless something is unsaved here.
async function refresh({ key, version, model }) {
  if (model) return location.reload();
  const doc = documents.get(key);
  if (doc?.pending) return;
  const data = await api.get(`pages/${key}`);
  pages.update(data.summary);
  tellLoop();
  if (!doc || doc.pending || doc.version === version) return;
  doc.undone = [];
  doc.take(data);
  if (doc === open) {
    show();
    say("this page was changed in another tab");
  }
}

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll(".views button")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
}

const tellSaved = () => status.tellSaved(documents, state.file);

async function look() {
  if (document.hidden) return;
  const fresh = await api.get("state").catch(() => null);
  if (fresh?.newer) tellNewModel();
}

function tellNewModel() {
  if (status.busy()) return;
  tell("The model was trained anew.", [
    [
      "Label all pages by it",
      async () => {
        try {
          await api.post("model");
        } catch (error) {
          tell(`The new model cannot be used: ${error.message}`, []);
          return;
        }
        otherTabs.postMessage({ model: true });
        location.reload();
      },
    ],
  ]);
}

start().catch((error) => tell(`The review cannot start: ${error.message}`, []));
