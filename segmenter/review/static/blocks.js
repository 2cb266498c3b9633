// The list of blocks: rows that stand for one block each, or for a folded run of boilerplate.

import { whole } from "./edits.js";

const SURE = 0.7; // boilerplate of which the model is less sure is not folded away
const RUN = 3; // blocks that a run has at least, to be folded

export const plain = (label) => label.replaceAll("_", " ");
// Only all is 100%, and only nothing 0%.
export const percent = (share) => {
  const rounded = Math.round(share * 100);
  if (rounded === 100 && share < 1) return "over 99%";
  if (rounded === 0 && share > 0) return "under 1%";
  return `${rounded}%`;
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export class BlockList {
  constructor(root, labels) {
    this.root = root;
    this.labels = labels;
    this.rows = []; // {from, to, folded, element, signature}
    this.active = 0;
    this.anchor = 0;
    this.caret = 0;
    this.folding = true;
    this.opened = new Set(); // starts of runs that are unfolded
    this.blocks = [];
  }

  show(blocks, fresh) {
    this.blocks = blocks;
    this.active = Math.max(0, Math.min(this.active, blocks.length - 1));
    this.anchor = Math.max(0, Math.min(this.anchor, blocks.length - 1));
    const known = new Map(this.rows.map((row) => [row.signature, row]));
    const rows = this.plan(fresh).map((row) => {
      const signature = this.signature(row);
      const old = known.get(signature);
      known.delete(signature);
      return { ...row, signature, element: old?.element ?? this.draw(row) };
    });
    const hadFocus = this.root.contains(document.activeElement);
    for (const row of known.values()) row.element.remove();
    rows.forEach((row, i) => {
      if (this.root.children[i] !== row.element) {
        this.root.insertBefore(row.element, this.root.children[i] ?? null);
      }
    });
    this.rows = rows;
    this.mark();
    if (hadFocus) this.focus();
  }

  plan(fresh) {
    const rows = [];
    for (let i = 0; i < this.blocks.length; ) {
      let end = i;
      while (end < this.blocks.length && this.foldable(this.blocks[end], fresh)) end += 1;
      const opened = this.opened.has(this.blocks[i].start);
      if (end - i >= RUN) {
        rows.push({ from: i, to: end - 1, folded: !opened, head: true });
        if (opened) for (let j = i; j < end; j += 1) rows.push({ from: j, to: j });
        i = end;
      } else {
        rows.push({ from: i, to: i });
        i += 1;
      }
    }
    return rows;
  }

  // What stands between texts is the last label of any model.
  get frame() {
    return this.labels.at(-1);
  }

  foldable(block, fresh) {
    const sure = block.touched || block.confidence >= SURE;
    return this.folding && block.label === this.frame && sure && !fresh.has(block.start);
  }

  signature(row) {
    const seen = this.blocks.slice(row.from, row.to + 1);
    const parts = seen.map((b) => [b.start, b.end, b.label, b.confidence, b.likeliest, b.model, b.touched, b.was]);
    return JSON.stringify([row.from, row.to, !!row.folded, !!row.head, parts]);
  }

  draw(row) {
    const item = element("div", "row");
    item.setAttribute("role", "option");
    if (row.head) return this.drawFold(row, item);
    const block = this.blocks[row.from];
    const place = this.labels.indexOf(block.label);
    item.classList.add(`l${place % 5}`);
    const facts = element("div", "facts");
    facts.append(element("span", "number", `${row.from}`));
    facts.append(element("b", "label", plain(block.label)));
    if (block.touched) {
      facts.append(element("span", "yours", "✓ by you"));
      if (block.model !== block.label) {
        facts.append(element("span", "soft", `model: ${plain(block.model)}`));
      }
    } else {
      const unsure = block.confidence < SURE;
      facts.append(element("span", unsure ? "unsure" : "soft", `${percent(block.confidence)} sure`));
      // The best labels for the page as a whole need not be the likeliest of each block.
      if (block.likeliest !== block.label) {
        facts.append(element("span", "unsure", `likelier ${plain(block.likeliest)}`));
      }
      if (block.model !== block.label) {
        facts.append(element("span", "unsure", `model: ${plain(block.model)}`));
      }
    }
    if (block.was !== block.model) {
      facts.append(element("span", "was", `was ${plain(block.was)}, now ${plain(block.model)}`));
    }
    const why = element("span", "why", "why?");
    why.setAttribute("aria-hidden", "true"); // the key and the button are there for screen readers
    facts.append(why);
    const text = element("div", "text", block.text);
    item.append(facts, text);
    return item;
  }

  drawFold(row, item) {
    const count = row.to - row.from + 1;
    item.classList.add("fold", `l${(this.labels.length - 1) % 5}`);
    item.setAttribute("aria-expanded", String(!row.folded));
    const text = this.blocks
      .slice(row.from, row.to + 1)
      .map((b) => b.text.replace(/\s+/g, " ").slice(0, 60))
      .join(" · ");
    item.append(element("span", "arrow", row.folded ? "▸" : "▾"));
    item.append(element("b", "label", `${count} blocks of ${plain(this.frame)}`));
    item.append(element("span", "soft clip", row.folded ? text.slice(0, 200) : ""));
    return item;
  }

  // The row in which the active block is; of an unfolded run, the block's own.
  activeRow() {
    const own = this.rows.filter((row) => row.from <= this.active && this.active <= row.to);
    const onHead = this.onHead && own.find((row) => row.head);
    return onHead || own.find((row) => !row.head || row.folded) || own[0];
  }

  chosen() {
    const row = this.activeRow();
    if (!row) return null;
    let from = Math.min(this.anchor, this.active);
    let to = Math.max(this.anchor, this.active);
    for (const other of this.rows) {
      const overlapping = other.from <= to && other.to >= from;
      if (other.folded && overlapping) {
        from = Math.min(from, other.from);
        to = Math.max(to, other.to);
      }
    }
    if (row.head && this.anchor === this.active) return { from: row.from, to: row.to };
    return { from, to };
  }

  mark() {
    const chosen = this.chosen();
    const current = this.activeRow();
    for (const row of this.rows) {
      const inside = chosen && row.from >= chosen.from && row.to <= chosen.to;
      const selected = String(!!inside && (!row.head || row.folded || row === current));
      if (row.element.getAttribute("aria-selected") !== selected) {
        row.element.setAttribute("aria-selected", selected);
      }
      const isCurrent = row === current;
      row.element.classList.toggle("active", isCurrent);
      row.element.tabIndex = isCurrent ? 0 : -1;
      this.drawCaret(row, isCurrent);
    }
  }

  drawCaret(row, isCurrent) {
    const text = row.element.querySelector(".text");
    if (!text) return;
    const whole = this.blocks[row.from].text;
    if (!isCurrent) {
      if (text.childNodes.length !== 1) text.textContent = whole;
      return;
    }
    this.caret = Math.min(this.caret, whole.length);
    const mark = element("span", "caret");
    text.replaceChildren(whole.slice(0, this.caret), mark, whole.slice(this.caret));
  }

  go(step, extend) {
    const at = this.rows.indexOf(this.activeRow());
    const next = this.rows[Math.max(0, Math.min(this.rows.length - 1, at + step))];
    if (!next) return;
    this.onHead = !!next.head;
    this.goTo(step > 0 && next.folded ? next.to : next.from, extend);
  }

  goTo(index, extend = false) {
    this.active = index;
    if (!extend) this.anchor = index;
    this.caret = 0;
    this.mark();
    this.focus();
  }

  focus(place = "nearest") {
    const row = this.activeRow();
    if (!row) return;
    row.element.focus({ preventScroll: true });
    this.reveal(place);
  }

  reveal(place = "nearest") {
    this.activeRow()?.element.scrollIntoView({ block: place });
  }

  toggle(row) {
    if (!row?.head) return false;
    const start = this.blocks[row.from].start;
    if (row.folded) this.opened.add(start);
    else this.opened.delete(start);
    this.active = row.from;
    this.anchor = row.from;
    this.onHead = true;
    return true;
  }

  rowOf(target) {
    const item = target.closest?.(".row");
    return this.rows.find((row) => row.element === item);
  }

  // The place in the block's text at a point of the screen, or null.
  offsetAt(row, x, y) {
    const text = row.element.querySelector(".text");
    let node, offset;
    if (document.caretPositionFromPoint) {
      const found = document.caretPositionFromPoint(x, y);
      [node, offset] = [found?.offsetNode, found?.offset];
    } else {
      const found = document.caretRangeFromPoint?.(x, y);
      [node, offset] = [found?.startContainer, found?.startOffset];
    }
    if (!text || !node || node.nodeType !== Node.TEXT_NODE || !text.contains(node)) return null;
    for (const before of text.childNodes) {
      if (before === node) break;
      offset += before.textContent.length;
    }
    return whole(this.blocks[row.from].text, offset);
  }
}
