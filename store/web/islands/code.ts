/** Entry of the highlighter's own bundle, loaded when code first appears in an answer. */
export { highlight } from "../highlight.ts";
