/** Real assistants' titles and descriptions with their authors' categories, as far as ours say the same. */
import fs from "node:fs";
import path from "node:path";
import type { Half, RequestCase } from "../plugins/builder/evaluation.ts";
import { sharedData } from "../shared_data.ts";

/** Theirs to ours. Left out are "general" and "career", which say nothing of the subject. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  academic: ["research", "education"],
  copywriting: ["writing", "market-analysis"],
  design: ["design"],
  education: ["education", "language"],
  emotions: ["health", "other", "lifestyle"],
  games: ["games"],
  life: ["lifestyle", "health"],
  marketing: ["market-analysis", "writing"],
  office: ["productivity"],
  programming: ["programming"],
  translation: ["language"],
};

/** One half of them, by the rule of the evaluation set; none where the data is not there. */
export function lobeCases(half: Half): Pick<RequestCase, "text" | "category">[] {
  const data = sharedData();
  if (!data) return [];
  const folder = path.join(data, "lobe-agents");
  return fs.readdirSync(folder).filter((name) => name.endsWith(".json")).sort()
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")).meta)
    .filter((meta) => meta !== undefined && Object.hasOwn(OURS, meta.category))
    .map(({ title, description, category }) => ({
      text: `${title}. ${description}`,
      category: OURS[category]!,
    }))
    .filter((_, i) => i % 2 === (half === "tuning" ? 0 : 1));
}
