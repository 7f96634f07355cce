/** Answers that a browser saves as a file. */

/** Their headers. `name` may be in any script. */
export const attachment = (name: string, type: string) => ({
  "Content-Type": type,
  "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
});
