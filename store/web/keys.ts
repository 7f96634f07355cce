/** Keyboard shortcuts: what they do and how they are pressed. Shared by the page and its script. */
import type { StringKey } from "./strings.ts";

/** Each with a modifier, so that they never take a letter from whom speaks or types to the machine. */
export const shortcuts = {
  palette: { says: "keyPalette", keys: ["Ctrl", "K"] },
  newChat: { says: "keyNewChat", keys: ["Ctrl", "Shift", "O"] },
  ask: { says: "keyAsk", keys: ["Shift", "Escape"] },
  copy: { says: "keyCopy", keys: ["Ctrl", "Shift", "C"] },
  help: { says: "keyHelp", keys: ["Ctrl", "/"] },
} as const satisfies Record<string, { says: StringKey; keys: readonly string[] }>;

/** Names one of them. */
export type Shortcut = keyof typeof shortcuts;
