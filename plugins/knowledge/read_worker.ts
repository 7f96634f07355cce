/** Reads one file of a hostile kind, on a thread without permissions, in a process of its own (read_process.ts). */
import { type Reading, Unreadable } from "./block.ts";
import { readDocx } from "./readers/docx.ts";
import { readHtml } from "./readers/html.ts";
import { readMarkdown } from "./readers/markdown.ts";
import { readPdf } from "./readers/pdf.ts";

/** Kinds that are read behind walls. */
export type WalledKind = "pdf" | "docx" | "html" | "markdown";

/** What is to be read. */
export interface ReadJob {
  readonly kind: WalledKind;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What came of it. */
export type ReadResult = { readonly reading: Reading } | { readonly error: string };

const READERS: Record<WalledKind, (bytes: Uint8Array<ArrayBuffer>) => Reading | Promise<Reading>> =
  {
    pdf: readPdf,
    docx: readDocx,
    html: (bytes) => readHtml(decode(bytes)),
    markdown: (bytes) => readMarkdown(decode(bytes)),
  };

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ReadJob>) => void;
  postMessage(result: ReadResult): void;
};

thread.onmessage = async ({ data: { kind, bytes } }) => {
  try {
    thread.postMessage({ reading: await READERS[kind](bytes) });
  } catch (error) {
    const message = (error as Error).message;
    const isOurs = error instanceof Unreadable;
    thread.postMessage({
      error: isOurs ? message : `it is no ${kind} that can be read (${message})`,
    });
  }
};

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
