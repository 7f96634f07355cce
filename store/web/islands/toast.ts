/// <reference lib="dom" />
/** Short news at the edge of the page; #toasts is a live region, so it is read aloud too. */

/** How long a toast stays: about three times the time it takes to read. */
const SHOWN_MS = 6000;

/** Shows a sentence for a while. */
export function toast(text: string): void {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = text;
  document.getElementById("toasts")!.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
