/** The way around: assistants, conversations by day, and the reader's settings. */
import type { Assistant, Conversation } from "@flint/plugins";
import { Avatar } from "./components/avatar.tsx";
import { Button, IconButton } from "./components/button.tsx";
import { Icon, type IconName, Mark } from "./components/icon.tsx";
import type { Frame } from "./layout.tsx";
import { languages, type Say, type StringKey } from "./strings.ts";

/** What languages are called by those who speak them. */
const languageName = { en: "English", zh: "中文" } as const;
/** The looks a reader may choose, with their icons. */
export const themes = { light: "sun", system: "monitor", dark: "moon" } as const satisfies Record<
  string,
  IconName
>;
/** One of the looks. */
export type Theme = keyof typeof themes;

interface Room {
  readonly path: string;
  readonly icon: IconName;
  readonly name: StringKey;
}

/** The rooms beside the chats. */
const rooms = [
  { path: "/store", icon: "store", name: "store" },
  { path: "/knowledge", icon: "library", name: "knowledge" },
  { path: "/plugins", icon: "plug", name: "plugins" },
] as const satisfies readonly Room[];
/** What is of one's own account, and the owner's. */
const ownRooms = [
  { path: "/wallet", icon: "wallet", name: "wallet" },
  { path: "/analytics", icon: "chart-line", name: "analytics" },
  { path: "/account", icon: "circle-user", name: "account" },
] as const satisfies readonly Room[];
const ownersRoom = { path: "/admin", icon: "settings", name: "admin" } as const satisfies Room;

/** A column on wide screens, a drawer on narrow ones: the browser's own popover. */
export function Sidebar({ frame }: { frame: Frame }) {
  const { say } = frame;
  return (
    <aside id="sidebar" class="sidebar" popover="auto">
      <div class="sidebar-top">
        <a class="brand" href="/">
          <Mark />
          <span>Flint</span>
        </a>
        <IconButton
          icon="x"
          label={say("closeSidebar")}
          class="narrow-only"
          popovertarget="sidebar"
          popovertargetaction="hide"
        />
      </div>
      <a class="new-chat" href="/">
        <Icon name="square-pen" />
        {say("newChat")}
      </a>
      <SearchBox say={say} />
      <div class="sidebar-lists" tabindex={0} role="group" aria-label={say("conversations")}>
        <nav aria-labelledby="assistants-title">
          <h2 id="assistants-title">{say("assistants")}</h2>
          <ul>
            {frame.assistants.map((each) => <AssistantLink assistant={each} frame={frame} />)}
            <li>
              <a
                href="/build"
                class="sidebar-build"
                aria-current={frame.path === "/build" ? "page" : undefined}
              >
                <Icon name="wand-sparkles" size={18} />
                <span>{say("buildLink")}</span>
              </a>
            </li>
          </ul>
        </nav>
        <Conversations frame={frame} />
      </div>
      <Rooms frame={frame} />
      <Settings frame={frame} />
    </aside>
  );
}

/** Where else to go, and the keys. */
function Rooms({ frame }: { frame: Frame }) {
  const { say, path } = frame;
  const own: readonly Room[] = frame.owner ? [...ownRooms, ownersRoom] : ownRooms;
  return (
    <nav aria-label={say("pages")} class="sidebar-pages">
      <ul>
        {rooms.map((room) => <RoomLink room={room} frame={frame} />)}
      </ul>
      <details id="own-rooms" open={own.some((room) => room.path === path)}>
        <summary>
          <Icon name="chevron-right" size={16} />
          <span>{say("more")}</span>
        </summary>
        <ul>
          {own.map((room) => <RoomLink room={room} frame={frame} />)}
          <li class="wide-only">
            <button type="button" data-command="help">
              <Icon name="keyboard" size={16} />
              <span>{say("shortcuts")}</span>
            </button>
          </li>
        </ul>
      </details>
    </nav>
  );
}

function RoomLink({ room: { path, icon, name }, frame }: { room: Room; frame: Frame }) {
  return (
    <li>
      <a href={path} aria-current={frame.path === path ? "page" : undefined}>
        <Icon name={icon} size={16} />
        <span>{frame.say(name)}</span>
      </a>
    </li>
  );
}

/** Leads to a page of what was found; the button beside it opens the palette. */
function SearchBox({ say }: { say: Say }) {
  return (
    <form
      class="sidebar-search"
      role="search"
      aria-label={say("searchConversations")}
      action="/conversations"
    >
      <Icon name="search" size={16} />
      <input
        type="search"
        name="q"
        maxlength={200}
        aria-label={say("searchConversations")}
        placeholder={say("searchConversations")}
      />
      <button type="button" data-command="palette" title={say("keyPalette")}>
        <span class="unseen">{say("keyPalette")}</span>
        <kbd>Ctrl K</kbd>
      </button>
    </form>
  );
}

function AssistantLink({ assistant, frame }: { assistant: Assistant; frame: Frame }) {
  const address = `/a/${assistant.id}`;
  return (
    <li>
      <a href={address} aria-current={frame.path === address ? "page" : undefined}>
        <Avatar {...assistant} size={22} />
        <span>{assistant.name}</span>
      </a>
    </li>
  );
}

/** Replaced as a whole by islands/refresh.ts. */
function Conversations({ frame }: { frame: Frame }) {
  const { say, conversations, shelves, more, now, path } = frame;
  const { pinned, folders } = shelves;
  const groups = Map.groupBy(conversations, (each) => dayGroup(each.updatedAt, now));
  return (
    <nav id="conversations" data-region aria-label={say("conversations")}>
      {pinned.length > 0 && (
        <>
          <h2>{say("pinnedChats")}</h2>
          <Links conversations={pinned} path={path} />
        </>
      )}
      {folders.map(({ name, conversations }) => (
        <details
          id={`folder-${name}`}
          open={conversations.some((one) => isHere(one, path))}
        >
          <summary>
            <Icon name="folder" size={16} />
            <span>{name}</span>
          </summary>
          <Links conversations={conversations} path={path} />
        </details>
      ))}
      {conversations.length === 0 && pinned.length + folders.length === 0 && (
        <p class="sidebar-none">{say("noConversations")}</p>
      )}
      {[...groups].map(([group, members]) => (
        <>
          <h2>{say(group)}</h2>
          <Links conversations={members} path={path} />
        </>
      ))}
      {more && (
        <ul>
          <li>
            <a href="/conversations" aria-current={path === "/conversations" ? "page" : undefined}>
              <Icon name="clock" size={16} />
              {say("allConversations")}
            </a>
          </li>
        </ul>
      )}
    </nav>
  );
}

interface LinksProps {
  readonly conversations: readonly Conversation[];
  readonly path: string;
}

const isHere = ({ id }: Conversation, path: string): boolean => path === `/chat/${id}`;

function Links({ conversations, path }: LinksProps) {
  return (
    <ul>
      {conversations.map((one) => (
        <li>
          <a href={`/chat/${one.id}`} aria-current={isHere(one, path) ? "page" : undefined}>
            <span>{one.title}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Works as a plain form; islands/settings.ts applies a choice at once. */
function Settings({ frame: { say, theme, language, path } }: { frame: Frame }) {
  return (
    <form id="settings" class="settings" method="post" action="/settings">
      <input type="hidden" name="back" value={path} />
      <fieldset class="segments">
        <legend class="unseen">{say("theme")}</legend>
        {(Object.keys(themes) as Theme[]).map((each) => (
          <label title={say(each)}>
            <input type="radio" name="theme" value={each} checked={theme === each} />
            <Icon name={themes[each]} size={16} />
            <span class="unseen">{say(each)}</span>
          </label>
        ))}
      </fieldset>
      <label class="language">
        <span class="unseen">{say("language")}</span>
        <Icon name="languages" size={16} />
        <select name="language">
          {languages.map((each) => (
            <option value={each} lang={each} selected={each === language}>
              {languageName[each]}
            </option>
          ))}
        </select>
      </label>
      <noscript>
        <Button type="submit">{say("save")}</Button>
      </noscript>
    </form>
  );
}

/** When a conversation was last touched, as its group in the list. Days are the server's own. */
export function dayGroup(
  instant: string,
  now: number,
): "today" | "yesterday" | "lastWeek" | "older" {
  const time = Date.parse(instant);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const day = 24 * 60 * 60 * 1000;
  if (time >= midnight) return "today";
  if (time >= midnight - day) return "yesterday";
  return time >= midnight - 6 * day ? "lastWeek" : "older";
}
