/** Entry of the highlighter's own bundle, loaded when code first appears. */
export { highlight } from "../highlight.ts";
