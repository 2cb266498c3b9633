// The dialogs: keys, explanation, a new page.

import * as api from "./api.js";
import { percent, plain } from "./blocks.js";

const byId = (id) => document.getElementById(id);

function cell(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function showKeys(labels) {
  const rows = labels.map((label, i) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.append(cell("kbd", String(i + 1)));
    row.append(head, cell("td", plain(label)));
    return row;
  });
  byId("keys-labels").replaceChildren(...rows);
  byId("keys-dialog").showModal();
}

export async function showWhy(key, block) {
  const box = byId("why");
  box.replaceChildren(cell("p", "…"));
  byId("why-dialog").showModal();
  let data;
  try {
    data = await api.get(`pages/${key}/why?start=${block.start}&end=${block.end}`);
  } catch (error) {
    box.replaceChildren(cell("p", error.message, "error"));
    return;
  }
  const quote = cell("blockquote", data.text.slice(0, 400) + (data.text.length > 400 ? "…" : ""));
  const sure = data.labels.map((label, i) => `${plain(label)} ${percent(data.probabilities[i])}`);
  const parts = [quote, cell("p", `The model says: ${sure.join(", ")}.`)];
  if (data.html) {
    parts.push(cell("p", "On a page with markup, the markup has a say too: this explains the words.", "soft"));
  } else if (!data.same) {
    parts.push(cell("p", "This is the model's own block, which was split or merged.", "soft"));
  }
  parts.push(table(data));
  const rest = data.features - data.reasons.length;
  const more = rest > 0 ? ` ${rest} weaker features are not shown; the sums count them.` : "";
  parts.push(cell("p", `Each number is what the feature adds to a label's score; above zero speaks for it.${more} The blocks around have a say after that.`, "soft"));
  box.replaceChildren(...parts);
}

function table(data) {
  const made = document.createElement("table");
  made.className = "reasons";
  const head = document.createElement("tr");
  head.append(cell("th", "feature"), ...data.labels.map((label) => cell("th", plain(label))));
  head.querySelectorAll("th").forEach((th) => (th.scope = "col"));
  const body = document.createElement("tbody");
  const strongest = Math.max(...data.reasons.flatMap((r) => r.weights.map(Math.abs)), 1e-9);
  for (const reason of data.reasons) body.append(reasonRow(reason, strongest));
  const sums = document.createElement("tr");
  sums.className = "sums";
  sums.append(cell("th", "sum of all"), ...data.sums.map((sum) => cell("td", signed(sum))));
  body.append(sums);
  made.append(document.createElement("thead"), body);
  made.tHead.append(head);
  const scroller = document.createElement("div");
  scroller.className = "scroller";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", "Features and their weights");
  scroller.append(made);
  return scroller;
}

function reasonRow(reason, strongest) {
  const row = document.createElement("tr");
  const name = cell("th", reason.feature, reason.kind);
  name.scope = "row";
  row.append(name);
  reason.weights.forEach((weight, i) => {
    const share = Math.min(Math.abs(weight) / strongest, 1);
    const strength = share > 0.5 ? "strong" : share > 0.15 ? "middling" : "weak";
    row.append(cell("td", signed(weight), `${weight > 0 ? "for" : "against"} ${strength} w${i % 5}`));
  });
  return row;
}

const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(2);

// Adding pages: pasted, chosen, dropped.
export class Adding {
  constructor(added) {
    this.added = added;
    this.dialog = byId("paste-dialog");
    this.text = byId("paste-text");
    this.error = byId("paste-error");
    byId("paste-add").addEventListener("click", () => this.paste());
    byId("paste-close").addEventListener("click", () => this.dialog.close());
    byId("paste-files").addEventListener("change", (event) => this.files(event.target.files));
    this.listenForDrops();
  }

  open(text = "") {
    this.error.hidden = true;
    if (text) this.text.value = text;
    this.dialog.showModal();
    this.text.focus();
  }

  async paste() {
    const text = this.text.value;
    if (!text.trim()) return this.tell("There is no text yet.");
    const looks = /^\s*(<!--[\s\S]*?-->\s*)*<(!doctype\s+html|html|head|body)\b/i.test(text);
    const kind = byId("paste-kind").value || (looks ? "text/html" : "text/plain");
    if (await this.send(text, kind, "")) this.text.value = "";
  }

  async files(list) {
    for (const file of [...list]) {
      const html = /\.x?html?$/i.test(file.name) || file.type === "text/html";
      if (!(await this.send(file, html ? "text/html" : "text/plain", file.name))) return;
    }
    byId("paste-files").value = "";
  }

  async send(body, kind, name) {
    try {
      const page = await api.post(`pages?name=${encodeURIComponent(name)}`, body, kind);
      this.dialog.close();
      await this.added(page);
      return true;
    } catch (error) {
      this.tell(error.message);
      return false;
    }
  }

  tell(message) {
    if (!this.dialog.open) this.dialog.showModal();
    this.error.textContent = message;
    this.error.hidden = false;
  }

  listenForDrops() {
    const zone = byId("drop");
    let depth = 0;
    const carries = (event) => [...event.dataTransfer.types].some((t) => t === "Files" || t === "text/plain");
    addEventListener("dragenter", (event) => {
      if (!carries(event)) return;
      depth += 1;
      zone.hidden = false;
    });
    addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (!depth) zone.hidden = true;
    });
    addEventListener("dragover", (event) => {
      if (carries(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      depth = 0;
      zone.hidden = true;
      if (!carries(event)) return;
      event.preventDefault();
      const { files } = event.dataTransfer;
      if (files.length) this.files(files);
      else this.open(event.dataTransfer.getData("text/plain"));
    });
  }
}
