import assert from "node:assert/strict";
import { type LiveStore, openLiveStore } from "./live_store.ts";

/** Sends bytes as they are; returns what comes back until the server closes or the answer is whole. */
async function exchange({ port }: LiveStore, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(bytes)).catch(() => {}); // it may close midway
  await connection.closeWrite().catch(() => {});
  let answer = "";
  const buffer = new Uint8Array(1 << 16), decoder = new TextDecoder();
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return answer;
    answer += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

const get = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "Connection: close", "", ""].join(
    "\r\n",
  );

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

const STEPS: Record<string, (store: LiveStore) => Promise<void>> = {
  async "path tricks reach no file and break nothing"(store) {
    const tricks = [
      "/../../../../etc/passwd",
      "/docs/../../../../etc/passwd",
      "/docs/%2e%2e%2f%2e%2e%2fdeno.json",
      "/docs/..%5c..%5cdeno.json",
      "/%00",
      "/%ff%fe",
      "/%",
      "//evil.example/",
      "/v1/models/%2e%2e",
      "/v1/models/__proto__",
      "/api/assistants/constructor",
      "/api/assistants/%F0%9F%A6%89",
      `/api/assistants/${"a".repeat(8000)}`,
      `/v1/models?${"a=1&".repeat(1000)}`,
    ];
    for (const target of tricks) {
      const answer = await exchange(store, get(target));
      const status = statusOf(answer);
      assert.ok(
        status >= 200 && status < 500 && ![301, 302].includes(status),
        `${target}: ${answer}`,
      );
      assert.doesNotMatch(answer, /root:|"imports"/, target);
    }
  },

  async "an absolute target may not smuggle in another host"(store) {
    const answer = await exchange(store, get("http://evil.example/api/status"));
    assert.equal(statusOf(answer), 403);
  },

  async "broken requests are refused by the server or its listener"(store) {
    const broken = [
      "nonsense\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n", // no Host
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n" +
      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
      ...["a b", "127.0.0.1:99999", "[", "]:[", "@", "%", "\u00e9", "localhost/../"].map((host) =>
        get("/healthz").replace("127.0.0.1", host)
      ),
      get("/healthz", `X-Large: ${"a".repeat(1 << 20)}`),
      get("/healthz", ...Array.from({ length: 2000 }, (_, i) => `X-${i}: 1`)),
    ];
    for (const bytes of broken) {
      const answer = await exchange(store, bytes);
      const status = statusOf(answer);
      assert.ok(
        answer === "" || (status >= 200 && status < 500),
        `${bytes.slice(0, 80)}: ${answer}`,
      );
    }
  },

  async "methods of no route are told which ones there are"(store) {
    for (const method of ["PUT", "PROPFIND", "QUERY"]) {
      const answer = await exchange(store, get("/v1/models").replace("GET", method));
      assert.equal(statusOf(answer), 405, method);
    }
  },

  async "after all of it the server answers as before"(store) {
    assert.equal(statusOf(await exchange(store, get("/readyz"))), 200);
  },
};

Deno.test("raw http", async (t) => {
  await using store = await openLiveStore();
  for (const [name, step] of Object.entries(STEPS)) await t.step(name, () => step(store));
});
