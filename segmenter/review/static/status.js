// What is told above the page: whether all is saved, what failed, and what can be done about it.

const byId = (id) => document.getElementById(id);
let told = null; // the document that the banner is about

export const busy = () => told !== null;

export function tellSaved(documents, file) {
  const all = [...documents.values()];
  const failed = all.filter((doc) => doc.failure).length;
  byId("saved").textContent = failed
    ? "Not saved"
    : all.some((doc) => doc.pending)
      ? "Saving…"
      : `All changes are in ${file}`;
  byId("saved").classList.toggle("bad", failed > 0);
}

export function tellFailure(doc, after) {
  told = doc;
  const { error, conflict } = doc.failure;
  const download = ["Download the page", () => save(doc)];
  const say = (message, choices) => tell(message, choices, after);
  if (conflict) {
    say("This page was changed elsewhere. Your last change is not saved.", [
      ["Show what is there now", () => doc.resolve(false)],
      ["Save mine in its place", () => doc.resolve(true)],
      download,
    ]);
  } else if (!error.status) {
    say("The server does not answer, so the last changes are not saved. Trying again…", [download]);
  } else {
    say(`The last change is not saved: ${error.message}`, [
      ["Try again", () => doc.save()],
      download,
    ]);
  }
}

export function tell(message, choices, after = () => {}) {
  const banner = byId("banner");
  const text = document.createElement("p");
  text.textContent = message;
  const buttons = choices.map(([name, act]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      if (name !== "Download the page") banner.hidden = true;
      act();
      after();
    });
    return button;
  });
  banner.replaceChildren(text, ...buttons);
  banner.hidden = false;
}

export function hideBanner(doc = told) {
  if (doc !== told) return;
  told = null;
  byId("banner").hidden = true;
}

function save(doc) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([doc.line()], { type: "application/jsonl" }));
  link.download = `${doc.summary.id.replace(/[^\w.-]+/g, "_")}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
