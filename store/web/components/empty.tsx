/** What a page or list shows when it has nothing: a picture, a sentence, a way on. */
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icon.tsx";

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly hint: string;
  readonly children?: Child;
}

/** An empty state that fills the room it is given. */
export function Empty({ icon, title, hint, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      <h1>{title}</h1>
      <p>{hint}</p>
      {children}
    </div>
  );
}
