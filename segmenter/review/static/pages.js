// The list of pages: search, filter, order.

import * as api from "./api.js";
import { percent, plain } from "./blocks.js";

const SHOWN = 200; // pages that are listed at once

export class PageList {
  constructor(labels, open) {
    this.labels = labels;
    this.open = open;
    this.pages = [];
    this.found = null; // keys that the search found; null without a search
    this.shown = SHOWN;
    this.current = null;
    this.list = document.getElementById("pages");
    this.search = document.getElementById("search");
    this.filter = document.getElementById("filter");
    this.order = document.getElementById("order");
    this.more = document.getElementById("more");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), 150);
    });
    for (const control of [this.filter, this.order]) {
      control.addEventListener("change", () => this.arrange());
    }
    this.more.addEventListener("click", () => {
      this.shown += SHOWN;
      this.draw();
    });
    this.list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const item = event.target.closest("li");
      if (!step || !item) return;
      const next = step > 0 ? item.nextElementSibling : item.previousElementSibling;
      next?.querySelector("button").focus();
      event.preventDefault();
      event.stopPropagation();
    });
  }

  async load() {
    this.pages = await api.get("pages");
    this.arrange();
  }

  async find() {
    const words = this.search.value.trim();
    const found = words ? await api.get(`search?q=${encodeURIComponent(words)}`) : null;
    if (words !== this.search.value.trim()) return; // a later search is under way
    this.found = found && new Set(found);
    this.arrange();
  }

  arrange() {
    const by = {
      doubt: (a, b) => b.doubt - a.doubt || b.wrong - a.wrong,
      wrong: (a, b) => b.wrong - a.wrong || b.doubt - a.doubt,
      gain: (a, b) => gain(b) - gain(a),
      given: (a, b) => a.key - b.key,
    }[this.order.value];
    const state = this.filter.value;
    this.visible = this.pages
      .filter((page) => state === "all" || (page.state === "saved") === (state === "saved"))
      .filter((page) => !this.found || this.found.has(page.key))
      .sort(by);
    this.shown = SHOWN;
    this.draw();
  }

  draw() {
    const pages = this.visible.slice(0, this.shown);
    this.list.replaceChildren(...pages.map((page) => this.item(page)));
    this.more.hidden = this.visible.length <= this.shown;
    const saved = this.pages.filter((page) => page.state === "saved").length;
    const told = `${this.visible.length} of ${this.pages.length} pages, ${saved} corrected`;
    document.getElementById("count").textContent = told;
    this.mark();
  }

  item(page) {
    const item = document.createElement("li");
    item.dataset.key = page.key;
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => this.open(page.key));
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = page.id;
    const first = document.createElement("span");
    first.className = "soft clip";
    first.textContent = page.first || "no text";
    const facts = document.createElement("span");
    facts.className = "page-state";
    facts.textContent = told(page);
    if (page.state !== "saved" && page.doubt > 0.3) facts.classList.add("unsure");
    button.append(name, first, this.bar(page), facts);
    item.append(button);
    return item;
  }

  bar(page) {
    const size = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(size, "svg");
    svg.setAttribute("viewBox", "0 0 100 4");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "bar");
    svg.setAttribute("role", "img");
    const shares = page.shares.map((share, i) => [share, i]).filter(([share]) => share > 0);
    const words = shares.map(([share, i]) => `${plain(this.labels[i])} ${percent(share)}`);
    svg.setAttribute("aria-label", words.join(", "));
    let at = 0;
    for (const [share, i] of shares) {
      const rect = document.createElementNS(size, "rect");
      rect.setAttribute("x", at);
      rect.setAttribute("width", share * 100);
      rect.setAttribute("height", 4);
      rect.setAttribute("class", `fill${i % 5}`);
      svg.append(rect);
      at += share * 100;
    }
    return svg;
  }

  update(page) {
    const at = this.pages.findIndex((other) => other.key === page.key);
    if (at < 0) this.pages.push(page);
    else this.pages[at] = page;
    const place = this.visible.findIndex((other) => other.key === page.key);
    if (place < 0) {
      this.arrange();
      return;
    }
    // In its place: a page that moves away under one's hands is lost.
    this.visible[place] = page;
    const old = this.list.querySelector(`li[data-key="${CSS.escape(page.key)}"]`);
    if (old) {
      const had = old.contains(document.activeElement);
      const fresh = this.item(page);
      old.replaceWith(fresh);
      if (had) fresh.querySelector("button").focus();
    }
    const saved = this.pages.filter((other) => other.state === "saved").length;
    document.getElementById("count").textContent =
      `${this.visible.length} of ${this.pages.length} pages, ${saved} corrected`;
    this.mark();
  }

  mark(key = this.current) {
    this.current = key;
    for (const item of this.list.children) {
      const own = item.dataset.key === key;
      if (own) item.firstChild.setAttribute("aria-current", "page");
      else item.firstChild.removeAttribute("aria-current");
    }
  }

  neighbour(step) {
    const at = this.visible.findIndex((page) => page.key === this.current);
    return this.visible[at < 0 ? 0 : at + step]?.key ?? null;
  }

  scroll() {
    this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }
}

const gain = (page) => (page.now === null ? -1 : Math.abs(page.now - page.before));

function told(page) {
  if (page.state === "saved") {
    if (page.retrained) return `✓ model agreed ${percent(page.before)}, now ${percent(page.now)}`;
    return page.now === null ? "✓ corrected" : `✓ corrected; model agrees ${percent(page.now)}`;
  }
  return `least sure ${percent(1 - page.doubt)}, likely wrong ${percent(page.wrong)}`;
}
