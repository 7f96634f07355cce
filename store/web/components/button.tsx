/** Buttons and links that look like one. */
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

interface IconButtonProps {
  readonly icon: IconName;
  /** Read aloud and shown as a tip. */
  readonly label: string;
  readonly size?: number;
  readonly [attribute: string]: unknown;
}

/** A square button that is only an icon. */
export function IconButton({ icon, label, size = 18, class: extra, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${extra ?? ""}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} size={size} />
    </button>
  );
}

interface ButtonProps {
  readonly kind?: "primary" | "quiet" | "danger";
  readonly type?: "button" | "submit";
  readonly children?: Child;
  readonly [attribute: string]: unknown;
}

/** A button with words. */
export function Button({ kind = "quiet", type = "button", children, ...rest }: ButtonProps) {
  return <button type={type} class={`button ${kind}`} {...rest}>{children}</button>;
}
