/// <reference lib="dom" />
/** The box the reader writes in: grows, sends on Enter, keeps a draft through a reload. */

/** Wakes the form and hands each message to `send`. */
export function startComposer(
  form: HTMLFormElement,
  send: (text: string) => void,
  { focus = true } = {},
): void {
  const box = form.querySelector("textarea")!;
  const draft = `draft:${location.pathname}:${form.id}`;
  box.value ||= sessionStorage.getItem(draft) ?? "";

  const grow = () => {
    if (CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  };
  box.addEventListener("input", () => {
    sessionStorage.setItem(draft, box.value);
    grow();
  });
  box.addEventListener("keydown", (event) => {
    // 229: the Enter that ends an input method's composition, where isComposing is already false.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text || form.dataset.busy !== undefined) return;
    box.value = "";
    sessionStorage.removeItem(draft);
    grow();
    send(text);
  });
  grow();
  if (focus && matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
}
