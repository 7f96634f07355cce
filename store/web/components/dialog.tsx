/** A question in front of the page, asked with the browser's own dialog. */
import type { Child } from "hono/jsx";
import type { Say } from "../strings.ts";
import { Button } from "./button.tsx";

interface DialogProps {
  readonly id: string;
  readonly title: string;
  readonly say: Say;
  /** What the island does when it is answered with the main button. */
  readonly action: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly children?: Child;
}

/** Closed until a button with `data-dialog={id}` opens it; its form carries `data-action`. */
export function Dialog({ id, title, say, action, confirm, danger, children }: DialogProps) {
  return (
    <dialog id={id} class="dialog" data-region aria-labelledby={`${id}-title`}>
      <form method="dialog" data-action={action}>
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
        <div class="dialog-buttons">
          <Button data-close formnovalidate>{say("cancel")}</Button>
          <Button kind={danger ? "danger" : "primary"} type="submit">{confirm}</Button>
        </div>
      </form>
    </dialog>
  );
}
