/// <reference lib="dom" />
/** Fields of the draft's form: what the server settled goes in, what the reader changed comes out. */

/** The control that holds a field of one value. */
const controlOf = (field: string) =>
  document.getElementById(`draft-${field}`) as
    | HTMLInputElement
    | HTMLTextAreaElement
    | HTMLSelectElement
    | null;

/** Fills a field in and returns it as a line to show: its label and the value's beginning. */
export function showField(field: string, value: unknown): string | undefined {
  const region = document.getElementById(`field-${field}`);
  if (!region) return undefined;
  region.classList.add("settled-now");
  const control = controlOf(field);
  const text = Array.isArray(value) ? value.map(textOf).join(", ") : String(value);
  if (control) control.value = text;
  if (field === "starters") {
    const [first] = region.querySelectorAll("input");
    if (first) first.value = textOf((value as unknown[])[0]);
  }
  const label = region.querySelector("label, legend")?.textContent ?? field;
  return field === "avatar" ? label : `${label}: ${text}`;
}

function textOf(item: unknown): string {
  return typeof item === "string" ? item : (item as { plugin?: string })?.plugin ?? "";
}

/** What to send for the field that was changed. */
export function patchOf(form: HTMLFormElement, name: string): Record<string, unknown> {
  const values = new FormData(form).getAll(name).map((value) => String(value).trim());
  switch (name) {
    case "starters":
      return { starters: values.filter((line) => line !== "") };
    case "tags":
      return { tags: values[0]!.split(/[,，、]/u).map((tag) => tag.trim()).filter(Boolean) };
    case "tools":
      return { tools: values.map((grant) => JSON.parse(grant)) };
    case "emoji":
      return { avatar: values[0] };
    default:
      return { [name]: values[0] };
  }
}
