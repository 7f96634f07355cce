/** The face of an assistant: its emoji, a lucide drawing, or a knapped stone grown from its id. */
import type { Assistant } from "@flint/plugins";
import { raw } from "hono/html";
import { iconBody } from "./icon.tsx";

/** What is needed to show who speaks. `avatar` is emoji, or "svg:" and the name of a drawing. */
export type Face = Pick<Assistant, "id" | "name" | "avatar">;

interface AvatarProps extends Pick<Face, "id" | "avatar"> {
  readonly size?: number;
}

/** Decorative; the name always stands beside it. */
export function Avatar({ id, avatar, size = 40 }: AvatarProps) {
  const random = seeded(id);
  const hue = Math.floor(random() * 360);
  const drawing = avatar.startsWith("svg:") ? iconBody(avatar.slice(4)) : undefined;
  const inside = drawing
    ? <g class="avatar-line">{raw(drawing)}</g>
    : !avatar.startsWith("svg:") && (
      <text x="20" y="27" text-anchor="middle" font-size="19">{avatar}</text>
    );
  return (
    <svg class="avatar" viewBox="0 0 40 40" width={size} height={size} aria-hidden="true">
      {stone(random, hue).map(({ points, lightness }) => (
        <polygon points={points} fill={`oklch(${lightness.toFixed(3)} 0.09 ${hue})`} />
      ))}
      {inside}
    </svg>
  );
}

interface Facet {
  readonly points: string;
  readonly lightness: number;
}

/** A many-cornered outline, a smaller table inside it, and the facets between, lit from the upper left. */
function stone(random: () => number, hue: number): Facet[] {
  const corners = 6 + Math.floor(random() * 3);
  const turn = random() * Math.PI;
  const angles = Array.from(
    { length: corners },
    (_, i) => turn + ((i + (random() - 0.5) * 0.5) * 2 * Math.PI) / corners,
  );
  const outer = angles.map((angle) => polar(20, 20, angle, 16.5 + random() * 3));
  const inner = angles.map((angle) => polar(18.5, 17.5, angle, 7 + random() * 3));
  const base = 0.55 + (hue % 7) * 0.012;
  const facets = outer.map((point, i) => {
    const next = (i + 1) % corners;
    const middle = (angles[i]! + angles[next]! + (next === 0 ? 2 * Math.PI : 0)) / 2;
    const light = Math.cos(middle - (-3 * Math.PI) / 4);
    return {
      points: [point, outer[next]!, inner[next]!, inner[i]!].join(" "),
      lightness: base + 0.16 * light,
    };
  });
  return [...facets, { points: inner.join(" "), lightness: base + 0.2 }];
}

function polar(x: number, y: number, angle: number, radius: number): string {
  const at = (value: number) => value.toFixed(1);
  return `${at(x + radius * Math.cos(angle))},${at(y + radius * Math.sin(angle))}`;
}

/** FNV-1a of the text, then mulberry32: the same id, the same stone. */
function seeded(text: string): () => number {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
