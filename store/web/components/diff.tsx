/** What a change did to a manifest, field by field: what went and what came. */
import type { FieldChange } from "@flint/plugins";
import type { Say, StringKey } from "../strings.ts";

interface DiffProps {
  readonly changes: readonly FieldChange[];
  readonly say: Say;
}

/** Of texts the lines that differ, of lists the items. */
export function Diff({ changes, say }: DiffProps) {
  return (
    <dl class="diff">
      {changes.map(({ field, before, after }) => {
        const gone = linesOf(before), came = linesOf(after);
        return (
          <div>
            <dt>{fieldName(field, say)}</dt>
            {gone.filter((line) => !came.includes(line)).map((line) => (
              <dd>
                <del>{line}</del>
              </dd>
            ))}
            {came.filter((line) => !gone.includes(line)).map((line) => (
              <dd>
                <ins>{line}</ins>
              </dd>
            ))}
          </div>
        );
      })}
    </dl>
  );
}

/** What a field is called on the pages; parts of sampling and extra by their own names. */
export function fieldName(field: string, say: Say): string {
  const key = NAMES[field.split(".")[0]!];
  const part = field.includes(".") ? ` · ${field.split(".").slice(1).join(".")}` : "";
  return (key ? say(key) : field.split(".")[0]!) + part;
}

const NAMES: Readonly<Record<string, StringKey>> = {
  name: "fieldName",
  description: "fieldDescription",
  instructions: "fieldInstructions",
  starters: "fieldStarters",
  category: "fieldCategory",
  language: "fieldLanguage",
  tags: "fieldTags",
  avatar: "fieldAvatar",
  model: "fieldModel",
  sampling: "fieldSampling",
  tools: "fieldTools",
  knowledge: "fieldKnowledge",
  grounding: "fieldGrounding",
  visibility: "fieldVisibility",
};

function linesOf(value: unknown): string[] {
  if (value === undefined || value === "") return [];
  if (Array.isArray(value)) return value.map(itemOf);
  // Rules of instructions are items of a list; the diff has a sign of its own before each line.
  return itemOf(value).split("\n").map((line) => line.replace(/^- /, "")).filter((line) =>
    line.trim() !== ""
  );
}

function itemOf(item: unknown): string {
  if (typeof item === "string") return item;
  const { plugin } = (item ?? {}) as { plugin?: string };
  return plugin ?? JSON.stringify(item);
}
