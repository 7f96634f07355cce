/// <reference lib="dom" />
/** Applies a change of theme or language at once; without it the form posts as any form does. */

/** Wakes the settings form. */
export function startSettings(): void {
  const form = document.querySelector<HTMLFormElement>("#settings")!;
  form.addEventListener("change", async (event) => {
    const { name, value } = event.target as HTMLInputElement;
    if (name === "theme") document.documentElement.dataset.theme = value;
    const choices = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    await fetch(form.action, { method: "POST", body: choices, redirect: "manual" });
    if (name === "language") location.reload();
  });
}
