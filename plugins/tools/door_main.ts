/**
 * The process that reaches the web, and holds nothing but the requests under way: started by
 * door_process.ts with leave for the net and for nothing else. Ends when its standard input does.
 */
import { FlintError } from "@flint/core/errors";
import { Egress } from "./egress.ts";
import type { DoorAnswer, DoorOrder } from "./door_messages.ts";
import { encodeFrame, readFrames } from "./frames.ts";
import { BODY_BYTES_MAX } from "./web.ts";

const egress = new Egress({ allowed: JSON.parse(Deno.args[0]!) });
const running = new Map<number, AbortController>();
const out = Deno.stdout.writable.getWriter();

function tell(answer: DoorAnswer, body?: Uint8Array): Promise<void> {
  return out.write(encodeFrame(answer, body));
}

async function serve(order: Extract<DoorOrder, { type: "ask" }>, body: Uint8Array<ArrayBuffer>) {
  const { id, stream, hasBody, ...asked } = order;
  const stop = new AbortController();
  running.set(id, stop);
  const request = { ...asked, body: hasBody ? body : undefined, signal: stop.signal };
  try {
    if (stream) {
      const { body, ...head } = await egress.stream(request);
      await tell({ id, type: "head", ...head });
      for await (const piece of body) await tell({ id, type: "piece" }, piece);
    } else {
      const { body, ...head } = await egress.send(request);
      await tell({ id, type: "head", ...head });
      await tell({ id, type: "piece" }, body);
    }
    await tell({ id, type: "end" });
  } catch (error) {
    if (!(error instanceof FlintError)) throw error;
    const code = error.code as Extract<DoorAnswer, { type: "failed" }>["code"];
    await tell({ id, type: "failed", code, message: error.message });
  } finally {
    running.delete(id);
  }
}

for await (const { head, body } of readFrames(Deno.stdin.readable, BODY_BYTES_MAX)) {
  const order = head as DoorOrder; // from Flint itself
  if (order.type === "ask") void serve(order, body);
  else running.get(order.id)?.abort();
}
Deno.exit();
