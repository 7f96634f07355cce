/// <reference lib="dom" />
/** Entry of the pages' script: wakes the islands a page has. Bundled into ../app.js by ../bundle.ts. */
import { speak } from "../strings.ts";
import type { Language } from "../strings.ts";
import { startAuthor } from "./author.ts";
import { startBuild, startBuildLinks } from "./build.ts";
import { startCharts } from "./charts.ts";
import { startChat } from "./chat.ts";
import { startCopy } from "./copy.ts";
import { startCore } from "./core.ts";
import { startDialogs } from "./dialogs.ts";
import { startPalette } from "./palette.ts";
import { refresh } from "./refresh.ts";
import { startSettings } from "./settings.ts";
import { startShortcuts } from "./shortcuts.ts";
import { startSuggest } from "./suggest.ts";

const say = speak(document.documentElement.lang as Language);

startSettings();
startCopy(say);
startDialogs(say);
startShortcuts(startPalette());
// Without it (a private window, an old browser) the pages work as well.
navigator.serviceWorker?.register("/worker.js").catch(() => {});
startCore(say);
startCharts(say);
// A page out of the back-forward cache shows what was true when it was left.
addEventListener("pageshow", ({ persisted }) => persisted && refresh().catch(() => {}));
const chat = document.querySelector<HTMLElement>("[data-island=chat]");
if (chat) startChat(chat, say);
const build = document.querySelector<HTMLElement>("[data-island=build]");
if (build) startBuild(build, say);
startBuildLinks(say);
startAuthor(say);
startSuggest();
document.documentElement.dataset.awake = ""; // tests wait for it
