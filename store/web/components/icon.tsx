/** Lucide's icons as inline SVG, and Flint's own mark. */
import lucide from "@iconify-json/lucide/icons.json" with { type: "json" };
import { raw } from "hono/html";

/** An icon's name in the lucide set. */
export type IconName = keyof typeof lucide.icons;

/** A line icon in the colour of the text around it; says nothing to a screen reader. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      {raw(lucide.icons[name].body)}
    </svg>
  );
}

/** A struck flint: two facets of stone and the spark between them. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path class="mark-dark" d="M4 21 9 10l7 4-3 14z" />
      <path class="mark-mid" d="M13 28 16 14l9 6-4 8z" />
      <path class="mark-light" d="M9 10l7 4 9 6 3-5-7-7z" />
      <path class="mark-spark" d="M24 1l1.3 3.7L29 6l-3.7 1.3L24 11l-1.3-3.7L19 6l3.7-1.3z" />
    </svg>
  );
}

/** The inside of a named icon's SVG; undefined for a name that is not in the set. */
export function iconBody(name: string): string | undefined {
  return Object.hasOwn(lucide.icons, name) ? lucide.icons[name as IconName].body : undefined;
}
