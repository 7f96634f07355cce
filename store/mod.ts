/** The store's face: the app, the server that runs it, the command line that starts it. */
export { createStore, type StoreDeps, type StoreOptions } from "./app.ts";
export { runCli } from "./cli/program.ts";
export { type Flint, type FlintServer, openFlint, type ServeOptions, startFlint } from "./serve.ts";
