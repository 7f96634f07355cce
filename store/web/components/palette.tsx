/** Two dialogs that every page has: where to go and what to do, and the keys for it. */
import { shortcuts } from "../keys.ts";
import type { Say } from "../strings.ts";
import { Button, IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** Filled by islands/palette.ts from the page's own links, and with conversations by the server. */
export function Palette({ say }: { say: Say }) {
  return (
    <dialog id="palette" class="dialog palette" aria-label={say("palette")}>
      <div class="palette-ask">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-label={say("paletteAsk")}
          placeholder={say("paletteAsk")}
          maxlength={200}
          autocomplete="off"
          spellcheck={false}
        />
        <IconButton icon="x" label={say("cancel")} data-close />
      </div>
      <ul id="palette-list" role="listbox" aria-label={say("palette")} />
      <p class="palette-none" role="status" data-none={say("paletteNone")} />
    </dialog>
  );
}

/** The keys, as they are pressed where Ctrl is not Command. */
export function Shortcuts({ say }: { say: Say }) {
  return (
    <dialog id="shortcuts" class="dialog" aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">{say("shortcuts")}</h2>
      <dl class="shortcuts">
        {Object.values(shortcuts).map(({ says, keys }) => (
          <div>
            <dt>{say(says)}</dt>
            <dd>{keys.map((key) => <kbd>{key}</kbd>)}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-buttons">
        <Button data-close>{say("done")}</Button>
      </div>
    </dialog>
  );
}
