/** Why what was sent was refused, read aloud at once. */

/** Nothing where nothing was. */
export function Fault({ text }: { text?: string | undefined }) {
  return text === undefined ? null : <p class="fault" role="alert">{text}</p>;
}
