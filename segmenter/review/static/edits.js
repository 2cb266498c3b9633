// What can be done to the blocks of a page: each function returns new blocks, or null if it cannot.
// Offsets of the page are code points, as the server counts; offsets into a block's text are
// JavaScript's own, UTF-16.

export const points = (text) => [...text].length;

export const payload = (blocks) => blocks.map((b) => [b.start, b.end, b.label]);

export function label(blocks, from, to, name) {
  return blocks.map((b, i) =>
    i >= from && i <= to && b.label !== name ? { ...b, label: name, touched: true } : b,
  );
}

export function split(blocks, at, offset) {
  const block = blocks[at];
  const head = block.text.slice(0, offset);
  const tail = block.text.slice(offset);
  const first = head.trimEnd();
  const second = tail.trimStart();
  if (!first.trim() || !second) return null;
  const gap = head.slice(first.length) + tail.slice(0, tail.length - second.length);
  const middle = block.start + points(first);
  const parts = [
    { ...block, text: first, end: middle, gap, touched: true },
    { ...block, text: second, start: middle + points(gap), touched: true },
  ];
  return [...blocks.slice(0, at), ...parts, ...blocks.slice(at + 1)];
}

export function merge(blocks, from, to) {
  if (from >= to || to >= blocks.length) return null;
  const run = blocks.slice(from, to + 1);
  const text = run.map((b, i) => b.text + (i < run.length - 1 ? b.gap : "")).join("");
  const last = run[run.length - 1];
  const merged = { ...run[0], text, end: last.end, gap: last.gap, touched: true };
  return [...blocks.slice(0, from), merged, ...blocks.slice(to + 1)];
}

// Where the caret may go within a text: before each word.
export function wordStarts(text) {
  return [...text.matchAll(/\S+/g)].map((match) => match.index);
}

// A place that does not part a pair of surrogates.
export function whole(text, offset) {
  const code = text.charCodeAt(offset);
  return code >= 0xdc00 && code <= 0xdfff && offset > 0 ? offset - 1 : offset;
}
