// A page that is open: its blocks as they stand here, what was undone, and what is not saved yet.

import * as api from "./api.js";
import { payload } from "./edits.js";

const PAUSE = 2000; // milliseconds before another try, while the server does not answer
const DEPTH = 500; // steps that can be undone

export class Document {
  constructor(key, data, listener) {
    this.key = key;
    this.listener = listener;
    this.undone = [];
    this.fresh = new Set(); // starts of blocks that were edited here, which are not folded
    this.dirty = false;
    this.saving = false;
    this.failure = null; // what to tell, and the error
    this.take(data);
  }

  take(data) {
    this.version = data.version;
    this.confirmed = data.confirmed;
    this.blocks = data.blocks;
    this.kept = data.kept;
    this.html = data.html;
    this.summary = data.summary;
  }

  change(blocks, confirmed = this.confirmed) {
    this.undone.push({ blocks: this.blocks, confirmed: this.confirmed });
    if (this.undone.length > DEPTH) this.undone.shift();
    this.set(blocks, confirmed);
  }

  undo() {
    const last = this.undone.pop();
    if (!last) return false;
    this.set(last.blocks, last.confirmed);
    return true;
  }

  set(blocks, confirmed) {
    this.blocks = blocks;
    this.confirmed = confirmed;
    this.dirty = true;
    this.listener.changed(this);
    this.save();
  }

  async save() {
    if (this.saving || !this.dirty || this.failure?.conflict) return;
    this.saving = true;
    this.dirty = false;
    clearTimeout(this.timer);
    const body = {
      version: this.version,
      confirmed: this.confirmed,
      blocks: payload(this.blocks),
    };
    try {
      const data = await api.put(`pages/${this.key}`, body);
      this.saving = false;
      this.failure = null;
      if (this.dirty) {
        this.version = data.version; // what was changed meanwhile goes on from there
        this.summary = data.summary;
      } else {
        this.take(data);
      }
      this.listener.saved(this);
      this.save();
    } catch (error) {
      this.saving = false;
      this.dirty = true;
      this.failure = { error, conflict: error.status === 409 ? error.problem.page : null };
      this.listener.failed(this);
      if (!error.status) this.timer = setTimeout(() => this.save(), PAUSE);
    }
  }

  // After a conflict: either state is kept, by the person's choice.
  resolve(mine) {
    const theirs = this.failure.conflict;
    this.failure = null;
    if (mine) {
      this.version = theirs.version;
    } else {
      this.undone = [];
      this.dirty = false;
      this.take(theirs);
    }
    this.listener.changed(this);
    this.save();
  }

  get pending() {
    return this.dirty || this.saving;
  }

  // The page in the page format, for when it cannot be saved.
  line() {
    const segments = [];
    this.blocks.forEach((block, i) => {
      const text = block.text + (block.gap ?? "");
      const last = segments[segments.length - 1];
      if (last && last.label === block.label) last.text += text;
      else segments.push({ label: block.label, text: (i ? "" : block.lead ?? "") + text });
    });
    return JSON.stringify({ id: this.summary.id, source: this.summary.source, segments }) + "\n";
  }
}
